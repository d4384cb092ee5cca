"""After the commit nothing sells a basket twice; before it nobody pays a sum that was not shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import Raw
from msgspec.structs import replace

from app import errors
from app.storage import journal, outbox, people, sales
from app.storage.connection import transaction
from app.usecases import paper, settle
from app.usecases.ports import PersonAnswer
from app.usecases.quote import quote
from app.usecases.show import open_store
from engine.ids import Scan
from engine.protocol.journal import read_journal
from tests.fakes.fake_counter import NOW, Bench, FakeClock


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.till.start()
    for stop in bench.demonstration.tour:
        if stop.group.startswith("绍兴：便民"):
            bench.till.demonstrate(stop)
    yield bench
    bench.close()


def sold(bench: Bench) -> int:
    return len(sales.listed(bench.db, None, 10))


def test_disk_trouble_after_the_commit_says_that_the_sale_is_recorded(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_arguments: object) -> None:
        raise errors.DatabaseBusy()

    monkeypatch.setattr(paper.sales, "index_of", busy)

    state = bench.settle()

    assert state.settled is not None
    assert state.notice is not None
    assert "销售已入账" in state.notice.what
    assert "没有入账" not in state.notice.what
    bench.settle()
    assert sold(bench) == 1


def test_bug_after_the_commit_sells_nothing_twice(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bench.printer, "print_receipt", broken)
    with pytest.raises(ZeroDivisionError):
        bench.settle()

    state = bench.settle()

    assert state.settled is not None
    assert sold(bench) == 1


def test_reprint_on_a_full_disk_says_that_the_sale_is_recorded(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise errors.DiskFull()

    monkeypatch.setattr(paper.receipts, "save", full)
    monkeypatch.setattr(paper.receipts, "printed", full)
    state = bench.settle()
    assert state.settled is not None

    with pytest.raises(errors.ReceiptNotPrinted, match="已入账") as raised:
        bench.till.reprint(None)

    assert "没有入账" not in str(raised.value)
    assert bench.till.receipt(state.settled.number).rows


def test_sum_that_changed_since_it_was_shown_is_shown_before_it_is_settled(bench: Bench) -> None:
    seen = bench.sign()
    person = seen.draft.person
    assert person is not None
    assert seen.answer is not None
    used = replace(person.snapshot.accumulators, fund_paid=119_900)
    fresh = replace(person.snapshot, as_of=NOW + timedelta(hours=1), accumulators=used)
    people.save(bench.db, [replace(person, snapshot=fresh)])  # As the courier does before it tells.
    scan = Scan("voucher", bench.demonstration.tour[0].code)
    bench.desk.hear(PersonAnswer(scan=scan, person=replace(person, snapshot=fresh)))

    state = bench.till.settle()

    assert state.settled is None
    assert state.notice is not None
    assert "没有结算" in state.notice.what
    assert state.answer is not None
    assert state.answer.patient > seen.answer.patient
    assert journal.head(bench.db)[0] == 0
    assert bench.settle().settled is not None


def test_midnight_between_the_claim_and_its_recording_settles_nothing(bench: Bench) -> None:
    quoted = quote(bench.desk, open_store(bench.desk), bench.desk.draft)
    assert quoted is not None
    bench.desk.clock = FakeClock(NOW + timedelta(days=1))

    with pytest.raises(errors.DayChanged, match="没有入账"):
        settle.prepare(bench.desk, open_store(bench.desk), quoted)


def test_no_entry_between_two_sales_is_left_out_of_the_uploads(bench: Bench) -> None:
    drug = next(drug for drug in bench.demonstration.drugs if not drug.prescription_only and drug.barcode)
    bench.settle()
    with transaction(bench.db):
        for _ in range(1_200):
            journal.append(bench.db, "agency_answer", "{}", NOW)
    bench.till.next_customer()
    bench.till.enter(drug.barcode or "")

    bench.settle()

    uploads = [each for each in outbox.recent(bench.db, 20) if each.infno == outbox.JOURNAL_UPLOAD]
    carried = [
        entry.number
        for each in reversed(uploads)
        for entry in read_journal(Raw(outbox.text_of(bench.db, each).encode())).entries
    ]
    assert carried == list(range(1, 1_203))
    assert len({each.id for each in uploads}) == len(uploads) == 4
