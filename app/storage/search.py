"""Finding drugs as one types, over the index in the catalogue's database; and keeping that index.

An import calls ``rebuild`` at its end; what changes single drugs does so inside ``following``. Both are part
of the transaction that changes the drugs, so that the index always speaks of what is there. To make all of it
anew takes seconds and 150 MB: where it ``is_due``, a process of its own does it, not the window's.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

from app.pinyin import read_names, read_speller
from app.storage import search_segments as segments
from app.storage.connection import Connection, transaction
from engine.search.build import build
from engine.search.near import begun
from engine.search.rank import Hit, Shelf, find
from engine.search.segment import GONE, ON_MARKET, SOLD_HERE, Row, Segment
from engine.search.terms import WHOLE
from engine.search.text import fold, other_names, query_words

MOST_RECENT = 5_000
"""Drugs that are kept apart from the main segment; with more, it is due to be made anew."""
MOST_SOLD = 8_000
"""Drugs whose sales count in the order of hits: the most sold. A large shop has as many."""
_MAIN, _RECENT = "main", "recent"
_ROW = (
    "SELECT code, approval, barcode, standard_code, shop_code, generic_name, trade_name, maker, form, spec,"
    " strength, pinyin, price IS NOT NULL, on_market FROM drug"
)


def rebuild(db: Connection) -> None:
    """Make the whole index anew from the drugs that there are, in the caller's transaction."""
    speller = read_speller(segments.readings(db, _MAIN))
    codes: list[str] = []
    built = build(_rows(db.execute(f"{_ROW} ORDER BY code"), codes), speller.spell, read_names())
    segments.drop(db, _RECENT)
    db.execute("DELETE FROM search_recent")
    segments.put(db, _MAIN, built, codes)
    segments.put_readings(db, _MAIN, speller.known)


def is_due(db: Connection) -> bool:
    """Tell whether the index is to be made anew: much was changed since, or another version made it."""
    recent = db.execute("SELECT count(*) FROM search_recent").fetchone()[0]
    return recent > MOST_RECENT or _is_unfit(db)


@contextmanager
def following(db: Connection, codes: Sequence[str]) -> Iterator[None]:
    """Have the index follow what is done to the drugs with ``codes``, in the caller's transaction.

    Where nothing changes that a drug is found by, the index stays: most news is of lists and prices.
    """
    if len(codes) > MOST_RECENT:
        yield
        rebuild(db)
        return
    before = _indexed(db, codes)
    yield
    changed = [code for code, row in _indexed(db, codes).items() if before.get(code) != row]
    if changed:
        _take_over(db, changed)


def _indexed(db: Connection, codes: Sequence[str]) -> dict[str, Any]:
    rows = (db.execute(f"{_ROW} WHERE code = ?", (code,)).fetchone() for code in codes)
    return {row[0]: row for row in rows if row is not None}


def _take_over(db: Connection, changed: Iterable[str]) -> None:
    """Put drugs that were changed or added into the recent segment."""
    db.executemany("INSERT OR IGNORE INTO search_recent (code) VALUES (?)", [(code,) for code in changed])
    known = _versions(db)
    if any(each.format != segments.FORMAT for each in known.values()):
        return  # The index will be made anew before it is next read.
    speller = read_speller(segments.readings(db, _MAIN))
    codes: list[str] = []
    rows = db.execute(f"{_ROW} WHERE code IN (SELECT code FROM search_recent) ORDER BY code")
    built = build(_rows(rows, codes), speller.spell, read_names())
    masked = segments.places_of(db, _MAIN, codes).values() if _MAIN in known else ()
    segments.put(db, _RECENT, built, codes, masked)


class Finder:
    """Finds drugs for one thread with its own connection; reads the index at the first question."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._versions: dict[str, segments.Version] = {}
        self._segments: dict[str, Segment] = {}
        self._shelves: list[Shelf] = []
        self._sold: Mapping[str, int] = {}
        self._asked: tuple[str, ...] = ()
        self._asked_places: list[frozenset[int]] = []

    def find(
        self, text: str, limit: int, *, sold: Mapping[str, int], asked: tuple[str, ...] = ()
    ) -> list[str]:
        """Return the codes of the drugs nearest to ``text``.

        ``sold`` says how often each drug was sold here, ``asked`` names what the prescription on the desk is
        for: codes or generic names.
        """
        words = query_words(text)
        if not words:
            return []
        _mend(self._db)
        with _one_state(self._db):
            self._read_anew(sold)
            self._look_up(asked)
            hits = [
                (hit, shelf.segment)
                for shelf, places in zip(self._shelves, self._asked_places, strict=True)
                for hit in find(shelf, words, limit, places)
            ]
            if len(self._shelves) > 1:
                hits.sort(key=_order)
            return [segment.code(hit.place) for hit, segment in hits[:limit]]

    def _read_anew(self, sold: Mapping[str, int]) -> None:
        """Read what has changed since the last question."""
        versions = _versions(self._db)
        if versions == self._versions and sold is self._sold:
            return
        for name in (_MAIN, _RECENT):
            if versions.get(name) != self._versions.get(name):
                self._segments.pop(name, None)
            if name in versions and name not in self._segments:
                self._segments[name] = segments.read(self._db, name)
        self._versions, self._sold, self._asked_places = versions, sold, []
        masked = segments.masked(self._db, _RECENT)
        most = heapq.nlargest(MOST_SOLD, sold, key=sold.__getitem__)
        earlier = {id(shelf.segment): shelf for shelf in self._shelves}
        self._shelves = []
        for name, segment in self._segments.items():
            places = segments.places_of(self._db, name, most) if most else {}
            times = {place: sold[code] for code, place in places.items()}
            hidden = masked if name == _MAIN else frozenset()
            self._shelves.append(Shelf(segment, times, hidden, earlier.get(id(segment))))

    def _look_up(self, asked: tuple[str, ...]) -> None:
        """Find the places of what the prescription asks for, unless they are known."""
        if asked != self._asked or len(self._asked_places) != len(self._shelves):
            self._asked = asked
            self._asked_places = [
                _asked_for(self._db, name, segment, asked) if asked else frozenset()
                for name, segment in self._segments.items()
            ]


def _versions(db: Connection) -> dict[str, segments.Version]:
    return {name: each for name, each in segments.versions(db).items() if name in (_MAIN, _RECENT)}


def _mend(db: Connection) -> None:
    """Make the index where there is none, or one that an older version of the program made."""
    if _is_unfit(db):
        with transaction(db):
            if _is_unfit(db):  # Another process may have been at it meanwhile.
                rebuild(db)


def _is_unfit(db: Connection) -> bool:
    known = _versions(db)
    return any(each.format != segments.FORMAT for each in known.values()) or (
        not known and db.execute("SELECT 1 FROM drug LIMIT 1").fetchone() is not None
    )


@contextmanager
def _one_state(db: Connection) -> Iterator[None]:
    """Read the index and what it speaks of as they are at one moment, whoever writes meanwhile."""
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("COMMIT")


def _order(found: tuple[Hit, Segment]) -> tuple[Any, ...]:
    hit, segment = found
    return hit.unasked, hit.tier, hit.unsold, *segment.order(hit.place)


def _asked_for(db: Connection, name: str, segment: Segment, asked: tuple[str, ...]) -> frozenset[int]:
    """Return the drugs that ``asked`` names by code or generic name; else those of the same ingredient."""
    coded = segments.places_of(db, name, asked)
    named: set[int] = set()
    for text in asked:
        if text not in coded:
            generic = fold(text)
            names = begun(segment, generic).at(WHOLE).names
            for other in () if names else other_names(generic, read_names()):
                names |= begun(segment, other).at(WHOLE).names
            named.update(chain.from_iterable(map(segment.places, names)))
    return frozenset((*coded.values(), *named))


def _rows(selected: Iterable[Any], codes: list[str]) -> Iterator[Row]:
    """Yield what is indexed of each drug selected, and note its code."""
    for row in selected:
        code, approval, barcode, standard, own, name, trade, maker, form, spec, strength, *rest = row
        pinyin, priced, on_market = rest
        codes.append(code)
        yield Row(
            codes=(code, approval, barcode, standard, own),
            name=name,
            trade_name=trade or "",
            maker=maker,
            form=form,
            spec=spec if strength in spec else f"{strength} {spec}",
            initials=pinyin,
            standing=GONE if not on_market else SOLD_HERE if priced else ON_MARKET,
        )
