"""Joins the parts: the only module that names the concrete ones. Nothing here is global."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from app.clock import Clock, SystemClock
from app.devices.printer import PdfPrinter
from app.devices.slips import PdfSlips
from app.embedded_agency import EmbeddedAgency
from app.errors import DatabaseCannotOpen, SettingWrong
from app.import_process import ImportStarter, IndexMaker
from app.knowledge import read_knowledge
from app.policies import read_library, read_price_rules, read_ranges, read_sameness
from app.resources import resource
from app.settings import Settings, read_settings
from app.storage import catalogue, cursor, device, diagnoses, epochs, own_ranges, search, stores
from app.storage.connection import Connection, open_database
from app.storage.guard import Guard
from app.storage.key import mark_in_use, read_or_make
from app.storage.migrations import migrate
from app.sync.afar import Surroundings
from app.sync.client import AgencyClient
from app.sync.counter_line import CounterLine
from app.sync.keeper import Keeper
from app.sync.worker import SyncWorker, outlive
from app.usecases.desk import CounterSettings, Desk
from app.usecases.law import LibraryLaw
from app.usecases.ports import Courier, NoCourier
from app.usecases.state import CounterState, TourStop
from app.usecases.stock_demonstration import fill_shelves
from app.usecases.till import Till
from app.usecases.tour import OPEN_STORE
from engine.demonstration import parse_demonstration
from engine.demonstration_stock import parse_stock
from engine.protocol.profile import DEMONSTRATION, Credentials

if TYPE_CHECKING:
    from app.sync.bundles import Satchel

DATABASE = "counter.db"
CATALOGUE = "catalogue.db"
KEY = "counter.key"
LOCK = "counter.lock"
AGENCY = "agency-4"  # The demonstration's agency; its books are not those of earlier versions.
DEMONSTRATION_PROVIDER = "P33068100001"
_FIRST_NEWS_S = 15.0
_FIRST_ROUNDS = 15
_COURIER_PATIENCE_MS = 200
"""An import may hold the catalogue for a minute; the courier has sales to deliver meanwhile."""


class _Company(Struct, frozen=True, kw_only=True):
    """What runs behind an open counter, in the order in which it is ended."""

    keeper: Keeper
    worker: SyncWorker | None
    agency: EmbeddedAgency | None
    importer: ImportStarter
    indexer: IndexMaker

    def end(self) -> None:
        """End all of it; may be called again, from any thread."""
        self.importer.stop()
        self.indexer.stop()
        if self.worker is not None:
            self.worker.stop()
        self.keeper.stop()
        if self.agency is not None:
            self.agency.stop()


class OpenCounter(Till):
    """A counter with all that runs behind it; ``close`` ends it, in order, on the thread that opened it."""

    def __init__(self, desk: Desk, company: _Company, line: CounterLine | None, guard: Guard) -> None:
        super().__init__(desk)
        self._company, self._line, self._guard = company, line, guard
        self._databases = (desk.catalogue, desk.db)
        self.unpacked = True  # False: the demonstration's shelves are still to be filled.
        # A window that just goes away must leave no agency behind; its parts may be ended from any thread.
        atexit.register(company.end)

    def refresh(self) -> CounterState:
        """Take in what arrived; the demonstration's shelves are filled once its drugs have."""
        self.unpack()
        return super().refresh()

    def unpack(self) -> None:
        """Fill the demonstration's shelves, where that is still to be done and can be done by now."""
        if not self.unpacked:
            self.unpacked = fill_shelves(self._desk, parse_stock(_demonstration()), DEMONSTRATION_PROVIDER)

    def start(self) -> CounterState:
        """Open for business, the demonstration's shelves filled."""
        state = super().start()
        self.unpack()
        return state

    def close(self) -> None:
        """End the courier, keeper and agency, then the databases, then let another counter in."""
        atexit.unregister(self._company.end)
        self._company.end()
        if self._line is not None:
            self._line.close()
        for each in self._databases:
            each.close()
        self._guard.release()


def build_counter(*, data: Path | None, demonstration: bool) -> OpenCounter:
    """Open the counter as the environment and the command line say, on the thread that will work it.

    Raises a UserError where the data, the key or the agency of the demonstration cannot be used.
    """
    return open_counter(read_settings(os.environ, data=data, demonstration=demonstration), SystemClock())


def open_counter(settings: Settings, clock: Clock) -> OpenCounter:
    """Open the counter of ``settings``; what was begun is ended again where it cannot be."""
    guard, db, key = open_books(settings.data)
    agency: EmbeddedAgency | None = None
    drugs: Connection | None = None
    try:
        agency = EmbeddedAgency(settings.data / AGENCY) if settings.demonstration else None
        migrate(db)
        mark_in_use(settings.data / KEY)
        put_back = epochs.begin(db, settings.data / device.MARK, clock.now())
        drugs = catalogue.open_catalogue(settings.data / CATALOGUE, key)
        catalogue.carry_over(db, drugs)
        diagnoses.save_common(drugs)
        counter, company = _assembled(settings, clock, (db, drugs), key, agency, guard)
        counter.unpacked = not settings.demonstration
    except BaseException:
        if agency is not None:
            agency.stop()
        if drugs is not None:
            drugs.close()
        db.close()
        guard.release()
        raise
    if put_back:
        _say_put_back(counter, db)
    if search.is_due(drugs):  # Another version made it, or much came on a stick.
        company.indexer.start()
    company.keeper.start()
    if company.worker is not None:
        _begin(company.worker, db)
    return counter


def _assembled(  # noqa: PLR0917
    settings: Settings,
    clock: Clock,
    databases: tuple[Connection, Connection],
    key: bytes,
    agency: EmbeddedAgency | None,
    guard: Guard,
) -> tuple[OpenCounter, _Company]:
    db, _drugs = databases
    url = _url(settings, agency, db)
    open_client = _client_maker(settings, clock, url) if url else None
    keeper = Keeper(
        open_db=lambda: open_database(settings.data / DATABASE, key),
        key=key,
        data=settings.data,
        second=settings.backup,
        clock=clock,
        boundary=outlive,
    )
    indexer = IndexMaker(settings.data)
    worker = _worker(settings, clock, db, key, open_client, make_index=indexer.start) if open_client else None
    line = (
        CounterLine(db=db, open_client=open_client, clock=clock, operator=settings.operator)
        if open_client
        else None
    )
    afar = Surroundings(
        line=line, open_satchel=lambda: _satchel(databases, clock, settings.operator), keeper=keeper
    )
    desk = _desk(settings, clock, databases, worker or NoCourier(), line, afar)
    importer = ImportStarter(
        settings.data, url, lambda: desk.store.provider.id if desk.store else settings.provider or ""
    )
    company = _Company(keeper=keeper, worker=worker, agency=agency, importer=importer, indexer=indexer)
    desk.importer = importer
    desk.backed_up_at = lambda: keeper.backed_up_at
    return OpenCounter(desk, company, line, guard), company


def open_line(settings: Settings, clock: Clock, db: Connection) -> CounterLine | None:
    """Return a line of one's own to the agency that the settings name; None where they name none."""
    address = settings.agency_url
    if address is None:
        return None
    return CounterLine(
        db=db,
        open_client=_client_maker(settings, clock, lambda: address),
        clock=clock,
        operator=settings.operator,
    )


def _satchel(databases: tuple[Connection, Connection], clock: Clock, operator: str) -> Satchel:
    from app.sync.bundles import Satchel  # noqa: PLC0415 - heavy, and seldom needed

    db, drugs = databases
    return Satchel(db=db, drugs=drugs, clock=clock, operator=operator)


def _say_put_back(counter: OpenCounter, db: Connection) -> None:
    epoch = device.current(db).epoch
    counter.say_at_start(
        f"本机的账恢复过旧的备份，已从第 {epoch} 期接着记。恢复前的额度不再使用，可以照常销售。",
        "那份备份以后卖出的，请核对小票存根；联网后本机会自动登记新的一期。",
    )


def open_books(data: Path) -> tuple[Guard, Connection, bytes]:
    """Open the database in ``data`` for this counter alone; return its lock, itself and its key."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseCannotOpen(path=data) from error
    guard = Guard(data / LOCK)
    try:
        key = read_or_make(data / KEY, data / DATABASE)
        return guard, open_database(data / DATABASE, key), key
    except BaseException:
        guard.release()
        raise


def _url(settings: Settings, agency: EmbeddedAgency | None, db: Connection) -> Callable[[], str] | None:
    """Return what tells where the agency is, None without one; ours may be starting still."""
    if agency is None:
        address = settings.agency_url
        return (lambda: address) if address else None
    if not stores.all(db):  # Without its news there is no shop to open: say so at once if it does not start.
        _ = agency.url
    return lambda: agency.url


def _client_maker(settings: Settings, clock: Clock, url: Callable[[], str]) -> Callable[[], AgencyClient]:
    credentials = _credentials(settings)
    return lambda: AgencyClient(url=url(), credentials=credentials, clock=clock, ca_file=settings.ca_file)


def _worker(
    settings: Settings,
    clock: Clock,
    db: Connection,
    key: bytes,
    open_client: Callable[[], AgencyClient],
    *,
    make_index: Callable[[], None],
) -> SyncWorker:
    return SyncWorker(
        open_db=lambda: open_database(settings.data / DATABASE, key),
        open_drugs=lambda: catalogue.open_catalogue(
            settings.data / CATALOGUE, key, patience_ms=_COURIER_PATIENCE_MS
        ),
        open_client=open_client,
        clock=clock,
        home=_home(settings, db),
        operator=settings.operator,
        code_for=(lambda provider: f"DEMO-{provider}") if settings.demonstration else _by_hand,
        make_index=make_index,
    )


def _by_hand(_provider: str) -> str | None:
    """A real shop's till is enrolled by a person with the agency's one-time code."""
    return None


def _home(settings: Settings, db: Connection) -> str:
    if settings.demonstration:
        return DEMONSTRATION_PROVIDER
    known = settings.provider or cursor.get(db, OPEN_STORE)
    if known is None:
        how = "请把 SHANYAO_PROVIDER 设成本店的定点机构编号，例如 P33068100001。"
        raise SettingWrong(name="SHANYAO_PROVIDER", value="（空）", how=how)
    return known


def _credentials(settings: Settings) -> Credentials:
    if settings.paasid is None or settings.secret_file is None:
        return DEMONSTRATION
    try:
        secret = settings.secret_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        how = "请确认密钥文件存在，并且当前用户可以读取。"
        raise SettingWrong(name="SHANYAO_SECRET_FILE", value=str(settings.secret_file), how=how) from error
    return Credentials(paasid=settings.paasid, secret=secret)


def _desk(  # noqa: PLR0917
    settings: Settings,
    clock: Clock,
    databases: tuple[Connection, Connection],
    courier: Courier,
    line: CounterLine | None,
    afar: Surroundings,
) -> Desk:
    db, drugs = databases
    return Desk(
        db=db,
        catalogue=drugs,
        clock=clock,
        settings=CounterSettings(
            operator=settings.operator,
            answer_wait_s=settings.answer_wait_s,
            floors=settings.floors,
            pharmacist=settings.pharmacist,
            licence=settings.licence,
        ),
        law=_law(drugs),
        knowledge=read_knowledge,
        courier=courier,
        printer=PdfPrinter(settings.data / "receipts"),
        stops=_fresh_tours(clock) if settings.demonstration else tuple,
        line=line,
        afar=afar,
        slips=PdfSlips(settings.data / "slips"),
    )


def _law(drugs: Connection) -> LibraryLaw:
    library = read_library()
    ranges = read_ranges(library, own_ranges.rows(drugs))
    return LibraryLaw(library, ranges, read_price_rules(), read_sameness())


def _fresh_tours(clock: Clock) -> Callable[[], tuple[TourStop, ...]]:
    """Return what makes a tour with boxes of its own each time; their codes hold the second of it."""
    last: list[datetime] = []

    def fresh() -> tuple[TourStop, ...]:
        at = max([clock.now(), *(before + timedelta(seconds=1) for before in last)])
        last[:] = [at]
        return _stops(at)

    return fresh


def _stops(at: datetime) -> tuple[TourStop, ...]:
    tour = parse_demonstration(_demonstration(), at).tour
    return tuple(
        TourStop(group=stop.group, title=stop.title, detail=stop.detail, code=stop.code, store=stop.store)
        for stop in tour
    )


def _demonstration() -> dict[str, str]:
    files = resource("demonstration").iterdir()
    return {file.name: file.read_text(encoding="utf-8") for file in files}


def _begin(worker: SyncWorker, db: Connection) -> None:
    """Start the courier; the very first time, wait for it to say which shop this is."""
    heard = threading.Event()
    worker.listen(lambda _news: heard.set())
    worker.start()
    rounds = 0
    while not stores.all(db) and rounds < _FIRST_ROUNDS and worker.online is not False:
        heard.wait(_FIRST_NEWS_S / _FIRST_ROUNDS)
        heard.clear()
        rounds += 1
