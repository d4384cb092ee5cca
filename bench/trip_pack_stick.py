"""`trip_pack_stick`: see ``bench.trip``."""

from bench.trip import measure_stick as measure

__all__ = ["measure"]
