"""What shops told of their stock (3501 to 3506): each record once, under the shop's own number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from agency.storage.connection import Connection, select_in
from agency.storage.instants import instant
from engine.protocol.stock import StockRecord

_INSERT = (
    "INSERT INTO stock_record (provider, number, infno, drug, count, sale, body, at) VALUES"
    " (?, ?, ?, ?, ?, ?, ?, ?)"
)


class Kept(Struct, frozen=True):
    """A record as it is held; ``deleted``: a 3507 took it back."""

    infno: str
    body: str
    deleted: bool


def held(db: Connection, provider: str, numbers: Sequence[str]) -> dict[str, Kept]:
    """Return those of a shop's records ``numbers`` that are held, deleted ones too."""
    sql = (
        "SELECT number, infno, body, deleted_at FROM stock_record"
        " WHERE provider IN ({marks}) AND number IN ({marks})"
    )
    rows = select_in(db, sql, [provider] * len(numbers), numbers)
    return {number: Kept(infno, body, deleted is not None) for number, infno, body, deleted in rows}


def keep(db: Connection, provider: str, infno: str, record: StockRecord, at: datetime) -> None:
    """Keep a record that is not held."""
    what = (record.number, infno, record.drug, str(record.count), record.sale, record.body)
    db.write(_INSERT, (provider, *what, instant(at)))


def keep_again(db: Connection, provider: str, infno: str, record: StockRecord, at: datetime) -> None:
    """Keep a record again under the number of one that was deleted."""
    db.execute(
        "UPDATE stock_record SET infno = ?, drug = ?, count = ?, sale = ?, body = ?, at = ?,"
        " deleted_at = NULL WHERE provider = ? AND number = ?",
        (
            *(infno, record.drug, str(record.count), record.sale, record.body, instant(at)),
            *(provider, record.number),
        ),
    )


def delete(db: Connection, provider: str, number: str, at: datetime) -> None:
    """Let a record count no more; it stays on file."""
    db.execute(
        "UPDATE stock_record SET deleted_at = ? WHERE provider = ? AND number = ?",
        (instant(at), provider, number),
    )


def counts(db: Connection) -> dict[str, int]:
    """Return how many records of each transaction count, of all shops."""
    rows = db.execute(
        "SELECT infno, COUNT(*) FROM stock_record WHERE deleted_at IS NULL GROUP BY infno ORDER BY infno"
    ).fetchall()
    return {infno: int(count) for infno, count in rows}
