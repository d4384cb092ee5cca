"""Leases: what is reserved for which till, and how much of it was settled so far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from agency.storage.connection import Connection, select_in
from agency.storage.instants import instant, read_instant
from engine.lease import Lease, Spend
from engine.policy.claim import Parameters, Patient, Provider
from engine.protocol.wire import encode

OPEN, CLOSING, CLOSED, EXPIRED = "open", "closing", "closed", "expired"
"""``CLOSING``: the till is done, but not all that it settled has arrived. Both reserve."""

FINISHED = (CLOSED, EXPIRED)


class Promised(Struct, frozen=True, kw_only=True):
    """Who somebody was, and by what figures the law was computed, when a lease was granted to them.

    ``provider`` is what the shop was, ``change`` the last one of the registry of shops and drugs by then.
    """

    patient: Patient
    parameters: Parameters
    provider: Provider
    change: int


class Kept(Struct, frozen=True, kw_only=True):
    """A lease in its newest version, and its state; ``used`` is what was settled under it and arrived."""

    lease: Lease
    state: str
    reclaim_at: datetime
    used: Spend = Spend()
    promised: tuple[Promised, ...] = ()  # Of each version that was granted on other figures than before it.

    @property
    def reserves(self) -> bool:
        """Tell whether anything may still be settled under it."""
        return self.state in (OPEN, CLOSING)

    @property
    def outstanding(self) -> Spend:
        """Return what may still arrive under it."""
        return self.lease.reserved.less(self.used) if self.reserves else Spend()


class _Body(Struct, frozen=True, kw_only=True):
    lease: Lease
    promised: tuple[Promised, ...]


_RESERVING = "reserving"
_KEY = ("psn_no", "id")
_OF_LEASE = ("version", "year", "benefit", "provider", "till", "epoch")
_REST = (
    *_OF_LEASE,
    "state",
    "granted_at",
    "use_until",
    "reclaim_at",
    "reserved_fund",
    "reserved_class_b",
    "used_fund",
    "used_class_b",
    "body",
)
_SELECT = "SELECT body, state, reclaim_at, used_fund, used_class_b FROM lease"
_UPDATE = f"UPDATE lease SET {', '.join(f'{name} = ?' for name in _REST)} WHERE psn_no = ? AND id = ?"
_INSERT = f"INSERT INTO lease ({', '.join((*_REST, *_KEY))}) VALUES ({', '.join('?' * (len(_REST) + 2))})"


def save(db: Connection, kept: Kept) -> None:
    """Keep a lease as it is now, inside the transaction that locked its person."""
    lease = kept.lease
    values = (
        *(getattr(lease, name) for name in _OF_LEASE),
        kept.state,
        instant(lease.granted_at),
        instant(lease.use_until),
        instant(kept.reclaim_at),
        lease.reserved.fund,
        lease.reserved.class_b,
        kept.used.fund,
        kept.used.class_b,
        encode(_Body(lease=lease, promised=kept.promised)),
        lease.psn_no,
        lease.id,
    )
    known: tuple[Kept, ...] | None = db.known.get((_RESERVING, lease.psn_no))
    if known is not None and any(each.lease.id == lease.id for each in known):
        db.write(_UPDATE, values)
    elif db.execute(_UPDATE, values).rowcount == 0:
        db.execute(_INSERT, values)
    if known is not None:
        others = [each for each in known if each.lease.id != lease.id]
        now = [*others, kept] if kept.reserves else others
        db.known[_RESERVING, lease.psn_no] = tuple(sorted(now, key=lambda each: each.lease.id))


def lease(db: Connection, psn_no: str, id_: str) -> Kept | None:
    """Return a person's lease by its id."""
    known: tuple[Kept, ...] = db.known.get((_RESERVING, psn_no)) or ()
    for kept in known:
        if kept.lease.id == id_:
            return kept
    row = db.execute(f"{_SELECT} WHERE psn_no = ? AND id = ?", (psn_no, id_)).fetchone()
    return _read(row) if row else None


def reserving(db: Connection, psn_no: str, year: int, benefit: str) -> list[Kept]:
    """Return a person's leases of a year and benefit that still reserve something, by id."""
    known: tuple[Kept, ...] | None = db.known.get((_RESERVING, psn_no))
    if known is not None:
        return [each for each in known if (each.lease.year, each.lease.benefit) == (year, benefit)]
    rows = db.execute(
        f"{_SELECT} WHERE psn_no = ? AND year = ? AND benefit = ? AND state IN (?, ?) ORDER BY id",
        (psn_no, year, benefit, OPEN, CLOSING),
    ).fetchall()
    return [_read(row) for row in rows]


def overdue(db: Connection, psn_no: str, now: datetime) -> list[Kept]:
    """Return a person's leases that are to be reclaimed by ``now``."""
    known: tuple[Kept, ...] | None = db.known.get((_RESERVING, psn_no))
    if known is not None:
        return [each for each in known if each.reclaim_at <= now]
    rows = db.execute(
        f"{_SELECT} WHERE psn_no = ? AND state IN (?, ?) AND reclaim_at <= ? ORDER BY id",
        (psn_no, OPEN, CLOSING, instant(now)),
    ).fetchall()
    return [_read(row) for row in rows]


def read_ahead(db: Connection, psn_nos: Sequence[str]) -> None:
    """Read together the leases that reserve something of people, who are locked."""
    found: dict[str, list[Kept]] = {psn_no: [] for psn_no in psn_nos}
    sql = f"{_SELECT} WHERE psn_no IN ({{marks}}) AND state IN ('{OPEN}', '{CLOSING}') ORDER BY id"
    for row in select_in(db, sql, psn_nos):
        kept = _read(row)
        found[kept.lease.psn_no].append(kept)
    for psn_no, leases in found.items():
        db.known[_RESERVING, psn_no] = tuple(leases)


def people_overdue(db: Connection, now: datetime, limit: int) -> list[str]:
    """Return at most ``limit`` people of whose leases one is to be reclaimed by ``now``: a sweep over all."""
    rows = db.execute(
        "SELECT DISTINCT psn_no FROM lease WHERE state IN (?, ?) AND reclaim_at <= ? ORDER BY psn_no LIMIT ?",
        (OPEN, CLOSING, instant(now), limit),
    ).fetchall()
    return [row[0] for row in rows]


def _read(row: Any) -> Kept:
    body = msgspec.json.decode(row[0], type=_Body)
    return Kept(
        lease=body.lease,
        promised=body.promised,
        state=row[1],
        reclaim_at=read_instant(row[2]),
        used=Spend(fund=row[3], class_b=row[4]),
    )
