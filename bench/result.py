"""What one measurement comes to, and how it is timed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter
from typing import Any, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Result(Struct, frozen=True, kw_only=True):
    """One entry of build/bench.json, and ``notes`` for the screen alone.

    ``ratio`` is ``value`` to ``baseline`` (None: there is nothing to compare with); ``budget`` is in words.
    """

    name: str
    unit: str
    value: float
    baseline: float | None
    ratio: float | None
    budget: str
    met: bool
    notes: tuple[str, ...] = ()

    def entry(self) -> dict[str, Any]:
        """Return the fields that build/bench.json holds."""
        return {name: getattr(self, name) for name in self.__struct_fields__ if name != "notes"}


def impossible(name: str, unit: str, budget: str, why: str) -> Result:
    """Return the entry of what could not be measured here: its budget is not met, and it says why."""
    return Result(
        name=name, unit=unit, value=0, baseline=None, ratio=None, budget=budget, met=False, notes=(why,)
    )


def seconds(work: Callable[[], object]) -> float:
    """Return how long ``work`` takes, in seconds."""
    begin = perf_counter()
    work()
    return perf_counter() - begin


def alternately(works: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Run every work in turn, ``rounds`` times, and return the median of what each returned.

    A machine whose speed wanders slows all of them alike, so that ratios from one run hold.
    """
    seen: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            seen[name].append(work())
    return {name: median(values) for name, values in seen.items()}


def per_second(answer: Callable[[T], object], items: Sequence[T]) -> float:
    """Return how many ``items`` a second ``answer`` manages, one at a time."""

    def work() -> None:
        for item in items:
            answer(item)

    return len(items) / seconds(work)
