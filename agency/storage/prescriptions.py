"""Electronic prescriptions, by their number and by whom they were issued to."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from agency.storage import mailbox, persons
from agency.storage.connection import Connection
from engine.prescription import Prescription
from engine.protocol.wire import encode


def save(db: Connection, prescriptions: Iterable[Prescription]) -> None:
    """Register prescriptions, inside the caller's transaction; the shops of their person hear of new ones."""
    for each in prescriptions:
        body = encode(each)
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
        if each.psn_no is not None:
            _tell(db, each.psn_no, each.number)


def prescription(db: Connection, number: str) -> Prescription | None:
    """Return the prescription with a number."""
    row = db.execute("SELECT body FROM prescription WHERE number = ?", (number,)).fetchone()
    return msgspec.json.decode(row[0], type=Prescription) if row else None


def of_person(db: Connection, psn_no: str) -> list[Prescription]:
    """Return the prescriptions that were issued to a person, by number."""
    rows = db.execute("SELECT number FROM prescribed WHERE psn_no = ? ORDER BY number", (psn_no,)).fetchall()
    found = [prescription(db, row[0]) for row in rows]
    return [each for each in found if each is not None and each.psn_no == psn_no]


def _tell(db: Connection, psn_no: str, number: str) -> None:
    db.execute(
        "INSERT INTO prescribed (psn_no, number) VALUES (?, ?) ON CONFLICT DO NOTHING", (psn_no, number)
    )
    for provider in persons.followers(db, psn_no):
        mailbox.post(db, provider, mailbox.PRESCRIPTION, psn_no, key=number)
