"""What goes otherwise than by a sale: written off, sent back, counted, recalled; each told, each with a
reason."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from msgspec import Raw
from msgspec.structs import replace

from app.errors import UserError
from app.storage import catalogue, journal, outbox, stock_boxes, stock_check
from app.storage.connection import transaction
from app.usecases.stock_errors import BoxesNeeded, NotEnoughStock, NothingReturned, StockUnclear
from app.usecases.stock_state import BroughtBack, LotChange
from engine.catalogue import Drug
from engine.protocol.stock import read_records
from tests.fakes.fake_counter import Bench
from tests.fakes.stocked_shelves import box, buy, free_drug, left, lots, receive, told

SEEDS = 6


def test_what_is_written_off_leaves_the_shelf_with_a_reason_and_3502(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=5)

    card = bench.till.change_lot(LotChange(kind="damaged", lot=1, packs=2, why="摔破"))

    assert left(bench, drug) == {"B1": (3, 0, 0)}
    assert card.moves[0].why == "摔破"
    infno, record = told(bench)
    assert (infno, int(record.count)) == ("3502", 2)
    assert '"memo":"摔破"' in record.body


def test_without_a_reason_nothing_is_written_off(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=5)

    with pytest.raises(StockUnclear, match="原因"):
        bench.till.change_lot(LotChange(kind="lost", lot=1, packs=1))


def test_more_than_there_is_goes_nowhere(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=5)
    entries = journal.head(bench.db)

    with pytest.raises(NotEnoughStock):
        bench.till.change_lot(LotChange(kind="lost", lot=1, packs=6, why="失窃"))

    assert journal.head(bench.db) == entries
    assert left(bench, drug) == {"B1": (5, 0, 0)}


def test_what_the_last_sales_took_is_not_there_to_be_written_off(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=2)
    buy(bench, drug.barcode or "")

    with pytest.raises(NotEnoughStock):
        bench.till.change_lot(LotChange(kind="lost", lot=1, packs=2, why="失窃"))


def test_only_what_has_expired_is_written_off_as_expired(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2026-11-22", packs=5)
    with pytest.raises(StockUnclear, match="还没有过期"):
        bench.till.change_lot(LotChange(kind="expired", lot=1, packs=5))
    bench.clock.at += timedelta(days=1)  # type: ignore[attr-defined]

    bench.till.change_lot(LotChange(kind="expired", lot=1, packs=5))

    assert left(bench, drug) == {"B1": (0, 0, 0)}


def test_where_every_pack_has_its_code_it_is_said_which_ones_go(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", codes=tuple(box(drug, serial) for serial in (1, 2, 3)))
    with pytest.raises(BoxesNeeded):
        bench.till.change_lot(LotChange(kind="damaged", lot=1, packs=1, why="摔破"))

    bench.till.change_lot(LotChange(kind="damaged", lot=1, packs=1, why="摔破", codes=(box(drug, 2),)))

    assert stock_boxes.on_shelf(bench.db, 1) == [box(drug, 1), box(drug, 3)]
    state = bench.till.enter(box(drug, 2))
    assert state.draft.lines == ()
    assert state.notice is not None
    assert "报损" in state.notice.what


def test_a_purchase_return_is_told_with_its_invoice(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=5)

    bench.till.change_lot(LotChange(kind="sent_back", lot=1, packs=5, why="TH-33"))

    infno, record = told(bench)
    assert (infno, int(record.count)) == ("3504", 5)
    assert '"purc_invo_no":"TH-33"' in record.body
    assert left(bench, drug) == {"B1": (0, 0, 0)}


def test_pieces_that_go_back_to_the_supplier_are_told_as_part_of_a_pack(bench: Bench, drug: Drug) -> None:
    known = replace(drug, pack_size=30, pack_unit="丸")
    with transaction(bench.catalogue):
        catalogue.save(bench.catalogue, [known])
    receive(bench.till, known, "B1", "2029-05", packs=2)
    bench.till.split(bench.till.enter(drug.barcode or "").selected or "")
    bench.till.settle()

    bench.till.change_lot(LotChange(kind="sent_back", lot=1, packs=1, pieces=29, why="TH-33"))

    assert told(bench)[1].count == Decimal("1.9667")
    assert left(bench, drug) == {"B1": (0, 0, 0)}


def test_what_is_set_aside_is_neither_sold_nor_lost_until_it_is_decided(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=2)
    bench.till.change_lot(LotChange(kind="set_aside", lot=1, packs=2, why="待查"))
    assert left(bench, drug) == {"B1": (0, 0, 2 * (drug.pack_size or 1))}

    bench.till.change_lot(LotChange(kind="released", lot=1, packs=1, why="查清无误"))
    bench.till.change_lot(LotChange(kind="damaged", lot=1, packs=1, why="破损", from_held=True))

    assert left(bench, drug) == {"B1": (1, 0, 0)}
    assert stock_check.faults(bench.db) == []


def test_what_was_recalled_does_not_go_back_to_the_shelf(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=2)
    bench.till.change_lot(LotChange(kind="set_aside", lot=1, packs=2, why="待查"))
    bench.till.recall(drug.code, "B1", "药监通知")

    with pytest.raises(StockUnclear, match="召回"):
        bench.till.change_lot(LotChange(kind="released", lot=1, packs=2, why="看着没事"))


def test_a_recall_lists_what_is_on_hand_and_who_has_it_by_masked_name(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=30)
    for _ in range(17):
        bench.till.next_customer()
        bench.till.enter(drug.barcode or "")
        bench.settle()
    person = bench.demonstration.people[0]
    bench.till.next_customer()
    bench.till.enter(person.card_no or "")
    bench.till.enter(box(drug, 77))
    number = bench.settle().settled
    assert number is not None

    (row,) = bench.till.recall(drug.code, "b1", "药监通知 2026-11")

    assert [(each.batch, each.packs, each.state) for each in row.on_hand] == [("B1", 12, "recalled")]
    assert len(row.sold) == 18
    assert (row.sold[0].number, row.sold[0].quantity) == (number.number, 1)
    assert row.sold[0].who == "王＊英"
    assert person.name not in str(row)


def test_a_recall_is_journalled_and_lifted_with_a_reason_only(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=3)
    number = bench.till.recall(drug.code, "B1", "药监通知")[0].number
    with pytest.raises(StockUnclear, match="依据"):
        bench.till.lift_recall(number, " ")

    assert bench.till.lift_recall(number, "复检合格")[0].lifted

    kinds = [entry.kind for entry in journal.read(bench.db, 0, 9)]
    assert kinds == ["stock_received", "stock_recalled", "stock_recall_lifted"]
    buy(bench, drug.barcode or "")


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"quantity": 0}, "还能退"),
        ({"quantity": 2}, "还能退"),
        ({"why": " "}, "原因"),
        ({"line": "9"}, "没有这一行"),
        ({"sale": "01-999999"}, "没有第"),
        ({"codes": ("81111111111111111111",)}, "不是这笔销售"),
    ],
)
def test_what_cannot_be_brought_back_is_said_why(
    bench: Bench, drug: Drug, change: dict[str, object], reason: str
) -> None:
    receive(bench.till, drug, "B1", "2029-05", codes=(box(drug, 1),))
    number = buy(bench, box(drug, 1))
    asked: dict[str, object] = {"sale": number, "line": "1", "quantity": 1, "why": "破损", **change}

    with pytest.raises(NothingReturned, match=reason):
        bench.till.bring_back(BroughtBack(**asked))  # type: ignore[arg-type]


def test_a_sale_is_found_by_its_number_and_by_its_box(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", codes=(box(drug, 1),))
    number = buy(bench, box(drug, 1), drug.barcode or "")

    assert [line.sale for line in bench.till.sold_lines(number)] == [number]
    assert [line.codes for line in bench.till.sold_lines(box(drug, 1))] == [(box(drug, 1),)]
    assert bench.till.sold_lines("01-999999") == ()


def test_the_list_says_what_is_near_its_end_and_where_a_scanned_box_is(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "SOON", "2027-01", codes=(box(drug, 1),))
    receive(bench.till, drug, "LATE", "2029-01", packs=3, note="SH-2")

    listed = bench.till.stock("")
    by_box = bench.till.stock(box(drug, 1))

    assert {row.batch: row.state for row in listed.rows} == {"SOON": "near", "LATE": "fit"}
    assert (listed.lots, listed.near) == (2, 1)
    assert [row.batch for row in by_box.rows] == ["SOON"]
    assert by_box.about is not None
    assert "在架上" in by_box.about.what
    assert [row.batch for row in bench.till.stock("late").rows] == ["LATE"]


def test_the_list_has_the_most_urgent_first_and_nothing_that_is_used_up(bench: Bench, drug: Drug) -> None:
    gone = replace(drug, code="XGONE", barcode="6999900099990", trace_prefix="8999998")
    with transaction(bench.catalogue):
        catalogue.save(bench.catalogue, [gone])
    for batch, expires in (("LATE", "2029-05"), ("SOON", "2027-03"), ("SOONER", "2026-12")):
        receive(bench.till, drug, batch, expires, packs=1, note=batch)
    receive(bench.till, gone, "GONE", "2026-12", packs=1, note="GONE")
    buy(bench, gone.barcode or "")
    bench.till.recall(drug.code, "LATE", "药监通知 2026-11")

    listed = bench.till.stock("")

    assert [row.batch for row in listed.rows] == ["LATE", "SOONER", "SOON"]
    assert [row.batch for row in bench.till.stock("60天").rows] == ["SOONER"]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_a_shop_does_nothing_is_lost_and_no_box_is_in_two_places(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    bench = Bench(tmp_path)
    bench.till.start()
    drug = free_drug(bench)
    serial = 0
    for _ in range(60):
        act = chance.choice(
            ("receive", "sell", "sell", "sell", "write_off", "count", "aside", "release", "back")
        )
        try:
            if act == "receive":
                codes = tuple(box(drug, serial + place) for place in range(chance.randint(0, 3)))
                serial += len(codes)
                receive(bench.till, drug, f"B{serial}", "2029-05", codes=codes, packs=chance.randint(3, 6))
            elif act == "sell":
                code = box(drug, chance.randint(0, serial)) if chance.random() < 0.5 else drug.barcode or ""
                buy(bench, code)
                known = stock_boxes.box(bench.db, code)
                assert known is None or known.state == "sold"
            elif act == "back":
                number = next((row.number for row in bench.till.sales(None)), "")
                bench.till.bring_back(BroughtBack(sale=number, line="1", quantity=1, why="拿错了"))
            else:
                _change(bench, drug, act, chance)
        except UserError:
            continue
        assert stock_check.faults(bench.db) == []
        for each in lots(bench, drug):
            held = each.balance
            assert min(held.packs, held.pieces, held.held) >= 0
    assert journal.verify(bench.db) == []
    bench.close()


def _change(bench: Bench, drug: Drug, act: str, chance: Random) -> None:
    there = lots(bench, drug)
    if not there:
        return
    lot = chance.choice(there).lot.number
    packs = chance.randint(1, 2)
    if act == "count":
        bench.till.set_count(lot, str(chance.randint(0, 6)), "")
        bench.till.book_count("盘点")
    elif act == "write_off":
        bench.till.change_lot(LotChange(kind="damaged", lot=lot, packs=packs, why="破损"))
    elif act == "aside":
        bench.till.change_lot(LotChange(kind="set_aside", lot=lot, packs=packs, why="待查"))
    else:
        bench.till.change_lot(LotChange(kind="released", lot=lot, packs=packs, why="无误"))


def test_what_comes_back_of_several_lots_goes_back_to_each(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2027-05", packs=2)
    receive(bench.till, drug, "B2", "2029-05", packs=5, note="SH-2")
    number, size = buy(bench, *[drug.barcode or ""] * 3), drug.pack_size or 1

    bench.till.bring_back(BroughtBack(sale=number, line="1", quantity=1, why="拿错了"))
    bench.till.bring_back(BroughtBack(sale=number, line="1", quantity=2, why="拿错了"))

    assert left(bench, drug) == {"B1": (0, 0, 2 * size), "B2": (4, 0, size)}
    messages = [each for each in outbox.recent(bench.db, 9) if each.infno == "3506"]
    records = [read_records("3506", Raw(outbox.text_of(bench.db, each).encode()))[0] for each in messages]
    assert [int(each.count) for each in records] == [1, 1, 1]
    assert sum('"manu_lotnum":"B1"' in each.body for each in records) == 2
    assert stock_check.faults(bench.db) == []


def test_a_box_goes_back_to_its_own_lot(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2027-05", codes=(box(drug, 1),))
    receive(bench.till, drug, "B2", "2029-05", codes=(box(drug, 2),), note="SH-2")
    number, size = buy(bench, box(drug, 1), box(drug, 2)), drug.pack_size or 1

    bench.till.bring_back(BroughtBack(sale=number, line="1", quantity=1, why="拿错了", codes=(box(drug, 2),)))

    assert left(bench, drug) == {"B1": (0, 0, 0), "B2": (0, 0, size)}
