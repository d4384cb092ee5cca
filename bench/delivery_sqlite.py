"""`delivery_sqlite`: see ``bench.delivery``."""

from bench.delivery import measure_sqlite as measure

__all__ = ["measure"]
