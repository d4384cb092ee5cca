"""Bundles that were taken in, so that a replayed or an older one is told from a new one."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from agency.storage.connection import Connection
from agency.storage.instants import instant


class Taken(Struct, frozen=True, kw_only=True):
    """A bundle of a till's epoch by its serial; ``digest`` is its header's."""

    provider: str
    till: str
    epoch: int
    serial: int
    digest: str


def note(db: Connection, taken: Taken, at: datetime) -> None:
    """Keep that a bundle was taken in; the first one under a serial stays."""
    db.execute(
        "INSERT INTO bundle (provider, till, epoch, serial, digest, at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (taken.provider, taken.till, taken.epoch, taken.serial, taken.digest, instant(at)),
    )


def is_known(db: Connection, taken: Taken) -> bool:
    """Tell whether this very bundle was taken in before."""
    row = db.execute(
        "SELECT digest FROM bundle WHERE provider = ? AND till = ? AND epoch = ? AND serial = ?",
        (taken.provider, taken.till, taken.epoch, taken.serial),
    ).fetchone()
    return row is not None and row[0] == taken.digest


def is_older(db: Connection, taken: Taken) -> bool:
    """Tell whether a later one of the same epoch was taken in before."""
    row = db.execute(
        "SELECT max(serial) FROM bundle WHERE provider = ? AND till = ? AND epoch = ?",
        (taken.provider, taken.till, taken.epoch),
    ).fetchone()
    return row[0] is not None and bool(row[0] > taken.serial)
