"""What was answered to which message: the first answer is the answer.

A message lies in the lane of the person whom it is about, else of the shop that sent it, so that it is where
its effects are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from agency.storage.connection import Connection, select_in
from agency.storage.instants import instant

CANCELLED = "cancelled"
"""The digest of a message that was undone: no content has it."""


class Answered(Struct, frozen=True):
    """The first answer to a message: it is the answer to every repetition."""

    digest: str
    answer: str


def answered(db: Connection, lane: str, msgid: str) -> Answered | None:
    """Return the first answer to ``msgid``."""
    if (_in(lane), msgid) in db.known:
        found: Answered | None = db.known[_in(lane), msgid]
        return found
    row = db.execute(
        "SELECT digest, answer FROM message WHERE lane = ? AND msgid = ?", (lane, msgid)
    ).fetchone()
    return Answered(*row) if row else None


def read_ahead(db: Connection, wanted: Sequence[tuple[str, str]]) -> None:
    """Read together the first answers to many messages, by lane and msgid."""
    db.known.update(((_in(lane), msgid), None) for lane, msgid in wanted)
    sql = "SELECT lane, msgid, digest, answer FROM message WHERE lane IN ({marks}) AND msgid IN ({marks})"
    for lane, msgid, *first in select_in(
        db, sql, [lane for lane, _ in wanted], [msgid for _, msgid in wanted]
    ):
        db.known[_in(lane), msgid] = Answered(*first)


def remember(db: Connection, lane: str, msgid: str, infno: str, first: Answered, *, at: datetime) -> None:
    """Keep the first answer to ``msgid``, inside the transaction of its effects."""
    db.known[_in(lane), msgid] = first
    db.write(
        "INSERT INTO message (lane, msgid, infno, digest, at, answer) VALUES (?, ?, ?, ?, ?, ?)",
        (lane, msgid, infno, first.digest, instant(at), first.answer),
    )


def cancel(db: Connection, lane: str, msgid: str, infno: str, *, at: datetime) -> None:
    """Let a message never take effect from now on, whether it came or not."""
    db.known.pop((_in(lane), msgid), None)
    changed = db.execute(
        "UPDATE message SET digest = ? WHERE lane = ? AND msgid = ?", (CANCELLED, lane, msgid)
    )
    if changed.rowcount == 0:
        remember(db, lane, msgid, infno, Answered(CANCELLED, ""), at=at)


def forget(db: Connection, lane: str, infnos: tuple[str, ...], before: datetime) -> None:
    """Drop a lane's old answers to questions; a till repeats those within minutes or never."""
    marks = ", ".join("?" * len(infnos))
    db.execute(
        f"DELETE FROM message WHERE lane = ? AND infno IN ({marks}) AND at < ?",
        (lane, *infnos, instant(before)),
    )


def _in(lane: str) -> str:
    return f"message {lane}"
