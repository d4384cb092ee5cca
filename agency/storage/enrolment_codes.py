"""One-time codes with which a till may enrol; only their digests are kept."""

from __future__ import annotations

import hashlib
from datetime import datetime

from agency.storage.connection import Connection
from agency.storage.instants import instant

ANY_TILL = "*"
"""A code of any till of a shop; it is not used up. For the demonstration alone."""


def keep(db: Connection, provider: str, till: str, code: str, expires_at: datetime) -> None:
    """Let ``code`` enrol a till until ``expires_at``."""
    db.execute(
        "INSERT INTO enrolment_code (provider, till, digest, expires_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (provider, till, _digest(provider, till, code), instant(expires_at)),
    )


def use(db: Connection, provider: str, till: str, code: str, now: datetime) -> bool:
    """Use a code up; return whether it was good ``now``."""
    used = db.execute(
        "UPDATE enrolment_code SET used_at = ?"
        " WHERE provider = ? AND till = ? AND digest = ? AND used_at IS NULL AND expires_at >= ?",
        (instant(now), provider, till, _digest(provider, till, code), instant(now)),
    )
    return used.rowcount > 0 or _is_standing(db, provider, code)


def _is_standing(db: Connection, provider: str, code: str) -> bool:
    row = db.execute(
        "SELECT 1 FROM enrolment_code WHERE provider = ? AND till = ? AND digest = ?",
        (provider, ANY_TILL, _digest(provider, ANY_TILL, code)),
    ).fetchone()
    return row is not None


def _digest(provider: str, till: str, code: str) -> str:
    said = "".join(code.upper().split())
    return hashlib.sha256("\n".join((provider, till, said)).encode()).hexdigest()
