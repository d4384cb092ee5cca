"""For how long and how much the agency reserves."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from engine.money import Fen


class LeaseTerms(Struct, frozen=True, kw_only=True):
    """Settings of the agency; ``ceiling`` in fen bounds a lease that is asked for without a basket.

    A lease is good until ``use_until``; what was settled by then may arrive ``guard`` and ``window`` later.
    """

    basket: timedelta = timedelta(hours=2)
    longest: timedelta = timedelta(days=31)
    guard: timedelta = timedelta(minutes=15)
    window: timedelta = timedelta(days=14)
    ceiling: Fen = 500_000

    def reclaim_at(self, use_until: datetime) -> datetime:
        """Return when nothing more is accepted under a lease: the agency's clock alone decides it."""
        return use_until + self.guard + self.window
