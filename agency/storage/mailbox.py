"""What each shop is to hear of the people it follows, numbered in the order of commits."""

from __future__ import annotations

from functools import partial
from itertools import groupby

from msgspec import Struct

from agency.storage.connection import Connection

PERSON, PRESCRIPTION, SNAPSHOT, ADJUSTMENT = "person", "prescription", "snapshot", "adjustment"
REFUSAL = "refusal"
_LATE = ("mailbox",)


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
    db.letters[provider, kind, psn_no, key] = body
    db.late[_LATE] = partial(_deliver, db)


def read(db: Connection, provider: str, after: int, limit: int) -> list[Mail]:
    """Return at most ``limit`` things to tell a shop after number ``after``, in order."""
    rows = db.execute(
        "SELECT number, kind, psn_no, key, body FROM mailbox WHERE provider = ? AND number > ?"
        " ORDER BY number LIMIT ?",
        (provider, after, limit),
    ).fetchall()
    return [Mail(*row) for row in rows]


def _deliver(db: Connection) -> None:
    letters = sorted(db.letters.items())
    for provider, group in groupby(letters, key=lambda letter: letter[0][0]):
        theirs = list(group)
        first = _raise(db, provider, len(theirs)) - len(theirs) + 1
        db.executemany(
            "DELETE FROM mailbox WHERE provider = ? AND kind = ? AND psn_no = ? AND key = ?",
            [letter for letter, _body in theirs],
        )
        db.executemany(
            "INSERT INTO mailbox (provider, kind, psn_no, key, number, body) VALUES (?, ?, ?, ?, ?, ?)",
            [(*letter, number, body) for number, (letter, body) in enumerate(theirs, first)],
        )


def _raise(db: Connection, provider: str, by: int) -> int:
    """Take ``by`` numbers of a shop's mailbox, and return the last; it stays locked to the end."""
    raised = "UPDATE mailbox_head SET number = number + ? WHERE provider = ? RETURNING number"
    row = db.execute(raised, (by, provider)).fetchone()
    if row is None:
        open_box(db, provider)
        row = db.execute(raised, (by, provider)).fetchone()
    return int(row[0])
