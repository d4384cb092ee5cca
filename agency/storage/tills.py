"""The tills of each shop, epoch by epoch: their keys, their state, and how far their journals were seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from agency.storage.connection import Connection
from agency.storage.instants import instant, read_instant
from engine.journal import GENESIS

ACTIVE, CLOSED, FORKED = "active", "closed", "forked"
UNENROLLED = 0
"""The epoch of a till that never enrolled."""


class Till(Struct, frozen=True, kw_only=True):
    """One epoch of a till; ``chain`` is empty before its first entry (agency/storage/schema.py)."""

    provider: str
    till: str
    epoch: int
    state: str
    public_key: str
    box_key: str
    seen_at: datetime
    enrolled_at: datetime
    begins_after: int = 0
    begins_hash: str = GENESIS
    chain: str = ""
    seen_number: int = 0
    seen_hash: str = GENESIS
    waiting: int = 0
    oldest: str | None = None


_NAMES = tuple(Till.__struct_fields__)
_KEY = ("provider", "till", "epoch")
_REST = tuple(name for name in _NAMES if name not in _KEY)
_INSTANTS = ("seen_at", "enrolled_at")
_TILLS = "tills"
SELECT = f"SELECT {', '.join(_NAMES)} FROM till"


def save(db: Connection, till: Till) -> None:
    """Keep an epoch of a till as it is now."""
    values = {name: getattr(till, name) for name in _NAMES}
    values |= {name: instant(values[name]) for name in _INSTANTS}
    marks = ", ".join(f"{name} = ?" for name in _REST)
    forget(db, till.provider)
    changed = db.execute(
        f"UPDATE till SET {marks} WHERE provider = ? AND till = ? AND epoch = ?",
        tuple(values[name] for name in (*_REST, *_KEY)),
    )
    if changed.rowcount == 0:
        db.execute(
            f"INSERT INTO till ({', '.join(_NAMES)}) VALUES ({', '.join('?' * len(_NAMES))})",
            tuple(values[name] for name in _NAMES),
        )


def epoch(db: Connection, provider: str, till: str, number: int) -> Till | None:
    """Return an epoch of a till."""
    return next((each for each in of_shop(db, provider) if (each.till, each.epoch) == (till, number)), None)


def latest(db: Connection, provider: str, till: str) -> Till | None:
    """Return the newest epoch of a till; its epoch is UNENROLLED where it never enrolled."""
    return next((each for each in reversed(of_shop(db, provider)) if each.till == till), None)


def of_shop(db: Connection, provider: str) -> list[Till]:
    """Return all epochs of a shop's tills."""
    found: list[Till]
    if (_TILLS, provider) in db.known:
        found = db.known[_TILLS, provider]
    else:
        rows = db.execute(f"{SELECT} WHERE provider = ? ORDER BY till, epoch", (provider,)).fetchall()
        found = db.known[_TILLS, provider] = [read(row) for row in rows]
    return found


def forget(db: Connection, provider: str) -> None:
    """Have a shop's tills read anew: one of them changes."""
    db.known.pop((_TILLS, provider), None)


def bind(db: Connection, provider: str, till: str, chain: str, at: datetime) -> None:
    """Note which chain a till that is not enrolled writes into, when it has written into none."""
    if epoch(db, provider, till, UNENROLLED) is None:
        forget(db, provider)  # Another transaction may have noted one since.
    if epoch(db, provider, till, UNENROLLED) is None:
        fresh = Till(
            provider=provider,
            till=till,
            epoch=UNENROLLED,
            state=ACTIVE,
            public_key="",
            box_key="",
            seen_at=at,
            enrolled_at=at,
        )
        save(db, replace(fresh, chain=chain))


def read(row: Any) -> Till:
    """Return the till in a row of ``SELECT``."""
    known: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    known |= {name: read_instant(known[name]) for name in _INSTANTS}
    return Till(**known)
