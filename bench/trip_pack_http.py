"""`trip_pack_http`: see ``bench.trip``."""

from bench.trip import measure_http as measure

__all__ = ["measure"]
