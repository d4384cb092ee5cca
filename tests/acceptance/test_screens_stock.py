"""The stock place as pictures in build/screenshots, worked by keys and scans as a pharmacist would."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from counter_window import CounterWindow
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

from engine.catalogue import Drug
from tests.fakes.fake_counter import Bench
from tests.fakes.stocked_shelves import box, left, receive
from ui.tokens import DARK, LIGHT, TOUCH

CONTROL = Qt.KeyboardModifier.ControlModifier


class Stock:
    """The window, with shelves that were filled over the last year."""

    def __init__(self, folder: Path, palette: str) -> None:
        self.window = CounterWindow(folder, palette=DARK if palette == "dark" else LIGHT)
        self.window.suffix = "" if palette == "light" else "-dark"
        self.bench: Bench = self.window.answer()
        self.drugs: dict[str, Drug] = {}
        self.window.program.background.run(self._fill, lambda _: None, lambda _: None)
        self.window.settle()

    def _fill(self) -> None:
        bench, till = self.bench, self.bench.till
        self.drugs = {drug.generic_name: drug for drug in bench.demonstration.drugs}
        clock = bench.clock
        clock.at -= timedelta(days=200)  # type: ignore[attr-defined]
        names = list(self.drugs)
        receive(till, self.drugs[names[0]], "A2411", "2026-10", packs=4, note="SH-0412")
        receive(till, self.drugs[names[1]], "H0932", "2027-01", packs=12, note="SH-0412")
        codes = tuple(box(self.drugs[names[2]], serial) for serial in range(1, 6))
        receive(till, self.drugs[names[2]], "F7720", "2028-03", codes=codes, note="SH-0455")
        receive(till, self.drugs[names[3]], "V1181", "2028-05", packs=9, note="SH-0455")
        free = next(drug for drug in self.drugs.values() if not drug.prescription_only)
        receive(till, free, "L2025", "2027-02-10", packs=20, note="SH-0470")
        clock.at += timedelta(days=200)  # type: ignore[attr-defined]
        for _ in range(3):
            till.next_customer()
            till.enter(free.barcode or "")
            till.settle()
        till.next_customer()

    def open(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.window.key(key, modifier)
        self.window.settle()

    def place(self) -> object:
        return self.window.window.place("stock")

    def words(self) -> str:
        """Return all words of the place."""
        view = self.place()
        cards = (view.list, view.side)  # type: ignore[attr-defined]
        return "\n".join(word for card in cards for word in card.sheet.words())

    def type(self, key: str, text: str) -> None:
        """Fill in a field of the open form, and leave it."""
        field = self.place()._fields[key]  # type: ignore[attr-defined]
        field.setFocus()
        field.selectAll()
        self.window.keys(text)
        self.window.key(Qt.Key.Key_Return)
        self.window.settle()

    def left(self, drug: Drug) -> dict[str, tuple[int, int, int]]:
        """Return by batch what is left of ``drug``, asked on the counter's own thread."""
        found: list[dict[str, tuple[int, int, int]]] = []
        self.window.program.background.run(lambda: left(self.bench, drug), found.append, lambda _: None)
        self.window.settle()
        return found[0]

    def free(self) -> Drug:
        return next(drug for drug in self.drugs.values() if not drug.prescription_only)


@pytest.fixture(name="stock", params=["light", "dark"])
def _stock(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stock]:
    made = Stock(tmp_path, request.param)
    yield made
    made.window.close()


def test_the_list_shows_first_what_asks_for_a_person(stock: Stock) -> None:
    stock.open(Qt.Key.Key_F5)
    stock.window.picture("stock")
    words = stock.words()
    assert "已过期 1 批" in words
    assert words.index("A2411") < words.index("V1181")
    assert "过期 22 天" in words
    assert "SH-0412" in words


def test_typing_narrows_the_list_and_escape_widens_it_again(stock: Stock) -> None:
    stock.open(Qt.Key.Key_F5)
    stock.window.keys("90天")
    stock.window.key(Qt.Key.Key_Return)
    stock.window.settle()
    stock.window.picture("stock-near")
    assert "V1181" not in stock.words()
    assert "L2025" in stock.words()
    stock.open(Qt.Key.Key_Escape)
    assert "V1181" in stock.words()
    stock.open(Qt.Key.Key_Escape)
    assert stock.window.window.rail["counter"].isChecked()


def test_a_scanned_box_says_where_it_is(stock: Stock) -> None:
    drug = list(stock.drugs.values())[2]
    stock.open(Qt.Key.Key_F5)
    stock.window.scan(box(drug, 2))
    stock.window.settle()
    assert "在架上" in stock.words()
    assert stock.window.window.rail["stock"].isChecked()


def test_a_delivery_is_received_by_scans_and_keys_alone(stock: Stock) -> None:
    drugs = list(stock.drugs.values())
    stock.open(Qt.Key.Key_F5)
    stock.open(Qt.Key.Key_1, CONTROL)
    for serial in (11, 12, 13):
        stock.window.scan(box(drugs[4], serial))
    stock.window.scan(f"(01)0{drugs[5].barcode}(17)290300(10)LX88(21)0001")
    stock.window.scan(drugs[6].barcode or "")
    stock.window.scan("30")
    stock.type("supplier", "浙江演示医药有限公司")
    stock.type("note", "SH-2026-1187")
    stock.type("batch", "T5521")
    stock.type("expires", "2028-09")
    stock.type("cost", "18.40")
    stock.window.picture("stock-receive")
    words = stock.words()
    assert "3 批 34 盒" in words
    assert "还没有批号" in words
    stock.window.key(Qt.Key.Key_F12)
    stock.window.settle()
    assert "还不能记账" in stock.words()
    stock.window.key(Qt.Key.Key_Up, times=2)
    stock.type("batch", "E7001")
    stock.type("expires", "2028-01")
    stock.window.key(Qt.Key.Key_F12)
    stock.window.settle()
    stock.window.picture("stock-received")
    assert "已入库：3 批，共 34 盒" in stock.words()
    assert stock.left(drugs[5]) == {"LX88": (1, 0, 0)}


def test_keys_begin_another_batch_and_take_a_line_off_the_note(stock: Stock) -> None:
    drugs = list(stock.drugs.values())
    stock.open(Qt.Key.Key_F5)
    stock.open(Qt.Key.Key_1, CONTROL)
    stock.window.scan(box(drugs[4], 11))
    stock.window.key(Qt.Key.Key_Plus)
    stock.window.scan(box(drugs[4], 12))
    stock.window.settle()
    assert "2 批 2 盒" in stock.words()
    stock.window.picture("stock-receive-batches")
    stock.window.key(Qt.Key.Key_Delete)
    stock.window.settle()
    assert "1 批 1 盒" in stock.words()


def test_a_box_of_ours_is_refused_while_receiving(stock: Stock) -> None:
    drug = list(stock.drugs.values())[2]
    stock.open(Qt.Key.Key_F5)
    stock.open(Qt.Key.Key_1, CONTROL)
    stock.window.scan(box(drug, 2))
    stock.window.settle()
    assert "已在本店账上：在架上" in stock.words()


def test_a_stocktake_shows_where_the_shelf_differs(stock: Stock) -> None:
    drugs = list(stock.drugs.values())
    stock.open(Qt.Key.Key_F5)
    stock.open(Qt.Key.Key_2, CONTROL)
    for serial in (1, 2, 3, 5):
        stock.window.scan(box(drugs[2], serial))
    stock.window.scan(drugs[1].barcode or "")
    stock.window.scan("12")
    stock.window.picture("stock-count")
    words = stock.words()
    assert "! 少 1 盒" in words
    assert "✓ 相符" in words
    stock.type("why", "盘亏，待查")
    stock.window.key(Qt.Key.Key_F12)
    stock.window.settle()
    assert "盘点已记账：数了 2 批，1 批有差异" in stock.words()


def test_an_expired_lot_is_written_off_by_keys(stock: Stock) -> None:
    drug = next(iter(stock.drugs.values()))
    stock.open(Qt.Key.Key_F5)
    stock.open(Qt.Key.Key_3, CONTROL)
    stock.place()._choices["expired"].click()  # type: ignore[attr-defined]
    stock.type("packs", "4")
    stock.window.picture("stock-change")
    stock.window.key(Qt.Key.Key_F12)
    stock.window.settle()
    assert "过期报损 4 盒，已记账" in stock.words()
    assert stock.left(drug) == {"A2411": (0, 0, 0)}


def test_what_was_brought_back_is_written_off_though_the_lot_has_more_on_the_shelf(stock: Stock) -> None:
    drug = stock.free()
    test_what_is_brought_back_is_found_by_its_receipt(stock)
    before = stock.left(drug)["L2025"]
    stock.open(Qt.Key.Key_Escape)
    stock.window.keys("L2025")
    stock.window.key(Qt.Key.Key_Return)
    stock.window.settle()
    stock.open(Qt.Key.Key_3, CONTROL)
    stock.place()._choices["held_damaged"].click()  # type: ignore[attr-defined]
    stock.type("packs", "1")
    stock.type("why", "封口破了")
    stock.window.picture("stock-held")
    stock.window.key(Qt.Key.Key_F12)
    stock.window.settle()
    assert "已记账" in stock.words()
    assert stock.left(drug)["L2025"] == (before[0], before[1], 0)


def test_a_recall_lists_what_is_here_and_whom_to_call(stock: Stock) -> None:
    stock.open(Qt.Key.Key_F5)
    stock.open(Qt.Key.Key_4, CONTROL)
    stock.type("drug", stock.free().code)
    stock.type("batch", "L2025")
    stock.type("why", "浙药监召〔2026〕19号")
    stock.window.key(Qt.Key.Key_F12)
    stock.window.settle()
    stock.window.picture("stock-recall")
    words = stock.words()
    assert "已停售" in words
    assert "自费顾客" in words
    assert "✕ 停售" in words


def test_old_stock_without_codes_is_listed(stock: Stock) -> None:
    stock.open(Qt.Key.Key_F5)
    stock.open(Qt.Key.Key_5, CONTROL)
    stock.type("drug", stock.free().code)
    stock.type("until", "2026-12-31")
    stock.type("why", "2025 年 6 月以前的库存")
    stock.window.key(Qt.Key.Key_F12)
    stock.window.settle()
    stock.window.picture("stock-uncoded")
    assert "✓ 有效" in stock.words()


def test_what_is_brought_back_is_found_by_its_receipt(stock: Stock) -> None:
    stock.open(Qt.Key.Key_F5)
    stock.open(Qt.Key.Key_6, CONTROL)
    stock.window.keys("01-000002")
    stock.window.key(Qt.Key.Key_Return)
    stock.window.settle()
    stock.type("quantity", "1")
    stock.type("why", "包装破损")
    stock.window.picture("stock-returns")
    stock.window.key(Qt.Key.Key_F12)
    stock.window.settle()
    assert "退药已登记" in stock.words()
    assert stock.left(stock.free())["L2025"][2] == stock.free().pack_size


def test_a_pack_is_split_at_the_counter_by_a_key_and_has_its_record(stock: Stock) -> None:
    stock.window.scan(stock.free().barcode or "")
    stock.window.key(Qt.Key.Key_L, CONTROL)
    stock.window.key(Qt.Key.Key_Plus, times=19)
    stock.window.picture("split")
    assert "拆零" in stock.window.words()
    stock.window.key(Qt.Key.Key_F12)
    stock.window.settle()
    stock.open(Qt.Key.Key_F5)
    stock.open(Qt.Key.Key_7, CONTROL)
    stock.window.picture("stock-opened")
    assert "180 丸" in stock.words()


def test_whatever_a_finger_presses_in_the_stock_place_is_high_enough(stock: Stock) -> None:
    stock.open(Qt.Key.Key_F5)
    for number in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_4, Qt.Key.Key_5, Qt.Key.Key_6):
        stock.open(number, CONTROL)
        buttons = [one for one in stock.window.window.findChildren(QAbstractButton) if one.isVisible()]
        assert buttons
        assert {one.height() for one in buttons if one.height() < TOUCH} == set()


def test_a_form_that_throws_a_delivery_away_asks_twice(stock: Stock) -> None:
    drug = list(stock.drugs.values())[4]
    stock.open(Qt.Key.Key_F5)
    stock.open(Qt.Key.Key_1, CONTROL)
    stock.window.scan(box(drug, 11))
    view = stock.place()
    view.second_button.click()  # type: ignore[attr-defined]
    stock.window.settle()
    assert "再按一次" in view.second_button.text()  # type: ignore[attr-defined]
    assert drug.generic_name in stock.words()
    view.second_button.click()  # type: ignore[attr-defined]
    stock.window.settle()
    assert "已放弃" in stock.words()
