"""The counter's door is the sum of its parts, and everything behind it can be asked for."""

from __future__ import annotations

import ast
from collections import Counter as Count
from pathlib import Path

from app.usecases.counter import Counter
from app.usecases.till import Till

ROOT = Path(__file__).parents[3]


def acts(of: type) -> list[str]:
    return [name for part in of.__mro__ for name in vars(part) if not name.startswith("_")]


def test_no_act_is_done_by_two_parts_of_the_door() -> None:
    assert not [name for name, times in Count(acts(Till)).items() if times > 1]


def test_the_till_does_all_that_a_window_may_ask() -> None:
    assert acts(Counter)
    assert set(acts(Counter)) <= set(acts(Till))


def test_whatever_the_door_promises_is_asked_for_somewhere_in_the_window() -> None:
    asked = {
        node.attr
        for path in (ROOT / "ui").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }

    assert not set(acts(Counter)) - asked  # What no key or button asks for, nobody can do.
