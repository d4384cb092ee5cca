"""What a shop has on its shelves: lots with what is left of them.

A lot's row counts what was booked and what full runs of sales took; what the few sales since took is
subtracted when somebody asks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from app.storage.connection import Connection
from app.storage.stock_runs import pending
from engine.stock import Balance, Lot, OnHand

_DECODE = msgspec.json.Decoder(Lot).decode
_COLUMNS = "number, body, packs, pieces, held"
_RECALLED = (
    "EXISTS (SELECT 1 FROM recall r WHERE r.lifted_at IS NULL AND r.drug = lot.drug"
    " AND r.batch IN ('', lot.body ->> 'batch'))"
)


def of_drug(db: Connection, provider: str, drug: str) -> list[OnHand]:
    """Return all lots of ``drug`` that a shop ever had, used up ones too, in the order of receiving."""
    rows = db.execute(
        f"SELECT {_COLUMNS}, {_RECALLED} FROM lot WHERE drug = ? AND provider = ? ORDER BY number",
        (drug, provider),
    ).fetchall()
    return _on_hand(db, rows) if rows else []


def all_of(db: Connection, provider: str) -> list[OnHand]:
    """Return the lots of which a shop has something left, by name and expiry."""
    rows = db.execute(
        f"SELECT {_COLUMNS}, {_RECALLED} FROM lot WHERE provider = ?"
        " AND (packs > 0 OR pieces > 0 OR held > 0) ORDER BY body ->> 'name', drug, expires, number",
        (provider,),
    ).fetchall()
    found = _on_hand(db, rows) if rows else []
    return [each for each in found if each.balance != Balance()]


def one(db: Connection, number: int) -> OnHand | None:
    """Return the lot with ``number`` and what is left of it."""
    row = db.execute(f"SELECT {_COLUMNS}, {_RECALLED} FROM lot WHERE number = ?", (number,)).fetchone()
    return _on_hand(db, [row])[0] if row else None


def several(db: Connection, numbers: Iterable[int]) -> dict[int, OnHand]:
    """Return those of the lots ``numbers`` that there are."""
    found = (one(db, number) for number in dict.fromkeys(numbers))
    return {each.lot.number: each for each in found if each is not None}


def shop_of(db: Connection, number: int) -> str:
    """Return whose the lot ``number`` is; raise LookupError for none."""
    row = db.execute("SELECT provider FROM lot WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise LookupError(f"there is no lot {number}")
    return str(row[0])


def next_number(db: Connection) -> int:
    """Return the number of the next lot."""
    return int(db.execute("SELECT coalesce(max(number), 0) + 1 FROM lot").fetchone()[0])


def anything_received(db: Connection, provider: str) -> bool:
    """Tell whether the shop ever had any lot."""
    found = db.execute("SELECT EXISTS (SELECT 1 FROM lot WHERE provider = ?)", (provider,)).fetchone()
    return bool(found[0])


def received_by(db: Connection, provider: str, supplier: str, note: str) -> int:
    """Return how many lots came to a shop by a supplier's delivery note ``note``."""
    row = db.execute(
        "SELECT count(*) FROM lot WHERE provider = ? AND body ->> 'note' = ? AND body ->> 'supplier' = ?",
        (provider, note, supplier),
    ).fetchone()
    return int(row[0])


def _on_hand(db: Connection, rows: list[Any]) -> list[OnHand]:
    taken: dict[int, int] = defaultdict(int, pending(db))
    return [
        OnHand(
            lot=_DECODE(row[1]),
            balance=Balance(packs=row[2] - taken[row[0]], pieces=row[3], held=row[4]),
            recalled=bool(row[5]),
        )
        for row in rows
    ]
