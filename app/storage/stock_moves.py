"""Stock that is booked: the journal entry, the movements, the balances and the boxes, in one step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from app.storage import journal, stock, stock_boxes
from app.storage.connection import Connection
from app.storage.instants import from_text, to_text
from app.storage.stock_boxes import OpenedPack
from engine.stock import Lot, Move, NotOnHand, after
from engine.stock_boxes import Box


class Booking(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of a journal entry ``stock_…``: what moved, by whom, and why.

    ``names`` is the movement that is corrected, ``sale`` the number of the sale that something came back
    from.
    """

    provider: str
    who: str
    why: str = ""
    lots: tuple[Lot, ...] = ()
    moves: tuple[Move, ...] = ()
    boxes: tuple[Box, ...] = ()
    names: int | None = None
    sale: str | None = None


class Booked(Struct, frozen=True):
    """What was written: the journal entry, and the number of each movement, in order."""

    journal: int
    moves: tuple[int, ...]


class MoveRow(Struct, frozen=True, kw_only=True):
    """A movement as it stands in the books."""

    number: int
    move: Move
    at: datetime
    who: str
    why: str
    names: int | None
    journal: int


def book(db: Connection, kind: str, booking: Booking, at: datetime) -> Booked:
    """Write a booking under the journal's ``kind``, in the caller's transaction.

    Raises NotOnHand where it takes more than there is, the sales since the last full run counted.
    """
    entry = journal.append(db, kind, msgspec.json.encode(booking).decode(), at)
    for lot in booking.lots:
        db.execute(
            "INSERT INTO lot (number, provider, drug, expires, body, journal) VALUES (?, ?, ?, ?, ?, ?)",
            (
                lot.number,
                booking.provider,
                lot.drug,
                lot.expires.isoformat() if lot.expires else None,
                msgspec.json.encode(lot).decode(),
                entry.number,
            ),
        )
    numbers = [_write(db, each, booking, at, entry.number) for each in booking.moves]
    stock_boxes.put(db, booking.boxes, at, entry.number)
    return Booked(entry.number, tuple(numbers))


def _write(db: Connection, moved: Move, booking: Booking, at: datetime, entry: int) -> int:
    there = stock.one(db, moved.lot)
    if there is None:
        raise NotOnHand(f"there is no lot {moved.lot}")
    after(there.balance, moved)
    number = int(db.execute("SELECT coalesce(max(number), 0) + 1 FROM stock_move").fetchone()[0])
    db.execute(
        "INSERT INTO stock_move (number, lot, kind, packs, pieces, held, at, who, why, names, journal)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(number, moved.lot, moved.kind, moved.packs, moved.pieces, moved.held, to_text(at)),
            *(booking.who, booking.why, booking.names, entry),
        ),
    )
    db.execute(
        "UPDATE lot SET packs = packs + ?, pieces = pieces + ?, held = held + ? WHERE number = ?",
        (moved.packs, moved.pieces, moved.held, moved.lot),
    )
    _in_packs(db, moved, there.lot, (booking, at, entry))
    return number


def _in_packs(db: Connection, moved: Move, lot: Lot, by: tuple[Booking, datetime, int]) -> None:
    """Keep a lot's opened packs in step with its loose pieces; who opens a pack tells of it himself."""
    if moved.pieces < 0:
        stock_boxes.empty(db, moved.lot, -moved.pieces)
    elif moved.pieces and moved.kind != "opened":
        booking, at, entry = by
        pack = OpenedPack(
            number=stock_boxes.next_pack(db),
            provider=booking.provider,
            drug=lot.drug,
            lot=lot.number,
            code=None,
            size=moved.pieces,
            gone=0,
            at=to_text(at),
            who=booking.who,
        )
        stock_boxes.open_pack(db, pack, entry)


def of_lot(db: Connection, lot: int) -> list[MoveRow]:
    """Return what was booked of a lot, oldest first; the sales' own takings are not among it."""
    rows = db.execute(
        "SELECT number, kind, lot, packs, pieces, held, at, who, why, names, journal FROM stock_move"
        " WHERE lot = ? ORDER BY number",
        (lot,),
    ).fetchall()
    return [_row(row) for row in rows]


def received_in(db: Connection, lot: int) -> MoveRow | None:
    """Return the movement by which a lot came."""
    return next((each for each in of_lot(db, lot) if each.move.kind == "received"), None)


def place_in_entry(db: Connection, row: MoveRow) -> int:
    """Return which movement of its journal entry ``row`` is, counted from 1."""
    found = db.execute(
        "SELECT count(*) FROM stock_move WHERE journal = ? AND number <= ?", (row.journal, row.number)
    ).fetchone()
    return int(found[0])


def _row(row: Sequence[Any]) -> MoveRow:
    return MoveRow(
        number=row[0],
        move=Move(kind=row[1], lot=row[2], packs=row[3], pieces=row[4], held=row[5]),
        at=from_text(row[6]),
        who=row[7],
        why=row[8],
        names=row[9],
        journal=row[10],
    )
