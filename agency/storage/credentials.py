"""Whose each voucher, resident id and card is."""

from __future__ import annotations

from agency.storage.connection import Connection
from engine.person import Person
from engine.protocol import codes


def save(db: Connection, cert_type: str, number: str, psn_no: str) -> None:
    """Register whose a credential is, inside the caller's transaction."""
    changed = db.execute(
        "UPDATE credential SET psn_no = ? WHERE type = ? AND number = ?", (psn_no, cert_type, number)
    )
    if changed.rowcount == 0:
        db.execute(
            "INSERT INTO credential (type, number, psn_no) VALUES (?, ?, ?)", (cert_type, number, psn_no)
        )


def save_of(db: Connection, person: Person) -> None:
    """Register a person's resident id and card."""
    save(db, codes.RESIDENT_ID, person.cert_no, person.psn_no)
    if person.card_no:
        save(db, codes.CARD, person.card_no, person.psn_no)


def holder(db: Connection, cert_type: str, number: str) -> str | None:
    """Return the psn_no of who holds a voucher, resident id or card."""
    row = db.execute(
        "SELECT psn_no FROM credential WHERE type = ? AND number = ?", (cert_type, number)
    ).fetchone()
    return row[0] if row else None
