"""What customers brought back, by sale and line; and the settlement that a line was paid under."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from app.storage.connection import Connection
from app.storage.instants import to_text
from app.storage.sale_texts import SETTLEMENT
from engine.sale import Sale, insured_settlements


class CameBack(Struct, frozen=True, kw_only=True):
    """``quantity`` of a line of the sale with the serial ``sale``; ``lot`` None: of no known lot."""

    sale: int
    line: str
    quantity: int
    lot: int | None
    at: datetime
    who: str


class _Info(Struct):
    setl_id: str | None = None


class _Answer(Struct):
    setlinfo: _Info


_DECODE = msgspec.json.Decoder(_Answer).decode


def put(db: Connection, back: CameBack, journal: int) -> None:
    """Keep what came back, in the caller's transaction."""
    db.execute(
        "INSERT INTO came_back (number, sale, line, quantity, lot, at, who, journal)"
        " VALUES ((SELECT coalesce(max(number), 0) + 1 FROM came_back), ?, ?, ?, ?, ?, ?, ?)",
        (back.sale, back.line, back.quantity, back.lot, to_text(back.at), back.who, journal),
    )


def returned(db: Connection, sale: int, line: str) -> int:
    """Return how much of a line came back already."""
    row = db.execute(
        "SELECT coalesce(sum(quantity), 0) FROM came_back WHERE sale = ? AND line = ?", (sale, line)
    ).fetchone()
    return int(row[0])


def returned_by_lot(db: Connection, sale: int, line: str) -> dict[int, int]:
    """Return how much of a line came back already, by the lots that it was taken from."""
    rows = db.execute(
        "SELECT lot, sum(quantity) FROM came_back WHERE sale = ? AND line = ? AND lot IS NOT NULL GROUP BY 1",
        (sale, line),
    ).fetchall()
    return dict(rows)


def setl_ids(db: Connection, sale: Sale, before: int | None = None) -> dict[str, str]:
    """Return the agency's settlement numbers by line, as far as it has answered.

    ``before`` is a message of the sale that stands behind its settlements, where the caller knows one.
    """
    serial = int(sale.number.rpartition("-")[2])
    rows = db.execute(
        "SELECT o.answer FROM sale s JOIN outbox o ON o.number >= s.first_message"
        " AND o.number < s.first_message + s.messages WHERE s.serial = ? AND o.infno = ? AND o.number < ?"
        " ORDER BY o.number",
        (serial, SETTLEMENT, before or 1 << 62),
    ).fetchall()
    return {
        line: setl_id
        for settled, (answer,) in zip(insured_settlements(sale.answer), rows, strict=False)
        if answer is not None and (setl_id := _DECODE(answer).setlinfo.setl_id)
        for line in settled.lines
    }


def setl_id_of(db: Connection, sale: Sale, line: str) -> str | None:
    """Return the number of the settlement that a line was paid under; None for none, or none yet."""
    return setl_ids(db, sale).get(line)
