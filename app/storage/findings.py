"""What arrived and could not be taken, and what else a person should look at; without names or numbers."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from app.storage.connection import Connection
from app.storage.instants import from_text, to_text


class Finding(Struct, frozen=True, kw_only=True):
    """One finding: ``kind`` for programs, ``text`` for people."""

    at: datetime
    kind: str
    text: str


def note(db: Connection, kind: str, text: str, at: datetime) -> None:
    """Keep a finding, in the caller's transaction."""
    db.execute("INSERT INTO finding (at, kind, text) VALUES (?, ?, ?)", (to_text(at), kind, text))


def recent(db: Connection, limit: int = 50) -> list[Finding]:
    """Return the newest findings first."""
    rows = db.execute("SELECT at, kind, text FROM finding ORDER BY number DESC LIMIT ?", (limit,))
    return [Finding(at=from_text(row[0]), kind=row[1], text=row[2]) for row in rows.fetchall()]
