"""Where each box was sold first, by its trace code."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from agency.storage.connection import Connection
from agency.storage.instants import instant


class Sold(Struct, frozen=True):
    """A sale of a box; ``sale`` is the shop's own number."""

    provider: str
    sale: str


def sell(db: Connection, code: str, sold: Sold, at: datetime) -> Sold:
    """Note the sale of the box with a trace code; return its first sale, which may be another one."""
    db.execute(
        "INSERT INTO trace (code, provider, sale, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (code, sold.provider, sold.sale, instant(at)),
    )
    row = db.execute("SELECT provider, sale FROM trace WHERE code = ?", (code,)).fetchone()
    return Sold(*row)
