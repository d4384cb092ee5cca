"""What a region asks of stock and trace codes: dates, forms of messages; data with sources."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date

import msgspec
from msgspec import Struct

from engine.policy.answer import Clause


class _TraceCodes(Struct, forbid_unknown_fields=True):
    insured_from: date | None = None
    all_from: date | None = None
    no_codes: tuple[str, ...] | None = None
    document: str | None = None
    section: str | None = None
    verified: bool = False


class _Messages(Struct, forbid_unknown_fields=True):
    batch_sales: bool | None = None
    code_list: bool | None = None
    no_batch: str | None = None
    verified: bool = False


class _Shelf(Struct, forbid_unknown_fields=True):
    near_expiry_days: int | None = None
    verified: bool = False


class _Region(Struct, forbid_unknown_fields=True):
    prefix: str
    trace_codes: _TraceCodes = msgspec.field(default_factory=_TraceCodes)
    messages: _Messages = msgspec.field(default_factory=_Messages)
    shelf: _Shelf = msgspec.field(default_factory=_Shelf)


class StockRules(Struct, frozen=True, kw_only=True):
    """One region's rules.

    From ``insured_from`` on nothing is settled on insurance without the trace code of every box that has one;
    from ``all_from`` on every sale's codes are told. None: never. Drugs whose national codes begin as
    ``no_codes`` say have none.
    """

    insured_from: date | None = None
    all_from: date | None = None
    no_codes: tuple[str, ...] = ()
    clause: Clause | None = None
    batch_sales: bool = True
    code_list: bool = True
    no_batch: str = "无"
    near_expiry_days: int = 180


class RegionRules(Struct, frozen=True):
    """All regions' rules, the nation's first."""

    regions: tuple[_Region, ...]

    def of(self, region: str) -> StockRules:
        """Return the rules of a region of six digits: each figure of the narrowest prefix that names it."""
        found: dict[str, object] = {}
        clause: Clause | None = None
        for row in sorted(self.regions, key=lambda each: len(each.prefix)):
            if not region.startswith(row.prefix):
                continue
            for part in (row.trace_codes, row.messages, row.shelf):
                found |= {
                    name: value for name, value in msgspec.structs.asdict(part).items() if value is not None
                }
            if row.trace_codes.document:
                clause = Clause(row.trace_codes.document, row.trace_codes.section or "")
        known = {name: value for name, value in found.items() if name in StockRules.__struct_fields__}
        return StockRules(clause=clause, **known)  # type: ignore[arg-type]


def load_rules(texts: Mapping[str, str]) -> RegionRules:
    """Return the rules in ``texts`` by file name; raise ValueError that names what is wrong, and where."""
    regions: list[_Region] = []
    for name, text in sorted(texts.items()):
        try:
            rows = tomllib.loads(text).get("region", [])
            regions += [msgspec.convert(row, _Region) for row in rows]
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as trouble:
            raise ValueError(f"{name}: {trouble}") from trouble
    return RegionRules(tuple(regions))
