"""The journals of the tills: chains of entries, each named by the hash of its first one."""

from __future__ import annotations

from collections.abc import Iterable

from agency.storage.connection import Connection
from engine.journal import GENESIS, Entry

_HEAD = "journal head"
_INSERT = "INSERT INTO journal (chain, number, at, kind, body, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?)"


def chain_of(db: Connection, hash_: str) -> str | None:
    """Return the chain that holds the entry with a hash; asks every partition."""
    row = db.execute("SELECT chain FROM journal WHERE hash = ?", (hash_,)).fetchone()
    return row[0] if row else None


def head(db: Connection, chain: str) -> tuple[int, str]:
    """Return number and hash of the last entry held of a chain; (0, GENESIS) of a new one."""
    found: tuple[int, str]
    if (_HEAD, chain) in db.known:
        found = db.known[_HEAD, chain]
    else:
        row = db.execute(
            "SELECT number, hash FROM journal WHERE chain = ? ORDER BY number DESC LIMIT 1", (chain,)
        ).fetchone()
        found = db.known[_HEAD, chain] = (row[0], row[1]) if row else (0, GENESIS)
    return found


def hash_at(db: Connection, chain: str, number: int) -> str | None:
    """Return the hash of an entry held of a chain."""
    found: str | None = db.known.get((_of(chain), str(number)))
    if found is None:  # Another transaction may have brought it since.
        row = db.execute(
            "SELECT hash FROM journal WHERE chain = ? AND number = ?", (chain, number)
        ).fetchone()
        found = db.known[_of(chain), str(number)] = row[0] if row else None
    return found


def hash_known_at(db: Connection, chain: str, number: int) -> str | None:
    """Return the hash of an entry, or None where it was not held when this transaction first asked for it.

    For the head that every message of a batch names again.
    """
    key = (_of(chain), str(number))
    found: str | None = db.known[key] if key in db.known else hash_at(db, chain, number)
    return found


def bodies(db: Connection, chain: str, kind: str, after: int) -> list[str]:
    """Return what the entries of a kind say that follow entry ``after`` in a chain."""
    rows = db.execute(
        "SELECT body FROM journal WHERE chain = ? AND number > ? AND kind = ? ORDER BY number",
        (chain, after, kind),
    ).fetchall()
    return [row[0] for row in rows]


def _of(chain: str) -> str:
    return f"journal {chain}"


def append(db: Connection, chain: str, entries: Iterable[Entry]) -> None:
    """Keep entries that follow a chain's head."""
    for e in entries:
        db.write(_INSERT, (chain, e.number, e.at, e.kind, e.body, e.previous, e.hash))
        db.known[_of(chain), str(e.number)] = e.hash
        db.known[_HEAD, chain] = (e.number, e.hash)
