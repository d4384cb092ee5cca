"""Cheaper lawful ways in the window: shown after the totals, chosen by key or press, taken back with Esc."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from counter_window import CounterWindow
from PySide6.QtCore import Qt

from ui.items import Heading, words_of
from ui.tokens import DARK, LIGHT

SHAOXING, LIMIT, WUXI, LIAOCHENG, EZHOU, HANGZHOU = range(6)


@pytest.fixture(name="window", params=["light", "dark"])
def _window(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CounterWindow]:
    window = CounterWindow(tmp_path, palette=DARK if request.param == "dark" else LIGHT)
    window.suffix = "" if request.param == "light" else "-dark"
    yield window
    window.close()


def card(window: CounterWindow) -> str:
    """Return what the card says; nothing while it is hidden."""
    shown = window.window.counter.cheaper
    return "\n".join(words_of(shown.sheet.page)) if shown.isVisible() else ""


def keys(window: CounterWindow) -> str:
    """Return which keys the card's title names."""
    title = window.window.counter.cheaper.sheet.page[0]
    assert isinstance(title, Heading)
    return title.key


def test_the_card_shows_what_the_patient_saves_and_by_what(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.until(lambda: card(window), "the card of cheaper ways")
    window.picture("cheaper")

    assert "更省的合规选择" in card(window)
    assert "厄贝沙坦片（集采中选）150mg×28片，9.80 × 1 盒" in card(window)
    assert "患者少付 15.27" in card(window)
    assert "同一处方在基层医疗机构（卫生院、社区卫生服务中心）配药，基金付 65%" in card(window)
    assert not window.scrolls(window.window.counter.basket)


def test_ctrl_4_chooses_enter_takes_and_esc_takes_back(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.until(lambda: card(window), "the card of cheaper ways")
    before = window.state()
    assert before.answer is not None

    window.key(Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    window.picture("cheaper-chosen")
    assert keys(window) == "Enter 采用，Esc 不换"
    window.key(Qt.Key.Key_Return)

    changed = window.state()
    assert changed.answer is not None
    assert before.answer.patient - changed.answer.patient == 1_527
    assert "已换成厄贝沙坦片" in window.words()
    assert changed.lacking == {changed.selected: 1}
    window.until(lambda: "厄贝沙坦片（集采中选）" not in card(window), "the card of the new basket")
    window.picture("cheaper-taken")

    window.key(Qt.Key.Key_Escape)
    assert window.state().answer == before.answer


def test_esc_first_lets_the_choice_go_and_changes_nothing(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.until(lambda: card(window), "the card of cheaper ways")
    draft = window.state().draft
    window.key(Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    window.key(Qt.Key.Key_Down)

    window.key(Qt.Key.Key_Escape)

    assert keys(window) == "Ctrl 4"
    assert window.state().draft == draft


def test_a_press_takes_a_way(window: CounterWindow) -> None:
    window.tour(EZHOU, 4)
    window.until(lambda: card(window), "the card of cheaper ways")
    key = window.program.cheaper.ways[0].key

    window.press(window.window.counter.cheaper.sheet, key)

    assert any(line.instead_of is not None for line in window.state().draft.lines)


def test_after_the_settlement_and_before_a_basket_nothing_is_offered(window: CounterWindow) -> None:
    assert not card(window)
    window.tour(SHAOXING, 6)
    window.until(lambda: card(window), "the card of cheaper ways")

    window.act()

    assert window.state().settled is not None
    assert not card(window)


def test_where_the_shop_is_not_paid_the_card_says_where_it_would_be(window: CounterWindow) -> None:
    window.tour(WUXI, 3)
    window.until(lambda: card(window), "the card of cheaper ways")
    window.picture("cheaper-wuxi")

    assert "同一处方在演示社区卫生服务中心（锡山）配药，基金付 60%" in card(window)
