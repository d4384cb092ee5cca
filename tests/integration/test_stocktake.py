"""A stocktake: what differs is booked with a reason, and which boxes are no longer there."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.storage import stock_check
from app.usecases.stock_errors import StockUnclear
from engine.catalogue import Drug
from tests.fakes.fake_counter import Bench
from tests.fakes.stocked_shelves import box, buy, free_drug, left, receive, told


def test_what_was_counted_is_booked_with_its_difference_and_3501(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=5)
    for _ in range(4):
        shown = bench.till.scan_count(drug.barcode or "")
    assert [(line.packs, line.row.packs) for line in shown.lines] == [(4, 5)]
    with pytest.raises(StockUnclear, match="原因"):
        bench.till.book_count("")

    after = bench.till.book_count("盘亏，待查")

    assert after.said is not None
    assert "1 批有差异" in after.said.what
    assert left(bench, drug) == {"B1": (4, 0, 0)}
    infno, record = told(bench)
    assert (infno, int(record.count)) == ("3501", 4)
    assert stock_check.faults(bench.db) == []


def test_what_is_sold_during_a_stocktake_is_no_difference(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=5)
    bench.till.set_count(1, "5", "")
    buy(bench, drug.barcode or "", drug.barcode or "")

    after = bench.till.book_count("")

    assert after.said is not None
    assert "账实相符" in after.said.what
    assert left(bench, drug) == {"B1": (3, 0, 0)}


def test_a_box_is_counted_once_and_for_its_own_lot(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", codes=(box(drug, 1),))
    receive(bench.till, drug, "B2", "2029-06", codes=(box(drug, 2),), note="SH-2")

    bench.till.scan_count(box(drug, 2))
    shown = bench.till.scan_count(box(drug, 2))

    assert {line.row.batch: line.packs for line in shown.lines} == {"B1": None, "B2": 1}
    assert shown.said is not None
    assert shown.said.tone == "attention"


def test_a_box_sold_by_its_barcode_alone_is_missing_after_the_next_stocktake(
    bench: Bench, drug: Drug
) -> None:
    receive(bench.till, drug, "B1", "2029-05", codes=tuple(box(drug, serial) for serial in (1, 2, 3)))
    buy(bench, drug.barcode or "")
    assert bench.till.lot(1).unnamed == 1
    for serial in (1, 3):
        bench.till.scan_count(box(drug, serial))

    after = bench.till.book_count("")

    assert after.said is not None
    assert "账实相符" in after.said.what
    assert "1 盒没有见到" in after.said.advice
    assert bench.till.lot(1).boxes == (box(drug, 1), box(drug, 3))
    assert not bench.till.lot(1).unnamed
    about = bench.till.stock(box(drug, 2)).about
    assert about is not None
    assert "没有见到" in about.what
    bench.till.next_customer()
    bench.till.enter(box(drug, 2))
    assert [each.code for each in bench.till.refresh().findings] == ["box_gone"]
    assert stock_check.faults(bench.db) == []


def test_a_missing_box_that_is_counted_again_is_on_the_shelf_again(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", codes=(box(drug, 1), box(drug, 2)))
    bench.till.scan_count(box(drug, 1))
    bench.till.book_count("盘亏，待查")
    assert left(bench, drug) == {"B1": (1, 0, 0)}

    for serial in (1, 2):
        bench.till.scan_count(box(drug, serial))
    bench.till.book_count("在后面找到")

    assert left(bench, drug) == {"B1": (2, 0, 0)}
    assert bench.till.lot(1).boxes == (box(drug, 1), box(drug, 2))
    buy(bench, box(drug, 2))


def test_where_not_every_pack_was_scanned_no_box_is_said_to_be_missing(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=5, codes=(box(drug, 1), box(drug, 2)))
    bench.till.scan_count(box(drug, 1))
    bench.till.set_count(1, "4", "")

    bench.till.book_count("盘亏")

    assert bench.till.lot(1).boxes == (box(drug, 1), box(drug, 2))


@pytest.mark.parametrize("sold", [1, 4])
def test_a_box_sold_between_two_scans_of_its_lot_is_no_difference(
    bench: Bench, drug: Drug, sold: int
) -> None:
    receive(bench.till, drug, "B1", "2029-05", codes=tuple(box(drug, serial) for serial in (1, 2, 3, 4)))
    for serial in (1, 2):
        bench.till.scan_count(box(drug, serial))
    buy(bench, box(drug, sold))
    for serial in (3, 4):
        bench.till.scan_count(box(drug, serial))

    after = bench.till.book_count("")

    assert after.said is not None
    assert after.said.what.endswith("账实相符。")
    assert left(bench, drug) == {"B1": (3, 0, 0)}
    assert len(bench.till.lot(1).boxes) == 3


def test_a_count_typed_anew_after_a_sale_is_what_is_there_now(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=5)
    bench.till.set_count(1, "5", "")
    buy(bench, drug.barcode or "")
    bench.till.set_count(1, "4", "")

    bench.till.book_count("")

    assert left(bench, drug) == {"B1": (4, 0, 0)}
    assert int(told(bench)[1].count) == 4


def test_the_agency_is_told_what_is_there_as_the_count_is_booked(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=5)
    bench.till.set_count(1, "5", "")
    buy(bench, drug.barcode or "", drug.barcode or "")

    bench.till.book_count("")

    assert int(told(bench)[1].count) == 3


def test_books_in_which_a_box_was_sold_twice_are_found_out(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", codes=(box(drug, 1), box(drug, 2)))
    for serial in (1, 2):
        buy(bench, box(drug, serial))
    assert stock_check.faults(bench.db) == []

    bench.db.execute("UPDATE sale SET traces = ? WHERE serial = 2", (f'["{box(drug, 1)}"]',))

    (fault,) = stock_check.faults(bench.db)
    assert box(drug, 1)[-4:] in fault
    assert "卖了 2 次" in fault


def test_of_several_lots_a_person_chooses_which_is_counted(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=2)
    receive(bench.till, drug, "B2", "2029-06", packs=2, note="SH-2")
    bench.till.scan_count(drug.barcode or "")
    bench.till.choose_count(2)

    shown = bench.till.scan_count(drug.barcode or "")

    assert {line.row.batch: line.packs for line in shown.lines} == {"B1": None, "B2": 1}


def test_a_stocktake_on_the_desk_survives_a_restart(tmp_path: Path) -> None:
    before = Bench(tmp_path)
    before.till.start()
    drug = free_drug(before)
    receive(before.till, drug, "B1", "2029-05", packs=2)
    before.till.set_count(1, "1", "")
    before.close()

    after = Bench(tmp_path)
    after.till.start()

    assert [line.packs for line in after.till.count().lines] == [1]
    after.close()
