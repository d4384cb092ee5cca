"""What prescriptions are downloaded by: a token or a number, each good once, for one shop, for a while."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from msgspec import Struct

from agency.storage.connection import Connection
from agency.storage.instants import instant, read_instant

Way: TypeAlias = Literal["qr", "person"]
"""By which question it was given: 7201 or 7202."""

LASTS = timedelta(days=1)
_BYTES: dict[Way, int] = {"qr": 32, "person": 15}
"""The national lengths: an epc_token has 64 characters, an auth_rxno 30."""


class Token(Struct, frozen=True, kw_only=True):
    """What a token stands for, and whether it was used."""

    number: str
    provider: str
    made_at: datetime
    used: bool


def give(db: Connection, number: str, provider: str, way: Way, now: datetime) -> str:
    """Return a new token for a prescription, inside the caller's transaction."""
    token = secrets.token_hex(_BYTES[way])
    db.write(
        "INSERT INTO rx_token (token, number, provider, way, made_at) VALUES (?, ?, ?, ?, ?)",
        (token, number, provider, way, instant(now)),
    )
    return token


def token(db: Connection, text: str) -> Token | None:
    """Return what a token stands for; None for one that was never given, or is forgotten."""
    row = db.execute(
        "SELECT number, provider, made_at, used_at FROM rx_token WHERE token = ?", (text,)
    ).fetchone()
    if row is None:
        return None
    return Token(number=row[0], provider=row[1], made_at=read_instant(row[2]), used=row[3] is not None)


def use(db: Connection, text: str, now: datetime) -> None:
    """Note that a token was used."""
    db.execute("UPDATE rx_token SET used_at = ? WHERE token = ?", (instant(now), text))


def forget(db: Connection, now: datetime) -> None:
    """Drop the tokens whose time is over, over all prescriptions: a sweep."""
    db.execute("DELETE FROM rx_token WHERE made_at < ?", (instant(now - 2 * LASTS),))
