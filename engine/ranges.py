"""Which drugs a chronic disease's money is for: by policy and disease, as data with where it is said.

A range names drugs by the beginning of the ATC class in their national code, by the beginning of their
generic name, or by their code. A listing that names diseases of its own is asked first; a range fills in for
the others, so that a drug that came from a national file treats what the demonstration's would.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from engine.catalogue import Drug, Listing, listing_on
from engine.codes import atc_of
from engine.policy.answer import Clause
from engine.policy.claim import Insurance

if TYPE_CHECKING:
    from engine.policy.packs import Library

_SHOWN = 5
_NOTHING: frozenset[str] = frozenset()


class Range(Struct, frozen=True, kw_only=True):
    """The drugs of one disease under one policy; ``none`` says why there are none to name.

    ``verified``: somebody compared it with the document's own list; else ``note`` says what it rests on.
    """

    policy: str
    disease: str
    clause: Clause
    checked_on: date
    verified: bool
    classes: frozenset[str] = frozenset()
    but_not: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    note: str = ""
    none: str = ""


def words_of(each: Range) -> str:
    """Return what a range names, shortened, for people."""
    if each.none:
        return "没有药品范围"
    named = [*sorted(each.classes), *sorted(each.names), *sorted(each.codes)]
    most = "、".join(named[:_SHOWN]) + ("等" if len(named) > _SHOWN else "")
    return most if each.verified else f"{most}（清单未核对）"


class _Index:
    """The ranges of one policy, turned round: from what a drug is to the diseases."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        self._ranges = tuple(ranges)
        self._classes = _turned((each.disease, each.classes) for each in self._ranges)
        self._but_not = _turned((each.disease, each.but_not) for each in self._ranges)
        self._names = _turned((each.disease, each.names) for each in self._ranges)
        self._codes = _turned((each.disease, each.codes) for each in self._ranges)
        self._lengths = sorted({len(name) for name in self._names})

    def diseases(self, code: str, generic_name: str) -> frozenset[str]:
        klass = atc_of(code)
        classes = [klass[:length] for length in range(1, len(klass) + 1)]
        found = _NOTHING.union(*(self._classes.get(each, _NOTHING) for each in classes))
        found = found.difference(*(self._but_not.get(each, _NOTHING) for each in classes))
        named = (self._names.get(generic_name[:length], _NOTHING) for length in self._lengths)
        return found.union(self._codes.get(code, _NOTHING), *named)


class Ranges:
    """All ranges, and which of them bear on a person; ``library`` tells the policy in force."""

    def __init__(self, library: Library, ranges: Sequence[Range]) -> None:
        self._library = library
        self.all = tuple(ranges)
        by_policy: dict[str, list[Range]] = defaultdict(list)
        for each in ranges:
            by_policy[each.policy].append(each)
        self._indexes = {policy: _Index(found) for policy, found in by_policy.items()}

    def listing_on(self, drug: Drug, day: date, region: str, insurance: Insurance | None) -> Listing:
        """Return the row in force, as ``catalogue.listing_on``; where it names no disease, those whose range
        names the drug. A drug outside the list has none."""
        listing = listing_on(drug, day, region, insurance)
        if listing.diseases or listing.klass == "C" or insurance is None:
            return listing
        found = self.diseases(drug, day, region, insurance)
        return replace(listing, diseases=found) if found else listing

    def diseases(self, drug: Drug, day: date, region: str, insurance: Insurance) -> frozenset[str]:
        """Return the diseases whose range names ``drug`` under the policy in force."""
        pack = self._library.in_force(region, insurance, day)
        index = self._indexes.get(pack.id) if pack is not None else None
        return index.diseases(drug.code, drug.generic_name) if index is not None else _NOTHING

    def of(self, policy: str) -> tuple[Range, ...]:
        """Return the ranges of one policy."""
        return tuple(each for each in self.all if each.policy == policy)

    def with_own(self, own: Sequence[Range]) -> Ranges:
        """Return the ranges with a region's own list in the place of what came with the program for the same
        policy and disease."""
        replaced = {(each.policy, each.disease) for each in own}
        kept = [each for each in self.all if (each.policy, each.disease) not in replaced]
        return Ranges(self._library, [*kept, *own])


def _turned(pairs: Iterable[tuple[str, Iterable[str]]]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for disease, keys in pairs:
        for key in keys:
            found[key].add(disease)
    return {key: frozenset(diseases) for key, diseases in found.items()}
