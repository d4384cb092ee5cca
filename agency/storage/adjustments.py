"""What true-up found: adjustments, what the fund bears, and whose books wait to be computed again."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from agency.storage import settlements
from agency.storage.connection import Connection
from agency.storage.instants import instant, read_instant
from engine.money import Fen
from engine.protocol.adjustment import Adjustment
from engine.protocol.wire import encode


class Due(Struct, frozen=True, kw_only=True):
    """A person's year and benefit that came out of order; ``cause`` says in Chinese by what."""

    psn_no: str
    year: int
    benefit: str
    cause: str


class Found(Struct, frozen=True, kw_only=True):
    """One outcome of a true-up; ``adjustment`` is None where the fund bears the difference."""

    psn_no: str
    id: str
    provider: str
    at: datetime
    year: int
    benefit: str
    give_back: Fen = 0
    borne: Fen = 0
    adjustment: Adjustment | None = None


def mark(db: Connection, due: Due) -> None:
    """Note that a person's books are to be computed again; the first cause stays."""
    db.execute(
        "INSERT INTO trueup (psn_no, year, benefit, cause) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (due.psn_no, due.year, due.benefit, due.cause),
    )


def due(db: Connection, psn_no: str) -> list[Due]:
    """Return what of a person's is to be computed again."""
    rows = db.execute(
        "SELECT psn_no, year, benefit, cause FROM trueup WHERE psn_no = ? ORDER BY year, benefit", (psn_no,)
    ).fetchall()
    return [Due(psn_no=row[0], year=row[1], benefit=row[2], cause=row[3]) for row in rows]


def done(db: Connection, settled: Due) -> None:
    """Note that it was computed again."""
    db.execute(
        "DELETE FROM trueup WHERE psn_no = ? AND year = ? AND benefit = ?",
        (settled.psn_no, settled.year, settled.benefit),
    )


def save(db: Connection, found: Found) -> None:
    """Keep an outcome."""
    settlements.forget(db, found.psn_no)
    db.execute(
        "INSERT INTO adjustment (psn_no, id, provider, at, year, benefit, give_back, borne, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            found.psn_no,
            found.id,
            found.provider,
            instant(found.at),
            found.year,
            found.benefit,
            found.give_back,
            found.borne,
            encode(found.adjustment) if found.adjustment else "",
        ),
    )


def borne(db: Connection, psn_no: str, year: int, benefit: str) -> Fen:
    """Return what the fund is recorded to bear of a person's year and benefit, in fen."""
    row = db.execute(
        "SELECT COALESCE(SUM(borne), 0) FROM adjustment WHERE psn_no = ? AND year = ? AND benefit = ?",
        (psn_no, year, benefit),
    ).fetchone()
    return int(row[0])


def of_person(db: Connection, psn_no: str) -> list[Found]:
    """Return what true-up found for a person, oldest first."""
    rows = db.execute(
        "SELECT psn_no, id, provider, at, year, benefit, give_back, borne, body FROM adjustment"
        " WHERE psn_no = ? ORDER BY at, id",
        (psn_no,),
    ).fetchall()
    return [
        Found(
            psn_no=row[0],
            id=row[1],
            provider=row[2],
            at=read_instant(row[3]),
            year=row[4],
            benefit=row[5],
            give_back=row[6],
            borne=row[7],
            adjustment=msgspec.json.decode(row[8], type=Adjustment) if row[8] else None,
        )
        for row in rows
    ]
