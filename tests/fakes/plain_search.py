"""The search of drugs as a plain scan: every drug compared with the query, one after the other, and sorted.

It knows what the index is to find, and nothing of how; both fold and spell texts alike.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from functools import cache

from app.pinyin import read_names, read_speller
from engine.catalogue import Drug
from engine.search.build import Built, build
from engine.search.codes import Blocks
from engine.search.segment import Row, Segment
from engine.search.syllables import is_syllables
from engine.search.text import code_word, fold, other_names, query_words

WHOLE, BEGINS, INSIDE, AMONG_BEGUN, AMONG = range(5)


def row_of(drug: Drug) -> Row:
    """Return what is indexed of ``drug``."""
    return Row(
        codes=(drug.code, drug.approval, drug.barcode, drug.standard_code, drug.shop_code),
        name=drug.generic_name,
        trade_name=drug.trade_name or "",
        maker=drug.maker,
        form=drug.form,
        spec=drug.spec,
        initials=drug.pinyin,
        standing=0 if drug.price is not None else 1 if drug.on_market else 2,
    )


def built_of(rows: Sequence[Row]) -> Built:
    """Return the index of ``rows``, as an import makes it."""
    return build(sorted(rows, key=lambda row: row.codes[0] or ""), read_speller().spell, read_names())


def segment_of(built: Built) -> Segment:
    """Return the segment of an index that is held in memory."""
    blocks = Blocks(
        count=len(built.blocks),
        lengths=built.lengths,
        with_piece=built.pieces.get,
        text=cache(lambda number: zlib.decompress(built.blocks[number]).decode()),
    )
    return Segment(lambda name: built.parts.get(name, b""), blocks)


class Way:
    """How a term is written: its characters, its initials, and its full pinyin from each syllable on."""

    def __init__(self, text: str, syllables: tuple[str, ...] = ()) -> None:
        self.text, self.initials = text, "".join(syllable[0] for syllable in syllables)
        self.tails = tuple("".join(syllables[at:]) for at in range(len(syllables)))
        self._all = "\n".join((self.text, self.initials, *self.tails[:1]))

    def level(self, word: str) -> int | None:
        """Return how near ``word`` is; None where it is not in it."""
        if word not in self._all:
            return None
        written = (self.text, self.initials, *self.tails[:1])
        if word in written:
            return WHOLE
        if any(each.startswith(word) for each in written):
            return BEGINS
        inside = word in self.text or word in self.initials
        return INSIDE if inside or any(tail.startswith(word) for tail in self.tails) else None


class PlainSearch:
    """Drugs to be scanned; found ones are given by their national codes."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._spell, self._parts = read_speller().spell, read_names()
        self._ways: dict[tuple[str, tuple[str, ...]], Way] = {}
        names = {row.name: self._ways_of_name(row.name) for row in rows}
        for row in rows:
            if row.initials:  # Somebody's initials of a name hold for all drugs of that name.
                names[row.name].append(self._way("", tuple(fold(row.initials))))
        self._drugs = [self._drug(row, names[row.name]) for row in rows]

    def find(
        self, text: str, limit: int, sold: Mapping[str, int], asked: Collection[str] = ()
    ) -> list[tuple[str, int]]:
        """Return code and tier of the nearest ``limit`` drugs."""
        words = query_words(text)
        if not words:
            return []
        hits = []
        question = _Question(words)
        for drug in self._drugs:
            tier = question.tier(drug)
            if tier is not None:
                key = (drug.code not in asked, tier, -sold.get(drug.code, 0), drug.order)
                hits.append((key, drug.code, tier))
        return [(code, tier) for _key, code, tier in sorted(hits)[:limit]]

    def _drug(self, row: Row, named: Sequence[Way]) -> _Drug:
        name = fold(row.name)
        trade = [self._spelled(row.trade_name)] if row.trade_name else []
        return _Drug(
            code=row.codes[0] or "",
            order=(len(name), "".join(self._spell(row.name)[0]), name, row.standing, row.codes[0]),
            near=(*named, *trade),
            far=(self._spelled(row.maker), self._way(fold(row.form)), self._way(fold(row.spec))),
            codes=[Way(fold(code).removeprefix("国药准字")) for code in row.codes if code],
        )

    def _ways_of_name(self, name: str) -> list[Way]:
        folded, ways = fold(name), self._spell(name)
        terms = [(folded, ways[0]), *(("", way) for way in ways[1:])]
        for other in other_names(folded, self._parts):
            first, *more = self._spell(other)
            terms += [(other, first), *(("", way) for way in more)]
        return [self._way(*term) for term in terms]

    def _spelled(self, text: str) -> Way:
        return self._way(fold(text), self._spell(text)[0])

    def _way(self, text: str, syllables: tuple[str, ...] = ()) -> Way:
        return self._ways.setdefault((text, syllables), Way(text, syllables))


class _Drug:
    def __init__(
        self,
        *,
        code: str,
        order: tuple[object, ...],
        near: Sequence[Way],
        far: Sequence[Way],
        codes: Sequence[Way],
    ) -> None:
        self.code, self.order, self.near, self.far, self.codes = code, order, near, far, codes


class _Question:
    """A query; a term that was compared with a word once has the same answer for the next drug."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words, self._whole = words, "".join(words)
        self._apart = not is_syllables(words)
        self._known: dict[str, dict[Way, int | None]] = {word: {} for word in (*words, self._whole)}
        self._pieces = {word: code_word(word) for word in self._known}

    def tier(self, drug: _Drug) -> int | None:
        """Return how near the drug is; None where it does not match."""
        level = self._near(self._whole, drug)
        if level is not None:
            return level
        if not self._apart or not all(self._is_in(word, drug) for word in self._words):
            return None
        begun = len(self._words) > 1 and self._near(self._words[0], drug) in (WHOLE, BEGINS)
        return AMONG_BEGUN if begun else AMONG

    def _is_in(self, word: str, drug: _Drug) -> bool:
        return self._least(word, drug.far) is not None or self._near(word, drug) is not None

    def _near(self, word: str, drug: _Drug) -> int | None:
        level, piece = self._least(word, drug.near), self._pieces[word]
        if not piece:
            return level
        levels = [level, *(code.level(piece) for code in drug.codes)]
        return min((each for each in levels if each is not None), default=None)

    def _least(self, word: str, ways: Sequence[Way]) -> int | None:
        known, least = self._known[word], None
        for way in ways:
            if way not in known:
                known[way] = way.level(word)
            level = known[way]
            if level is not None and (least is None or level < least):
                least = level
        return least
