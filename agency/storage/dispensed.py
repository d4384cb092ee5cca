"""What was dispensed to each person, by whomever, so that the next counter sees it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from agency.storage.connection import Connection
from agency.storage.instants import instant
from engine.protocol.lease import Dispensed
from engine.protocol.wire import encode

MOST_ROWS = 500
"""As many as one answer takes; the latest ones."""


def save(db: Connection, setl_id: str, given: Iterable[Dispensed]) -> None:
    """Keep what one settlement dispensed, inside its transaction."""
    for place, each in enumerate(given):
        db.write(
            "INSERT INTO dispensed (psn_no, id, at, body) VALUES (?, ?, ?, ?)",
            (each.psn_no, f"{setl_id}-{place:03d}", instant(each.at), encode(each)),
        )


def take_back(db: Connection, psn_no: str, setl_id: str) -> None:
    """Forget what a settlement dispensed, because it was reversed."""
    db.execute("DELETE FROM dispensed WHERE psn_no = ? AND id LIKE ?", (psn_no, f"{setl_id}-%"))


def of_person(db: Connection, psn_no: str, begin: datetime, end: datetime | None = None) -> list[Dispensed]:
    """Return what was dispensed to a person from ``begin`` on and before ``end``, in order of time."""
    until = "" if end is None else " AND at < ?"
    values = (psn_no, instant(begin)) if end is None else (psn_no, instant(begin), instant(end))
    rows = db.execute(
        f"SELECT body FROM dispensed WHERE psn_no = ? AND at >= ?{until} ORDER BY at DESC, id DESC LIMIT ?",
        (*values, MOST_ROWS),
    ).fetchall()
    return [msgspec.json.decode(row[0], type=Dispensed) for row in reversed(rows)]
