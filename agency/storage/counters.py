"""Numbers that only grow."""

from __future__ import annotations

from agency.storage.connection import Connection


def next_in_order(db: Connection, name: str) -> int:
    """Return the next number of ``name``, from 1: who gets a higher one commits later.

    The number stays locked until the transaction ends; so only for what is rarely written.
    """
    row = db.execute(
        "INSERT INTO counter (name, value) VALUES (?, 1)"
        " ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value",
        (name,),
    ).fetchone()
    return int(row[0])


def next_number(db: Connection, name: str) -> int:
    """Return a number of ``name`` (schema.NUMBERED) that nobody else gets; some may be left out."""
    return db.next_number(name)
