"""Running plans, and finding the shortest history that still goes wrong."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from tests.simulation.faults import with_fault
from tests.simulation.plan import DAYS, Event, Plan, Season, draw
from tests.simulation.world import Outcome, World

MOST_TRIES = 200


def run(
    seed: int,
    *,
    days: float = DAYS,
    fault: str | None = None,
    only: Collection[int] | None = None,
    season: Season | None = None,
) -> Outcome:
    """Live through the plan of ``seed``, or through those of its events that ``only`` numbers."""
    plan = draw(seed, days, season)
    if only is not None:
        events = list(plan.events)
        for event in plan.events:
            if event.number not in only:
                events = _without(events, [each.number for each in events].index(event.number), 1)
                # What is left comes as late as it did: the same instants as in the whole history.
        plan = _with(plan, events)
    return _live(plan, fault)


def shortest(seed: int, *, days: float = DAYS, fault: str | None = None) -> tuple[list[int], Outcome]:
    """Return the events of a failing seed that are enough to make it fail alike, and that run."""
    plan = draw(seed, days)
    worst = _live(plan, fault)
    kind, tries = _kind(worst), 0
    events, size = list(plan.events), max(1, len(plan.events) // 2)
    while size and tries < MOST_TRIES:
        place = 0
        while place < len(events) and tries < MOST_TRIES:
            fewer = _without(events, place, size)
            tries += 1
            outcome = _live(_with(plan, fewer), fault)
            if _kind(outcome) == kind:
                events, worst = fewer, outcome
            else:
                place += size
        size //= 2
    return [event.number for event in events], worst


def _live(plan: Plan, fault: str | None) -> Outcome:
    with with_fault(fault):
        return World(plan).run()


def _with(plan: Plan, events: list[Event]) -> Plan:
    return replace(plan, events=tuple(events))


def _without(events: list[Event], place: int, size: int) -> list[Event]:
    """Return ``events`` without some; what comes after them comes no earlier for it."""
    gone = sum(event.gap for event in events[place : place + size])
    rest = events[place + size :]
    if rest:
        rest = [replace(rest[0], gap=rest[0].gap + gone), *rest[1:]]
    return [*events[:place], *rest]


def _kind(outcome: Outcome) -> str:
    return outcome.violations[0][:3] if outcome.violations else ""
