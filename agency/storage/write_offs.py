"""What was written off of a prescription (7206), by the sale that dispensed it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from agency.storage.connection import Connection, select_in
from agency.storage.instants import instant
from engine.prescription_use import Given
from engine.protocol.wire import encode

_OFF = "written off"
_SEPARATOR = " "


class WriteOff(Struct, frozen=True, kw_only=True):
    """One sale on a prescription; ``settlements`` are the agency's numbers of what the funds bore of it."""

    psn_no: str
    number: str
    provider: str
    sale: str
    at: datetime
    msgid: str
    settlements: tuple[str, ...]
    given: tuple[Given, ...]


def save(db: Connection, made: WriteOff) -> None:
    """Keep a write-off, inside its transaction."""
    known = (_OFF, f"{made.psn_no} {made.number}")
    if known in db.known:
        db.known[known] = [*db.known[known], made]
    db.write(
        "INSERT INTO written_off (psn_no, number, provider, sale, at, msgid, settlements, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            made.psn_no,
            made.number,
            made.provider,
            made.sale,
            instant(made.at),
            made.msgid,
            _SEPARATOR.join(made.settlements),
            encode(made),
        ),
    )


def of_prescription(db: Connection, psn_no: str, number: str) -> list[WriteOff]:
    """Return what was written off of a prescription, in order of time."""
    known = (_OFF, f"{psn_no} {number}")
    if known in db.known:
        found: list[WriteOff] = db.known[known]
        return found
    rows = db.execute(
        "SELECT body FROM written_off WHERE psn_no = ? AND number = ? ORDER BY at", (psn_no, number)
    )
    found = db.known[known] = [msgspec.json.decode(row[0], type=WriteOff) for row in rows.fetchall()]
    return found


def read_ahead(db: Connection, pairs: Sequence[tuple[str, str]]) -> None:
    """Read together what will be asked for, by person and number; the people are locked."""
    wanted: dict[str, list[WriteOff]] = {f"{psn_no} {number}": [] for psn_no, number in pairs}
    sql = "SELECT psn_no, number, body FROM written_off WHERE psn_no IN ({marks}) AND number IN ({marks})"
    people, numbers = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    for psn_no, number, body in select_in(db, sql, people, numbers):
        if f"{psn_no} {number}" in wanted:
            wanted[f"{psn_no} {number}"].append(msgspec.json.decode(body, type=WriteOff))
    for name, found in wanted.items():
        db.known[_OFF, name] = sorted(found, key=lambda each: each.at)


def take_back(db: Connection, psn_no: str, provider: str, sale: str) -> list[str]:
    """Undo the write-off of a sale that was reversed; return the numbers of its prescriptions."""
    rows = db.execute(
        "SELECT number FROM written_off WHERE psn_no = ? AND provider = ? AND sale = ?",
        (psn_no, provider, sale),
    ).fetchall()
    for (number,) in rows:
        db.known.pop((_OFF, f"{psn_no} {number}"), None)
    if rows:
        db.execute(
            "DELETE FROM written_off WHERE psn_no = ? AND provider = ? AND sale = ?", (psn_no, provider, sale)
        )
    return [row[0] for row in rows]
