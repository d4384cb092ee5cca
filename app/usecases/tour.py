"""The tour: a stop opens the shop that it needs, then scans its code as a hand would."""

from __future__ import annotations

from app.errors import StoreUnknown
from app.storage import cursor, stores
from app.storage.connection import transaction
from app.usecases.desk import Desk
from app.usecases.state import TourStop

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
    """Return what the tour offers; nothing outside the demonstration."""
    return desk.stops
