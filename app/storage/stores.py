"""The shops that this till may sell for; usually one, several in the demonstration."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from app.storage.connection import Connection
from engine.sale import Store

_DECODE = msgspec.json.Decoder(Store).decode


def save(db: Connection, stores: Iterable[Store]) -> None:
    """Keep ``stores`` as they are now."""
    db.executemany(
        "INSERT INTO store (provider, body) VALUES (?, ?)"
        " ON CONFLICT (provider) DO UPDATE SET body = excluded.body",
        [(store.provider.id, msgspec.json.encode(store).decode()) for store in stores],
    )


def all(db: Connection) -> list[Store]:
    """Return every store, in the order in which they came."""
    rows = db.execute("SELECT body FROM store ORDER BY rowid")
    return [_DECODE(row[0]) for row in rows.fetchall()]


def by_provider(db: Connection, provider: str) -> Store | None:
    """Return the store with the provider number ``provider``."""
    row = db.execute("SELECT body FROM store WHERE provider = ?", (provider,)).fetchone()
    return _DECODE(row[0]) if row else None
