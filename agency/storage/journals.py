"""The journals of the tills: chains of entries, each named by the hash of its first one."""

from __future__ import annotations

from collections.abc import Iterable

from agency.storage.connection import Connection
from engine.journal import GENESIS, Entry


def chain_of(db: Connection, hash_: str) -> str | None:
    """Return the chain that holds the entry with a hash; asks every partition."""
    row = db.execute("SELECT chain FROM journal WHERE hash = ?", (hash_,)).fetchone()
    return row[0] if row else None


def head(db: Connection, chain: str) -> tuple[int, str]:
    """Return number and hash of the last entry held of a chain; (0, GENESIS) of a new one."""
    row = db.execute(
        "SELECT number, hash FROM journal WHERE chain = ? ORDER BY number DESC LIMIT 1", (chain,)
    ).fetchone()
    return (row[0], row[1]) if row else (0, GENESIS)


def hash_at(db: Connection, chain: str, number: int) -> str | None:
    """Return the hash of an entry held of a chain."""
    row = db.execute("SELECT hash FROM journal WHERE chain = ? AND number = ?", (chain, number)).fetchone()
    return row[0] if row else None


def append(db: Connection, chain: str, entries: Iterable[Entry]) -> None:
    """Keep entries that follow a chain's head."""
    db.executemany(
        "INSERT INTO journal (chain, number, at, kind, body, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(chain, e.number, e.at, e.kind, e.body, e.previous, e.hash) for e in entries],
    )
