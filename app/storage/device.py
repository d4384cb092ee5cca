"""The till's identity: its keys, its epoch, and the agency's keys that it believes.

A till has one pair of keys for each epoch. An epoch ends where the database was put back to an earlier state:
what was signed after that state may be known to the agency, so the till goes on under new keys and a new
number, and no lease of the old epoch is used again. That a database was put back shows by a mark outside it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec import Struct

from app import errors
from app.storage import cursor, journal
from app.storage.connection import Connection
from engine.journal import GENESIS
from engine.protocol.signing import KEY_LENGTH, public_key

EPOCH_KIND = "epoch"
MARK = "counter.head"
"""The mark's file, in the folder of the database's key: it must not lie inside the database."""

Random: TypeAlias = Callable[[int], bytes]


class Identity(Struct, frozen=True, kw_only=True):
    """The till in one epoch; raw private keys. Its chain goes on after entry ``after`` with ``hash``."""

    epoch: int
    private: bytes
    box_private: bytes
    after: int = 0
    hash: str = GENESIS

    def __repr__(self) -> str:
        return f"Identity(epoch={self.epoch})"

    @property
    def public_key(self) -> bytes:
        return public_key(self.private)

    @property
    def box_key(self) -> bytes:
        from engine.protocol.sealing import box_key  # noqa: PLC0415 - heavy; no counter opens later for it

        return box_key(self.box_private)


class Pinned(Struct, frozen=True, kw_only=True):
    """What the agency of a provider told at the enrolment of this till in ``epoch``; raw public keys.

    The chain that it knows by that epoch goes on after entry ``after`` with ``hash``: epochs that were never
    enrolled belong to the first one that is.
    """

    provider: str
    till: str
    epoch: int
    agency_key: bytes
    agency_box_key: bytes
    after: int = 0
    hash: str = GENESIS


class Mark(Struct, frozen=True, kw_only=True):
    """How far this till was when it was last looked at; ``restored``: a backup was put in its place."""

    epoch: int
    number: int
    hash: str
    restored: bool = False


class _EpochBody(Struct, frozen=True):
    epoch: int
    after: int
    hash: str


def current(db: Connection, random: Random = secrets.token_bytes) -> Identity:
    """Return the till as it is now; its first keys are made here, once."""
    found = of_epoch(db, None)
    if found is None:
        _insert(db, 1, (0, GENESIS), random)
        found = of_epoch(db, None)
        assert found is not None
    return found


def of_epoch(db: Connection, epoch: int | None) -> Identity | None:
    """Return the till as it was in ``epoch``, None for the newest; None where there is no such epoch."""
    where = "ORDER BY number DESC LIMIT 1" if epoch is None else "WHERE number = ?"
    row = db.execute(
        f"SELECT number, private, box_private, after, hash FROM epoch {where}",
        () if epoch is None else (epoch,),
    ).fetchone()
    if row is None:
        return None
    return Identity(epoch=row[0], private=row[1], box_private=row[2], after=row[3], hash=row[4])


def chain_after(db: Connection, number: int) -> str:
    """Return the name of the chain that goes on after entry ``number``; empty while it has no entry."""
    row = db.execute("SELECT hash FROM journal WHERE number = ?", (number + 1,)).fetchone()
    return row[0] if row else ""


def goes_on(db: Connection, known: Pinned | None) -> journal.Head:
    """Return after which entry the journal goes on from what an agency knows of this till.

    A backup that was put back may have been made in an epoch that no agency ever heard of: what was written
    in it counts with the epoch that is enrolled now.
    """
    above = known.epoch if known else max(0, current(db).epoch - 1)
    row = db.execute(
        "SELECT after, hash FROM epoch WHERE number > ? ORDER BY after LIMIT 1", (above,)
    ).fetchone()
    if row is None:
        return (known.after, known.hash) if known else (0, GENESIS)
    return (row[0], row[1])


def since(db: Connection) -> int:
    """Return after which entry the present epoch began."""
    return int(db.execute("SELECT coalesce(max(after), 0) FROM epoch").fetchone()[0])


def epoch_at(db: Connection, entry: int) -> int:
    """Return in which epoch journal entry ``entry`` was written."""
    row = db.execute("SELECT max(number) FROM epoch WHERE after < ?", (entry,)).fetchone()
    return row[0] or 1


def open_epoch(
    db: Connection, at: datetime, above: int = 0, random: Random = secrets.token_bytes
) -> Identity:
    """Begin the next epoch, one higher than any known and than ``above``, in the caller's transaction.

    New keys, and a journal entry ``epoch`` that follows the last one here.
    """
    head, epoch = journal.head(db), max(current(db, random).epoch, above) + 1
    _insert(db, epoch, head, random)
    body = msgspec.json.encode(_EpochBody(epoch, *head)).decode()
    journal.append(db, EPOCH_KIND, body, at)
    return current(db, random)


def pin(db: Connection, pinned: Pinned) -> None:
    """Keep the keys of a provider's agency, and the epoch in which it knows this till."""
    db.execute(
        "INSERT INTO pinned (provider, till, epoch, agency_key, agency_box_key, after, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (provider) DO UPDATE SET till = excluded.till, epoch = excluded.epoch,"
        " agency_key = excluded.agency_key, agency_box_key = excluded.agency_box_key,"
        " after = excluded.after, hash = excluded.hash",
        (
            *(pinned.provider, pinned.till, pinned.epoch, pinned.agency_key, pinned.agency_box_key),
            *(pinned.after, pinned.hash),
        ),
    )


def pinned(db: Connection, provider: str) -> Pinned | None:
    """Return what was pinned for a provider; None before its enrolment."""
    return next((each for each in all_pinned(db) if each.provider == provider), None)


def all_pinned(db: Connection) -> list[Pinned]:
    """Return what was pinned, of every provider."""
    rows = db.execute(
        "SELECT provider, till, epoch, agency_key, agency_box_key, after, hash FROM pinned ORDER BY provider"
    )
    return [
        Pinned(
            provider=row[0],
            till=row[1],
            epoch=row[2],
            agency_key=row[3],
            agency_box_key=row[4],
            after=row[5],
            hash=row[6],
        )
        for row in rows.fetchall()
    ]


def set_trouble(db: Connection, provider: str, text: str) -> None:
    """Keep why the agency of ``provider`` would not enrol this till's present epoch; empty: it did."""
    cursor.put(db, _trouble_name(db, provider), text)


def trouble(db: Connection, provider: str) -> str:
    """Return why the agency of ``provider`` does not know this till as it is now; empty while all is well."""
    return cursor.get(db, _trouble_name(db, provider)) or ""


def _trouble_name(db: Connection, provider: str) -> str:
    newest = of_epoch(db, None)
    return f"till_trouble {provider} {newest.epoch if newest else 1}"


def mark_of(db: Connection) -> Mark:
    """Return how far the till is now."""
    number, hash_ = journal.head(db)
    newest = of_epoch(db, None)
    return Mark(epoch=newest.epoch if newest else 1, number=number, hash=hash_)


def write_mark(path: Path, mark: Mark) -> None:
    """Keep ``mark`` outside the database, whole or not at all; never on a sale's own path.

    Raises a StorageTrouble where the folder cannot be written.
    """
    made = path.with_name(path.name + ".new")
    try:
        with made.open("wb") as file:
            file.write(msgspec.json.encode(mark) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
    except OSError as error:
        raise errors.DiskTrouble() from error


def read_mark(path: Path) -> Mark | None:
    """Return the mark at ``path``; None where there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Mark)
    except (OSError, msgspec.MsgspecError):
        return None


def was_put_back(db: Connection, mark: Mark) -> bool:
    """Tell whether the database is no longer what it was when ``mark`` was written, or later."""
    now = mark_of(db)
    if mark.restored or now.epoch < mark.epoch or now.number < mark.number:
        return True
    if mark.number == 0:
        return False
    return journal.entry(db, mark.number).hash != mark.hash


def _insert(db: Connection, epoch: int, after: journal.Head, random: Random) -> None:
    keys = random(KEY_LENGTH), random(KEY_LENGTH)
    db.execute(
        "INSERT INTO epoch (number, private, box_private, after, hash) VALUES (?, ?, ?, ?, ?)",
        (epoch, *keys, *after),
    )
