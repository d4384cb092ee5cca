"""Files of reconciliations: what shops uploaded, and the results they fetch."""

from __future__ import annotations

import base64
from datetime import datetime

from msgspec import Struct

from agency.storage.connection import Connection
from agency.storage.instants import instant


class File(Struct, frozen=True, kw_only=True):
    """A file of a shop under its number."""

    provider: str
    number: str
    filename: str
    at: datetime
    content: bytes


def save(db: Connection, file: File) -> None:
    """Keep a file; the number is new."""
    db.execute(
        "INSERT INTO upload (provider, file_qury_no, filename, at, content) VALUES (?, ?, ?, ?, ?)",
        (
            file.provider,
            file.number,
            file.filename,
            instant(file.at),
            base64.b64encode(file.content).decode(),
        ),
    )


def content(db: Connection, provider: str, number: str) -> bytes | None:
    """Return what a shop's file holds."""
    row = db.execute(
        "SELECT content FROM upload WHERE provider = ? AND file_qury_no = ?", (provider, number)
    ).fetchone()
    return base64.b64decode(row[0]) if row else None


def forget(db: Connection, provider: str, before: datetime) -> None:
    """Drop a shop's files from before an instant."""
    db.execute("DELETE FROM upload WHERE provider = ? AND at < ?", (provider, instant(before)))
