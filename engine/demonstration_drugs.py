"""The demonstration's drugs: some 340 packs, a line each, because TOML tables of so many take too long.

A line begins with ``#`` where it is a comment; the first other line names the columns, which hold no comma.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

import msgspec

from engine.catalogue import Drug, Listing, Price
from engine.codes import is_national_code
from engine.demonstration_forms import DRUG_FLAGS, DrugRow, PriceSourceRow
from engine.diseases import NAMES
from engine.ids import is_ean13
from engine.money import parse_ratio, parse_yuan

FILE = "drugs.csv"
_LISTED_SINCE = date(2020, 1, 1)
_COLUMNS = DrugRow.__struct_fields__
_UNIQUE = ("code", "barcode", "trace_prefix")
_PREFIX = re.compile("899[0-9]{4}").fullmatch

Sources = Mapping[str, PriceSourceRow]
"""By what a price is written as: ``platform@33``, or ``procurement`` where it holds everywhere."""


def read_drugs(text: str, sources: Sources) -> dict[str, Drug]:
    """Return the drugs of ``text`` by key; raise ValueError that names file and place of what is wrong."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    if not lines or tuple(lines[0].split(",")) != _COLUMNS:
        raise ValueError(f"{FILE}: the columns should be {','.join(_COLUMNS)}")
    drugs: dict[str, Drug] = {}
    taken: set[str] = set()
    for number, line in enumerate(lines[1:], 1):
        try:
            row = _row(line)
            once = [row.key, *(getattr(row, name) for name in _UNIQUE)]
            again = next((each for each in once if each in taken), None)
            if again is not None:
                raise ValueError(f"a second time: {again}")
            taken.update(once)
            drugs[row.key] = _as_drug(row, sources)
        except (KeyError, ValueError, msgspec.ValidationError) as trouble:
            raise ValueError(f"{FILE}: drug {number}: {trouble}") from trouble
    return drugs


def _row(line: str) -> DrugRow:
    cells = line.split(",")
    if len(cells) != len(_COLUMNS):
        raise ValueError(f"{len(cells)} columns instead of {len(_COLUMNS)}")
    row: DrugRow = msgspec.convert(dict(zip(_COLUMNS, cells, strict=True)), DrugRow, strict=False)
    if not is_ean13(row.barcode):
        raise ValueError(f"not an EAN-13: {row.barcode}")
    if not is_national_code(row.code):
        raise ValueError(f"not a national code: {row.code}")
    if not _PREFIX(row.trace_prefix):
        raise ValueError(f"not a trace prefix of the demonstration: {row.trace_prefix}")
    if "演示" not in row.maker + row.approval:
        raise ValueError("maker and approval number should say that they are invented")
    if not row.spec.startswith(row.strength) and f":{row.strength}" not in row.spec:
        raise ValueError(f"the pack {row.spec} is not of {row.strength}")
    return row


def _as_drug(row: DrugRow, sources: Sources) -> Drug:
    flags = frozenset(row.flags.split())
    if not flags <= DRUG_FLAGS:
        raise ValueError(f"unknown flags: {row.flags}")
    return Drug(
        code=row.code,
        generic_name=row.generic_name,
        form=row.form,
        spec=row.spec,
        maker=row.maker,
        approval=row.approval,
        price=parse_yuan(row.price),
        unit=row.unit,
        trade_name=row.trade_name or None,
        barcode=row.barcode,
        trace_prefix=row.trace_prefix,
        prescription_only="otc" not in flags,
        pinyin=row.pinyin,
        listings=_listings(row, flags),
        strength=row.strength,
        pack_size=row.pack_size,
        pack_unit=row.pack_unit,
        prices=tuple(
            sorted(
                (_price(token, sources) for token in row.prices.split()),
                key=lambda price: (price.kind, price.region),  # As the catalogue gives them back.
            )
        ),
    )


def _listings(row: DrugRow, flags: frozenset[str]) -> tuple[Listing, ...]:
    if row.klass == "C":
        if row.first_self_pay or row.payment_standard or row.diseases or flags - {"otc"}:
            raise ValueError("a drug outside the list has no listing")
        return ()
    diseases = frozenset(row.diseases.split())
    if not diseases <= NAMES.keys():
        raise ValueError(f"unknown diseases: {row.diseases}")
    rows = [("", row.first_self_pay, row.payment_standard)]
    for token in row.regional.split():
        region, ratio, standard = token.split(":")
        rows.append((region, ratio, standard))
    return tuple(
        Listing(
            begins=_LISTED_SINCE,
            ends=None,
            klass=row.klass,
            region=region,
            first_self_pay_bp=parse_ratio(ratio or "0"),
            payment_standard=parse_yuan(standard) if standard else None,
            diseases=diseases,
            negotiated="negotiated" in flags,
            scope=row.scope,
            procured="procured" in flags,
        )
        for region, ratio, standard in rows
    )


def _price(token: str, sources: Sources) -> Price:
    name, _, yuan = token.partition("=")
    source = sources[name]
    return Price(
        kind=source.kind,
        fen=parse_yuan(yuan),
        begins=source.begins,
        region=source.region,
        document=source.document,
    )
