"""How instants stand in a table: ISO 8601 in UTC with microseconds, so that text sorts as time does."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(at: datetime) -> str:
    """Return an aware instant as it is stored."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def read_instant(text: str) -> datetime:
    """Return a stored instant."""
    return datetime.fromisoformat(text)
