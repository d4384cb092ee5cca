"""Numbers that only grow: changes, settlements, sign-ins."""

from __future__ import annotations

import sqlite3


def next_number(db: sqlite3.Connection, name: str) -> int:
    """Return the next number of ``name``, from 1, inside the caller's transaction."""
    row = db.execute(
        "INSERT INTO counter (name, value) VALUES (?, 1)"
        " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
        (name,),
    ).fetchone()
    return int(row[0])
