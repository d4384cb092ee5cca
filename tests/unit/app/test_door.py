"""The counter's door is the sum of its parts, and everything behind it can be asked for."""

from __future__ import annotations

from collections import Counter as Count

from app.usecases.counter import Counter
from app.usecases.till import Till


def acts(of: type) -> list[str]:
    return [name for part in of.__mro__ for name in vars(part) if not name.startswith("_")]


def test_no_act_is_done_by_two_parts_of_the_door() -> None:
    assert not [name for name, times in Count(acts(Till)).items() if times > 1]


def test_the_till_does_all_that_a_window_may_ask() -> None:
    assert acts(Counter)
    assert set(acts(Counter)) <= set(acts(Till))
