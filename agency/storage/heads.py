"""How far each till's journal was seen, and whether the till is to be trusted with leases.

Written at the end of a transaction and only ever forward, so that two messages of one till do not wait for
each other, and in whatever order they come the furthest head stays.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from msgspec import Struct

from agency.storage import tills
from agency.storage.connection import Connection
from agency.storage.instants import instant
from agency.storage.tills import ACTIVE, CLOSED, FORKED

_LAST = "\x7f"  # After every shop: the order of what is written late is the same everywhere.


class Seen(Struct, frozen=True, kw_only=True):
    """What a message told of its till; ``at`` is when the till says that it sent it."""

    provider: str
    till: str
    epoch: int
    chain: str
    number: int
    hash: str
    at: datetime
    waiting: int
    oldest: str | None


def observe(db: Connection, seen: Seen) -> None:
    """Note how far a till's journal was when it sent a message."""
    key = (_LAST, seen.provider, seen.till, f"{seen.epoch:06d}", f"{seen.number:012d}{seen.hash}")
    db.late[key] = partial(_advance, db, seen)


def mark_forked(db: Connection, provider: str, till: str, epoch: int) -> None:
    """Let a till have no leases any more, until a new epoch of it begins."""
    db.late[_LAST, provider, till, f"{epoch:06d}", _LAST] = partial(_fork, db, (provider, till, epoch))


def bind(db: Connection, provider: str, till: str, epoch: int, *, chain: str) -> None:
    """Note which chain an epoch of a till writes into, when it has written into none."""
    tills.forget(db, provider)
    db.execute(
        "UPDATE till SET chain = ? WHERE provider = ? AND till = ? AND epoch = ? AND chain = ''",
        (chain, provider, till, epoch),
    )


def close_before(db: Connection, provider: str, till: str, epoch: int) -> None:
    """Close a till's epochs before ``epoch``."""
    tills.forget(db, provider)
    db.execute(
        "UPDATE till SET state = ? WHERE provider = ? AND till = ? AND epoch < ? AND epoch > 0",
        (CLOSED, provider, till, epoch),
    )


def _advance(db: Connection, seen: Seen) -> None:
    at = instant(seen.at)
    tills.forget(db, seen.provider)
    db.execute(
        "UPDATE till SET chain = CASE WHEN chain = '' THEN ? ELSE chain END, seen_number = ?, seen_hash = ?,"
        " waiting = ?, oldest = ?, seen_at = CASE WHEN seen_at < ? THEN ? ELSE seen_at END"
        " WHERE provider = ? AND till = ? AND epoch = ? AND seen_number <= ?",
        (
            seen.chain,
            seen.number,
            seen.hash,
            seen.waiting,
            seen.oldest,
            at,
            at,
            seen.provider,
            seen.till,
            seen.epoch,
            seen.number,
        ),
    )


def _fork(db: Connection, key: tuple[str, str, int]) -> None:
    tills.forget(db, key[0])
    db.execute(
        "UPDATE till SET state = ? WHERE provider = ? AND till = ? AND epoch = ? AND state = ?",
        (FORKED, *key, ACTIVE),
    )
