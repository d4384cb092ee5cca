"""A drug found at each keystroke among 300,000, beside LIKE '%…%' over the same columns of the same table.

Our search does more: it ranks by what the shop sold, knows pinyin, and each word may be in another field.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from app.storage import catalogue, search
from app.storage.connection import Connection, transaction
from bench.drugs import drugs
from bench.keystrokes import keystrokes
from bench.result import Result, seconds
from engine.catalogue import Drug
from engine.search.text import query_words

DRUGS = 300_000
KEYSTROKES = 6_000
COMPARED = 120
SOLD = 4_000
LIMIT = 12
BUDGET_MS = 8
TIMES = 20
MIB = 1 << 20

_NAMES = ("generic_name", "trade_name", "maker", "form", "spec")
_COLUMNS = (*_NAMES, "code", "approval", "barcode", "standard_code")
_CONTAINED = "(" + " OR ".join(f"{column} LIKE ?1" for column in _COLUMNS) + ")"


def measure() -> Result:
    """Type, time each key, and ask LIKE for some of them: the very ones, alternately with ours."""
    with TemporaryDirectory() as folder:
        path, key = Path(folder) / "catalogue.db", os.urandom(32)
        typed, sold, times_made = _make(path, key)
        db = catalogue.open_catalogue(path, key)
        finder = search.Finder(db)
        first = seconds(lambda: _find(db, finder, typed[0], sold))
        times = [seconds(lambda text=text: _find(db, finder, text, sold)) for text in typed]
        compared = _beside_like(db, finder, typed[:COMPARED], sold)
        size = _index_size(db)
        db.close()
    slowest = max(zip(times, typed, strict=True))
    notes = (
        f"index: made in {times_made[1]:.1f} s, beside {times_made[0]:.1f} s to save the drugs;"
        f" {size / MIB:.1f} MiB on disk; the first keystroke, which reads it, {first * 1000:.0f} ms",
        f"slowest keystroke: {slowest[0] * 1000:.1f} ms for {slowest[1]!r}",
    )
    return _result(sorted(times), compared, notes)


def _make(path: Path, key: bytes) -> tuple[list[str], dict[str, int], tuple[float, float]]:
    """Make a catalogue; return what is typed into it, what was sold of it, and the seconds it took."""
    every = list(drugs(DRUGS))
    db = catalogue.open_catalogue(path, key)
    saved = seconds(lambda: _in_transaction(db, lambda: catalogue.save(db, every)))
    index = seconds(lambda: _in_transaction(db, lambda: search.rebuild(db)))
    db.close()
    random = Random(2)
    sold = {drug.code: random.randrange(1, 400) for drug in random.sample(every, SOLD)}
    return keystrokes(every, KEYSTROKES), sold, (saved - index, index)


def _in_transaction(db: Connection, work: Callable[[], None]) -> None:
    with transaction(db):
        work()


def _find(db: Connection, finder: search.Finder, text: str, sold: dict[str, int]) -> list[Drug]:
    """Find drugs as a keystroke does: codes from the index, then the drugs with their listings."""
    return catalogue.by_codes(db, finder.find(text, LIMIT, sold=sold))


def _beside_like(
    db: Connection, finder: search.Finder, typed: list[str], sold: dict[str, int]
) -> tuple[float, float]:
    """Return the mean seconds a keystroke of ours and of LIKE, over the same keystrokes."""
    ours = theirs = 0.0
    for text in typed:
        ours += seconds(lambda text=text: _find(db, finder, text, sold))
        theirs += seconds(lambda text=text: _like(db, text))
    return ours / len(typed), theirs / len(typed)


def _like(db: Connection, text: str) -> list[Drug]:
    words = query_words(text)
    where = " AND ".join(_CONTAINED.replace("?1", f"?{place}") for place in range(1, len(words) + 1))
    rows = db.execute(
        f"SELECT code FROM drug WHERE {where} ORDER BY length(generic_name), generic_name, code"
        f" LIMIT {LIMIT}",
        tuple(f"%{word}%" for word in words),
    )
    return catalogue.by_codes(db, [row[0] for row in rows.fetchall()])


def _index_size(db: Connection) -> int:
    tables = {"search_part": "body", "search_block": "body", "search_piece": "blocks"}
    return sum(
        db.execute(f"SELECT sum(length({column})) FROM {table}").fetchone()[0]
        for table, column in tables.items()
    )


def _result(times: list[float], compared: tuple[float, float], notes: tuple[str, ...]) -> Result:
    ours, theirs = compared
    p99, faster = times[len(times) * 99 // 100], theirs / ours
    return Result(
        name="search",
        unit="ms",
        value=p99 * 1000,
        baseline=theirs * 1000,
        ratio=faster,
        budget=f"p99 <= {BUDGET_MS} ms a keystroke; mean >= {TIMES} x as fast as LIKE's mean",
        met=p99 * 1000 <= BUDGET_MS and faster >= TIMES,
        notes=(
            f"{len(times):,} keystrokes among {DRUGS:,} drugs, which are read with their listings:"
            f" median {times[len(times) // 2] * 1000:.2f} ms, p99 {p99 * 1000:.2f} ms",
            f"{COMPARED} of them beside LIKE on {len(_COLUMNS)} columns, alternately:"
            f" {ours * 1000:.2f} ms and {theirs * 1000:.0f} ms on average",
            *notes,
        ),
    )
