"""Which sales of this till dispensed from a prescription, and the messages that tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from app.storage import journal
from app.storage.connection import Connection
from app.storage.instants import from_text
from app.storage.runs import LENGTH


class _Drug(Struct):
    code: str


class _Line(Struct):
    drug: _Drug
    prescribed_as: str = ""


class _Draft(Struct):
    lines: tuple[_Line, ...] = ()


class _Sale(Struct):
    """As much of a sale's entry as says what its drugs are prescribed as."""

    draft: _Draft


_NAMES = msgspec.json.Decoder(_Sale).decode
_GOODS = msgspec.json.Decoder(list[tuple[str, int, int, list[tuple[int, int]]]]).decode
_COLUMNS = "serial, number, at, provider, goods, journal, first_message, messages, prescription"
_AFTER_FULL_RUNS = f"(SELECT coalesce(max(serial), 0) / {LENGTH} * {LENGTH} FROM sale)"
_LOOKED_AT = 5_000
"""Sales that are looked through for those on a prescription."""


class Good(Struct, frozen=True):
    """What a sale took of one drug: packs, or smallest units where it was ``split``."""

    drug: str
    quantity: int
    split: bool


class UsedIn(Struct, frozen=True, kw_only=True):
    """A sale on a prescription; its messages are those numbered from ``first_message`` on."""

    serial: int
    number: str
    at: datetime
    provider: str
    goods: tuple[Good, ...]
    journal: int
    first_message: int
    messages: int
    key: str


def sales_on(db: Connection, key: str) -> list[UsedIn]:
    """Return the sales that dispensed from the prescription with ``key``, oldest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM sale WHERE serial IN (SELECT sale FROM prescription_sale WHERE key = ?1"
        f" UNION ALL SELECT serial FROM sale WHERE serial > {_AFTER_FULL_RUNS} AND prescription = ?1)"
        " ORDER BY serial",
        (key,),
    )
    return [_used(row) for row in rows.fetchall()]


def names_in(db: Connection, entry: int) -> dict[str, str]:
    """Return what a prescription calls the drugs of a sale, by their codes, where that was noted."""
    lines = _NAMES(journal.body_of(db, entry)).draft.lines
    return {line.drug.code: line.prescribed_as for line in lines if line.prescribed_as}


def recent(db: Connection, limit: int) -> list[UsedIn]:
    """Return the newest sales on prescriptions, newest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM sale WHERE prescription IS NOT NULL"
        " AND serial > (SELECT coalesce(max(serial), 0) FROM sale) - ? ORDER BY serial DESC LIMIT ?",
        (_LOOKED_AT, limit),
    )
    return [_used(row) for row in rows.fetchall()]


def to_write_off(db: Connection, serials: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """Return serial, entry, first message and settlements of sales whose write-off is due.

    Each is on a prescription, all its settlements were answered, and none was queued yet.
    """
    marks = ", ".join("?" * len(serials))
    rows = db.execute(
        "SELECT s.serial, s.journal, s.first_message, s.messages FROM sale s"
        f" WHERE s.serial IN ({marks}) AND s.prescription IS NOT NULL AND s.messages > 0"
        " AND NOT EXISTS (SELECT 1 FROM write_off w WHERE w.sale = s.serial)"
        " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.number >= s.first_message"
        " AND o.number < s.first_message + s.messages AND o.state IN ('waiting', 'unknown'))"
        " ORDER BY s.serial",
        (*serials,),
    )
    return rows.fetchall()


def note_write_off(db: Connection, serial: int, message: int) -> None:
    """Note which message writes a sale off, in the caller's transaction."""
    db.execute("INSERT INTO write_off (sale, message) VALUES (?, ?)", (serial, message))


def states(db: Connection, used: UsedIn, infnos: Iterable[str]) -> dict[str, str]:
    """Return how the messages about a sale on a prescription stand, by transaction."""
    # What a sale is told by beside its settlements follows them; a later write-off is noted by itself.
    wanted = tuple(infnos)
    marks = ", ".join("?" * len(wanted))
    rows = db.execute(
        f"SELECT infno, state FROM outbox WHERE infno IN ({marks}) AND (number BETWEEN ? AND ?"
        " OR number = (SELECT message FROM write_off WHERE sale = ?)) AND sale = ?",
        (
            *wanted,
            used.first_message + used.messages,
            used.first_message + used.messages + _BESIDE,
            used.serial,
            used.number,
        ),
    )
    return dict(rows.fetchall())


_BESIDE = 8
"""More messages than a sale has beside its settlements."""


def _used(row: Any) -> UsedIn:
    return UsedIn(
        serial=row[0],
        number=row[1],
        at=from_text(row[2]),
        provider=row[3],
        goods=tuple(Good(good[0], good[1], bool(good[2])) for good in _GOODS(row[4] or "[]")),
        journal=row[5],
        first_message=row[6],
        messages=row[7],
        key=row[8],
    )
