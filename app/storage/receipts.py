"""Receipts as printed, kept for ever, and each time that paper came out of the printer."""

from __future__ import annotations

from datetime import datetime

import msgspec

from app.storage import packing
from app.storage.connection import Connection
from app.storage.instants import to_text
from engine.receipt import Receipt

_DECODE = msgspec.json.Decoder(Receipt).decode
_LOOK_BACK = 50
"""Sales that are looked at for paper that never came out: more cannot lie between a commit and a start."""


def save(db: Connection, serial: int, receipt: Receipt) -> None:
    """Keep the receipt of sale ``serial`` as it is about to be printed."""
    db.execute(
        "INSERT INTO receipt (sale, body) VALUES (?, ?)",
        (serial, packing.pack(msgspec.json.encode(receipt).decode())),
    )


def by_serial(db: Connection, serial: int) -> Receipt | None:
    """Return the receipt of sale ``serial``; None when it was never made (a power cut came between)."""
    row = db.execute("SELECT body FROM receipt WHERE sale = ?", (serial,)).fetchone()
    return _DECODE(packing.unpack(row[0])) if row else None


def next_copy(db: Connection, serial: int) -> int:
    """Return which paper of the sale comes next: 0 is the original, 1 the first copy."""
    row = db.execute("SELECT coalesce(max(copy), -1) + 1 FROM printing WHERE sale = ?", (serial,)).fetchone()
    return int(row[0])


def printed(db: Connection, serial: int, copy: int, at: datetime, place: str | None) -> None:
    """Note that paper came out; ``place`` is where its PDF lies, if it is one."""
    db.execute(
        "INSERT INTO printing (number, sale, copy, at, place)"
        " VALUES ((SELECT coalesce(max(number), 0) + 1 FROM printing), ?, ?, ?, ?)",
        (serial, copy, to_text(at), place),
    )


def never_printed(db: Connection) -> list[str]:
    """Return the numbers of recent sales whose paper never came out, oldest first."""
    rows = db.execute(
        "SELECT number FROM sale WHERE serial > (SELECT coalesce(max(serial), 0) FROM sale) - ?"
        " AND NOT EXISTS (SELECT 1 FROM printing WHERE printing.sale = sale.serial) ORDER BY serial",
        (_LOOK_BACK,),
    )
    return [row[0] for row in rows.fetchall()]
