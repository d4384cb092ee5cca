"""What regions ask of stock and trace codes, as it comes with the program; the engine reads it."""

from __future__ import annotations

from functools import cache

from app.resources import resource
from engine.stock_rules import RegionRules, StockRules, load_rules


@cache
def region_rules() -> RegionRules:
    """Return the rules of all regions; raise ValueError where the program came with wrong ones."""
    files = resource("regions").glob("*.toml")
    return load_rules({file.name: file.read_text(encoding="utf-8") for file in files})


@cache
def rules_of(region: str) -> StockRules:
    """Return the rules of a region of six digits."""
    return region_rules().of(region)
