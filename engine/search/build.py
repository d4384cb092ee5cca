"""A segment made of drugs: terms numbered in their order, drugs put into their places, codes into blocks."""

from __future__ import annotations

import unicodedata
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain

from msgspec import Struct

from engine.search.codes import APPROVED, BLOCK, PIECE, kept_blocks
from engine.search.parts import kept_numbers
from engine.search.segment import BAND, MAKERS, NAMES, OTHERS, PACKS, TRADES, Row, bands_of
from engine.search.terms import Term, kept_terms
from engine.search.text import Parts, Spell, fold, other_names

SEPARATOR = "\x1f"
"""Between a form and a pack: no word reaches over it."""


class Built(Struct, frozen=True, kw_only=True):
    """A segment's parts, and beside them what is read piece by piece: packed blocks of codes, how long codes
    are, and the blocks that have four characters in a row. ``order`` gives the row at each place."""

    parts: dict[str, bytes]
    blocks: list[bytes]
    lengths: frozenset[int]
    pieces: dict[str, bytes]
    order: list[int]


class _Numbered:
    """Texts numbered as they come, and the number of each row's."""

    def __init__(self, *known: str) -> None:
        self.ids = {text: number for number, text in enumerate(known)}
        self.of = array("I")

    def add(self, text: str) -> None:
        self.of.append(self.ids.setdefault(text, len(self.ids)))


def build(rows: Iterable[Row], spell: Spell, parts: Parts) -> Built:
    """Return the segment of ``rows``, which come in the order of their national codes."""
    names, trades, makers, packs = _Numbered(), _Numbered(""), _Numbered(), _Numbered()
    codes: list[str] = []
    standings = bytearray()
    given: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        names.add(row.name)
        trades.add(row.trade_name)
        makers.add(row.maker)
        packs.add(f"{row.form}{SEPARATOR}{row.spec}")
        codes.append("\t".join(("", *filter(None, row.codes), str(row.standing))))
        standings.append(row.standing)
        if row.initials:
            given[row.initials].add(names.of[-1])
    terms, rank = _ranked(names, spell)
    keys = [rank[name] << 2 | standing for name, standing in zip(names.of, standings, strict=True)]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    others = _others(terms, spell, parts)
    for initials, raw in given.items():
        own = {rank[name] for name in raw if _initials(terms[rank[name]]) != fold(initials)}
        if own:
            _go_by(others, Term("", tuple(fold(initials))), own)
    texts = [_block([codes[row] for row in order[at : at + BLOCK]]) for at in range(0, len(order), BLOCK)]
    return Built(
        parts={
            **kept_terms(NAMES, terms),
            f"{NAMES}.places": kept_numbers(_starts([keys[row] >> 2 for row in order], len(terms))),
            **kept_terms(OTHERS, list(others)),
            **_lists(f"{OTHERS}.begins", f"{OTHERS}.names", others.values()),
            **_property(TRADES, trades, order, spell),
            **_property(MAKERS, makers, order, spell),
            **_property(PACKS, packs, order, None),
        },
        blocks=[zlib.compress(text.encode(), 1) for text in texts],
        lengths=frozenset(chain.from_iterable(map(_lengths, texts))),
        pieces=_pieces(texts),
        order=order,
    )


def _ranked(names: _Numbered, spell: Spell) -> tuple[list[Term], list[int]]:
    """Return the names in the order in which they are shown, and where in it each raw name is."""
    read = {fold(raw): spell(raw)[0] for raw in names.ids}
    terms = [Term(text, syllables) for text, syllables in read.items()]
    terms.sort(key=lambda term: (len(term.text), "".join(term.syllables), term.text))
    place = {term.text: number for number, term in enumerate(terms)}
    return terms, [place[fold(raw)] for raw in names.ids]


def _others(terms: Sequence[Term], spell: Spell, parts: Parts) -> dict[Term, set[int]]:
    """Return by what else each name goes: without salt and form, and read in other ways."""
    others: dict[Term, set[int]] = {}
    for number, term in enumerate(terms):
        for syllables in spell(term.text)[1:]:
            _go_by(others, Term("", syllables), {number})
        for text in other_names(term.text, parts):
            first, *more = spell(text)
            _go_by(others, Term(text, first), {number})
            for syllables in more:
                _go_by(others, Term("", syllables), {number})
    return others


def _initials(term: Term) -> str:
    return "".join(syllable[0] for syllable in term.syllables)


def _go_by(others: dict[Term, set[int]], other: Term, names: set[int]) -> None:
    others.setdefault(other, set()).update(names)


def _property(name: str, raw: _Numbered, order: Sequence[int], spell: Spell | None) -> dict[str, bytes]:
    folded = {text: SEPARATOR.join(map(fold, text.split(SEPARATOR))) for text in raw.ids}
    number: dict[str, int] = {}
    terms: list[Term] = []
    for text in raw.ids:
        if number.setdefault(folded[text], len(number)) == len(terms):
            terms.append(Term(folded[text], spell(text)[0] if spell else ()))
    numbers = [number[folded[text]] for text in raw.ids]
    of = [numbers[raw.of[row]] for row in order]
    bands, in_band = bands_of(len(order)), (1 << BAND) - 1
    places: list[list[int]] = [[] for _ in range(len(terms) * bands)]
    for place, term in enumerate(of):
        if terms[term].text:  # Nobody looks for the drugs that have none.
            places[term * bands + (place >> BAND)].append(place & in_band)
    lists = _lists(f"{name}.begins", f"{name}.places", places)
    return {**kept_terms(name, terms), f"{name}.of": kept_numbers(of), **lists}


def _lists(begins: str, values: str, lists: Iterable[Iterable[int]]) -> dict[str, bytes]:
    each = [sorted(one) for one in lists]
    return {
        begins: kept_numbers(accumulate(map(len, each), initial=0)),
        values: kept_numbers(chain.from_iterable(each)),
    }


def _starts(sorted_numbers: Sequence[int], count: int) -> list[int]:
    """Return where each of ``count`` numbers begins among ``sorted_numbers``, and their end."""
    lengths = [0] * count
    for number in sorted_numbers:
        lengths[number] += 1
    return list(accumulate(lengths, initial=0))


def _block(codes: Sequence[str]) -> str:
    """Return drugs' codes as they are compared, but for their case: a line each."""
    text = unicodedata.normalize("NFKC", "\n".join(codes))
    return text.replace(APPROVED, "").replace(" ", "")


def _lengths(text: str) -> set[int]:
    return set(map(len, text.replace("\n", "").split("\t")))


def _pieces(texts: Sequence[str]) -> dict[str, bytes]:
    blocks: dict[str, array[int]] = defaultdict(lambda: array("H"))
    for number, text in enumerate(texts):
        line = text.lower().replace("\n", "")
        for piece in {line[at : at + PIECE] for at in range(len(line) - PIECE + 1)}:
            blocks[piece].append(number)
    return {piece: kept_blocks(each, len(texts)) for piece, each in blocks.items() if "\t\t" not in piece}
