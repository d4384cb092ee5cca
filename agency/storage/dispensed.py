"""What was dispensed to each person, by whomever, so that the next counter sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from agency.storage.connection import Connection, select_in
from agency.storage.instants import instant
from engine.protocol.lease import Dispensed
from engine.protocol.wire import encode

_ON = "dispensed on"
MOST_ROWS = 500
"""As many as one answer takes; the latest ones."""


def save(db: Connection, setl_id: str, given: Iterable[Dispensed]) -> None:
    """Keep what one settlement dispensed, inside its transaction."""
    for place, each in enumerate(given):
        db.write(
            "INSERT INTO dispensed (psn_no, id, at, rxno, body) VALUES (?, ?, ?, ?, ?)",
            (each.psn_no, f"{setl_id}-{place:03d}", instant(each.at), each.rxno, encode(each)),
        )
        known = (_ON, f"{each.psn_no} {each.rxno}")
        if known in db.known:
            db.known[known] = [*db.known[known], each]


def take_back(db: Connection, psn_no: str, setl_id: str) -> None:
    """Forget what a settlement dispensed, because it was reversed."""
    for known in [each for each in db.known if each[0] == _ON and each[1].startswith(f"{psn_no} ")]:
        db.known.pop(known)
    db.execute("DELETE FROM dispensed WHERE psn_no = ? AND id LIKE ?", (psn_no, f"{setl_id}-%"))


def on_prescription(db: Connection, psn_no: str, number: str) -> list[Dispensed]:
    """Return what settlements dispensed to a person on the prescription with ``number``."""
    known = (_ON, f"{psn_no} {number}")
    if known in db.known:
        found: list[Dispensed] = db.known[known]
        return found
    rows = db.execute(
        "SELECT body FROM dispensed WHERE psn_no = ? AND rxno = ? ORDER BY id", (psn_no, number)
    )
    found = db.known[known] = [msgspec.json.decode(row[0], type=Dispensed) for row in rows.fetchall()]
    return found


def read_ahead(db: Connection, pairs: Sequence[tuple[str, str]]) -> None:
    """Read together what ``on_prescription`` will be asked for, by person and number; they are locked."""
    wanted: dict[str, list[Dispensed]] = {f"{psn_no} {number}": [] for psn_no, number in pairs}
    sql = "SELECT psn_no, rxno, body FROM dispensed WHERE psn_no IN ({marks}) AND rxno IN ({marks})"
    people, numbers = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    for psn_no, number, body in select_in(db, sql, people, numbers):
        if f"{psn_no} {number}" in wanted:
            wanted[f"{psn_no} {number}"].append(msgspec.json.decode(body, type=Dispensed))
    for name, found in wanted.items():
        db.known[_ON, name] = found


def of_person(db: Connection, psn_no: str, begin: datetime, end: datetime | None = None) -> list[Dispensed]:
    """Return what was dispensed to a person from ``begin`` on and before ``end``, in order of time."""
    until = "" if end is None else " AND at < ?"
    values = (psn_no, instant(begin)) if end is None else (psn_no, instant(begin), instant(end))
    rows = db.execute(
        f"SELECT body FROM dispensed WHERE psn_no = ? AND at >= ?{until} ORDER BY at DESC, id DESC LIMIT ?",
        (*values, MOST_ROWS),
    ).fetchall()
    return [msgspec.json.decode(row[0], type=Dispensed) for row in reversed(rows)]
