"""Electronic prescriptions that the agency passed on, by their number."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from app.storage.connection import Connection
from engine.prescription import Prescription

_DECODE = msgspec.json.Decoder(Prescription).decode


def save(db: Connection, prescriptions: Iterable[Prescription]) -> None:
    """Keep ``prescriptions`` as they are now."""
    db.executemany(
        "INSERT INTO prescription (number, psn_no, body) VALUES (?, ?, ?)"
        " ON CONFLICT (number) DO UPDATE SET psn_no = excluded.psn_no, body = excluded.body",
        [(each.number, each.psn_no, msgspec.json.encode(each).decode()) for each in prescriptions],
    )


def by_number(db: Connection, number: str) -> Prescription | None:
    """Return the prescription with ``number``."""
    row = db.execute("SELECT body FROM prescription WHERE number = ?", (number,)).fetchone()
    return _DECODE(row[0]) if row else None
