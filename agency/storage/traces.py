"""Where each box was sold first, by its trace code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from agency.storage.connection import Connection, select_in
from agency.storage.instants import instant

_INSERT = "INSERT INTO trace (code, provider, sale, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"


class Sold(Struct, frozen=True):
    """A sale of a box; ``sale`` is the shop's own number."""

    provider: str
    sale: str


def sell(db: Connection, boxes: Sequence[tuple[str, Sold]], at: datetime) -> dict[str, Sold]:
    """Note the sales of boxes by trace code, in order; return each one's first sale, which may be another."""
    for code, sold in boxes:
        db.write(_INSERT, (code, sold.provider, sold.sale, instant(at)))
    rows = select_in(
        db,
        "SELECT code, provider, sale FROM trace WHERE code IN ({marks})",
        list(dict.fromkeys(code for code, _sold in boxes)),
    )
    return {code: Sold(*first) for code, *first in rows}


def release(db: Connection, code: str, provider: str) -> None:
    """Let a box that came back to its shop be sold there once more."""
    db.execute("DELETE FROM trace WHERE code = ? AND provider = ?", (code, provider))
