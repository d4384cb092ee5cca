"""What a person at the agency should see: forks, boxes sold twice; nothing of it names an insured person."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from agency.storage.connection import Connection
from agency.storage.instants import instant, read_instant


class Finding(Struct, frozen=True, kw_only=True):
    """One finding about a shop's till; ``id`` is the same for the same thing found again."""

    provider: str
    id: str
    at: datetime
    kind: str
    till: str
    text: str


def add(db: Connection, finding: Finding) -> None:
    """Keep a finding; the first one under an ``id`` stays."""
    db.execute(
        "INSERT INTO finding (provider, id, at, kind, till, text) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (finding.provider, finding.id, instant(finding.at), finding.kind, finding.till, finding.text),
    )


def recent(db: Connection, limit: int) -> list[Finding]:
    """Return the latest findings of all shops, newest first."""
    rows = db.execute(
        "SELECT provider, id, at, kind, till, text FROM finding ORDER BY at DESC, provider, id LIMIT ?",
        (limit,),
    ).fetchall()
    return [
        Finding(provider=row[0], id=row[1], at=read_instant(row[2]), kind=row[3], till=row[4], text=row[5])
        for row in rows
    ]
