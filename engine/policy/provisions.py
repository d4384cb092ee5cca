"""One provision of a pack: when it applies, what it answers, and which text says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypeAlias

from msgspec import Struct

from engine.money import Fen
from engine.policy.answer import Clause

Situation: TypeAlias = Mapping[str, Any]
"""What conditions ask about: one value for each of ``place``, ``kind``, ``insurance``, ``status``,
``agreed``, ``travel``, ``source``, ``disease`` and ``disease_class``; sets for ``groups`` and ``filed``."""


class Amount(Struct, frozen=True):
    """Fen fixed by the text, or the name of the parameter by which the agency gives them."""

    fen: Fen | None = None
    parameter: str | None = None


class Supply(Struct, frozen=True):
    """The longest supply: in days, or in months from the day of issue."""

    days: int | None = None
    months: int | None = None


class Limit(Struct, frozen=True):
    """One pot: its size, the accumulators that count against it and those that a payment adds to.

    ``disease_limits`` is ``sum`` (of the agency's figures over the filed diseases of class B) or ``own`` (the
    figure of the line's disease alone) where neither the text nor one parameter fixes the size.
    """

    amount: Amount | None
    disease_limits: str | None
    counts: tuple[str, ...]
    adds_to: tuple[str, ...]


class Assistance(Struct, frozen=True):
    """Medical assistance: the parameter with its ratio, and whether what a limit took away counts in."""

    parameter: str
    over_limit_counts: bool


class GoodFor(Struct, frozen=True):
    """Days that a prescription may be good for at most; None: as long as noted on it or delivered."""

    days: int | None
    after_issue: bool = False  # The days are counted from the day after the day of issue.


Value: TypeAlias = Any
"""Of the type that the family asks for: bool, int, str, a set of codes, or one of the above; the parser
(engine.policy.parse) sees to it."""


class Provision(Struct, frozen=True):
    """A clause of law as data. ``subject`` names what it answers within its family (a requirement, a pot)."""

    family: str
    key: str  # Where it stands in its file, for problems: ``ratio[2]``.
    subject: str
    when: tuple[tuple[str, frozenset[Any]], ...]
    value: Value
    clause: Clause
    checked_on: date
    id: str = ""
    overrides: frozenset[str] = frozenset()
    reading: tuple[tuple[str, str], ...] = ()
    advice: str = ""  # Added to the refusal: where else to go.
    note: str = ""  # What a reader of the number should know, such as that the section is silent on it.

    def applies(self, situation: Situation) -> bool:
        """Return whether every condition holds: ``groups`` any of, ``filed_all`` all of, else one of."""
        for field, allowed in self.when:
            if field == "groups":
                if not allowed & situation["groups"]:
                    return False
            elif field == "filed_all":
                if not allowed <= situation["filed"]:
                    return False
            elif situation[field] not in allowed:
                return False
        return True


def standing(provisions: Iterable[Provision], situation: Situation) -> list[Provision]:
    """Return the provisions that answer ``situation``: those that apply and that none of these overrides."""
    applying = [provision for provision in provisions if provision.applies(situation)]
    if len(applying) < 2:
        return applying
    overridden = frozenset[str]().union(*(provision.overrides for provision in applying))
    return [provision for provision in applying if provision.id not in overridden or not provision.id]


def under(provisions: Iterable[Provision], taken: Mapping[str, str]) -> list[Provision]:
    """Return the provisions that hold where ``taken`` maps each reading to the answer taken."""
    return [p for p in provisions if all(taken.get(reading) == answer for reading, answer in p.reading)]
