"""`delivery_postgresql`: see ``bench.delivery``."""

from bench.delivery import measure_postgresql as measure

__all__ = ["measure"]
