"""The leases that this till holds: as the agency signed them, newest version only, open until closed.

What was settled under a lease is never stored beside it: it is read from the sales that name it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from app.storage.connection import Connection
from app.storage.instants import from_text, to_text
from engine.lease import Lease
from engine.protocol.lease import SignedLease

State: TypeAlias = Literal["open", "closing", "closed"]

_DECODE = msgspec.json.Decoder(Lease).decode
_COLUMNS = "body, asked_at, trip, state"


class Held(Struct, frozen=True, kw_only=True):
    """A lease as this till holds it; ``asked_at`` is when it was asked for, by the till's own clock.

    What the agency accepted by then is in the lease's sums. ``trip``: kept until its end, not closed after
    the sale.
    """

    lease: Lease
    asked_at: datetime
    trip: bool
    state: State


def keep(
    db: Connection, signed: SignedLease, lease: Lease, asked_at: datetime, *, trip: bool = False
) -> None:
    """Keep ``lease``, which the caller has read from ``signed`` and so knows to be the agency's.

    Only a newer version replaces the one at hand; a lease that is being closed stays so.
    """
    db.execute(
        "INSERT INTO lease (id, version, psn_no, year, benefit, provider, till, epoch, use_until, body,"
        " signature, asked_at, trip) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET version = excluded.version, use_until = excluded.use_until,"
        " body = excluded.body, signature = excluded.signature, asked_at = excluded.asked_at,"
        " trip = max(trip, excluded.trip) WHERE excluded.version > version",
        (
            lease.id,
            lease.version,
            lease.psn_no,
            lease.year,
            lease.benefit,
            lease.provider,
            lease.till,
            lease.epoch,
            to_text(lease.use_until),
            signed.body,
            signed.signature,
            to_text(asked_at),
            int(trip),
        ),
    )


def open_for(db: Connection, psn_no: str, year: int, benefit: str, provider: str) -> Held | None:
    """Return the open lease on a person's year that this till holds at ``provider``, the newest one."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM lease WHERE psn_no = ? AND state = 'open' AND year = ? AND benefit = ?"
        " AND provider = ? ORDER BY epoch DESC, use_until DESC, asked_at DESC LIMIT 1",
        (psn_no, year, benefit, provider),
    ).fetchone()
    return _held(row) if row else None


def before_restore(db: Connection, psn_no: str, epoch: int, since: datetime) -> Held | None:
    """Return a lease on a person that an epoch before ``epoch`` left open, and that ended after ``since``."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM lease WHERE psn_no = ? AND state = 'open' AND epoch < ? AND use_until > ?"
        " ORDER BY use_until DESC LIMIT 1",
        (psn_no, epoch, to_text(since)),
    ).fetchone()
    return _held(row) if row else None


def ended(db: Connection, kept_for: str | None, now: datetime, limit: int) -> list[Held]:
    """Return open leases that are needed no longer: past their end, or short and of nobody at the desk.

    ``kept_for`` is who stands there.
    """
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM lease WHERE state = 'open' AND trip = 0 AND psn_no IS NOT ?"
        f" UNION SELECT {_COLUMNS} FROM lease WHERE state = 'open' AND use_until <= ? LIMIT ?",
        (kept_for, to_text(now), limit),
    )
    return [_held(row) for row in rows.fetchall()]


def begin_closing(db: Connection, ids: Iterable[str]) -> None:
    """Note that the till has stated what it used of these, and settles nothing more under them."""
    db.executemany(
        "UPDATE lease SET state = 'closing' WHERE id = ? AND state = 'open'", [(id_,) for id_ in ids]
    )


def closed(db: Connection, ids: Collection[str]) -> None:
    """Note that the agency has closed these (the answer to an SY02); unknown ones are passed over."""
    db.executemany(
        "UPDATE lease SET state = 'closed' WHERE id = ? AND state <> 'closed'", [(i,) for i in ids]
    )


def held(db: Connection, limit: int) -> list[Held]:
    """Return the leases that are not closed, those that end first before the others."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM lease WHERE state IN ('open', 'closing') ORDER BY use_until, id LIMIT ?",
        (limit,),
    )
    return [_held(row) for row in rows.fetchall()]


def count_usable(db: Connection, now: datetime, epoch: int) -> int:
    """Return how many leases may be used now."""
    row = db.execute(
        "SELECT count(*) FROM lease WHERE state = 'open' AND use_until > ? AND epoch = ?",
        (to_text(now), epoch),
    ).fetchone()
    return int(row[0])


def _held(row: Any) -> Held:
    return Held(lease=_DECODE(row[0]), asked_at=from_text(row[1]), trip=bool(row[2]), state=row[3])
