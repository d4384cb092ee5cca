"""What goes into a statement, and what comes out of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

Parameters: TypeAlias = Sequence[object]


class Cursor(Protocol):
    """What a statement brought."""

    @property
    def rowcount(self) -> int:
        """Rows that the statement wrote."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...
