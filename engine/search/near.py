"""How near one word is to one drug, looked up term by term; and all terms that have a word in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import chain

from msgspec import Struct

from engine.search.codes import BLOCK, blocks_with, places_with
from engine.search.segment import Segment
from engine.search.terms import BEGINS, INSIDE, WHOLE, Terms
from engine.search.text import code_word

_AS_CODE = {WHOLE: "\t{}\t", BEGINS: "\t{}", INSIDE: "{}"}


class Found(Struct, frozen=True, kw_only=True):
    """The terms that match, and the piece of a code; a drug is found that has one of them."""

    names: set[int] = set()
    trades: set[int] = set()
    makers: set[int] = set()
    packs: set[int] = set()
    code: str = ""

    def has(self, name: int, trade: int, maker: int, pack: int) -> bool:
        """Tell whether a drug of these terms is found, its codes apart."""
        return name in self.names or trade in self.trades or maker in self.makers or pack in self.packs


class Near(Struct, frozen=True, kw_only=True):
    """The names and trade names that a word is in or begins, and how near; the piece of a code that it is."""

    names: dict[int, int]
    trades: dict[int, int]
    code: str

    def at(self, *levels: int) -> Found:
        """Return what is as near as one of ``levels``."""
        return Found(
            names={name for name, level in self.names.items() if level in levels},
            trades={trade for trade, level in self.trades.items() if level in levels},
            code=_AS_CODE[max(levels)].format(self.code) if self.code else "",
        )


def begun(segment: Segment, word: str) -> Near:
    """Return the names and trade names that ``word`` is or begins."""
    names, trades = segment.names.begun(word), segment.trades.terms.begun(word)
    return _near(segment, word, names, segment.others.begun(word), trades)


def near(segment: Segment, word: str) -> Near:
    """Return the names and trade names that ``word`` is in."""
    names, trades = segment.names.levels(word), segment.trades.terms.levels(word)
    return _near(segment, word, names, segment.others.levels(word), trades)


def far(segment: Segment, word: str) -> Found:
    """Return where ``word`` is in the maker's name, or in form and pack."""
    makers, packs = segment.makers.terms.levels(word), segment.packs.terms.levels(word)
    return Found(makers=set(makers), packs=set(packs))


def anywhere(segment: Segment, word: str) -> Found:
    """Return where ``word`` is in anything that is known of a drug."""
    named, made = near(segment, word), far(segment, word)
    return Found(
        names=set(named.names),
        trades=set(named.trades),
        makers=made.makers,
        packs=made.packs,
        code=named.code,
    )


def count(segment: Segment, found: Found) -> int:
    """Return how many drugs are found, at most."""
    coded = blocks_with(segment.blocks, found.code).bit_count() * BLOCK if found.code else 0
    return (
        segment.count(found.names)
        + segment.trades.count(found.trades)
        + segment.makers.count(found.makers)
        + segment.packs.count(found.packs)
        + coded
    )


def ascending(segment: Segment, found: Found) -> Iterator[int]:
    """Yield the drugs that are found by place; one that is found twice comes twice."""
    named = chain.from_iterable(map(segment.places, sorted(found.names)))
    coded = places_with(segment.blocks, found.code) if found.code else iter(())
    return merge(
        named,
        coded,
        segment.trades.ascending(found.trades),
        segment.makers.ascending(found.makers),
        segment.packs.ascending(found.packs),
    )


def _near(
    segment: Segment,
    word: str,
    names: dict[int, int],
    others: Mapping[int, int],
    trades: dict[int, int],
) -> Near:
    for other, level in others.items():
        for name in segment.names_of(other):
            if names.get(name, level) >= level:
                names[name] = level
    return Near(names=names, trades=trades, code=code_word(word))


class Word:
    """A word of the query, and what is known already of the terms that it was compared with."""

    def __init__(self, segment: Segment, word: str) -> None:
        self._segment, self._word, self._code = segment, word, code_word(word)
        self._names: dict[int, int | None] = {}
        self._trades: dict[int, int | None] = {}
        self._makers: dict[int, int | None] = {}
        self._packs: dict[int, int | None] = {}
        self._blocks: int | None = None

    def near(self, place: int, name: int) -> int | None:
        """Return how near the drug's names and codes are; None where the word is in none."""
        trade = self._level(self._trades, self._segment.trades.terms, self._segment.trades.of[place])
        return _least((self._name(name), trade, self._coded(place) if self._code else None))

    def far(self, place: int) -> bool:
        """Tell whether the word is in the maker's name, or in form and pack."""
        makers, packs = self._segment.makers, self._segment.packs
        return (
            self._level(self._makers, makers.terms, makers.of[place]) is not None
            or self._level(self._packs, packs.terms, packs.of[place]) is not None
        )

    def is_in(self, place: int, name: int) -> bool:
        """Tell whether the word is in anything that is known of the drug."""
        return self.far(place) or self.near(place, name) is not None

    def _name(self, name: int) -> int | None:
        if name not in self._names:
            segment, word = self._segment, self._word
            others = (segment.others.level(other, word) for other in segment.others_of(name))
            self._names[name] = _least((segment.names.level(name, word), *others))
        return self._names[name]

    def _level(self, known: dict[int, int | None], terms: Terms, number: int) -> int | None:
        if number not in known:
            known[number] = terms.level(number, self._word)
        return known[number]

    def _coded(self, place: int) -> int | None:
        if self._blocks is None:
            self._blocks = blocks_with(self._segment.blocks, self._code)
        if not self._blocks >> place // BLOCK & 1:
            return None
        codes = self._segment.codes(place).lower()
        return next((level for level, code in _AS_CODE.items() if code.format(self._code) in codes), None)


def _least(levels: Iterable[int | None]) -> int | None:
    return min((level for level in levels if level is not None), default=None)
