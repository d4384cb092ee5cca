"""What is still to be said to the agency: settled row by row, never deleted, one bad one blocks no other."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from app.storage import journal
from app.storage.connection import Connection
from app.storage.instants import from_text, to_text
from engine.protocol.journal import journal_input
from engine.sale import Store

State: TypeAlias = Literal["waiting", "accepted", "rejected"]


class Message(Struct, frozen=True, kw_only=True):
    """One message; ``id`` is fixed before the first sending and stays the same for ever.

    ``input`` is the JSON text of the envelope's input object, ``admdvs`` the insured region
    (insuplc_admdvs), ``sale`` the number of the sale it belongs to. ``next_attempt_at`` None: at once.
    """

    id: str
    infno: str
    input: str
    provider: str
    made_at: datetime
    admdvs: str | None = None
    sale: str | None = None
    state: State = "waiting"
    attempts: int = 0
    next_attempt_at: datetime | None = None
    trouble: str = ""
    answer: str | None = None


_COLUMNS = (
    "id, infno, input, provider, made_at, admdvs, sale, state, attempts, next_attempt_at, trouble, answer,"
    " first_entry, last_entry"
)


def put(db: Connection, message: Message) -> None:
    """Queue ``message``, inside the caller's transaction; it is due at ``next_attempt_at`` or at once."""
    _insert(db, message, message.input, (None, None))


def put_journal(db: Connection, message: Message, entries: tuple[int, int]) -> None:
    """Queue an upload of the journal entries from the first to the last number, the last of which is a sale.

    ``message.input`` is left aside: the text is read from the journal, which never changes, instead of being
    written a second time.
    """
    _insert(db, message, None, entries)


def _insert(
    db: Connection, message: Message, input_: str | None, entries: tuple[int | None, int | None]
) -> None:
    made_at = to_text(message.made_at)
    due_at = to_text(message.next_attempt_at) if message.next_attempt_at else made_at
    what = (message.id, message.infno, message.provider, message.admdvs, message.sale, input_)
    db.execute(
        "INSERT INTO outbox (id, infno, provider, admdvs, sale, input, made_at, next_attempt_at,"
        " first_entry, last_entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*what, made_at, due_at, *entries),
    )


def due(db: Connection, now: datetime, limit: int) -> list[Message]:
    """Return at most ``limit`` waiting messages whose next attempt is due, oldest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE state = 'waiting' AND next_attempt_at <= ?"
        " ORDER BY number LIMIT ?",
        (to_text(now), limit),
    )
    return [_message(db, row) for row in rows.fetchall()]


def next_due_at(db: Connection) -> datetime | None:
    """Return when the next attempt is due; None when nothing waits."""
    row = db.execute("SELECT min(next_attempt_at) FROM outbox WHERE state = 'waiting'").fetchone()
    return from_text(row[0]) if row[0] else None


def accepted(db: Connection, id: str, answer: str, at: datetime) -> None:
    """Settle a message that the agency took; ``answer`` is its output as JSON text."""
    db.execute(
        "UPDATE outbox SET state = 'accepted', attempts = attempts + 1, next_attempt_at = NULL,"
        " trouble = '', answer = ?, settled_at = ? WHERE id = ? AND state = 'waiting'",
        (answer, to_text(at), id),
    )


def rejected(db: Connection, id: str, trouble: str, at: datetime) -> None:
    """Settle a message that the agency refused; it stays on record for a person to look at."""
    db.execute(
        "UPDATE outbox SET state = 'rejected', attempts = attempts + 1, next_attempt_at = NULL,"
        " trouble = ?, settled_at = ? WHERE id = ? AND state = 'waiting'",
        (trouble, to_text(at), id),
    )


def failed(db: Connection, id: str, trouble: str, next_attempt_at: datetime) -> None:
    """Note an attempt that reached nobody; the message is due again at ``next_attempt_at``."""
    db.execute(
        "UPDATE outbox SET attempts = attempts + 1, trouble = ?, next_attempt_at = ?"
        " WHERE id = ? AND state = 'waiting'",
        (trouble, to_text(next_attempt_at), id),
    )


def hasten(db: Connection, now: datetime) -> None:
    """Make every waiting message due now: the person at the counter asked for it."""
    db.execute("UPDATE outbox SET next_attempt_at = ? WHERE state = 'waiting'", (to_text(now),))


def counts(db: Connection) -> tuple[int, int]:
    """Return how many messages wait and how many were rejected."""
    row = db.execute(
        "SELECT (SELECT count(*) FROM outbox WHERE state = 'waiting'),"
        " (SELECT count(*) FROM outbox WHERE state = 'rejected')"
    ).fetchone()
    return row[0], row[1]


def recent(db: Connection, limit: int) -> list[Message]:
    """Return the newest messages first, of any state."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM outbox ORDER BY number DESC LIMIT ?", (limit,))
    return [_message(db, row) for row in rows.fetchall()]


def with_ids(db: Connection, ids: tuple[str, ...]) -> list[Message]:
    """Return the messages with these ids, in the order in which they were put."""
    marks = ", ".join("?" * len(ids))
    rows = db.execute(f"SELECT {_COLUMNS} FROM outbox WHERE id IN ({marks}) ORDER BY number", ids)
    return [_message(db, row) for row in rows.fetchall()]


def last_number(db: Connection) -> int:
    """Return how many messages were ever put, for the serial of the next one's id."""
    return int(db.execute("SELECT coalesce(max(number), 0) FROM outbox").fetchone()[0])


def _journal_text(db: Connection, first: int, last: int) -> str:
    entries = journal.read(db, first - 1, last - first + 1)
    return journal_input(msgspec.json.decode(entries[-1].body, type=_Sold).store, entries)


class _Sold(Struct):
    store: Store


def _message(db: Connection, row: Any) -> Message:
    return Message(
        id=row[0],
        infno=row[1],
        input=row[2] if row[2] is not None else _journal_text(db, row[12], row[13]),
        provider=row[3],
        made_at=from_text(row[4]),
        admdvs=row[5],
        sale=row[6],
        state=row[7],
        attempts=row[8],
        next_attempt_at=from_text(row[9]) if row[9] else None,
        trouble=row[10],
        answer=row[11],
    )
