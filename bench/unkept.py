"""A counter on a filled shop's books, without the keeper of backups.

It copies all of the books beside whatever is measured, which by nature grows with them.
"""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

from app.bootstrap import OpenCounter, open_counter
from bench import sample_shop
from tests.fakes.fake_counter import FakeClock


class _NoKeeper:
    """Backs nothing up."""

    backed_up_at = None

    def __init__(self, **_parts: object) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


def open_unkept(data: Path, clock: FakeClock) -> OpenCounter:
    """Open the counter whose books lie in ``data``."""
    with patch("app.bootstrap.Keeper", _NoKeeper):
        return open_counter(sample_shop.settings(data, demonstration=False), clock)
