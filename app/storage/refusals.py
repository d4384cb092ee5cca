"""Reports of refused prescriptions: an index of the journal entries that hold them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from app.storage import packing
from app.storage.connection import Connection
from app.storage.instants import from_text, to_text
from engine.prescription import Prescription
from engine.prescription_use import key_of
from engine.protocol.eprescription_seal import without_seal
from engine.refusal import RefusalReport
from engine.signoff import PrescriptionRefused

_DECODE = msgspec.json.Decoder(RefusalReport).decode
_DECODE_REFUSED = msgspec.json.Decoder(PrescriptionRefused).decode


class Filed(Struct, frozen=True, kw_only=True):
    """A report; ``state`` is that of the message which carries it."""

    id: str
    key: str
    at: datetime
    report: RefusalReport
    state: str


def put(db: Connection, report: RefusalReport, key: str, at: datetime, *, journal: int, message: int) -> None:
    """Keep a report of the prescription with ``key``, in the caller's transaction."""
    db.execute(
        "INSERT INTO refusal (id, key, at, journal, message) VALUES (?, ?, ?, ?, ?)",
        (report.id, key, to_text(at), journal, message),
    )


def count(db: Connection) -> int:
    """Return how many reports were ever made."""
    return int(db.execute("SELECT coalesce(max(number), 0) FROM refusal").fetchone()[0])


def of_key(db: Connection, key: str) -> Filed | None:
    """Return the latest report of a prescription."""
    found = _filed(db, "WHERE r.key = ? ORDER BY r.number DESC LIMIT 1", (key,))
    return found[0] if found else None


def of_prescription(db: Connection, prescription: Prescription) -> Filed | None:
    """Return the latest report of this very prescription; one that was corrected since is another."""
    found = of_key(db, key_of(prescription))
    same = found is not None and without_seal(found.report.prescription) == without_seal(prescription)
    return found if same else None


def recent(db: Connection, limit: int) -> list[Filed]:
    """Return the newest reports first."""
    return _filed(db, "ORDER BY r.number DESC LIMIT ?", (limit,))


def note_refused(db: Connection, key: str, *, journal: int) -> None:
    """Keep that a prescription was refused by journal entry ``journal``, in the caller's transaction."""
    db.execute("INSERT OR REPLACE INTO prescription_refused (key, journal) VALUES (?, ?)", (key, journal))


def refused(db: Connection, key: str) -> PrescriptionRefused | None:
    """Return the latest refusal of a prescription as the journal holds it, reported or not."""
    row = db.execute(
        "SELECT j.body FROM prescription_refused r JOIN journal j ON j.number = r.journal WHERE r.key = ?",
        (key,),
    ).fetchone()
    return _DECODE_REFUSED(packing.unpack(row[0])) if row else None


def _filed(db: Connection, where: str, arguments: tuple[Any, ...]) -> list[Filed]:
    rows = db.execute(
        "SELECT r.id, r.key, r.at, j.body, o.state FROM refusal r JOIN journal j ON j.number = r.journal"
        f" JOIN outbox o ON o.number = r.message {where}",
        arguments,
    )
    return [
        Filed(
            id=row[0], key=row[1], at=from_text(row[2]), report=_DECODE(packing.unpack(row[3])), state=row[4]
        )
        for row in rows.fetchall()
    ]
