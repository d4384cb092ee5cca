"""`delivery_sqlite` and `delivery_postgresql`: 10,000 sales made offline, delivered to the agency.

The till is real: its sales are numbered, journalled and queued by the counter's own code (one drug on a
prescription, one settlement, without a lease, within the floor limits); its courier sends them by batches,
signed, and settles what the agency answers. The agency is real, in a process of its own behind HTTP, with the
database that the name says. After it: nothing waits, nothing was rejected, and the agency holds one
settlement for each sale.

The baseline is what the same server and database do for one client that asks for nothing but a durable row,
one call after the other (``bench.served bare``), measured before and after. Both share two cores.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from time import perf_counter

from msgspec import Struct

from app.bootstrap import DATABASE, open_counter
from app.clock import SystemClock
from app.storage import outbox, stores
from app.storage.connection import Connection, open_database, transaction
from app.storage.key import read_or_make
from app.sync.client import AgencyClient
from app.sync.deliver import deliver_due, sender_of
from app.sync.enrol import enrol, introduce
from app.sync.line import Line
from app.sync.worker import outlive
from app.usecases import settle
from app.usecases.quote import quote
from bench import city, population, postgres_server, sample_shop, served
from bench.result import Result, impossible
from engine.calendar import CHINA
from engine.catalogue import Drug
from engine.person import Person
from engine.prescription import Prescription
from engine.protocol.profile import DEMONSTRATION, Profile
from engine.sale import BasketLine, Draft, Store
from tests.fakes.fake_counter import FakeClock

SALES = 10_000
PATIENTS = 2_000
ROWS = 2_000
BUDGET = 0.5
OPERATOR = "当班药师"
A_SALE_EVERY = timedelta(seconds=1)
ENOUGH_LEFT = 500_00


class Delivered(Struct, frozen=True):
    """Sales a second, and rows a second."""

    sales: float
    rows: float
    notes: tuple[str, ...]
    whole: bool


def measure_sqlite() -> Result:
    """Deliver to an agency on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        return _result(
            "delivery_sqlite",
            _deliver(Path(folder), str(Path(folder) / "agency"), str(Path(folder) / "bare")),
        )


def measure_postgresql() -> Result:
    """Deliver to an agency on PostgreSQL."""
    if why := postgres_server.missing():
        return impossible("delivery_postgresql", "sales/s", "≥ 50%", why)
    with tempfile.TemporaryDirectory() as folder, postgres_server.running() as address:
        agency, bare = (postgres_server.database(address, name) for name in ("agency", "bare"))
        return _result("delivery_postgresql", _deliver(Path(folder), agency, bare))


def _deliver(folder: Path, agency: str, bare: str) -> Delivered:
    now = datetime.now(UTC)
    store = population.stores(1, now)[0]
    data = folder / "till"
    sold_s = _sell(data, store, now)
    patients = _patients(now)
    with closing(served.opened(agency)) as database:
        city.register(
            database,
            now,
            stores=[store],
            people={store.provider.id: patients},
            drugs=population.demonstration(now).drugs,
            prescribed=population.prescriptions(patients, now),
        )
    with ExitStack() as stack:
        bare_url = stack.enter_context(served.serving("bare", bare))
        before = rows_a_second(bare_url)
        url = stack.enter_context(served.serving("agency", agency))
        db = stack.enter_context(
            closing(open_database(data / DATABASE, read_or_make(data / "counter.key", data / DATABASE)))
        )
        client = stack.enter_context(
            closing(AgencyClient(url=url, credentials=DEMONSTRATION, clock=SystemClock()))
        )
        sender = sender_of(db, store.provider.id, OPERATOR)
        told = enrol(db, client, SystemClock(), sender=sender, code=f"DEMO-{store.provider.id}")
        if told.trouble:
            raise AssertionError(told.trouble)
        introduce(db, client)
        begin = perf_counter()
        rounds = _until_delivered(db, client)
        took_s = perf_counter() - begin
        after = rows_a_second(bare_url)
        left = outbox.counts(db)
    settled = _settlements(agency)
    notes = (
        f"{SALES} sales in {took_s:.1f} s, {rounds} rounds; sold in {sold_s:.0f} s before that",
        f"left at the till (waiting, rejected): {left}; settlements at the agency: {settled}",
        f"bare rows a second before {before:.0f}, after {after:.0f}",
    )
    whole = tuple(left) == (0, 0) and settled == SALES
    return Delivered(SALES / took_s, fmean((before, after)), notes, whole)


def _sell(data: Path, store: Store, now: datetime) -> float:
    """Sell offline, without waiting for the disk; return the seconds."""
    begin = perf_counter()
    clock = FakeClock((now - A_SALE_EVERY * SALES).astimezone(CHINA))
    counter = open_counter(sample_shop.settings(data, demonstration=False), clock)
    try:
        desk = counter._desk
        patients = _patients(now)
        with transaction(desk.db):
            stores.save(desk.db, [store])
        counter.start()
        desk.db.execute("PRAGMA synchronous = OFF")
        prescribed = population.prescriptions(patients, now)
        drugs = {drug.code: drug for drug in population.demonstration(now).drugs}
        for place in range(SALES):
            clock.at += A_SALE_EVERY
            desk.draft = _draft(patients[place % PATIENTS], prescribed[place % PATIENTS], drugs, place)
            quoted = quote(desk, store, desk.draft)
            if quoted is None or not quoted.answer.fund:
                raise AssertionError(f"not a sale on insurance: {quoted}")
            settle.commit(desk.db, settle.prepare(desk, store, quoted))
    finally:
        counter.close()
    return perf_counter() - begin


def _patients(now: datetime) -> list[Person]:
    """Return people of whose year enough is left: one box costs the fund little."""
    return [
        each
        for each in population.people(2 * PATIENTS, now)
        if each.snapshot.accumulators.fund_paid < ENOUGH_LEFT
    ]


def _draft(person: Person, prescription: Prescription, drugs: dict[str, Drug], place: int) -> Draft:
    drug = drugs[prescription.lines[0].drug or ""]
    line = BasketLine(
        id="1",
        drug=drug,
        quantity=1,
        unit_price=drug.price,
        trace_codes=(f"{drug.trace_prefix}{place:013d}",),
    )
    return Draft(person=person, prescription=prescription, lines=(line,))


def _until_delivered(db: Connection, client: AgencyClient) -> int:
    rounds = 0
    while outbox.counts(db)[0]:
        rounds += 1
        round_ = deliver_due(db, client, SystemClock(), operator=OPERATOR, boundary=outlive)
        if not round_.settled:
            raise AssertionError(f"nothing is delivered any more: {round_}")
    return rounds


def _settlements(agency: str) -> int:
    with closing(served.opened(agency)) as database, database.connection() as db:
        return int(db.execute("SELECT count(*) FROM settlement").fetchone()[0])


def rows_a_second(url: str) -> float:
    """Return how many rows one client has made durable in a second, one call after the other."""
    with closing(Line(url + Profile().path)) as line:
        for _ in range(ROWS // 10):
            line.post(b"{}", {})
        begin = perf_counter()
        for _ in range(ROWS):
            status, _answer = line.post(b"{}", {})
            if status != 200:
                raise AssertionError(f"the bare server answered {status}")
        return ROWS / (perf_counter() - begin)


def _result(name: str, delivered: Delivered) -> Result:
    ratio = delivered.sales / delivered.rows
    return Result(
        name=name,
        unit="sales/s",
        value=delivered.sales,
        baseline=delivered.rows,
        ratio=ratio,
        budget=f"≥ {BUDGET:.0%} of the bare durable rows, none lost, none doubled",
        met=delivered.whole and ratio >= BUDGET,
        notes=delivered.notes,
    )
