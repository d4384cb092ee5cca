"""A body of drugs as it is searched: few terms, and which drug has which.

A drug is known by its place: places follow the order in which drugs are shown (shorter names first, then by
pinyin; of one name the shop's own before others, then by code). So the drugs of a name lie side by side, and
a name needs no list of them; trade names, makers and packs have lists, in ascending places.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush, heapreplace
from typing import TypeAlias

from msgspec import Struct

from engine.search.codes import BLOCK, Blocks
from engine.search.parts import Part, numbers
from engine.search.terms import Terms

Places: TypeAlias = Sequence[int]
NAMES, OTHERS, TRADES, MAKERS, PACKS = "names", "others", "trades", "makers", "packs"
"""What the parts of a segment begin with; the rest is said where they are read."""
BAND = 16
"""Bits of a place within its band."""
SOLD_HERE, ON_MARKET, GONE = range(3)
"""How a drug stands among those of one name: the shop has a price for it, it is on the market, or no more."""


class Row(Struct, frozen=True, kw_only=True):
    """What is indexed of a drug, as written; ``codes`` are all its numbers, the national one first."""

    codes: tuple[str | None, ...]
    name: str
    trade_name: str
    maker: str
    form: str
    spec: str
    initials: str = ""
    standing: int = ON_MARKET


class Property:
    """Terms of which each drug has one, and the drugs of each."""

    def __init__(self, part: Part, name: str) -> None:
        self.terms = Terms(part, name)
        self.of = numbers(part(f"{name}.of"))  # The term of each place.
        # Each term's list, in bands of 65,536 places so that two bytes hold one: where each band begins.
        self._begins = numbers(part(f"{name}.begins"))
        self._places = numbers(part(f"{name}.places"))
        self._bands = bands_of(len(self.of))

    def ascending(self, terms: Iterable[int]) -> Iterator[int]:
        """Yield the drugs that have one of ``terms`` by place; no list is opened before its turn."""
        sought = list(terms)
        for band in range(self._bands):
            for low in self._of_band(sought, band):
                yield band << BAND | low

    def count(self, terms: Iterable[int]) -> int:
        """Return how many drugs have one of ``terms``."""
        begins, bands = self._begins, self._bands
        return sum(begins[(term + 1) * bands] - begins[term * bands] for term in terms)

    def _of_band(self, terms: list[int], band: int) -> Iterator[int]:
        begins, places, bands = self._begins, self._places, self._bands
        runs = (term * bands + band for term in terms)
        waiting = sorted(
            ((places[begins[run]], run) for run in runs if begins[run] < begins[run + 1]), reverse=True
        )
        opened: list[tuple[int, int, int]] = []  # The next place, where it is in the lists, and its list.
        while waiting or opened:
            while waiting and (not opened or waiting[-1][0] < opened[0][0]):
                place, run = waiting.pop()
                heappush(opened, (place, begins[run], run))
            place, at, run = opened[0]
            yield place
            if at + 1 < begins[run + 1]:
                heapreplace(opened, (places[at + 1], at + 1, run))
            else:
                heappop(opened)


def bands_of(drugs: int) -> int:
    """Return in how many bands the places of so many drugs lie."""
    return (drugs >> BAND) + 1


class Segment:
    """A body of drugs to be searched; nothing in it ever changes."""

    def __init__(self, part: Part, blocks: Blocks) -> None:
        self.names = Terms(part, NAMES)
        self.others = Terms(part, OTHERS)
        self.trades = Property(part, TRADES)
        self.makers = Property(part, MAKERS)
        self.packs = Property(part, PACKS)
        self.blocks = blocks
        self._name_places = numbers(part(f"{NAMES}.places"))  # The first place of each, and the end.
        self._other_begins = numbers(part(f"{OTHERS}.begins"))
        self._other_names = numbers(part(f"{OTHERS}.names"))  # Which names go by each of the others.
        self._others_of: dict[int, list[int]] = {}

    def __len__(self) -> int:
        return self._name_places[-1]

    def name_of(self, place: int) -> int:
        """Return the name of the drug at ``place``."""
        return bisect_right(self._name_places, place) - 1

    def places(self, name: int) -> range:
        """Return the drugs of ``name``."""
        return range(self._name_places[name], self._name_places[name + 1])

    def count(self, names: Iterable[int]) -> int:
        """Return how many drugs have one of ``names``."""
        starts = self._name_places
        return sum(starts[name + 1] - starts[name] for name in names)

    def names_of(self, other: int) -> Places:
        """Return the names that go by another name."""
        return self._other_names[self._other_begins[other] : self._other_begins[other + 1]]

    def others_of(self, name: int) -> Sequence[int]:
        """Return by what else ``name`` goes."""
        if not self._others_of:
            for other in range(len(self.others)):
                for known in self.names_of(other):
                    self._others_of.setdefault(known, []).append(other)
        return self._others_of.get(name, ())

    def codes(self, place: int) -> str:
        """Return the codes of the drug at ``place``, every one between tabs, and how it stands."""
        block, line = divmod(place, BLOCK)
        return self.blocks.text(block).split("\n", line + 1)[line]

    def code(self, place: int) -> str:
        """Return the national code of the drug at ``place``."""
        return self.codes(place)[1:].split("\t", 1)[0]

    def order(self, place: int) -> tuple[int, str, str, str, str]:
        """Return what puts the drug at ``place`` among others, those of another segment too."""
        name, codes = self.name_of(place), self.codes(place)
        text = self.names.text(name)
        return len(text), self.names.pinyin(name), text, codes[-1], codes[1:].split("\t", 1)[0]
