"""Electronic prescriptions, by their number and by whom they were issued to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from agency.storage import mailbox, persons
from agency.storage.connection import Connection, select_in
from agency.storage.instants import instant, read_instant
from engine.prescription import Prescription
from engine.protocol.wire import encode

_PRESCRIPTION, _WITHDRAWN = "prescription", "withdrawn"


def save(db: Connection, prescriptions: Iterable[Prescription]) -> None:
    """Register prescriptions, inside the caller's transaction; the shops of their person hear of new ones."""
    for each in prescriptions:
        body = encode(each)
        db.known.pop((_PRESCRIPTION, each.number), None)
        row = db.execute("SELECT body FROM prescription WHERE number = ?", (each.number,)).fetchone()
        if row is not None and row[0] == body:
            continue
        if row is None:
            db.execute(
                "INSERT INTO prescription (number, psn_no, body) VALUES (?, ?, ?)",
                (each.number, each.psn_no, body),
            )
        else:
            db.execute(
                "UPDATE prescription SET psn_no = ?, body = ? WHERE number = ?",
                (each.psn_no, body, each.number),
            )
            if each.psn_no is not None:  # Issued anew: what was said of the one before is past.
                _set(db, each.psn_no, each.number, None, "")
        if each.psn_no is not None:
            tell(db, each.psn_no, each.number)


def prescription(db: Connection, number: str) -> Prescription | None:
    """Return the prescription with a number."""
    if (_PRESCRIPTION, number) in db.known:
        body = db.known[_PRESCRIPTION, number]
    else:
        row = db.execute("SELECT body FROM prescription WHERE number = ?", (number,)).fetchone()
        body = row[0] if row else None
    return msgspec.json.decode(body, type=Prescription) if body else None


def read_ahead(db: Connection, numbers: Iterable[str]) -> None:
    """Read together the prescriptions that the transaction will ask for one by one."""
    wanted = sorted(set(numbers))
    db.known.update(((_PRESCRIPTION, number), None) for number in wanted)
    for number, body in select_in(
        db, "SELECT number, body FROM prescription WHERE number IN ({marks})", wanted
    ):
        db.known[_PRESCRIPTION, number] = body


def of_person(db: Connection, psn_no: str) -> list[Prescription]:
    """Return the prescriptions that were issued to a person, by number."""
    rows = db.execute("SELECT number FROM prescribed WHERE psn_no = ? ORDER BY number", (psn_no,)).fetchall()
    found = [prescription(db, row[0]) for row in rows]
    return [each for each in found if each is not None and each.psn_no == psn_no]


def withdraw(db: Connection, psn_no: str, number: str, reason: str, at: datetime) -> None:
    """Note that the issuer takes a prescription back; the shops of its person hear of it."""
    _set(db, psn_no, number, instant(at), reason)
    tell(db, psn_no, number)


def withdrawal(db: Connection, psn_no: str, number: str) -> tuple[datetime, str] | None:
    """Return since when a prescription is withdrawn, and why; None of one that is not."""
    known = (_WITHDRAWN, f"{psn_no} {number}")
    if known not in db.known:
        row = db.execute(
            "SELECT withdrawn_at, reason FROM prescribed WHERE psn_no = ? AND number = ?", (psn_no, number)
        ).fetchone()
        found = db.known[known] = _withdrawal(row)
        return found
    kept: tuple[datetime, str] | None = db.known[known]
    return kept


def read_withdrawals_ahead(db: Connection, pairs: Sequence[tuple[str, str]]) -> None:
    """Read together what ``withdrawal`` will be asked for, by person and number; they are locked."""
    wanted: dict[str, tuple[datetime, str] | None] = {f"{psn_no} {number}": None for psn_no, number in pairs}
    sql = (
        "SELECT psn_no, number, withdrawn_at, reason FROM prescribed"
        " WHERE psn_no IN ({marks}) AND number IN ({marks})"
    )
    people, numbers = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    for psn_no, number, *row in select_in(db, sql, people, numbers):
        if f"{psn_no} {number}" in wanted:
            wanted[f"{psn_no} {number}"] = _withdrawal(row)
    for name, found in wanted.items():
        db.known[_WITHDRAWN, name] = found


def _withdrawal(row: Sequence[str | None] | None) -> tuple[datetime, str] | None:
    return (read_instant(row[0]), row[1] or "") if row and row[0] else None


def _set(db: Connection, psn_no: str, number: str, withdrawn_at: str | None, reason: str) -> None:
    db.known.pop((_WITHDRAWN, f"{psn_no} {number}"), None)
    db.execute(
        "UPDATE prescribed SET withdrawn_at = ?, reason = ? WHERE psn_no = ? AND number = ?",
        (withdrawn_at, reason, psn_no, number),
    )


def tell(db: Connection, psn_no: str, number: str) -> None:
    """Let the shops of a person hear of a prescription, and of how it stands."""
    db.execute(
        "INSERT INTO prescribed (psn_no, number) VALUES (?, ?) ON CONFLICT DO NOTHING", (psn_no, number)
    )
    for provider in persons.followers(db, psn_no):
        mailbox.post(db, provider, mailbox.PRESCRIPTION, psn_no, key=number)
