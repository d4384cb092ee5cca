"""What was dispensed to a person elsewhere, as far as the agency told, and how old that knowledge is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from app.storage.connection import Connection
from app.storage.instants import from_text, to_text
from engine.protocol.lease import Dispensed


def save(db: Connection, history: Iterable[Dispensed]) -> None:
    """Keep ``history``; what is known already stays as it is."""
    db.executemany(
        "INSERT INTO dispensed (psn_no, drug, at, provider, quantity, days) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (psn_no, drug, at, provider) DO NOTHING",
        [
            (each.psn_no, each.drug, to_text(each.at), each.provider, each.quantity, each.days)
            for each in history
        ],
    )


def known(db: Connection, people: Iterable[str], as_of: datetime) -> None:
    """Note that the agency told all that it knew of these people at ``as_of``."""
    db.executemany(
        "INSERT INTO history_known (psn_no, as_of) VALUES (?, ?)"
        " ON CONFLICT (psn_no) DO UPDATE SET as_of = max(as_of, excluded.as_of)",
        [(psn_no, to_text(as_of)) for psn_no in people],
    )


def known_as_of(db: Connection, psn_no: str) -> datetime | None:
    """Return how far the knowledge of a person's history reaches; None where nothing was ever told."""
    row = db.execute("SELECT as_of FROM history_known WHERE psn_no = ?", (psn_no,)).fetchone()
    return from_text(row[0]) if row else None


def of(db: Connection, psn_no: str, drugs: Collection[str], since: datetime) -> list[Dispensed]:
    """Return what a person had of ``drugs`` after ``since``, newest first."""
    marks = ", ".join("?" * len(drugs))
    rows = db.execute(
        "SELECT drug, at, provider, quantity, days FROM dispensed"
        f" WHERE psn_no = ? AND drug IN ({marks}) AND at > ? ORDER BY at DESC",
        (psn_no, *drugs, to_text(since)),
    )
    return [
        Dispensed(
            psn_no=psn_no, drug=row[0], at=from_text(row[1]), provider=row[2], quantity=row[3], days=row[4]
        )
        for row in rows.fetchall()
    ]
