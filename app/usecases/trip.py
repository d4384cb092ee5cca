"""A trip made ready: all that is needed of the people on the route, and leases until they are home again.

Asked for page by page; each page is one transaction, and a trip that was interrupted goes on after its last
whole page. The same pages may come on a stick.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, time, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from app.errors import AgencyRefused, TripNotYet, TripUnclear
from app.storage import catalogue, cursor, device, dispensed, leases, outbox, people
from app.storage.connection import Connection, transaction
from app.usecases import prescription_news
from app.usecases.desk import Desk
from app.usecases.show import open_store
from app.usecases.state import TripReport
from engine.calendar import CHINA
from engine.person import Person, masked_name
from engine.protocol.lease import MOST_PEOPLE, TripPack, TripRequest, read_lease, read_trip, trip_input
from engine.protocol.wire import ProtocolError
from engine.sale import Store

LONGEST = timedelta(days=31)
MOST_ON_A_TRIP = 20_000
_MARK, _MIB = "trip", 1024 * 1024


class Taken(Struct, frozen=True, kw_only=True):
    """How far a trip was made ready: pages taken, and what they brought; ``size`` in bytes as they came."""

    key: str
    pages: int = 0
    people: int = 0
    leases: int = 0
    size: int = 0
    refused: tuple[tuple[str, str], ...] = ()


def prepare_trip(desk: Desk, asked: tuple[str, ...], until: date) -> TripReport:
    """Fetch what is needed of ``asked`` (psn_no or resident id) until the end of the day ``until``.

    Raises TripUnclear for a list or a day that cannot be used, TripNotYet, AgencyRefused, and
    AgencyNotReached; what came so far is kept, and asking for the same trip again goes on from there.
    """
    report = prepare_next(desk, asked, until)
    while report.left:
        report = prepare_next(desk, asked, until)
    return report


def prepare_next(desk: Desk, asked: tuple[str, ...], until: date) -> TripReport:
    """Fetch the next page of a trip; the report says how many people are ``left``. Raises as the whole."""
    store, now = open_store(desk), desk.now()
    wanted = people_of(asked)
    end = end_of(until, now)
    _check(desk)
    taken = _so_far(desk.db, _key(store, wanted, until))
    place = taken.pages * MOST_PEOPLE
    try:
        taken = _fetch(desk, store, wanted[place : place + MOST_PEOPLE], end, taken)
    except ProtocolError as error:  # A page that is not sound: what came before it is kept.
        raise AgencyRefused(why=error.text) from error
    left = max(0, len(wanted) - taken.pages * MOST_PEOPLE)
    if not left:
        with transaction(desk.db):
            cursor.put(desk.db, _MARK, "")  # Asked for once more, it is fetched once more.
    return _report(desk.catalogue, taken, end, left)


def people_of(asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return each of ``asked`` once; raise TripUnclear for an empty list, or one that is too long."""
    wanted = tuple(dict.fromkeys(each.strip() for each in asked if each.strip()))
    if not 1 <= len(wanted) <= MOST_ON_A_TRIP:
        raise TripUnclear(problem=f"名单应有 1 到 {MOST_ON_A_TRIP} 人，现在是 {len(wanted)} 人。")
    return wanted


def end_of(until: date, now: datetime) -> datetime:
    """Return when a trip until the day ``until`` ends; raise TripUnclear for one in the past or too far."""
    end = datetime.combine(until, time(23, 59, 59), CHINA)
    if not now < end <= now + LONGEST:
        raise TripUnclear(problem=f"回来的日期应在今天到 {LONGEST.days} 天之内。")
    return end


def _check(desk: Desk) -> None:
    if waiting := outbox.settlements_waiting(desk.db):
        raise TripNotYet(
            problem=f"还有 {waiting} 笔结算没有送达，送完以后预留的额度才算得准。",
            how="请等它们送完（F8 里看）再准备；已经取到的都保留着，会接着取。",
        )
    if device.pinned(desk.db, open_store(desk).provider.id) is None:
        raise TripNotYet(problem="本机还没有在医保中心登记，领不到额度。", how="请先登记本机（F8，Ctrl 5）。")


def _key(store: Store, wanted: tuple[str, ...], until: date) -> str:
    said = "\n".join((store.provider.id, until.isoformat(), *wanted))
    return hashlib.sha256(said.encode()).hexdigest()


def _so_far(db: Connection, key: str) -> Taken:
    text = cursor.get(db, _MARK)
    taken = msgspec.json.decode(text, type=Taken) if text else None
    return taken if taken is not None and taken.key == key else Taken(key=key)


def _fetch(desk: Desk, store: Store, page: tuple[str, ...], end: datetime, taken: Taken) -> Taken:
    asked_at = desk.now()
    text = trip_input(TripRequest(until=end, people=page))
    raw = desk.line.ask("SY05", text, store.provider.id)
    pack = read_trip(raw)
    with transaction(desk.db):
        held = take(desk.db, pack, store.provider.id, asked_at)
        names = {each.psn_no: masked_name(each.name) for each in pack.people}
        refused = tuple((names.get(each.psn_no, each.psn_no), each.text) for each in pack.refused)
        taken = replace(
            taken,
            pages=taken.pages + 1,
            people=taken.people + len(pack.people),
            leases=taken.leases + held,
            size=taken.size + len(bytes(raw)),
            refused=(*taken.refused, *refused),
        )
        cursor.put(desk.db, _MARK, msgspec.json.encode(taken).decode())
    return taken


def take(db: Connection, pack: TripPack, provider: str, asked_at: datetime) -> int:
    """Keep what a page of a trip brought, in the caller's transaction; return how many leases were among it.

    By wire or by stick, any number of times, in any order. Raises ProtocolError for a lease that the agency
    of ``provider`` did not sign, or that is not this shop's: then nothing of the page is believed.
    """
    pinned = device.pinned(db, provider)
    if pinned is None:
        raise ProtocolError("这台柜台还没有在医保中心登记，出行包没有采用。请先登记。", "not_enrolled")
    people.save(db, [_as_asked(person, asked_at) for person in pack.people])
    prescription_news.take(db, pack.prescriptions, pack.standings, provider, asked_at)
    dispensed.save(db, pack.history)
    dispensed.known(db, [person.psn_no for person in pack.people], asked_at)
    for signed in pack.leases:
        lease = read_lease(signed, pinned.agency_key)
        if (lease.provider, lease.till) != (provider, pinned.till):
            raise ProtocolError("出行包里的额度凭据不是给这台柜台的，没有采用。请联系医保中心。", "foreign")
        leases.keep(db, signed, lease, asked_at, trip=True)
    return len(pack.leases)


def _as_asked(person: Person, asked_at: datetime) -> Person:
    """Return a person whose sums are dated by this till's clock, as those of every other download are."""
    return replace(person, snapshot=replace(person.snapshot, as_of=asked_at))


def _report(drugs: Connection, taken: Taken, end: datetime, left: int) -> TripReport:
    kinds = catalogue.count(drugs)
    text = (
        f"已备好 {taken.people} 人、{taken.leases} 份额度、{kinds} 种药品，共 {_size(taken.size)}，"
        f"用到 {end.month} 月 {end.day} 日。"
    )
    if taken.refused:
        text += f"有 {len(taken.refused)} 人没有额度，原因逐个写在下面。"
    return TripReport(
        people=taken.people,
        leases=taken.leases,
        drugs=kinds,
        until=end,
        refused=taken.refused,
        text=text,
        left=left,
    )


def _size(count: int) -> str:
    return f"{count / _MIB:.1f} MB" if count >= _MIB else f"{max(1, count // 1024)} KB"
