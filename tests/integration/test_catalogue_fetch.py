"""The catalogue comes from the agency over a real socket: page by page, resumable, only what is new."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Raw
from msgspec.structs import replace

from agency.storage import registry
from agency.storage.connection import transaction as agency_transaction
from agency.web import make_web
from app.errors import AgencyNotReached
from app.importing import telling
from app.storage import catalogue, intake, stores
from app.storage.connection import open_database, transaction
from app.storage.migrations import migrate
from app.sync.client import AgencyClient
from app.sync.counter_line import CounterLine
from app.usecases import fetching
from app.usecases.fetching import fetch
from engine.calendar import business_day
from engine.catalogue import Drug, Listing, listing_on
from engine.protocol.profile import DEMONSTRATION
from tests.fakes.agency_line import NOW, SHAOXING, Bureau, Line, StillClock, demonstration, store
from tests.fakes.import_shop import KEY, ImportShop

HERE, TODAY = "330681", business_day(NOW)
DRUG = Drug(
    code="XC09CAX069A001010100001",
    generic_name="缬沙坦胶囊",
    form="胶囊剂",
    spec="80mg×7粒/盒",
    strength="80mg",
    pack_size=7,
    pack_unit="粒",
    maker="丙制药",
    approval="国药准字H20030003",
    prescription_only=False,
    listings=(
        Listing(
            begins=date(2026, 1, 1), ends=None, klass="B", region="33", first_self_pay_bp=500, scope="限"
        ),
        Listing(begins=date(2026, 1, 1), ends=None, klass="A", region="37", payment_standard=1_234),
    ),
)


class Fetching:
    """A shop with an empty catalogue, an agency on a socket, and the line between them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        (folder / "agency").mkdir()
        self.clock = StillClock(NOW)
        self.bureau = Bureau(folder / "agency", clock=self.clock)
        stack.callback(self.bureau.close)
        self.wire = Line(make_web(self.bureau.agency))
        stack.callback(self.wire.cut)
        self.shop = ImportShop(folder)
        stack.callback(self.shop.close)
        with transaction(self.shop.books):
            stores.save(self.shop.books, [store(SHAOXING)])
        self.line = CounterLine(
            db=self.shop.books,
            open_client=lambda: AgencyClient(
                url=self.wire.url, credentials=DEMONSTRATION, clock=self.clock, timeout=httpx.Timeout(5.0)
            ),
            clock=self.clock,
            operator="01",
        )
        stack.callback(self.line.close)

    def register(self, *drugs: Drug) -> None:
        """Have the agency know drugs, as of its clock's day."""
        with agency_transaction(self.bureau.db):
            registry.save_drugs(self.bureau.db, drugs)
            registry.date_changes(self.bureau.db, business_day(self.clock.now()))

    def fetch(self, line: Any = None) -> dict[str, Any]:
        """Take over what is new; return what came of each transaction."""
        self.reports = fetch(self.shop.shelves, line or self.line, SHAOXING, self.clock, page_size=50)
        return {report.run.kind: report.run for report in self.reports}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Fetching]:
    with ExitStack() as stack:
        yield Fetching(tmp_path, stack)


class BreakingLine:
    """The line, until it has been asked so many times."""

    def __init__(self, line: CounterLine, times: int) -> None:
        self._line, self._left = line, times
        self.asked: list[str] = []

    def ask(self, infno: str, input_json: str, provider: str) -> Raw:
        self._pay(infno)
        return self._line.ask(infno, input_json, provider)

    def fetch(self, infno: str, input_json: str, provider: str) -> bytes:
        self._pay(infno)
        return self._line.fetch(infno, input_json, provider)

    def _pay(self, infno: str) -> None:
        if not self._left:
            raise AgencyNotReached(trouble="断了。")
        self._left -= 1
        self.asked.append(infno)


def test_the_agency_s_drugs_and_lists_are_at_the_till(town: Fetching) -> None:
    town.register(DRUG)

    runs = town.fetch()

    drugs = len(demonstration().drugs) + 1
    assert list(runs) == ["1301", "1312", "1316", "1318", "1319"]
    assert shown_first(town.reports) == "1301"
    assert (runs["1301"].rows, runs["1301"].added) == (drugs, drugs)
    assert runs["1316"].rows == drugs
    found = town.shop.drug(DRUG.code)
    assert (found.generic_name, found.spec, found.pack_size) == ("缬沙坦胶囊", "80mg×7粒/盒", 7)
    assert not found.prescription_only
    row = listing_on(found, TODAY, HERE)
    assert (row.klass, row.first_self_pay_bp, row.scope) == ("B", 500, "限")
    assert listing_on(found, TODAY, "371502").payment_standard == 1_234


def test_every_drug_is_listed_at_the_till_as_at_the_agency(town: Fetching) -> None:
    town.fetch()

    for drug in demonstration().drugs:
        found = town.shop.drug(drug.code)
        for place in ("330681", "420700", "371502", "320200"):
            theirs, ours = listing_on(drug, TODAY, place), listing_on(found, TODAY, place)
            in_list = theirs.in_scope and theirs.klass != "C"
            assert (ours.klass != "C") == in_list, (drug.code, place)
            if in_list:
                assert ours.klass == theirs.klass
                assert ours.first_self_pay_bp == theirs.first_self_pay_bp
                assert ours.payment_standard == theirs.payment_standard


def test_asked_again_only_what_changed_is_sent_and_written(town: Fetching) -> None:
    town.clock.pass_by(timedelta(days=1))
    town.fetch()
    town.clock.pass_by(timedelta(days=1))
    town.register(replace(DRUG, maker="丁制药"))

    runs = town.fetch()

    assert (runs["1301"].rows, runs["1301"].added) == (1, 1)
    assert (runs["1312"].rows, runs["1312"].changed) == (2, 2)
    assert {run.changed + run.added for run in town.fetch().values()} == {0}


def test_what_the_agency_no_longer_says_is_taken_back(town: Fetching) -> None:
    town.register(DRUG)
    town.fetch()
    town.clock.pass_by(timedelta(days=1))
    town.register(replace(DRUG, listings=DRUG.listings[1:]))

    town.fetch()

    assert listing_on(town.shop.drug(DRUG.code), TODAY, HERE).klass == "C"
    assert listing_on(town.shop.drug(DRUG.code), TODAY, "371502").klass == "A"


def test_a_line_that_breaks_after_any_question_costs_one_question(town: Fetching) -> None:
    town.register(DRUG)
    asked: list[str] = []
    for _ in range(100):
        line = BreakingLine(town.line, times=3)
        try:
            town.fetch(line)
        except AgencyNotReached:
            asked += line.asked
        else:
            asked += line.asked
            break

    drugs = len(demonstration().drugs) + 1
    assert asked.count("1312") == asked.count("1316") == -(-drugs // 50)
    assert intake.count_drugs(town.shop.drugs) == drugs
    assert listing_on(town.shop.drug(DRUG.code), TODAY, HERE).klass == "B"


def test_a_cut_socket_says_that_nobody_was_reached_and_the_next_time_goes_on(town: Fetching) -> None:
    town.wire.cut()
    with pytest.raises(AgencyNotReached):
        town.fetch()

    town.wire.join()
    assert town.fetch()["1301"].added == len(demonstration().drugs)


def test_a_platform_without_one_of_the_transactions_gives_the_others(
    town: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agency import service

    transactions = {infno: call for infno, call in service.TRANSACTIONS.items() if infno != "1318"}
    monkeypatch.setattr(service, "TRANSACTIONS", transactions)

    runs = town.fetch()

    assert (runs["1318"].rows, runs["1318"].refused) == (0, 1)
    assert runs["1319"].rows > 0
    assert shown_first(town.reports) == "1318"
    (remark,) = intake.remarks(town.shop.drugs, _run(town, "1318"))
    assert "1318" in remark.why


def shown_first(reports: tuple[telling.Report, ...]) -> str:
    """Return of which transaction the window shows the report, where several came of one press."""
    return telling.foremost(reports).run.kind


def _run(town: Fetching, kind: str) -> int:
    return next(run.id for run in intake.runs(town.shop.drugs, 20) if run.kind == kind)


def test_what_the_agency_told_of_a_drug_by_news_goes_before_its_pages(town: Fetching) -> None:
    """Its news (SY04) brings drug ranges and scope, for which the national pages have no field."""
    town.register(DRUG)
    told = replace(DRUG, listings=(replace(DRUG.listings[0], diseases=frozenset({"hypertension"})),))
    with transaction(town.shop.drugs):
        catalogue.save(town.shop.drugs, [told])

    town.fetch()

    assert listing_on(town.shop.drug(DRUG.code), TODAY, HERE).diseases == {"hypertension"}


def test_the_way_is_kept_in_the_catalogue_itself(town: Fetching, tmp_path: Path) -> None:
    """A catalogue that is lost is fetched whole again, whatever the books remember."""
    town.fetch()
    (tmp_path / "new").mkdir()
    books = open_database(tmp_path / "new" / "counter.db", KEY)
    migrate(books)
    books.close()
    fresh = ImportShop(tmp_path / "new")
    with transaction(fresh.books):
        stores.save(fresh.books, [store(SHAOXING)])

    reports = fetch(fresh.shelves, town.line, SHAOXING, town.clock)

    assert reports[0].run.added == len(demonstration().drugs)
    assert fetching.STAGES[0] == reports[0].run.kind
    fresh.close()
