"""A day at the counter, by keys and scans alone: five people, an agency that goes and comes, a reprint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from counter_window import CounterWindow
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from ui.widgets.entry import SCAN_GAP_MS

SHAOXING, LIMIT, WUXI, LIAOCHENG, EZHOU, HANGZHOU = range(6)


@pytest.fixture(name="window")
def _window(tmp_path: Path) -> Iterator[CounterWindow]:
    window = CounterWindow(tmp_path)
    yield window
    window.close()


def test_a_whole_day_is_sold_by_scans_and_f12(window: CounterWindow) -> None:
    for person, stops in ((SHAOXING, 6), (WUXI, 3), (LIAOCHENG, 4), (EZHOU, 4), (HANGZHOU, 3)):
        window.tour(person, stops)
        window.act()
        state = window.program.presenter.state
        assert state is not None
        assert state.settled is not None
        window.act()

    window.key(Qt.Key.Key_F4)

    words = window.window.place("sales").list.sheet.words()  # type: ignore[attr-defined]
    assert "5 笔" in words[1]
    assert len(window.answer().printer.papers) == 5


def test_a_scan_lands_in_the_field_whatever_has_the_focus(window: CounterWindow) -> None:
    code = window.program.presenter.tour[0].code
    window.window.counter.act.setFocus()

    window.scan(code)

    assert "王＊英" in window.words()


def test_a_scan_behind_something_typed_is_the_scan_alone(window: CounterWindow) -> None:
    window.keys("anl")
    QTest.qWait(SCAN_GAP_MS + 10)  # A hand leaves the keys; then the scanner is taken.

    window.scan(window.program.presenter.tour[0].code)

    assert "王＊英" in window.words()


def test_enter_leaves_no_half_typed_pinyin_behind_as_a_diagnosis(window: CounterWindow) -> None:
    window.tour(SHAOXING, 1)
    window.key(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    form = window.program.form.form
    assert form is not None
    form.diagnosis.setFocus()

    QTest.keyClicks(form.diagnosis, "gxy")
    QTest.keyClick(form.diagnosis, Qt.Key.Key_Return)  # Sooner than anything was found.
    window.until(form.diagnoses.is_open, "diagnoses")
    assert form.diagnosis.hasFocus()
    window.key(Qt.Key.Key_Return)
    assert form.diagnosis.text().startswith("高血压")

    window.keys(f"{form.diagnosis.text()}头晕待查")
    window.key(Qt.Key.Key_Return, times=2)  # Nothing is called so: as it is written.
    assert form.diagnosis.text().endswith("；头晕待查")
    assert not form.diagnosis.hasFocus()


def test_a_scan_into_the_cash_field_is_no_cash(window: CounterWindow) -> None:
    stops = window.program.presenter.tour
    window.tour(SHAOXING, 4)
    window.program.focus_tender()

    window.scan(stops[4].code)

    state = window.program.presenter.state
    assert state is not None
    assert len(state.draft.lines) == 2
    assert state.draft.tendered is None


def test_enter_before_the_list_is_there_opens_it_and_enter_again_takes_what_is_chosen(
    window: CounterWindow,
) -> None:
    window.scan("al")  # So fast that no list was shown.
    state = window.state()
    assert state.draft.lines == ()
    assert "请用 ↑ ↓ 在列表里选一种" in window.words()
    assert window.window.entry.text() == "al"
    assert window.window.hits.isVisible()

    window.key(Qt.Key.Key_Down)
    chosen = window.program.search._hits[1].key
    window.key(Qt.Key.Key_Return)

    assert [line.drug.code for line in window.state().draft.lines] == [chosen]
    assert not window.window.hits.isVisible()


def test_enter_goes_from_basket_to_cash_to_the_next_customer(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.key(Qt.Key.Key_Return)
    window.keys("100")
    window.key(Qt.Key.Key_Return)
    window.act()
    assert window.window.counter.act.text() == "下一位"

    window.key(Qt.Key.Key_Return)

    assert "请扫社保卡或医保电子凭证" in window.words()


def test_keys_change_the_chosen_line(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.key(Qt.Key.Key_Up)
    window.key(Qt.Key.Key_Plus)
    window.key(Qt.Key.Key_Delete)
    window.key(Qt.Key.Key_Escape)

    state = window.program.presenter.state
    assert state is not None
    assert [line.quantity for line in state.draft.lines] == [1, 2, 1]


def test_the_last_receipt_is_printed_again_as_a_copy(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.act()

    window.key(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)

    assert "补打" in window.words()
    assert len(window.answer().printer.papers) == 2


def test_a_sale_goes_through_while_the_agency_is_away(window: CounterWindow) -> None:
    window.answer().courier.online = True
    window.tour(SHAOXING, 6)
    window.act()
    window.answer().courier.online = False

    window.tour(EZHOU, 4)
    window.act()

    assert "暂定" in window.words()
    assert "已入账" in window.words()


@pytest.mark.parametrize("place", [Qt.Key.Key_F4, Qt.Key.Key_F8, Qt.Key.Key_F9, Qt.Key.Key_F1])
def test_what_is_typed_beside_the_counter_stands_in_the_field(window: CounterWindow, place: Qt.Key) -> None:
    window.key(place)
    entry = window.window.entry
    assert entry.hasFocus()

    window.type("aml")

    assert entry.text() == "aml"


def test_a_scan_beside_the_counter_goes_back_to_it(window: CounterWindow) -> None:
    window.key(Qt.Key.Key_F4)

    window.scan(window.program.presenter.tour[0].code)

    assert window.window.rail["counter"].isChecked()
    assert "王＊英" in window.words()


def test_a_card_that_holds_more_ends_between_two_lines(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.window.resize(1366, 600)
    why = window.window.counter.why
    assert window.scrolls(why)
    assert why.roll is not None

    seen = why.roll.viewport().height()

    assert why.sheet.whole_items(seen) == seen
    assert seen < why.roll.height()
