"""The one module of the agency that asks the computer what time it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the present instant, aware."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)
