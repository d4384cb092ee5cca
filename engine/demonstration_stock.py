"""The demonstration's stock, as resources/demonstration/stock.toml writes it; its days count from an
opening."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct

from engine.demonstration_drugs import FILE as DRUGS


class StockLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A batch of a delivery; the first ``boxes`` of its packs came with their trace codes.

    ``drug`` is the national code, in the file the drug's key.
    """

    drug: str
    batch: str
    expires_in_days: int
    packs: int
    boxes: int = 0


class StockDelivery(Struct, frozen=True, forbid_unknown_fields=True):
    """A delivery that came ``days_ago``."""

    supplier: str
    note: str
    days_ago: int
    lines: tuple[StockLine, ...]


class StockRecall(Struct, frozen=True, forbid_unknown_fields=True):
    """A batch that is recalled from the first day on."""

    drug: str
    batch: str
    why: str


class DemonstrationStock(Struct, frozen=True):
    """All of it."""

    deliveries: tuple[StockDelivery, ...]
    recalls: tuple[StockRecall, ...]


_T = TypeVar("_T")


def parse_stock(texts: Mapping[str, str]) -> DemonstrationStock:
    """Return the stock of ``texts`` (``stock.toml``, and ``drugs.csv`` for the codes behind its keys).

    Raises ValueError that names what is wrong.
    """
    codes = _codes(texts[DRUGS])
    deliveries = _rows(texts, "stock.toml", "delivery", StockDelivery)
    recalls = _rows(texts, "stock.toml", "recall", StockRecall)
    named = [line.drug for each in deliveries for line in each.lines] + [each.drug for each in recalls]
    strange = sorted(set(named) - set(codes))
    if strange:
        raise ValueError(f"stock.toml: no such drug: {strange[0]}")
    replace = msgspec.structs.replace
    return DemonstrationStock(
        tuple(
            replace(each, lines=tuple(replace(line, drug=codes[line.drug]) for line in each.lines))
            for each in deliveries
        ),
        tuple(replace(each, drug=codes[each.drug]) for each in recalls),
    )


def _codes(text: str) -> dict[str, str]:
    """Return the national codes of the demonstration's drugs by key; they stand in the first two columns."""
    lines = [line.split(",") for line in text.splitlines() if line and not line.startswith("#")]
    return {cells[0]: cells[1] for cells in lines[1:] if len(cells) > 1}


def _rows(texts: Mapping[str, str], file: str, table: str, form: type[_T]) -> list[_T]:
    try:
        return [msgspec.convert(row, form) for row in tomllib.loads(texts[file]).get(table, [])]
    except (KeyError, tomllib.TOMLDecodeError, msgspec.ValidationError) as trouble:
        raise ValueError(f"{file}: {trouble}") from trouble
