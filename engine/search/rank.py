"""The nearest drugs of a segment for what is typed, in order, without looking at all of them.

First what the prescription asks for, then by how near the match is (``Tier``), then by how often the shop
sold it, then by place. A tier is looked for only while there is room for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum

from msgspec import Struct

from engine.search.codes import BLOCK, blocks_with
from engine.search.near import Found, Word, anywhere, ascending, begun, count, far, near
from engine.search.segment import Property, Segment
from engine.search.syllables import is_syllables
from engine.search.terms import BEGINS, INSIDE, WHOLE

_SHORT = 3
"""What tells no more (``_telling``) is in so many names that those it begins are looked for first."""
_FEW = 2_000
"""So many drugs are looked at one by one; where each word is in more, those that have all are met soon."""


class Tier(IntEnum):
    """How near a drug is: the whole query is a name, trade name or code of it, begins one, is in one; or its
    words are among all that is known of the drug, the first beginning a name, or none."""

    WHOLE = 0
    BEGINS = 1
    INSIDE = 2
    AMONG_BEGUN = 3
    AMONG = 4


class Hit(Struct, frozen=True, order=True):
    """A drug found; hits are shown in the order of these fields, ``unsold`` being minus how often it sold."""

    unasked: bool
    tier: int
    unsold: int
    place: int


class Shelf:
    """A segment as this shop sees it: how often it sold a drug, and which drugs are out of date (masked)."""

    def __init__(
        self,
        segment: Segment,
        sold: Mapping[int, int],
        masked: Collection[int] = frozenset(),
        earlier: Shelf | None = None,
    ) -> None:
        self.segment = segment
        # What was read of codes for the shelf as it was before the last sales.
        self._lines: dict[int, str] = earlier._lines if earlier else {}
        self.sold = {place: times for place, times in sold.items() if times and place not in masked}
        self.masked = masked
        self.most_sold = sorted(self.sold, key=lambda place: (-self.sold[place], place))
        self._names = list(map(segment.name_of, self.most_sold))
        self._trades, self._makers, self._packs = (
            [each.of[place] for place in self.most_sold] for each in _properties(segment)
        )

    def sold_of(self, found: Found) -> Iterator[int]:
        """Return the drugs sold that are found, the most sold first."""
        ranks: set[int] = set()
        for terms, sought in (
            (self._names, found.names),
            (self._trades, found.trades),
            (self._makers, found.makers),
            (self._packs, found.packs),
        ):
            if sought:
                ranks.update([rank for rank, term in enumerate(terms) if term in sought])
        blocks = blocks_with(self.segment.blocks, found.code) if found.code else 0
        ordered = self._coded(found.code, blocks, ranks) if blocks else sorted(ranks)
        return map(self.most_sold.__getitem__, ordered)

    def _coded(self, code: str, blocks: int, ranks: set[int]) -> Iterator[int]:
        """Yield ``ranks`` in order, and those of drugs in ``blocks`` (a bit each) that have ``code``."""
        bits = bin(blocks | 1 << self.segment.blocks.count)[:1:-1]
        for rank, place in enumerate(self.most_sold):
            if rank in ranks or (bits[place // BLOCK] == "1" and code in self._line(place)):
                yield rank

    def _line(self, place: int) -> str:
        line = self._lines.get(place)
        if line is None:
            line = self._lines[place] = self.segment.codes(place).lower()
        return line


def find(shelf: Shelf, words: Sequence[str], limit: int, asked: Collection[int] = ()) -> list[Hit]:
    """Return the nearest ``limit`` drugs that all ``words`` (folded) are in; first those ``asked`` for."""
    return _Search(shelf, words, limit).hits(asked) if words else []


def tier_of(words: Sequence[Word], whole: Word, place: int, name: int) -> Tier | None:
    """Return how near one drug is to the query, or to its ``words`` if they may stand apart."""
    level = whole.near(place, name)
    if level is not None:
        return Tier(level)
    if not words or not all(word.is_in(place, name) for word in words):
        return None
    begins = len(words) > 1 and words[0].near(place, name) in (WHOLE, BEGINS)
    return Tier.AMONG_BEGUN if begins else Tier.AMONG


class _Search:
    """One question: what was taken for it, and what was seen and needs no second look."""

    def __init__(self, shelf: Shelf, words: Sequence[str], limit: int) -> None:
        self._shelf, self._segment, self._limit = shelf, shelf.segment, limit
        self._words = () if is_syllables(words) else words  # What may stand apart.
        self._whole = "".join(words)
        self._taken: list[Hit] = []
        self._seen: set[int] = set()

    def hits(self, asked: Collection[int]) -> list[Hit]:
        self._take_asked(asked)
        short = _telling(self._whole) <= _SHORT
        found = begun(self._segment, self._whole) if short else near(self._segment, self._whole)
        for level in (WHOLE, BEGINS, INSIDE):
            if self._is_full():
                return self._taken
            if short and level == INSIDE:
                found = near(self._segment, self._whole)
            self._take_found(Tier(level), found.at(level))
        if not self._is_full():
            if len(self._words) == 1:
                self._take_found(Tier.AMONG, far(self._segment, self._whole))
            elif self._words:
                self._take_among()
        return self._taken

    def _take_found(self, tier: Tier, found: Found) -> None:
        self._take(tier, self._shelf.sold_of(found), ascending(self._segment, found))

    def _is_full(self) -> bool:
        return len(self._taken) >= self._limit

    def _take_asked(self, asked: Collection[int]) -> None:
        whole, words = Word(self._segment, self._whole), [Word(self._segment, word) for word in self._words]
        hits = []
        for place in asked:
            tier = None
            if place not in self._shelf.masked:
                tier = tier_of(words, whole, place, self._segment.name_of(place))
            if tier is not None:
                hits.append(Hit(False, tier, -self._shelf.sold.get(place, 0), place))
        self._taken = sorted(hits)[: self._limit]
        self._seen.update(asked)

    def _take(self, tier: Tier, sold: Iterable[int], others: Iterable[int]) -> None:
        """Take drugs of one tier while there is room, first those sold, in the orders in which they come."""
        for place in sold:
            if self._is_full():
                return
            self._add(tier, place)
        for place in others:
            if self._is_full():
                return
            if place not in self._shelf.sold and place not in self._shelf.masked:
                self._add(tier, place)

    def _add(self, tier: Tier, place: int) -> None:
        if place not in self._seen:
            self._seen.add(place)
            self._taken.append(Hit(True, tier, -self._shelf.sold.get(place, 0), place))

    def _take_among(self) -> None:
        founds: dict[str, Found] = {}
        counts: dict[str, int] = {}
        # A word that tells much is likely to be in few drugs: then no other need be sought everywhere.
        for word in sorted(set(self._words), key=_telling, reverse=True):
            founds[word] = anywhere(self._segment, word)
            counts[word] = count(self._segment, founds[word])
            if counts[word] <= _FEW:
                self._take_of_few(ascending(self._segment, founds[word]))
                return
        self._take_of_many(founds, min(founds, key=counts.__getitem__))

    def _take_of_few(self, places: Iterable[int]) -> None:
        whole, words = Word(self._segment, self._whole), [Word(self._segment, word) for word in self._words]
        hits = []
        for place in places:
            if place in self._seen or place in self._shelf.masked:
                continue
            self._seen.add(place)
            tier = tier_of(words, whole, place, self._segment.name_of(place))
            if tier is not None:
                hits.append(Hit(True, tier, -self._shelf.sold.get(place, 0), place))
        self._taken += sorted(hits)[: self._limit - len(self._taken)]

    def _take_of_many(self, founds: Mapping[str, Found], least: str) -> None:
        segment, first = self._segment, self._words[0]
        every = [self._with_places(found) for found in founds.values()]
        beginning = begun(segment, first).at(WHOLE, BEGINS)
        for tier, leading in ((Tier.AMONG_BEGUN, beginning), (Tier.AMONG, founds[least])):
            wanted = [self._with_places(leading), *every]
            self._take(
                tier,
                self._having(wanted, self._shelf.most_sold),
                self._having(every, ascending(segment, leading)),
            )

    def _with_places(self, found: Found) -> tuple[Found, frozenset[int]]:
        code = found.code
        return found, frozenset(ascending(self._segment, Found(code=code)) if code else ())

    def _having(self, every: Sequence[tuple[Found, frozenset[int]]], places: Iterable[int]) -> Iterator[int]:
        name_of = self._segment.name_of
        trades, makers, packs = (each.of for each in _properties(self._segment))
        for place in places:
            terms = name_of(place), trades[place], makers[place], packs[place]
            if all(found.has(*terms) or place in coded for found, coded in every):
                yield place


def _properties(segment: Segment) -> tuple[Property, Property, Property]:
    return segment.trades, segment.makers, segment.packs


def _telling(word: str) -> int:
    """Return how much a word is likely to tell: a Chinese character as much as three letters."""
    return sum(1 if character.isascii() else 3 for character in word)
