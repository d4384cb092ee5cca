"""Diagnoses to pick from, ICD-10 in the insurance's version, searched as drugs are; ``db`` is the catalogue.

A list of common ones comes with the program; the whole list comes with an import.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from app.pinyin import read_speller
from app.resources import resource
from app.storage import search_segments as segments
from app.storage.connection import Connection, transaction
from engine.prescription import Diagnosis
from engine.search.build import build
from engine.search.rank import Shelf, find
from engine.search.segment import Row
from engine.search.text import Parts, query_words

_SEGMENT = "diagnoses"
_OF_CODE = "SELECT code, name FROM diagnosis WHERE code = ?"
_WHOLE_NAMES = Parts((), (), ())  # Nothing is left out of a diagnosis.


def save(db: Connection, rows: Iterable[Diagnosis]) -> int:
    """Keep diagnoses beside those that are there, in the caller's transaction; return how many changed."""
    begin = db.total_changes
    db.executemany(
        "INSERT INTO diagnosis (code, name) VALUES (?, ?)"
        " ON CONFLICT (code) DO UPDATE SET name = excluded.name WHERE name <> excluded.name",
        [(row.code, row.name) for row in rows],
    )
    changed = db.total_changes - begin
    if changed or _SEGMENT not in segments.versions(db):
        _index(db)
    return changed


def save_common(db: Connection) -> None:
    """Keep the common ones where there are none yet."""
    if db.execute("SELECT 1 FROM diagnosis LIMIT 1").fetchone() is None:
        with transaction(db):
            save(db, common())


def count(db: Connection) -> int:
    """Return how many diagnoses there are."""
    return int(db.execute("SELECT count(*) FROM diagnosis").fetchone()[0])


def common() -> list[Diagnosis]:
    """Return the diagnoses that come with the program."""
    text = resource("diagnoses.csv").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return [Diagnosis(code, name) for code, name in csv.reader(lines)]


def named(db: Connection, name: str) -> Diagnosis | None:
    """Return the one diagnosis with the very name; None for none, or for several."""
    rows = db.execute("SELECT code, name FROM diagnosis WHERE name = ? LIMIT 2", (name,)).fetchall()
    return Diagnosis(*rows[0]) if len(rows) == 1 else None


class Picker:
    """Finds diagnoses for one thread with its own connection; reads the index at the first question."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._shelf: tuple[segments.Version, Shelf] | None = None

    def find(self, text: str, limit: int) -> list[Diagnosis]:
        """Return the diagnoses nearest to ``text``: name, pinyin, or code."""
        words = query_words(text)
        version = segments.versions(self._db).get(_SEGMENT)
        if not words or version is None:
            return []
        if self._shelf is None or self._shelf[0] != version:
            if version.format != segments.FORMAT:
                with transaction(self._db):
                    _index(self._db)
                version = segments.versions(self._db)[_SEGMENT]
            self._shelf = version, Shelf(segments.read(self._db, _SEGMENT), {})
        shelf = self._shelf[1]
        codes = [shelf.segment.code(hit.place) for hit in find(shelf, words, limit)]
        rows = (self._db.execute(_OF_CODE, (code,)).fetchone() for code in codes)
        return [Diagnosis(*row) for row in rows if row is not None]

    def forget(self) -> None:
        """Let go of the index: nothing is picked any more for a while."""
        self._shelf = None


def _index(db: Connection) -> None:
    speller = read_speller(segments.readings(db, _SEGMENT), diagnoses=True)
    codes: list[str] = []
    rows = _rows(db.execute("SELECT code, name FROM diagnosis ORDER BY code"), codes)
    segments.put(db, _SEGMENT, build(rows, speller.spell, _WHOLE_NAMES), codes)
    segments.put_readings(db, _SEGMENT, speller.known)


def _rows(selected: Iterable[tuple[str, str]], codes: list[str]) -> Iterator[Row]:
    """Yield what is indexed of each: its code stands where drugs have a trade name, found by any part."""
    for code, name in selected:
        codes.append(code)
        yield Row(codes=(code,), name=name, trade_name=code, maker="", form="", spec="")
