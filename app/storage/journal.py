"""The append-only journal on disk; ``engine.journal`` says what an entry is and when a chain is broken.

Texts are stored packed (``app.storage.packing``); an entry's hash is over its text, not over what is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from app.storage import packing
from app.storage.connection import Connection, sqlite
from engine.journal import GENESIS, ChainFault, Entry, behind, find_faults, seal

_COLUMNS = "number, at, kind, body, previous, hash"
_PAGE = 500

Head: TypeAlias = tuple[int, str]
"""Number and hash of the last entry."""


def head(db: Connection) -> Head:
    """Return number and hash of the last entry; (0, GENESIS) of an empty journal."""
    row = db.execute("SELECT number, hash FROM journal ORDER BY number DESC LIMIT 1").fetchone()
    return (row[0], row[1]) if row else (0, GENESIS)


class Ready(Struct, frozen=True):
    """An entry before its transaction: sealed behind the head that is known, its text packed."""

    entry: Entry
    packed: bytes


def make_ready(kind: str, body: str, at: datetime, after: Head) -> Ready:
    """Return the entry that follows ``after``, to be written by ``put``."""
    entry = seal(number=after[0] + 1, at=at, kind=kind, body=body, previous=after[1])
    return Ready(entry, packing.pack(body))


def append(db: Connection, kind: str, body: str, at: datetime) -> Entry:
    """Seal and write the next entry, inside the caller's transaction."""
    return put(db, make_ready(kind, body, at, head(db)))


def put(db: Connection, ready: Ready) -> Entry:
    """Write an entry that was made ready, inside the caller's transaction; return it as it is written.

    Where its place is taken the table itself refuses it; then it is sealed again behind the present head.
    """
    try:
        return _write(db, ready.entry, ready.packed)
    except sqlite.IntegrityError:
        # Another thread's entry came between: the courier writes what the agency answers.
        return _write(db, behind(*head(db), ready.entry), ready.packed)


def _write(db: Connection, entry: Entry, packed: bytes) -> Entry:
    db.execute(
        f"INSERT INTO journal ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
        (entry.number, entry.at, entry.kind, packed, entry.previous, entry.hash),
    )
    return entry


def read(db: Connection, after: int, limit: int) -> list[Entry]:
    """Return at most ``limit`` entries that follow entry ``after``."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM journal WHERE number > ? ORDER BY number LIMIT ?", (after, limit)
    )
    return [_entry(row) for row in rows]


def entry(db: Connection, number: int) -> Entry:
    """Return entry ``number``; raise LookupError when there is none."""
    row = db.execute(f"SELECT {_COLUMNS} FROM journal WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise LookupError(f"the journal has no entry {number}")
    return _entry(row)


def body_of(db: Connection, number: int) -> str:
    """Return what entry ``number`` says; raise LookupError when there is none."""
    row = db.execute("SELECT body FROM journal WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise LookupError(f"the journal has no entry {number}")
    return packing.unpack(row[0])


def next_of_kind(db: Connection, kind: str, number: int) -> Entry:
    """Return the first entry of ``kind`` from ``number`` on; raise LookupError when there is none."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM journal WHERE number >= ? AND kind = ? ORDER BY number LIMIT 1",
        (number, kind),
    ).fetchone()
    if row is None:
        raise LookupError(f"no {kind} from entry {number} on")
    return _entry(row)


def verify(db: Connection) -> list[ChainFault]:
    """Return every fault of the whole chain, from its first entry."""
    return find_faults(_all_after(db, 0))


def verify_after(db: Connection, number: int, hash: str) -> list[ChainFault]:
    """Return the faults of what follows entry ``number``, which has ``hash``."""
    return find_faults(_all_after(db, number), number, hash)


def verify_news(db: Connection) -> list[ChainFault]:
    """Return the faults since the last mark, and set the mark at the head when there are none.

    The marked entry itself is read again: a database that was put back behind its mark is a fault too.
    """
    number, hash_ = _mark(db)
    if number:
        marked = db.execute(f"SELECT {_COLUMNS} FROM journal WHERE number = ?", (number,)).fetchone()
        if marked is None or marked[5] != hash_:
            return [ChainFault(number, f"第 {number} 条与上次核对时不同。")]
    faults = find_faults(_all_after(db, number), number, hash_)
    if not faults:
        _set_mark(db)
    return faults


def _all_after(db: Connection, number: int) -> Iterator[Entry]:
    while page := read(db, number, _PAGE):
        yield from page
        number = page[-1].number


def _mark(db: Connection) -> tuple[int, str]:
    row = db.execute("SELECT number, hash FROM verified").fetchone()
    return (row[0], row[1]) if row else (0, GENESIS)


def _set_mark(db: Connection) -> None:
    marked, verified = head(db), _mark(db)
    if marked == verified:
        return
    # One step, one write to the disk: a cut leaves the old mark or the new one, never none.
    if not db.execute("UPDATE verified SET number = ?, hash = ?", marked).rowcount:
        db.execute("INSERT INTO verified VALUES (?, ?)", marked)


def _entry(row: tuple[int, str, str, bytes | str, str, str]) -> Entry:
    number, at, kind, stored, previous, hash_ = row
    try:
        body = packing.unpack(stored)
    except ValueError:
        body = ""  # No such text has the entry's hash: whoever checks the chain finds it.
    return Entry(number=number, at=at, kind=kind, body=body, previous=previous, hash=hash_)
