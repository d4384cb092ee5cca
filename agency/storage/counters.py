"""Numbers that only grow."""

from __future__ import annotations

from collections import deque

from agency.storage.connection import Connection

_AHEAD = "numbers"


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
    ahead = db.known.get((_AHEAD, name))
    return int(ahead.popleft()) if ahead else db.next_numbers(name, 1)[0]


def take_ahead(db: Connection, name: str, count: int) -> None:
    """Take numbers that the transaction will want one by one."""
    if count > 1:
        # The one thing known that changes: what an undone block took is not given out again.
        db.known[_AHEAD, name] = deque(db.next_numbers(name, count))
