"""The region's list as dated facts, and the rows in force that follow from them.

A platform tells a drug's class (1312), the part that the patient pays first (1319) and its payment standard
(1318) apart, each with days and a region of its own. ``flatten`` splits them at every boundary into rows
that each hold all of it; what a row says on a day is what the facts in force on that day say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Protocol, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from engine.catalogue import Listing
from engine.money import BasisPoints, Fen
from engine.policy.claim import Class, Insurance

_DAY = timedelta(days=1)
_INSURANCES: tuple[Insurance, ...] = ("resident", "employee")


class Entry(Struct, frozen=True, kw_only=True):
    """That a drug is in the list (1312, or the printed list): its class and limited scope.

    Of two that begin on one day the one with the higher ``rank`` counts: a printed list says more than a
    workbook's column.
    """

    begins: date
    ends: date | None  # Inclusive.
    klass: Class
    region: str = ""
    scope: str = ""
    negotiated: bool = False
    procured: bool = False
    rank: int = 0


class SelfPay(Struct, frozen=True, kw_only=True):
    """The part that the patient pays first (1319); ``insurance`` None: of both."""

    begins: date
    ends: date | None
    ratio_bp: BasisPoints
    region: str = ""
    insurance: Insurance | None = None


class Standard(Struct, frozen=True, kw_only=True):
    """The payment standard of a pack (1318), in fen."""

    begins: date
    ends: date | None
    fen: Fen
    region: str = ""


class _Dated(Protocol):
    @property
    def begins(self) -> date: ...
    @property
    def ends(self) -> date | None: ...
    @property
    def region(self) -> str: ...


Fact = TypeVar("Fact", bound=_Dated)
_Choice: TypeAlias = tuple[Entry, SelfPay | None, Standard | None]


def flatten(
    entries: Sequence[Entry], self_pays: Sequence[SelfPay] = (), standards: Sequence[Standard] = ()
) -> tuple[Listing, ...]:
    """Return the rows in force that the facts about one entry of the list come to.

    A region has a row of its own only while something is said about that very region; ``listing_on`` finds
    the rest in the wider one's.
    """
    if len(entries) == 1 and not self_pays and not standards:
        return (
            _listing(entries[0].region, None, (entries[0], None, None), entries[0].begins, entries[0].ends),
        )
    facts: tuple[_Dated, ...] = (*entries, *self_pays, *standards)
    rows: list[Listing] = []
    for region in sorted({fact.region for fact in facts}):
        near = [fact for fact in facts if region.startswith(fact.region)]
        for first, last in _segments(near):
            rows += _rows_of(region, first, last, (entries, self_pays, standards))
    return _joined(rows)


def overlay(regional: Iterable[Listing], national: Sequence[Listing]) -> tuple[Listing, ...]:
    """Return ``regional`` rows with what only the national list tells of them.

    That is: negotiated, procured, the limited scope, a negotiated payment standard.

    A platform's page has no field for these; where the national list speaks of the same day it is believed.
    """
    made: list[Listing] = []
    for row in regional:
        own = [each for each in national if each.insurance in (None, row.insurance)]
        cuts = [row.begins, *_boundaries(own)]
        for first, last in _spans(sorted({cut for cut in cuts if _in_force(row, cut)}), row.ends):
            known = [each for each in own if _in_force(each, first)]
            made.append(
                replace(
                    row,
                    begins=first,
                    ends=last,
                    negotiated=row.negotiated or any(each.negotiated for each in known),
                    procured=row.procured or any(each.procured for each in known),
                    scope=row.scope or next((each.scope for each in known if each.scope), ""),
                    payment_standard=_first(row.payment_standard, *(each.payment_standard for each in known)),
                )
            )
    return _joined(made)


def clipped(rows: Iterable[Listing], region: str, begins: date, ends: date | None) -> tuple[Listing, ...]:
    """Return ``rows`` as far as they lie in ``region`` and between two days: while a drug is matched."""
    made: list[Listing] = []
    for row in rows:
        if not (row.region.startswith(region) or region.startswith(row.region)):
            continue
        narrow = max(row.region, region, key=len)
        first, last = max(row.begins, begins), _earlier(row.ends, ends)
        if last is None or first <= last:
            made.append(replace(row, region=narrow, begins=first, ends=last))
    return tuple(made)


def _rows_of(
    region: str,
    first: date,
    last: date | None,
    facts: tuple[Sequence[Entry], Sequence[SelfPay], Sequence[Standard]],
) -> list[Listing]:
    """Return a region's rows of a time in which nothing changes: for both insurances, and what differs."""
    for_both = _chosen(region, first, None, facts)
    if for_both is None:
        return []
    rows: list[Listing] = []
    whole = _listing(region, None, for_both, first, last)
    if _speaks_of(region, for_both):
        rows.append(whole)
    for insurance in _INSURANCES:
        choice = _chosen(region, first, insurance, facts)
        assert choice is not None  # An entry is of both insurances.
        row = _listing(region, insurance, choice, first, last)
        # Beside a row for both it is needed where it says something else; without one, where it is of here.
        if replace(row, insurance=None) != whole if rows else _speaks_of(region, choice):
            rows.append(row)
    return rows


def _chosen(
    region: str,
    day: date,
    insurance: Insurance | None,
    facts: tuple[Sequence[Entry], Sequence[SelfPay], Sequence[Standard]],
) -> _Choice | None:
    entries, self_pays, standards = facts
    entry = max(
        _near(entries, region, day), key=lambda each: (len(each.region), each.begins, each.rank), default=None
    )
    if entry is None:
        return None
    share = max(
        (each for each in _near(self_pays, region, day) if each.insurance in (None, insurance)),
        key=lambda each: (len(each.region), each.insurance is not None, each.begins),
        default=None,
    )
    standard = max(
        _near(standards, region, day), key=lambda each: (len(each.region), each.begins), default=None
    )
    return entry, share, standard


def _near(facts: Sequence[Fact], region: str, day: date) -> list[Fact]:
    return [each for each in facts if region.startswith(each.region) and _in_force(each, day)]


def _speaks_of(region: str, choice: _Choice) -> bool:
    return any(each is not None and each.region == region for each in choice)


def _listing(
    region: str, insurance: Insurance | None, choice: _Choice, first: date, last: date | None
) -> Listing:
    entry, share, standard = choice
    return Listing(
        begins=first,
        ends=last,
        klass=entry.klass,
        region=region,
        first_self_pay_bp=share.ratio_bp if share else 0,
        payment_standard=standard.fen if standard else None,
        in_scope=entry.klass != "C",
        negotiated=entry.negotiated,
        insurance=insurance,
        scope=entry.scope,
        procured=entry.procured,
    )


def _segments(facts: Sequence[_Dated]) -> list[tuple[date, date | None]]:
    return _spans(_boundaries(facts), None)


def _boundaries(facts: Iterable[_Dated]) -> list[date]:
    """Return the days on which something begins, or has ended the day before, in order."""
    days = {
        day for fact in facts for day in (fact.begins, fact.ends and _after(fact.ends)) if day is not None
    }
    return sorted(days)


def _spans(firsts: Sequence[date], end: date | None) -> list[tuple[date, date | None]]:
    lasts = [first - _DAY for first in firsts[1:]]
    return list(zip(firsts, [*lasts, end], strict=True)) if firsts else []


def _after(day: date) -> date | None:
    return None if day == date.max else day + _DAY


def _in_force(fact: _Dated, day: date) -> bool:
    return fact.begins <= day and (fact.ends is None or day <= fact.ends)


def _first(*amounts: Fen | None) -> Fen | None:
    return next((amount for amount in amounts if amount is not None), None)


def _earlier(one: date | None, other: date | None) -> date | None:
    ends = [end for end in (one, other) if end is not None]
    return min(ends, default=None)


def _joined(rows: Iterable[Listing]) -> tuple[Listing, ...]:
    """Return ``rows`` with those made one that follow each other and say the same."""
    made: list[Listing] = []
    latest: dict[tuple[str, Insurance | None], int] = {}
    for row in rows:
        place = latest.get((row.region, row.insurance))
        before = made[place] if place is not None else None
        follows = before is not None and before.ends is not None and before.ends + _DAY == row.begins
        if before is not None and follows and replace(before, begins=row.begins, ends=row.ends) == row:
            assert place is not None
            made[place] = replace(before, ends=row.ends)
        else:
            latest[row.region, row.insurance] = len(made)
            made.append(row)
    return tuple(made)
