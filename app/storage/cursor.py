"""Small named marks: how far a download came, which shop is open."""

from __future__ import annotations

from app.storage.connection import Connection

HEARD = "agency_heard"
"""When the agency was last heard, as ``instants.to_text`` writes it."""


def get(db: Connection, name: str) -> str | None:
    """Return the mark called ``name``."""
    row = db.execute("SELECT value FROM cursor WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def put(db: Connection, name: str, value: str) -> None:
    """Set the mark called ``name``."""
    db.execute(
        "INSERT INTO cursor (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
