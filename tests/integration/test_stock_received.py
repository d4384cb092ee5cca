"""A delivery lies on the desk until it is booked as one; then lots, boxes and messages are there together."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import Raw
from msgspec.structs import replace

from app.errors import UserError
from app.storage import device, journal, outbox, stock_boxes, stock_check
from app.storage.connection import transaction
from app.usecases.stock_errors import StockUnclear
from app.usecases.stock_state import LineEntry, LotChange
from engine.protocol.stock import read_deletion, read_records
from tests.fakes.fake_counter import Bench
from tests.fakes.stocked_shelves import box, free_drug, left, lots, receive


def test_boxes_are_counted_up_as_they_are_scanned(bench: Bench) -> None:
    drug = free_drug(bench)

    for serial in (1, 2, 3):
        shown = bench.till.scan_delivery(box(drug, serial))

    assert [(line.packs, len(line.codes)) for line in shown.lines] == [(3, 3)]
    assert shown.said is not None
    assert "第 3" in shown.said.what


def test_a_count_typed_first_is_filled_by_the_boxes_codes(bench: Bench) -> None:
    drug = free_drug(bench)
    bench.till.scan_delivery(drug.barcode or "")
    bench.till.scan_delivery("10")

    shown = bench.till.scan_delivery(box(drug, 1))

    assert [(line.packs, len(line.codes)) for line in shown.lines] == [(10, 1)]


def test_a_box_on_the_note_is_not_counted_twice(bench: Bench) -> None:
    drug = free_drug(bench)
    bench.till.scan_delivery(box(drug, 1))

    shown = bench.till.scan_delivery(box(drug, 1))

    assert shown.lines[0].packs == 1
    assert shown.said is not None
    assert shown.said.tone == "attention"


def test_a_box_in_custody_is_refused_with_where_it_is(bench: Bench) -> None:
    drug = free_drug(bench)
    receive(bench.till, drug, "B1", "2028-05", codes=(box(drug, 1),))

    shown = bench.till.scan_delivery(box(drug, 1))

    assert shown.lines == ()
    assert shown.said is not None
    assert shown.said.tone == "refused"
    assert "在架上" in shown.said.what
    assert "B1" in shown.said.what


def test_a_box_that_was_sold_is_refused_with_its_sale(bench: Bench) -> None:
    drug = free_drug(bench)
    bench.till.enter(box(drug, 1))
    settled = bench.settle().settled
    assert settled is not None

    shown = bench.till.scan_delivery(box(drug, 1))

    assert shown.said is not None
    assert settled.number in shown.said.what


def test_batch_and_expiry_of_a_gs1_code_are_filled_in(bench: Bench) -> None:
    drug = free_drug(bench)

    shown = bench.till.scan_delivery(f"(01)0{drug.barcode}(17)280500(10)K77(21)S1")

    line = shown.lines[0]
    assert (line.batch, line.expires, len(line.codes)) == ("K77", "2028-05-31", 1)
    assert line.problem == ""


def test_two_batches_of_a_drug_are_two_lines_where_their_codes_tell(bench: Bench) -> None:
    drug = free_drug(bench)
    bench.till.scan_delivery(f"(01)0{drug.barcode}(17)280500(10)K77(21)S1")

    shown = bench.till.scan_delivery(f"(01)0{drug.barcode}(17)290500(10)K78(21)S2")

    assert [line.batch for line in shown.lines] == ["K77", "K78"]


def test_a_delivery_on_the_desk_survives_a_restart(tmp_path: Path) -> None:
    before = Bench(tmp_path)
    before.till.start()
    drug = free_drug(before)
    before.till.head_delivery("浙江演示医药有限公司", "SH-9")
    before.till.scan_delivery(box(drug, 1))
    before.close()

    after = Bench(tmp_path)
    after.till.start()
    shown = after.till.delivery()

    assert (shown.note, shown.lines[0].codes) == ("SH-9", (box(drug, 1),))
    assert left(after, drug) == {}
    after.close()


@pytest.mark.parametrize(
    "entry, reason",
    [
        (LineEntry(batch="", expires="2028-05", made="", packs="1", cost=""), "批号"),
        (LineEntry(batch="B1", expires="", made="", packs="1", cost=""), "有效期"),
        (LineEntry(batch="B1", expires="2026-10", made="", packs="1", cost=""), "过期"),
        (LineEntry(batch="B1", expires="五月", made="", packs="1", cost=""), "看不懂"),
        (LineEntry(batch="B1", expires="2028-05", made="", packs="0", cost=""), "数量"),
        (LineEntry(batch="B1", expires="2028-05", made="x", packs="1", cost=""), "生产日期"),
        (LineEntry(batch="B1", expires="2028-05", made="", packs="1", cost="八元"), "进价"),
    ],
)
def test_what_lacks_on_a_delivery_is_said_and_nothing_is_booked(
    bench: Bench, entry: LineEntry, reason: str
) -> None:
    drug = free_drug(bench)
    bench.till.head_delivery("浙江演示医药有限公司", "SH-1")
    bench.till.scan_delivery(drug.barcode or "")
    bench.till.change_delivery("1", entry)

    with pytest.raises(StockUnclear, match=reason):
        bench.till.book_delivery()

    assert left(bench, drug) == {}
    assert journal.head(bench.db)[0] == 0
    assert bench.till.delivery().lines


def test_booked_are_lot_boxes_entry_and_message_together(bench: Bench) -> None:
    drug = free_drug(bench)

    receive(bench.till, drug, "b1", "2028-05", codes=(box(drug, 1), box(drug, 2)), note="SH-7")

    held = lots(bench, drug)[0]
    assert (held.lot.batch, str(held.lot.expires), held.lot.cost) == ("B1", "2028-05-31", 820)
    assert held.balance.packs == 2
    known = stock_boxes.box(bench.db, box(drug, 2))
    assert known is not None
    assert (known.state, known.lot) == ("shelf", held.lot.number)
    assert [entry.kind for entry in journal.read(bench.db, 0, 9)] == ["stock_received"]
    message = outbox.recent(bench.db, 1)[0]
    record = read_records("3503", Raw(outbox.text_of(bench.db, message).encode()))[0]
    assert (message.infno, record.drug, int(record.count)) == ("3503", drug.code, 2)
    assert '"dynt_no":"SH-7"' in record.body
    assert bench.till.delivery().lines == ()
    assert stock_check.faults(bench.db) == []


def test_a_lot_booked_wrongly_is_taken_back_by_a_movement_that_names_it_and_3507(bench: Bench) -> None:
    drug = free_drug(bench)
    receive(bench.till, drug, "B1", "2028-05", codes=(box(drug, 1),))
    receive(bench.till, drug, "B2", "2028-06", packs=5, note="SH-2")
    second = lots(bench, drug)[1].lot.number
    told = outbox.recent(bench.db, 1)[0]
    number = read_records("3503", Raw(outbox.text_of(bench.db, told).encode()))[0].number

    bench.till.change_lot(LotChange(kind="taken_back", lot=second, why="批号抄错"))

    assert left(bench, drug) == {"B1": (1, 0, 0), "B2": (0, 0, 0)}
    moves = bench.till.lot(second).moves
    assert [each.kind for each in moves] == ["taken_back", "received"]
    message = outbox.recent(bench.db, 1)[0]
    deleted = read_deletion(Raw(outbox.text_of(bench.db, message).encode()))
    assert (message.infno, deleted.fixmedins_bchno, deleted.inv_data_type) == ("3507", number, "3")


def test_what_was_told_before_a_backup_was_put_back_is_deleted_by_its_own_number(bench: Bench) -> None:
    drug = free_drug(bench)
    receive(bench.till, drug, "B1", "2028-05", packs=5)
    told = outbox.recent(bench.db, 1)[0]
    number = read_records("3503", Raw(outbox.text_of(bench.db, told).encode()))[0].number
    with transaction(bench.db):
        device.open_epoch(bench.db, bench.clock.now())

    bench.till.change_lot(LotChange(kind="taken_back", lot=1, why="批号抄错"))

    message = outbox.recent(bench.db, 1)[0]
    assert read_deletion(Raw(outbox.text_of(bench.db, message).encode())).fixmedins_bchno == number
    receive(bench.till, drug, "B2", "2028-05", packs=5)
    again = read_records("3503", Raw(outbox.text_of(bench.db, outbox.recent(bench.db, 1)[0]).encode()))[0]
    assert again.number.startswith("M01.2-")


def test_a_box_of_a_lot_that_was_taken_back_may_be_received_anew(bench: Bench) -> None:
    drug = free_drug(bench)
    receive(bench.till, drug, "B1", "2028-05", codes=(box(drug, 1),))
    bench.till.change_lot(LotChange(kind="taken_back", lot=1, why="批号抄错"))

    receive(bench.till, drug, "B9", "2028-05", codes=(box(drug, 1),))

    assert left(bench, drug) == {"B1": (0, 0, 0), "B9": (1, 0, 0)}


def test_a_lot_that_was_sold_from_is_not_taken_back(bench: Bench) -> None:
    drug = free_drug(bench)
    receive(bench.till, drug, "B1", "2028-05", packs=5)
    bench.till.enter(drug.barcode or "")
    bench.settle()

    with pytest.raises(StockUnclear, match="动用"):
        bench.till.change_lot(LotChange(kind="taken_back", lot=1, why="批号抄错"))


def test_what_no_movement_may_touch_the_tables_refuse(bench: Bench) -> None:
    drug = free_drug(bench)
    receive(bench.till, drug, "B1", "2028-05", codes=(box(drug, 1),))

    for sql in (
        "UPDATE stock_move SET packs = 99",
        "DELETE FROM stock_move",
        "INSERT OR REPLACE INTO stock_move SELECT * FROM stock_move",
        "UPDATE lot SET packs = -1",
        "UPDATE lot SET expires = '2099-01-01'",
        "DELETE FROM lot",
        "DELETE FROM box",
    ):
        with pytest.raises(Exception, match=r"append-only|CHECK|never|forgotten"):
            bench.db.execute(sql)
    assert left(bench, drug) == {"B1": (1, 0, 0)}


def test_a_second_batch_of_a_drug_is_begun_where_no_code_tells_it(bench: Bench) -> None:
    drug = free_drug(bench)
    bench.till.scan_delivery(box(drug, 1))
    bench.till.another_batch("1")

    shown = bench.till.scan_delivery(box(drug, 2))

    assert [line.codes for line in shown.lines] == [(box(drug, 1),), (box(drug, 2),)]
    assert shown.chosen == "2"


def test_a_line_scanned_by_mistake_goes_off_the_note_and_its_box_may_come_back(bench: Bench) -> None:
    drug, other = free_drug(bench), bench.demonstration.drugs[0]
    bench.till.scan_delivery(box(drug, 1))
    bench.till.scan_delivery(box(other, 1))

    shown = bench.till.drop_delivery_line("2")

    assert [line.drug for line in shown.lines] == [drug.code]
    assert shown.said is not None
    assert other.generic_name in shown.said.what
    assert len(bench.till.scan_delivery(box(other, 1)).lines) == 2


@pytest.mark.parametrize("written", ["k77a", "Ｋ７７ａ", " K77 A "])
def test_a_batch_is_found_by_a_recall_however_it_was_written(bench: Bench, written: str) -> None:
    drug = free_drug(bench)
    receive(bench.till, drug, written, "２０２８－０５", packs=2)

    (row,) = bench.till.recall(drug.code, "k７７A", "药监通知 2026-11")

    assert [each.state for each in row.on_hand] == ["recalled"]


def test_a_batch_in_a_gs1_code_is_found_by_a_recall_too(bench: Bench) -> None:
    drug = free_drug(bench)
    bench.till.head_delivery("浙江演示医药有限公司", "SH-1")
    bench.till.scan_delivery(f"(01)0{drug.barcode}(17)280500(10)k77a(21)S1")
    bench.till.book_delivery()

    (row,) = bench.till.recall(drug.code, "K77A", "药监通知 2026-11")

    assert len(row.on_hand) == 1


def test_a_recalled_batch_is_not_received(bench: Bench) -> None:
    drug = free_drug(bench)
    bench.till.recall(drug.code, "B1", "药监通知 2026-11")

    with pytest.raises(StockUnclear, match="拒收"):
        receive(bench.till, drug, "b1", "2028-05", packs=2)
    assert left(bench, drug) == {}


def test_a_count_in_strange_digits_is_no_count(bench: Bench) -> None:
    drug = free_drug(bench)
    bench.till.scan_delivery(drug.barcode or "")
    entry = LineEntry(batch="B1", expires="2028-05", made="", packs="½", cost="")

    assert "数量" in bench.till.change_delivery("1", entry).lines[0].problem
    assert bench.till.change_delivery("1", replace(entry, packs="１２")).lines[0].packs == 12


def test_a_lot_without_its_day_of_making_is_booked_with_a_word_about_the_platform(bench: Bench) -> None:
    drug = free_drug(bench)
    for made, said in (("", "1 批没有生产日期"), ("2026-01-05", "更正入库")):
        bench.till.head_delivery("浙江演示医药有限公司", f"SH-{made}")
        bench.till.scan_delivery(drug.barcode or "")
        entry = LineEntry(batch=f"B{made}", expires="2028-05", made=made, packs="2", cost="")
        bench.till.change_delivery("1", entry)
        booked = bench.till.book_delivery()
        assert booked.said is not None
        assert said in booked.said.advice


def test_a_note_that_was_received_before_is_said(bench: Bench) -> None:
    drug = free_drug(bench)
    receive(bench.till, drug, "B1", "2028-05", packs=5, note="SH-3")
    bench.till.head_delivery("浙江演示医药有限公司", "SH-3")
    bench.till.scan_delivery(drug.barcode or "")
    entry = LineEntry(batch="B1", expires="2028-05", made="", packs="5", cost="")
    bench.till.change_delivery("1", entry)

    booked = bench.till.book_delivery()

    assert booked.said is not None
    assert "已收过 1 批" in booked.said.advice


def test_an_unknown_drug_is_not_received(bench: Bench) -> None:
    shown = bench.till.scan_delivery("6901234567892")

    assert shown.lines == ()
    assert shown.said is not None
    assert shown.said.advice.endswith("。")
    with pytest.raises(UserError):
        bench.till.book_delivery()
