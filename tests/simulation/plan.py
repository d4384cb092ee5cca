"""What will happen in a run: a list of events drawn from the seed, each with a chance of its own.

An event may be left out without changing what the others draw: so a failing history can be shortened.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from msgspec import Struct

from tests.simulation import town

DAYS = 9
_STARTS = (
    datetime(2026, 9, 20, 1, 0, tzinfo=UTC),
    datetime(2026, 3, 2, 0, 30, tzinfo=UTC),
    datetime(2026, 7, 15, 3, 0, tzinfo=UTC),
)
_WEIGHTS = {
    "sell": 30,
    "sync": 12,
    "weather": 8,
    "power": 5,
    "restart": 2,
    "clock": 3,
    "hiccup": 3,
    "reverse": 2,
    "stick": 5,
    "trip": 4,
    "clone": 0.4,
    "backup": 2,
    "restore": 2,
    "law": 0.4,
}


class Season(Struct, frozen=True, kw_only=True):
    """What a run is about: how often each thing happens, how long it lasts, and how many people come."""

    weights: dict[str, float]
    starts: tuple[datetime, ...] = _STARTS
    days: float = 1.0  # Times what is asked for.
    people: int = town.PEOPLE
    shelves: bool = False  # Whether what is sold is received before, returned, counted.


USUAL = Season(weights=_WEIGHTS)
LONG = Season(  # Leases end and are reclaimed, somebody else sells what they held, and then it arrives.
    weights={**_WEIGHTS, "sell": 36, "trip": 9, "forge": 4, "clone": 0.1}, days=8, people=1
)
TRIPS = Season(  # Leases in backups, and customers for them after the backup was put back.
    weights={
        "sell": 40,
        "sync": 8,
        "weather": 3,
        "power": 2,
        "restart": 2,
        "clock": 2,
        "stick": 3,
        "trip": 16,
        "backup": 10,
        "restore": 10,
    },
    days=0.4,
    people=2,
)
NEW_YEAR = Season(weights=_WEIGHTS, starts=(datetime(2026, 12, 28, 2, 0, tzinfo=UTC),))
SHELVES = Season(weights={**_WEIGHTS, "sell": 45}, shelves=True)
EVERY = 8
_SEASONS = {1: TRIPS, 3: SHELVES, 5: LONG, 7: NEW_YEAR}


def season_of(seed: int) -> Season:
    """Return what the run of ``seed`` is about: most are as usual."""
    return _SEASONS.get(seed % EVERY, USUAL)


class Event(Struct, frozen=True):
    """``what`` happens at till ``where`` after ``gap`` seconds; ``number`` is its place in the whole plan."""

    number: int
    what: str
    where: int
    gap: float
    detail: int

    def chance(self, seed: int) -> Random:
        """Return the dice of this event alone."""
        return Random(f"{seed}/{self.number}")

    def said(self) -> str:
        return f"{self.number}: {self.what} till {self.where} after {self.gap:.0f} s (detail {self.detail})"


class Plan(Struct, frozen=True):
    """A run's seed, its first instant, and its events."""

    seed: int
    start: datetime
    events: tuple[Event, ...]
    season: Season = USUAL


def draw(seed: int, days: float = DAYS, season: Season | None = None) -> Plan:
    """Return the plan of ``seed``; ``season`` where it is not to be the seed's own."""
    chance = Random(seed)
    season = season or season_of(seed)
    count = chance.randrange(24, 48)
    kinds, weights = list(season.weights), list(season.weights.values())
    days *= season.days
    gaps = [chance.expovariate(1) ** 2 for _ in range(count)]
    if chance.random() < 0.15:
        days *= 3  # A winter: leases end, and are reclaimed before all has arrived.
    scale = timedelta(days=days * chance.random()).total_seconds() / sum(gaps)
    events = tuple(
        Event(
            number=number,
            what=chance.choices(kinds, weights)[0],
            where=chance.randrange(town.SHOPS),
            gap=round(gaps[number] * scale, 3),
            detail=chance.randrange(1_000_000),
        )
        for number in range(count)
    )
    return Plan(seed, chance.choice(season.starts), events, season)
