"""Stock of a shop: lots of a drug with their expiry, and which of them a sale is taken from."""

from __future__ import annotations

from datetime import date

from msgspec import Struct


class LotUse(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a sale takes from one lot: ``quantity`` packs, or smallest units of a split pack.

    ``lot`` is the shop's own number of it; ``batch`` the maker's (批号).
    """

    lot: int
    batch: str
    quantity: int
    expires: date | None = None
    made: date | None = None
