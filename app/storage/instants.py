"""Instants as text that sorts: UTC, always with microseconds."""

from __future__ import annotations

from datetime import UTC, datetime


def to_text(instant: datetime) -> str:
    """Return an aware ``instant`` as fixed-width text; raise ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant must know its time zone")
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def from_text(text: str) -> datetime:
    """Return the instant that ``to_text`` wrote."""
    return datetime.fromisoformat(text)
