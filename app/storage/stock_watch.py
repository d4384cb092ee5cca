"""What must not be sold and what may be sold without a code: recalls, and the uncoded list; and open
drafts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct

from app.storage.connection import Connection
from app.storage.instants import from_text, to_text


class Recall(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A recall of a drug, or of one ``batch`` of it; ``lifted_at`` None: in force."""

    number: int
    drug: str
    batch: str
    why: str
    at: datetime
    who: str
    lifted_at: datetime | None = None


class Uncoded(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A drug that may be sold on insurance without trace codes until a day, old stock that never had any."""

    number: int
    drug: str
    name: str
    until: date
    why: str
    at: datetime
    who: str
    ended_at: datetime | None = None


def recalls(db: Connection, provider: str) -> list[Recall]:
    """Return a shop's recalls, those in force first, then the newest."""
    rows = db.execute(
        "SELECT number, drug, batch, why, at, who, lifted_at FROM recall WHERE provider = ?"
        " ORDER BY lifted_at IS NOT NULL, number DESC",
        (provider,),
    ).fetchall()
    return [
        Recall(
            number=row[0],
            drug=row[1],
            batch=row[2],
            why=row[3],
            at=from_text(row[4]),
            who=row[5],
            lifted_at=from_text(row[6]) if row[6] else None,
        )
        for row in rows
    ]


def in_force(db: Connection, drug: str) -> list[str]:
    """Return the batches of ``drug`` that are recalled; '' stands for all of them."""
    rows = db.execute(
        "SELECT batch FROM recall WHERE drug = ? AND lifted_at IS NULL ORDER BY batch", (drug,)
    ).fetchall()
    return [row[0] for row in rows]


def next_recall(db: Connection) -> int:
    """Return the number of the next recall."""
    return int(db.execute("SELECT coalesce(max(number), 0) + 1 FROM recall").fetchone()[0])


def put_recall(db: Connection, provider: str, recall: Recall, journal: int) -> None:
    """Keep a recall, in the caller's transaction."""
    db.execute(
        "INSERT INTO recall (number, provider, drug, batch, why, at, who, journal)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(recall.number, provider, recall.drug, recall.batch, recall.why),
            *(to_text(recall.at), recall.who, journal),
        ),
    )


def put_recall_sales(db: Connection, number: int, serials: Iterable[int]) -> None:
    """Keep which sales handed out a recalled drug from no known lot, in the caller's transaction."""
    db.executemany(
        "INSERT INTO recall_sale (recall, sale) VALUES (?, ?)", [(number, serial) for serial in serials]
    )


def recall_sales(db: Connection, number: int) -> list[int]:
    """Return the sales up to a recall that handed out its drug from no known lot, oldest first."""
    rows = db.execute("SELECT sale FROM recall_sale WHERE recall = ? ORDER BY sale", (number,)).fetchall()
    return [row[0] for row in rows]


def lift_recall(db: Connection, number: int, at: datetime, journal: int) -> None:
    """End a recall, in the caller's transaction."""
    db.execute(
        "UPDATE recall SET lifted_at = ?, lifted_journal = ? WHERE number = ? AND lifted_at IS NULL",
        (to_text(at), journal, number),
    )


def uncoded(db: Connection, provider: str) -> list[Uncoded]:
    """Return a shop's uncoded list, what is in force first, then the newest."""
    rows = db.execute(
        "SELECT number, drug, name, until, why, at, who, ended_at FROM uncoded WHERE provider = ?"
        " ORDER BY ended_at IS NOT NULL, number DESC",
        (provider,),
    ).fetchall()
    return [
        Uncoded(
            number=row[0],
            drug=row[1],
            name=row[2],
            until=date.fromisoformat(row[3]),
            why=row[4],
            at=from_text(row[5]),
            who=row[6],
            ended_at=from_text(row[7]) if row[7] else None,
        )
        for row in rows
    ]


def may_lack_codes(db: Connection, provider: str, drug: str, day: date) -> bool:
    """Tell whether ``drug`` is on the uncoded list of a shop on ``day``."""
    row = db.execute(
        "SELECT EXISTS (SELECT 1 FROM uncoded WHERE drug = ? AND ended_at IS NULL AND provider = ?"
        " AND until >= ?)",
        (drug, provider, day.isoformat()),
    ).fetchone()
    return bool(row[0])


def next_uncoded(db: Connection) -> int:
    """Return the number of the next row of the uncoded list."""
    return int(db.execute("SELECT coalesce(max(number), 0) + 1 FROM uncoded").fetchone()[0])


def put_uncoded(db: Connection, provider: str, row: Uncoded, journal: int) -> None:
    """Keep a row of the uncoded list, in the caller's transaction."""
    db.execute(
        "INSERT INTO uncoded (number, provider, drug, name, until, why, at, who, journal)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(row.number, provider, row.drug, row.name, row.until.isoformat(), row.why),
            *(to_text(row.at), row.who, journal),
        ),
    )


def end_uncoded(db: Connection, number: int, at: datetime, journal: int) -> None:
    """Strike a row off the uncoded list, in the caller's transaction."""
    db.execute(
        "UPDATE uncoded SET ended_at = ?, ended_journal = ? WHERE number = ? AND ended_at IS NULL",
        (to_text(at), journal, number),
    )


def draft(db: Connection, provider: str, kind: str) -> str | None:
    """Return what a shop has on its desk of ``kind`` and has not booked."""
    row = db.execute(
        "SELECT body FROM stock_draft WHERE provider = ? AND kind = ?", (provider, kind)
    ).fetchone()
    return row[0] if row else None


def put_draft(db: Connection, provider: str, kind: str, body: str) -> None:
    """Keep what lies on the desk as it is now."""
    db.execute(
        "INSERT INTO stock_draft (provider, kind, body) VALUES (?, ?, ?)"
        " ON CONFLICT (provider, kind) DO UPDATE SET body = excluded.body",
        (provider, kind, body),
    )


def drop_draft(db: Connection, provider: str, kind: str) -> None:
    """Clear the desk: what lay there was booked, or given up."""
    db.execute("DELETE FROM stock_draft WHERE provider = ? AND kind = ?", (provider, kind))
