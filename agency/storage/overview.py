"""Sums over all people and shops, for those who run the agency: no name and no number of a person.

These look into every partition. They are asked when somebody opens the page, never for a call of a till.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from agency.storage.connection import Connection
from agency.storage.instants import read_instant
from agency.storage.tills import SELECT as SELECT_TILL
from agency.storage.tills import Till
from agency.storage.tills import read as read_till
from engine.money import Fen
from engine.sale import Store


class Reserved(Struct, frozen=True, kw_only=True):
    """What is outstanding under a shop's leases: settlements for that much may still arrive."""

    provider: str
    leases: int
    outstanding: Fen


class Adjusted(Struct, frozen=True, kw_only=True):
    """One outcome of a true-up, without its person."""

    provider: str
    at: datetime
    year: int
    give_back: Fen
    borne: Fen


class Totals(Struct, frozen=True, kw_only=True):
    """How much there is of everything; ``waiting`` counts messages in the outboxes, as last told."""

    tills: int
    active: int
    forked: int
    waiting: int
    findings: int
    adjustments: int
    given_back: Fen
    borne: Fen


def totals(db: Connection) -> Totals:
    """Return the sums over all tills, findings and adjustments."""
    tills = db.execute(
        "SELECT COUNT(*), SUM(CASE WHEN state = 'active' THEN 1 ELSE 0 END),"
        " SUM(CASE WHEN state = 'forked' THEN 1 ELSE 0 END),"
        " SUM(CASE WHEN state = 'active' THEN waiting ELSE 0 END) FROM till"
    ).fetchone()
    findings = db.execute("SELECT COUNT(*) FROM finding").fetchone()
    adjusted = db.execute("SELECT COUNT(*), SUM(give_back), SUM(borne) FROM adjustment").fetchone()
    numbers = [int(each or 0) for each in (*tills, *findings, *adjusted)]
    names = ("tills", "active", "forked", "waiting", "findings", "adjustments", "given_back", "borne")
    return Totals(**dict(zip(names, numbers, strict=True)))


def tills_to_look_at(db: Connection, limit: int) -> list[Till]:
    """Return at most ``limit`` tills: forked ones first, then those whose outbox is oldest, then by shop."""
    rows = db.execute(
        f"{SELECT_TILL} ORDER BY CASE state WHEN 'forked' THEN 0 WHEN 'active' THEN 1 ELSE 2 END,"
        " CASE WHEN oldest IS NULL THEN 1 ELSE 0 END, oldest, provider, till, epoch LIMIT ?",
        (limit,),
    ).fetchall()
    return [read_till(row) for row in rows]


def reserved(db: Connection) -> list[Reserved]:
    """Return what is outstanding under leases, shop by shop."""
    rows = db.execute(
        "SELECT provider, COUNT(*), SUM(CASE WHEN reserved_fund > used_fund"
        " THEN reserved_fund - used_fund ELSE 0 END) FROM lease"
        " WHERE state IN ('open', 'closing') GROUP BY provider ORDER BY provider"
    ).fetchall()
    return [Reserved(provider=row[0], leases=int(row[1]), outstanding=int(row[2])) for row in rows]


def adjustments(db: Connection, limit: int) -> list[Adjusted]:
    """Return the latest outcomes of true-ups, newest first."""
    rows = db.execute(
        "SELECT provider, at, year, give_back, borne FROM adjustment ORDER BY at DESC, provider, id LIMIT ?",
        (limit,),
    ).fetchall()
    return [
        Adjusted(provider=row[0], at=read_instant(row[1]), year=row[2], give_back=row[3], borne=row[4])
        for row in rows
    ]


def stores(db: Connection) -> dict[str, Store]:
    """Return all shops by their provider number."""
    rows = db.execute("SELECT key, body FROM registered WHERE kind = 'store'").fetchall()
    return {key: msgspec.json.decode(body, type=Store) for key, body in rows}
