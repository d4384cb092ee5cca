"""Ctrl 5 takes off what does not belong to the sale: first the prescription, then the person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from tests.acceptance.counter_window import CounterWindow

CONTROL = Qt.KeyboardModifier.ControlModifier
SHAOXING = 0


@pytest.fixture
def window(tmp_path: Path) -> Iterator[CounterWindow]:
    window = CounterWindow(tmp_path)
    yield window
    window.close()


def test_the_prescription_goes_first_then_the_person_and_the_boxes_stay(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    lines = window.state().draft.lines
    assert lines

    window.key(Qt.Key.Key_5, CONTROL)
    window.picture("prescription-taken-off")
    assert window.state().draft.prescription is None
    assert window.state().draft.person is not None
    assert "处方已撤下" in window.words()

    window.key(Qt.Key.Key_5, CONTROL)
    assert window.state().draft.person is None
    assert "按自费卖" in window.words()
    assert window.state().draft.lines == lines


def test_a_form_that_is_being_typed_keeps_what_lies_behind_it(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.key(Qt.Key.Key_2, CONTROL)
    window.key(Qt.Key.Key_5, CONTROL)

    assert window.state().draft.prescription is not None


def test_with_what_nobody_may_pass_the_foot_names_the_way_out(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.key(Qt.Key.Key_Plus, times=4)
    window.picture("way-out")

    assert ("Ctrl 5", "撤下处方") in window.window.foot.keys
    assert "Ctrl S" not in {key for key, _ in window.window.foot.keys}


def test_keys_build_on_what_another_card_did_to_the_basket(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.key(Qt.Key.Key_Plus, times=4)
    window.key(Qt.Key.Key_R, CONTROL)
    window.key(Qt.Key.Key_3)
    window.key(Qt.Key.Key_Return, CONTROL)
    assert window.state().draft.lines == ()

    window.key(Qt.Key.Key_Plus)

    assert "已经没有这一行" not in window.words()
