"""Boxes and people are found among the sales from the commit on, before and after a run is indexed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.errors import TraceCodeSold
from app.policies import read_library
from app.storage import journal, outbox, runs, sales
from app.storage.connection import transaction
from app.usecases import settle
from app.usecases.quote import effective_accumulators, quote
from app.usecases.show import open_store
from engine.policy.compute import answer_claim
from engine.sale import Draft, Sale
from tests.fakes.fake_counter import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    made.till.start()
    tour = made.till.tour()
    for stop in tour:
        if stop.group == tour[0].group:
            made.till.demonstrate(stop)
    yield made
    made.close()


def boxes_of(draft: Draft, number: int) -> Draft:
    """Return ``draft`` with other boxes of the same drugs."""
    lines = tuple(
        replace(line, trace_codes=(f"{line.drug.trace_prefix}{number:013d}",)[: line.quantity])
        for line in draft.lines
    )
    return replace(draft, lines=lines)


def sell(bench: Bench, draft: Draft) -> Sale:
    """Commit ``draft`` a minute after the sale before it."""
    bench.clock.at += timedelta(minutes=1)  # type: ignore[attr-defined]
    bench.desk.draft = draft
    store = open_store(bench.desk)
    quoted = quote(bench.desk, store, draft)
    assert quoted is not None
    return settle.commit(bench.db, settle.prepare(bench.desk, store, quoted))


COUNT = 2 * runs.LENGTH + 3


def test_each_box_is_found_from_its_commit_on(bench: Bench) -> None:
    draft = bench.desk.draft

    for number in range(1, COUNT + 1):
        sale = sell(bench, boxes_of(draft, number))
        assert runs.sold(bench.db, sales.trace_codes(sale)[-1:]) == (
            sales.trace_codes(sale)[-1],
            sale.number,
        )

    for number in range(1, COUNT + 1):
        codes = [code for line in boxes_of(draft, number).lines for code in line.trace_codes]
        assert [runs.sold(bench.db, [code]) for code in codes] == [
            (code, f"01-{number:06d}") for code in codes
        ]
    assert runs.sold(bench.db, ["89900019999999999999"]) is None


@pytest.mark.parametrize("again", [1, runs.LENGTH, COUNT])
def test_no_box_is_sold_twice(bench: Bench, again: int) -> None:
    draft = bench.desk.draft
    for number in range(1, COUNT + 1):
        sell(bench, boxes_of(draft, number))
    before = journal.head(bench.db), outbox.last_number(bench.db)

    with pytest.raises(TraceCodeSold, match=f"01-{again:06d}"):
        sell(bench, boxes_of(draft, again))

    assert (journal.head(bench.db), outbox.last_number(bench.db)) == before


def test_all_of_a_persons_sales_count_before_the_agency_hears_of_them(bench: Bench) -> None:
    draft = bench.desk.draft
    assert draft.person is not None
    sold = [sell(bench, boxes_of(draft, number)) for number in range(1, COUNT + 1)]

    view = effective_accumulators(bench.db, draft.person, bench.desk.today())

    paid = sum(sale.answer.fund for sale in sold)
    assert view.fund_paid == draft.person.snapshot.accumulators.fund_paid + paid


def test_recorded_sale_computes_to_the_same_fen_again(bench: Bench) -> None:
    made = sell(bench, boxes_of(bench.desk.draft, 1))
    index = sales.last(bench.db)
    assert index is not None

    recorded = sales.read(bench.db, index.journal)

    assert recorded == made
    assert recorded.claim is not None
    assert answer_claim(read_library(), recorded.claim) == recorded.answer
    assert all(line.drug.listings == () for line in recorded.draft.lines)


def test_settlement_message_is_the_same_at_every_sending(bench: Bench) -> None:
    sell(bench, boxes_of(bench.desk.draft, 1))
    first = outbox.recent(bench.db, 9)
    texts = {each.id: outbox.text_of(bench.db, each) for each in first}
    settlement = next(each for each in first if each.infno == outbox.SETTLEMENT)

    with transaction(bench.db):
        outbox.failed(bench.db, settlement.id, "x", bench.clock.now(), texts[settlement.id])

    assert {each.id: outbox.text_of(bench.db, each) for each in outbox.recent(bench.db, 9)} == texts
    kept = bench.db.execute("SELECT id, input FROM outbox WHERE input IS NOT NULL").fetchall()
    assert kept == [(settlement.id, texts[settlement.id])]
