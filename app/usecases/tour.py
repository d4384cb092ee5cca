"""The tour: a stop opens the shop that it needs, then scans its code as a hand would."""

from __future__ import annotations

from app.errors import StoreUnknown
from app.storage import cursor, prescriptions, stores
from app.storage.connection import transaction
from app.usecases import shelf
from app.usecases.desk import Desk
from app.usecases.enter import enter
from app.usecases.identify import known_person
from app.usecases.state import TourStop
from app.usecases.trace_codes import drug_of_box
from engine.scan import classify

OPEN_STORE = "open_store"


def open_last_store(desk: Desk) -> None:
    """Open the shop that was open last, or the first one known; none before the first synchronisation."""
    wanted = cursor.get(desk.db, OPEN_STORE)
    known = stores.all(desk.db)
    desk.store = next((store for store in known if store.provider.id == wanted), known[0] if known else None)


def go_to_store(desk: Desk, provider: str) -> None:
    """Make ``provider`` the shop that sells; a sale in progress at another one is put away."""
    if desk.store is not None and desk.store.provider.id == provider:
        return
    store = stores.by_provider(desk.db, provider)
    if store is None:
        raise StoreUnknown(provider=provider)
    desk.clear()
    desk.store = store
    with transaction(desk.db):
        cursor.put(desk.db, OPEN_STORE, provider)


def stops(desk: Desk) -> tuple[TourStop, ...]:
    """Return what the tour offers, with boxes that nobody has sold; nothing outside the demonstration."""
    return desk.stops()


def take_stop(desk: Desk, stop: TourStop) -> None:
    """Scan ``stop`` in its shop; what the agency has not sent yet is waited for, and then scanned."""
    desk.awaited_stop = None
    if _has_arrived(desk, stop):
        go_to_store(desk, stop.store)
        enter(desk, stop.code)
    else:
        desk.awaited_stop = stop
        desk.say("info", "演示数据正在送来，请稍候。", "送到后会自动接着扫，不用再点。")


def go_on(desk: Desk) -> None:
    """Scan the stop that was waited for, now that something arrived."""
    stop = desk.awaited_stop
    if stop is not None and _has_arrived(desk, stop):
        desk.notice = None
        take_stop(desk, stop)


def _has_arrived(desk: Desk, stop: TourStop) -> bool:
    if stores.by_provider(desk.db, stop.store) is None:
        return False
    scan = classify(stop.code)
    match scan.kind:
        case "prescription":
            return prescriptions.by_number(desk.db, scan.value) is not None
        case "barcode":
            return shelf.by_barcode(desk, scan.value) is not None
        case "trace_code":
            return drug_of_box(desk, scan.value) is not None
        case "voucher" | "card" | "resident_id":
            # Without the line it is the use case itself that says what can be done.
            return desk.courier.online is not None or known_person(desk.db, scan) is not None
        case _:
            return True
