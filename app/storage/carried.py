"""Bundles on sticks, written and taken in: so that a replayed or older one is told from a new one."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from app.storage.connection import Connection
from app.storage.instants import from_text, to_text

Way: TypeAlias = Literal["up", "down"]


def note(db: Connection, way: Way, serial: int, digest: str, at: datetime) -> None:
    """Keep that a bundle was written or taken in, in the caller's transaction."""
    db.execute(
        "INSERT OR IGNORE INTO carried (way, serial, at, digest) VALUES (?, ?, ?, ?)",
        (way, serial, to_text(at), digest),
    )


def last(db: Connection, way: Way) -> int:
    """Return the highest serial of a way; 0 before the first."""
    row = db.execute("SELECT coalesce(max(serial), 0) FROM carried WHERE way = ?", (way,)).fetchone()
    return int(row[0])


def is_known(db: Connection, way: Way, digest: str) -> bool:
    """Tell whether this very bundle was written or taken in before."""
    row = db.execute("SELECT 1 FROM carried WHERE way = ? AND digest = ?", (way, digest)).fetchone()
    return row is not None


def written_at(db: Connection, serial: int) -> datetime | None:
    """Return when this till wrote its bundle ``serial``; None for one that it does not know of."""
    row = db.execute("SELECT min(at) FROM carried WHERE way = 'up' AND serial = ?", (serial,)).fetchone()
    return from_text(row[0]) if row and row[0] else None
