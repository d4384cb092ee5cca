"""What was dispensed on a prescription, and what is left of it: for the till and for the platform alike.

A line may be dispensed in parts. A prescription that may be repeated gives its quantities again, a round each
``interval_days`` after it was first dispensed; no round comes after the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Literal, TypeAlias

from msgspec import Struct

from engine.calendar import business_day
from engine.codes import ingredient_of
from engine.prescription import PrescribedLine, Prescription

State: TypeAlias = Literal["valid", "used", "expired", "withdrawn"]
"""How a prescription stands with its platform."""


class Given(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A drug dispensed on a prescription by sale ``sale`` of shop ``provider``.

    ``quantity`` counts packs; where a pack was split, smallest units, of which a pack has ``pack_size``.
    """

    provider: str
    sale: str
    at: datetime
    drug: str
    quantity: int
    name: str = ""
    pack_size: int = 1


class Standing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the platform tells of a prescription of its own; ``reason`` says why it was withdrawn."""

    number: str
    issued: date
    state: State
    reason: str = ""
    given: tuple[Given, ...] = ()


class Left(Struct, frozen=True, kw_only=True):
    """What may be dispensed now: packs of each prescribed line, in their order.

    ``rounds`` is how often it may be dispensed in all, ``done`` how often it was dispensed wholly. ``opens``
    is the day of the next round, where nothing is left until then.
    """

    packs: tuple[Fraction, ...]
    rounds: int
    done: int
    opens: date | None = None
    begun: bool = False  # Whether anything was dispensed on it.

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left, now or later."""
        return self.opens is None and not any(self.packs)


def key_of(prescription: Prescription) -> str:
    """Return what tells one prescription from another: numbers of paper are only their issuer's own."""
    parts = [prescription.number, prescription.issued.isoformat()]
    if prescription.seal is None and prescription.psn_no is None:
        parts.append(prescription.issuer)
    return " ".join(parts)


def line_for(lines: Sequence[PrescribedLine], drug: str, name: str = "") -> int | None:
    """Return the place of the line that a box of ``drug`` is dispensed on first; None where it is on none."""
    return next(iter(_lines_for(lines, drug, name)), None)


def spread(
    lines: Sequence[PrescribedLine], packs: Sequence[Fraction], wanted: Iterable[tuple[str, str, Fraction]]
) -> tuple[Fraction, ...]:
    """Return what each line gives of what is ``wanted`` (code, name, packs), where it has ``packs`` to give.

    A drug may be prescribed on several lines; what none of them has stands on the first. What is on no line
    counts nowhere.
    """
    taken = [Fraction(0)] * len(lines)
    for drug, name, amount in wanted:
        _take(taken, [packs], _lines_for(lines, drug, name), amount)
    return tuple(taken)


def dispenses(prescription: Prescription, drugs: Iterable[tuple[str, str]]) -> bool:
    """Tell whether any of ``drugs`` (code and generic name) is dispensed on ``prescription``."""
    return any(line_for(prescription.lines, code, name) is not None for code, name in drugs)


def left_of(prescription: Prescription, given: Iterable[Given], day: date) -> Left:
    """Return what is left of ``prescription`` on ``day`` after all that was ``given`` on it."""
    lines = prescription.lines
    taken = [Fraction(0)] * len(lines)
    first: date | None = None
    rounds = 1 + max(0, prescription.repeats - prescription.repeated)
    known: dict[tuple[str, str], list[int]] = {}
    for each in sorted(given, key=lambda each: each.at):
        name = each.drug, each.name
        places = known[name] if name in known else known.setdefault(name, _lines_for(lines, *name))
        if places:
            in_turn = ([Fraction(line.quantity * turn) for line in lines] for turn in range(1, rounds + 1))
            _take(taken, in_turn, places, Fraction(each.quantity, max(1, each.pack_size)))
            on = business_day(each.at)
            first = on if first is None else min(first, on)
    opened = _opened(prescription.interval_days, first, day, rounds)
    packs = tuple(
        max(Fraction(0), line.quantity * opened - used) for line, used in zip(lines, taken, strict=True)
    )
    done = min((int(used // line.quantity) for line, used in zip(lines, taken, strict=True)), default=0)
    opens = None
    if first is not None and not any(packs) and opened < rounds:
        opens = first + timedelta(days=opened * prescription.interval_days)
    return Left(packs=packs, rounds=rounds, done=min(done, rounds), opens=opens, begun=first is not None)


def _opened(interval: int, first: date | None, day: date, rounds: int) -> int:
    """Return how many rounds are open on ``day``: all at once where no interval is kept."""
    if first is None:
        return 1 if interval > 0 else rounds
    if interval <= 0:
        return rounds
    return min(rounds, 1 + max(0, (day - first).days) // interval)


def _lines_for(lines: Sequence[PrescribedLine], drug: str, name: str) -> list[int]:
    """Return the places of the lines that a box of ``drug`` may go on: by code, by generic, by name."""
    generic, plain = ingredient_of(drug), name.replace(" ", "")
    places: dict[int, None] = {}
    for fits in (
        lambda line: line.drug == drug,
        lambda line: bool(generic) and line.drug is not None and ingredient_of(line.drug) == generic,
        lambda line: bool(plain) and line.name.replace(" ", "") == plain,
    ):
        places.update((place, None) for place, line in enumerate(lines) if fits(line))
    return list(places)


def _take(
    taken: list[Fraction], rounds: Iterable[Sequence[Fraction]], places: Sequence[int], amount: Fraction
) -> None:
    """Add ``amount`` to what was taken on lines, up to what each gives in a round, round after round."""
    for most in rounds if len(places) > 1 else ():
        for place in places:
            part = min(amount, max(Fraction(0), most[place] - taken[place]))
            taken[place] += part
            amount -= part
            if not amount:
                return
    if places:
        taken[places[0]] += amount
