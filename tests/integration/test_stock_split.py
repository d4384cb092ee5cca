"""Split packs (拆零): opened with the first sale of pieces, on record, and never of an unfit lot."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec import Raw
from msgspec.structs import replace

from app.errors import NotForSale
from app.storage import catalogue, dispensed, outbox, stock_boxes, stock_check
from app.storage.connection import transaction
from app.usecases.stock_errors import CannotSplit, PackEmptied
from engine.catalogue import Drug
from engine.protocol.stock import read_records
from engine.sale import Sale
from tests.fakes.fake_counter import Bench
from tests.fakes.stocked_shelves import SHOP, box, left, receive, sale_of


def splittable(bench: Bench, drug: Drug, size: int | None = 20) -> Drug:
    """Let the catalogue say how many pieces a pack of ``drug`` has."""
    known = replace(drug, pack_size=size, pack_unit="丸")
    with transaction(bench.catalogue):
        catalogue.save(bench.catalogue, [known])
    return known


def split_sale(bench: Bench, code: str, pieces: int) -> Sale:
    bench.till.next_customer()
    line = bench.till.enter(code).selected or ""
    if not bench.desk.draft.lines[-1].split:
        bench.till.split(line)
    bench.till.change_quantity(line, pieces)
    settled = bench.settle().settled
    assert settled is not None
    return sale_of(bench, settled.number)


def test_a_split_pack_is_opened_with_its_first_sale_and_sold_from_again(bench: Bench, drug: Drug) -> None:
    known = splittable(bench, drug)
    receive(bench.till, known, "B1", "2029-05", codes=(box(drug, 1), box(drug, 2)))

    first = split_sale(bench, box(drug, 1), 6)
    second = split_sale(bench, box(drug, 1), 4)

    assert left(bench, drug) == {"B1": (1, 10, 0)}
    assert [sale.draft.lines[0].lots[0].quantity for sale in (first, second)] == [6, 4]
    found = stock_boxes.box(bench.db, box(drug, 1))
    assert found is not None
    assert found.state == "opened"
    (row,) = bench.till.opened_packs()
    assert (row.size, row.left, row.code) == (20, 10, box(drug, 1))
    assert [(number, pieces, who) for number, _at, pieces, who in row.sold] == [
        (first.number, 6, "药师 李"),
        (second.number, 4, "药师 李"),
    ]
    assert stock_check.faults(bench.db) == []


def test_each_split_sale_reports_the_opened_pack_s_code_as_split(bench: Bench, drug: Drug) -> None:
    known = splittable(bench, drug)
    receive(bench.till, known, "B1", "2029-05", codes=(box(drug, 1),))
    for _ in range(2):
        split_sale(bench, box(drug, 1), 3)
        goods = next(each for each in outbox.recent(bench.db, 3) if each.infno == "3505A")
        record = read_records("3505A", Raw(outbox.text_of(bench.db, goods).encode()))[0]
        assert record.codes == (box(drug, 1),)
        assert '"trdn_flag":"1"' in record.body
        assert int(record.count) == 3


def expired_after_opening(bench: Bench, drug: Drug, *codes: str, packs: int = 2) -> Drug:
    """Open a pack of a lot that is past its last day now; the rest of the lot is on the shelf still."""
    known = splittable(bench, drug)
    receive(bench.till, known, "OLD", "2026-11-22", packs=packs, codes=codes)
    split_sale(bench, codes[0] if codes else drug.barcode or "", 2)
    bench.clock.at += timedelta(days=1)  # type: ignore[attr-defined]
    bench.till.next_customer()
    return known


@pytest.mark.parametrize("packs", [1, 2])
def test_pieces_of_an_expired_lot_are_not_sold_though_a_pack_of_it_is_open(
    bench: Bench, drug: Drug, packs: int
) -> None:
    expired_after_opening(bench, drug, packs=packs)

    with pytest.raises(NotForSale, match="过期"):
        split_sale(bench, drug.barcode or "", 1)

    assert left(bench, drug) == {"OLD": (packs - 1, 18, 0)}


def test_an_opened_pack_that_has_expired_is_refused_at_the_scan(bench: Bench, drug: Drug) -> None:
    expired_after_opening(bench, drug, box(drug, 1))

    state = bench.till.enter(box(drug, 1))

    assert state.draft.lines == ()
    assert state.notice is not None
    assert "过期" in state.notice.what


def test_a_recall_stops_pieces_of_an_opened_pack_that_are_in_the_basket(bench: Bench, drug: Drug) -> None:
    known = splittable(bench, drug)
    receive(bench.till, known, "B1", "2029-05", codes=(box(drug, 1),))
    split_sale(bench, box(drug, 1), 2)
    bench.till.next_customer()
    bench.till.enter(box(drug, 1))

    bench.till.recall(drug.code, "B1", "药监通知 2026-11")

    with pytest.raises(NotForSale, match="召回"):
        bench.settle()


def test_pieces_come_from_a_fit_lot_where_the_opened_pack_is_of_a_recalled_one(
    bench: Bench, drug: Drug
) -> None:
    known = splittable(bench, drug)
    receive(bench.till, known, "B1", "2029-05", packs=1)
    split_sale(bench, drug.barcode or "", 2)
    receive(bench.till, known, "B2", "2029-06", packs=1, note="SH-2")
    bench.till.recall(drug.code, "B1", "药监通知 2026-11")

    sale = split_sale(bench, drug.barcode or "", 3)

    assert [use.batch for use in sale.draft.lines[0].lots] == ["B2"]
    assert left(bench, drug) == {"B1": (0, 18, 0), "B2": (0, 17, 0)}


def test_a_piece_costs_its_part_of_the_pack_and_the_pieces_never_more(bench: Bench, drug: Drug) -> None:
    known = splittable(bench, drug, size=30)
    receive(bench.till, known, "B1", "2029-05", codes=(box(drug, 1),))

    sale = split_sale(bench, box(drug, 1), 30)

    line = sale.draft.lines[0]
    assert line.unit_price == (drug.price or 0) // 30
    assert line.amount <= (drug.price or 0)


def test_an_opened_pack_gives_no_more_than_it_holds(bench: Bench, drug: Drug) -> None:
    known = splittable(bench, drug)
    receive(bench.till, known, "B1", "2029-05", codes=(box(drug, 1),))
    split_sale(bench, box(drug, 1), 15)

    with pytest.raises(PackEmptied, match="5"):
        split_sale(bench, box(drug, 1), 6)

    assert left(bench, drug) == {"B1": (0, 5, 0)}


def test_a_pack_given_up_before_the_settlement_was_never_opened(bench: Bench, drug: Drug) -> None:
    known = splittable(bench, drug)
    receive(bench.till, known, "B1", "2029-05", codes=(box(drug, 1),))
    bench.till.split(bench.till.enter(box(drug, 1)).selected or "")

    bench.till.next_customer()

    assert left(bench, drug) == {"B1": (1, 0, 0)}
    assert bench.till.opened_packs() == ()
    bench.till.next_customer()
    assert bench.till.enter(box(drug, 1)).draft.lines[0].split is False


def test_what_nobody_knows_the_pieces_of_is_not_split(bench: Bench, drug: Drug) -> None:
    splittable(bench, drug, size=None)
    line = bench.till.enter(drug.barcode or "").selected or ""

    with pytest.raises(CannotSplit):
        bench.till.split(line)


def test_a_pack_without_stock_records_is_split_and_remembered_all_the_same(bench: Bench, drug: Drug) -> None:
    splittable(bench, drug)

    split_sale(bench, box(drug, 1), 6)
    split_sale(bench, box(drug, 1), 4)

    (row,) = bench.till.opened_packs()
    assert (row.left, len(row.sold)) == (10, 2)


def test_pieces_count_as_the_pack_that_they_are_of_in_what_a_person_was_given(
    bench: Bench, drug: Drug
) -> None:
    splittable(bench, drug)
    person = bench.demonstration.people[0]
    bench.till.enter(person.card_no or "")
    bench.till.enter(box(drug, 1))
    line = bench.desk.draft.lines[0].id
    bench.till.split(line)
    bench.till.change_quantity(line, 12)
    assert bench.settle().settled is not None

    (given,) = dispensed.here(bench.db, person.psn_no, date(2026, 1, 1), SHOP)

    assert (given.drug, given.quantity) == (drug.code, 1)
