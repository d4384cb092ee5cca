"""At the counter: first expired, first out; nothing expired or recalled; each box once; opened packs."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec import Raw

from app.errors import NotForSale
from app.storage import outbox, sales, stock_boxes, stock_check
from app.usecases.stock_errors import TraceCodesNeeded
from app.usecases.stock_state import BroughtBack, LotChange
from engine.catalogue import Drug
from engine.protocol.stock import read_records
from engine.sale import Sale
from tests.fakes.fake_counter import Bench
from tests.fakes.fake_leases import scan_first
from tests.fakes.stocked_shelves import box, buy, left, lots, receive, sale_of


def buy_whole(bench: Bench, *scans: str) -> Sale:
    return sale_of(bench, buy(bench, *scans))


def codes_found(bench: Bench) -> set[str]:
    return {each.code for each in bench.till.refresh().findings}


def test_what_expires_first_goes_first_whatever_came_first(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "LATE", "2029-05", packs=5)
    receive(bench.till, drug, "SOON", "2027-05", packs=2, note="SH-2")

    sale = buy_whole(bench, drug.barcode or "", drug.barcode or "", drug.barcode or "")

    assert [(use.batch, use.quantity) for use in sale.draft.lines[0].lots] == [("SOON", 2), ("LATE", 1)]
    assert left(bench, drug) == {"LATE": (4, 0, 0), "SOON": (0, 0, 0)}


def test_the_very_lot_of_a_scanned_box_is_taken(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "LATE", "2029-05", codes=(box(drug, 1),))
    receive(bench.till, drug, "SOON", "2027-05", packs=2, note="SH-2")

    sale = buy_whole(bench, box(drug, 1))

    assert [use.batch for use in sale.draft.lines[0].lots] == ["LATE"]


def test_the_receipt_names_batch_and_expiry(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B77", "2028-05", packs=2)
    buy_whole(bench, drug.barcode or "")

    rows = [row.left + row.right for row in bench.printer.papers[-1].rows]

    assert any("B77" in row and "2028-05-31" in row for row in rows)


def test_an_expired_box_is_refused_at_the_scan(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "OLD", "2026-11-22", codes=(box(drug, 1),))
    bench.clock.at += timedelta(days=1)  # type: ignore[attr-defined]

    state = bench.till.enter(box(drug, 1))

    assert state.draft.lines == ()
    assert state.notice is not None
    assert state.notice.tone == "refused"
    assert "过期" in state.notice.what
    assert state.notice.advice.endswith("。")


def test_expired_stock_is_not_sold_by_its_barcode_either(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "OLD", "2026-11-22", packs=3)
    bench.clock.at += timedelta(days=1)  # type: ignore[attr-defined]
    bench.till.enter(drug.barcode or "")

    assert "stock_expired" in codes_found(bench)
    with pytest.raises(NotForSale, match="过期"):
        bench.settle()
    assert sales.last(bench.db) is None


def test_a_box_that_expires_today_may_still_be_sold(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "OLD", "2026-11-22", packs=1)

    assert buy_whole(bench, drug.barcode or "").draft.lines[0].lots[0].batch == "OLD"


def test_a_recall_stops_what_is_in_the_basket_already(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", codes=(box(drug, 1),))
    bench.till.enter(box(drug, 1))

    bench.till.recall(drug.code, "B1", "药监通知 2026-11")

    assert "stock_recalled" in codes_found(bench)
    with pytest.raises(NotForSale, match="召回"):
        bench.settle()


def test_other_batches_of_a_recalled_one_are_sold_on(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2027-05", packs=5)
    receive(bench.till, drug, "B2", "2029-05", packs=5, note="SH-2")
    bench.till.recall(drug.code, "B1", "药监通知 2026-11")

    assert [use.batch for use in buy_whole(bench, drug.barcode or "").draft.lines[0].lots] == ["B2"]


def test_a_drug_recalled_whole_is_not_sold_even_without_stock_records(bench: Bench, drug: Drug) -> None:
    bench.till.recall(drug.code, "", "药监通知 2026-11")
    bench.till.enter(drug.barcode or "")

    with pytest.raises(NotForSale, match="召回"):
        bench.settle()


def test_a_new_shop_without_stock_records_sells(bench: Bench, drug: Drug) -> None:
    sale = buy_whole(bench, box(drug, 1))

    assert sale.draft.lines[0].lots == ()
    assert codes_found(bench) == set()


def test_more_than_the_books_have_is_sold_with_a_word(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=1)
    bench.till.enter(drug.barcode or "")
    bench.till.enter(drug.barcode or "")
    assert "stock_short" in codes_found(bench)

    assert bench.settle().settled is not None

    assert left(bench, drug) == {"B1": (0, 0, 0)}


def test_a_box_that_never_came_in_is_told_where_every_pack_has_its_code(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", codes=(box(drug, 1), box(drug, 2)))
    bench.till.enter(box(drug, 9))

    assert "box_unknown" in codes_found(bench)
    assert bench.settle().settled is not None


def test_a_box_of_packs_received_by_count_is_nothing_to_wonder_at(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=5)
    bench.till.enter(box(drug, 9))

    assert codes_found(bench) == set()


def test_a_box_of_a_lot_that_was_counted_in_is_nothing_to_wonder_at_beside_one_that_was_sold_out(
    bench: Bench, drug: Drug
) -> None:
    receive(bench.till, drug, "B1", "2027-05", codes=(box(drug, 1), box(drug, 2)))
    buy_whole(bench, drug.barcode or "", drug.barcode or "")
    receive(bench.till, drug, "B2", "2029-05", packs=2, note="SH-2")
    bench.till.next_customer()
    bench.till.enter(box(drug, 9))

    assert codes_found(bench) == set()


def test_on_insurance_every_box_with_a_code_is_scanned_first(bench: Bench) -> None:
    scan_first(bench, all_codes=False)
    line = bench.desk.draft.lines[0]

    with pytest.raises(TraceCodesNeeded, match=line.drug.generic_name):
        bench.settle()

    assert sales.last(bench.db) is None


def test_what_is_on_the_uncoded_list_is_settled_without(bench: Bench) -> None:
    scan_first(bench, all_codes=False)
    drug = bench.desk.draft.lines[0].drug
    assert bench.till.refresh().lacking
    bench.till.add_uncoded(drug.code, "2026-12-31", "2025 年前的库存")

    assert bench.settle().settled is not None


def test_a_row_of_the_uncoded_list_that_was_struck_off_counts_no_more(bench: Bench) -> None:
    scan_first(bench, all_codes=False)
    line = bench.desk.draft.lines[0]
    number = bench.till.add_uncoded(line.drug.code, "2026-12-31", "2025 年前的库存")[0].number
    bench.till.end_uncoded(number)

    with pytest.raises(TraceCodesNeeded):
        bench.settle()


def test_without_insurance_a_box_may_lack_its_code_with_a_word(bench: Bench, drug: Drug) -> None:
    bench.till.enter(drug.barcode or "")
    (finding,) = bench.till.refresh().findings
    assert (finding.code, finding.severity) == ("codes_wanted", "attention")
    assert finding.clause is not None

    assert buy_whole(bench, drug.barcode or "").draft.lines[0].trace_codes == ()


def test_what_was_brought_back_lies_apart_and_is_not_sold(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", codes=(box(drug, 1),))
    sale = buy_whole(bench, box(drug, 1))

    (line,) = bench.till.bring_back(BroughtBack(sale=sale.number, line="1", quantity=1, why="包装破损"))

    assert line.left == 0
    assert left(bench, drug) == {"B1": (0, 0, drug.pack_size or 1)}
    state = bench.till.enter(box(drug, 1))
    assert state.draft.lines == ()
    told = outbox.recent(bench.db, 1)[0]
    record = read_records("3506", Raw(outbox.text_of(bench.db, told).encode()))[0]
    assert (told.infno, record.codes, record.sale) == ("3506", (box(drug, 1),), sale.number)


def test_a_box_that_a_pharmacist_released_is_sold_once_more_and_not_twice(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", codes=(box(drug, 1),))
    sale = buy_whole(bench, box(drug, 1))
    bench.till.bring_back(BroughtBack(sale=sale.number, line="1", quantity=1, why="拿错了"))

    bench.till.change_lot(LotChange(kind="released", lot=1, packs=1, why="药师核对，封签完好"))
    again = buy_whole(bench, box(drug, 1))

    assert left(bench, drug) == {"B1": (0, 0, 0)}
    state = bench.till.enter(box(drug, 1))
    assert state.notice is not None
    assert again.number in state.notice.what
    assert stock_check.faults(bench.db) == []


def test_a_full_run_of_sales_leaves_the_same_stock_as_the_sales_one_by_one(bench: Bench, drug: Drug) -> None:
    serials = range(1, 41)
    receive(bench.till, drug, "B1", "2029-05", codes=tuple(box(drug, serial) for serial in serials))
    for serial in serials[:35]:
        buy_whole(bench, box(drug, serial))
        assert left(bench, drug) == {"B1": (40 - serial, 0, 0)}

    assert [len(stock_boxes.on_shelf(bench.db, 1)), lots(bench, drug)[0].balance.packs] == [5, 5]
    assert stock_check.faults(bench.db) == []


def test_an_insured_sale_waits_with_its_goods_for_the_settlement_s_number(bench: Bench) -> None:
    scan_first(bench)
    bench.settle()

    waiting = outbox.sales_waiting(bench.db)

    goods = next(each for each in outbox.recent(bench.db, 9) if each.infno == "3505A")
    assert goods.sale in waiting
    records = read_records("3505A", Raw(outbox.text_of(bench.db, goods).encode()))
    assert len(records) == 3
    assert all('"MDTRT_SETL_TYPE":"1"' in each.body for each in records)
    assert not any("王秀英" in each.body for each in records)


def test_a_lot_that_ends_before_the_prescription_does_is_told(bench: Bench) -> None:
    scan_first(bench)
    drug = bench.desk.draft.lines[0].drug
    receive(bench.till, drug, "SOON", (date(2026, 11, 22) + timedelta(days=20)).isoformat(), packs=5)

    assert "expires_within_supply" in codes_found(bench)
