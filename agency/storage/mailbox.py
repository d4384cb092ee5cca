"""What each shop is to hear of the people it follows, numbered in the order of commits."""

from __future__ import annotations

from functools import partial

from msgspec import Struct

from agency.storage.connection import Connection

PERSON, PRESCRIPTION, SNAPSHOT, ADJUSTMENT = "person", "prescription", "snapshot", "adjustment"


class Mail(Struct, frozen=True):
    """One thing to tell; ``body`` is empty where it is read when it is told."""

    number: int
    kind: str
    psn_no: str
    key: str
    body: str


def open_box(db: Connection, provider: str) -> None:
    """Make a shop's mailbox, where it has none."""
    db.execute(
        "INSERT INTO mailbox_head (provider, number) VALUES (?, 0) ON CONFLICT DO NOTHING", (provider,)
    )


def post(db: Connection, provider: str, kind: str, psn_no: str, *, key: str = "", body: str = "") -> None:
    """Let a shop hear of something; what it has not yet heard of the same kind, person and key is replaced.

    Written at the end of the transaction, in the order of the shops, so that no two wait for each other.
    """
    db.late[provider, kind, psn_no, key] = partial(_write, db, (provider, kind, psn_no, key), body)


def read(db: Connection, provider: str, after: int, limit: int) -> list[Mail]:
    """Return at most ``limit`` things to tell a shop after number ``after``, in order."""
    rows = db.execute(
        "SELECT number, kind, psn_no, key, body FROM mailbox WHERE provider = ? AND number > ?"
        " ORDER BY number LIMIT ?",
        (provider, after, limit),
    ).fetchall()
    return [Mail(*row) for row in rows]


def _write(db: Connection, place: tuple[str, str, str, str], body: str) -> None:
    provider = place[0]
    raised = "UPDATE mailbox_head SET number = number + 1 WHERE provider = ? RETURNING number"
    row = db.execute(raised, (provider,)).fetchone()
    if row is None:
        open_box(db, provider)
        row = db.execute(raised, (provider,)).fetchone()
    changed = db.execute(
        "UPDATE mailbox SET number = ?, body = ? WHERE provider = ? AND kind = ? AND psn_no = ? AND key = ?",
        (row[0], body, *place),
    )
    if changed.rowcount == 0:
        db.execute(
            "INSERT INTO mailbox (provider, kind, psn_no, key, number, body) VALUES (?, ?, ?, ?, ?, ?)",
            (*place, row[0], body),
        )
