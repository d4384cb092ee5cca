"""A counter with a real database and hand-written fakes for all that is outside it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct
from msgspec.structs import asdict

from app.clock import Clock
from app.errors import PrinterSilent
from app.storage import catalogue, diagnoses, people, prescriptions, sales, stores
from app.storage.connection import Connection, open_database, transaction
from app.storage.migrations import migrate
from app.usecases.desk import Desk, News
from app.usecases.law import LibraryLaw
from app.usecases.ports import ClaimContext, RxAsk
from app.usecases.state import CounterState, TourStop
from app.usecases.till import Till
from engine.demonstration import Demonstration, parse_demonstration
from engine.equivalents_file import load_sameness
from engine.ids import Scan
from engine.policy.packs import Library, load_library
from engine.price_file import load_price_rules
from engine.ranges_file import load_ranges
from engine.receipt import Receipt, copy_of
from engine.refusal import RefusalReport
from engine.sale import Store
from tests.fakes.signing import knowledge, on_duty, sign

KEY = bytes(range(32))
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
RESOURCES = Path(__file__).parents[2] / "resources"


class FakeClock:
    """Stands still until it is moved; each reading is one microsecond later than the last."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at


class FakeCourier:
    """Online or not as told; keeps what was asked, and lets the test answer."""

    def __init__(self, online: bool | None = False) -> None:
        self.online = online
        self.offline_since: datetime | None = None
        self.sending: frozenset[str] = frozenset()
        self.looked_up: list[Scan] = []
        self.inquired: list[RxAsk] = []
        self.presettled: list[ClaimContext] = []
        self.pokes = 0
        self.on_poke: Callable[[], None] = lambda: None
        self.hear: Callable[[News], None] = lambda _news: None

    def listen(self, hear: Callable[[News], None]) -> None:
        self.hear = hear

    def poke(self) -> None:
        self.pokes += 1
        self.on_poke()

    def look_up(self, store: Store, scan: Scan) -> None:
        self.looked_up.append(scan)

    def inquire(self, asked: RxAsk) -> None:
        self.inquired.append(asked)

    def presettle(self, context: ClaimContext) -> None:
        self.presettled.append(context)


class FakePrinter:
    """Keeps what it printed; silent when told so."""

    def __init__(self) -> None:
        self.papers: list[Receipt] = []
        self.silent = False

    def print_receipt(self, receipt: Receipt, copy: int = 0) -> Path | None:
        if self.silent:
            raise PrinterSilent()
        self.papers.append(copy_of(receipt, copy) if copy else receipt)
        return None


class FakeSlips:
    """Keeps the reports of which it wrote slips."""

    def __init__(self) -> None:
        self.reports: list[RefusalReport] = []

    def print_slip(self, report: RefusalReport) -> Path:
        self.reports.append(report)
        return Path("slips") / f"{report.id}.pdf"


class Bench:
    """A till with the demonstration on its shelves, and its fakes at hand."""

    def __init__(
        self,
        folder: Path,
        *,
        online: bool | None = False,
        clock: Clock | None = None,
        stock: Callable[[Connection, Connection], Demonstration] | None = None,
    ) -> None:
        self.path = folder / "counter.db"
        anew = stock is None and not self.path.exists()
        if anew:
            _mould().cast(folder)
        self.db: Connection = open_database(self.path, KEY)
        migrate(self.db)
        self.catalogue: Connection = catalogue.open_catalogue(folder / "catalogue.db", KEY)
        self.clock: Clock = clock or FakeClock()
        self.courier = FakeCourier(online)
        self.printer = FakePrinter()
        self.slips = FakeSlips()
        self.demonstration = _mould().demonstration if anew else (stock or stocked)(self.db, self.catalogue)
        self._tours = 0
        self.desk = Desk(
            db=self.db,
            catalogue=self.catalogue,
            clock=self.clock,
            settings=on_duty("药师 李", 0.01),
            law=law(),
            knowledge=knowledge,
            courier=self.courier,
            printer=self.printer,
            stops=self._stops,
            slips=self.slips,
        )
        self.till = Till(self.desk)

    def sign(self) -> CounterState:
        """Sign as a pharmacist would, where a signature is wanted."""
        return sign(self.till, self.till.refresh())

    def settle(self) -> CounterState:
        """Sign, then settle."""
        self.sign()
        return self.till.settle()

    def _stops(self) -> tuple[TourStop, ...]:
        """Return the tour with boxes of its own for each asking, whatever these books have sold before."""
        self._tours += 1
        last = sales.last(self.db)
        seconds = self._tours + (1_000 * last.serial if last else 0)
        tour = parse_demonstration(texts("demonstration"), NOW + timedelta(seconds=seconds)).tour
        return tuple(TourStop(**asdict(stop)) for stop in tour)

    def close(self) -> None:
        self.catalogue.close()
        self.db.close()


class _Mould(Struct, frozen=True):
    """The files of a shop that has sold nothing, made once and then copied: most tests begin there."""

    files: dict[str, bytes]
    demonstration: Demonstration

    def cast(self, folder: Path) -> None:
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


@cache
def _mould() -> _Mould:
    with TemporaryDirectory() as name:
        folder = Path(name)
        with (
            closing(open_database(folder / "counter.db", KEY)) as db,
            closing(catalogue.open_catalogue(folder / "catalogue.db", KEY)) as drugs,
        ):
            migrate(db)
            demonstration = stocked(db, drugs)
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(files) == ["catalogue.db", "counter.db"], "a log was left behind"
    return _Mould(files, demonstration)


def only_shops(db: Connection, _drugs: Connection) -> Demonstration:
    """Put no more of the demonstration into ``db`` than the first page of news may hold."""
    demonstration = parse_demonstration(texts("demonstration"), NOW)
    with transaction(db):
        stores.save(db, demonstration.stores)
    return demonstration


def stocked(db: Connection, drugs: Connection, now: datetime = NOW) -> Demonstration:
    """Put the demonstration into books and catalogue as the agency's news would."""
    demonstration = parse_demonstration(texts("demonstration"), now)
    with transaction(db):
        stores.save(db, demonstration.stores)
        people.save(db, demonstration.people)
        for code, psn_no in demonstration.vouchers.items():
            people.remember_voucher(db, code, psn_no)
        prescriptions.save(db, demonstration.prescriptions)
    with transaction(drugs):
        catalogue.save(drugs, demonstration.drugs)
    diagnoses.save_common(drugs)
    return demonstration


@cache
def library() -> Library:
    """Return the law as shipped."""
    return load_library(texts("policies"))


@cache
def law() -> LibraryLaw:
    """Return the law as the counter has it, with ranges and price rules as shipped."""
    packs = library()
    return LibraryLaw(
        packs,
        load_ranges(texts("ranges"), packs),
        load_price_rules(texts("pricing")),
        load_sameness("equivalents.toml", texts("equivalents")["equivalents.toml"]),
    )


def texts(folder: str) -> dict[str, str]:
    """Return the files of a folder of resources by name."""
    return {path.name: path.read_text("utf-8") for path in sorted((RESOURCES / folder).iterdir())}


TODAY = date(2026, 11, 22)
