"""What a drug may be sold at: the prices that others set, and the findings where the shop's differs.

Which city asks what is data (resources/pricing); a city without a file asks nothing. The shop's own region
counts, and everybody's purchase: what is bound is the price that the shop sells at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Literal, TypeAlias

from msgspec import Struct

from engine.catalogue import Drug, Price, PriceKind, listing_on, price_on
from engine.money import format_yuan
from engine.policy.answer import Clause
from engine.prescription import Finding, Severity
from engine.sale import BasketLine

Asks: TypeAlias = Literal["not_above", "known"]
"""Of a line: that it costs no more than the price of the kind, or that there is such a price at all."""
Lines: TypeAlias = Literal["in_catalogue", "chronic"]
"""Which lines are asked: drugs of the reimbursement list, or those that a chronic disease is treated with."""

NAMES: dict[PriceKind, str] = {
    "platform": "省平台挂网价",
    "agreed": "协议价",
    "procurement": "集采中选价",
    "ceiling": "医保限价",
}


class PriceRule(Struct, frozen=True, kw_only=True):
    """What one city asks of the prices in its shops; ``id`` is the code of the finding.

    ``unless``: not asked of a drug that has a price of that other kind. ``advice`` says what to do.
    """

    id: str
    city: str
    asks: Asks
    price: PriceKind
    lines: Lines
    severity: Severity
    advice: str
    clause: Clause
    checked_on: date
    begins: date
    ends: date | None = None  # Inclusive.
    bars: bool = False
    unless: PriceKind | None = None


def words_of(rule: PriceRule) -> tuple[str, str]:
    """Return what a rule asks, and what comes of it, for people."""
    whose = "目录内药品" if rule.lines == "in_catalogue" else "慢性病药品"
    asked = f"不高于{NAMES[rule.price]}" if rule.asks == "not_above" else f"有{NAMES[rule.price]}"
    first = f"（没有{NAMES[rule.unless]}时）" if rule.unless else ""
    return f"{whose}{asked}{first}", "不符的不能卖" if rule.bars else "不符的提示"


class PriceRules:
    """All rules; ``of`` gives those of a shop."""

    def __init__(self, rules: Iterable[PriceRule]) -> None:
        self.all = tuple(rules)

    def of(self, region: str, day: date) -> tuple[PriceRule, ...]:
        """Return what is asked of a shop in ``region`` (six digits) on ``day``."""
        return tuple(
            rule
            for rule in self.all
            if rule.city == region[:4] and rule.begins <= day and (rule.ends is None or day <= rule.ends)
        )


def check_prices(
    rules: Iterable[PriceRule],
    lines: Iterable[BasketLine],
    *,
    region: str,
    day: date,
    chronic: frozenset[str],
    known: Callable[[PriceKind], bool],
) -> Iterator[Finding]:
    """Yield what the ``rules`` find in the lines of a shop in ``region``.

    ``chronic`` are the ids of lines that treat a chronic disease; ``known`` tells whether prices of a kind
    were brought here at all: where none were, none can be missing.
    """
    asked = list(rules)
    for line in lines:
        for rule in asked:
            if _is_asked(rule, line, region, day, chronic):
                price = price_on(line.drug, rule.price, day, region)
                if rule.asks == "not_above" and price is not None and _is_above(line, price):
                    yield _above(rule, line, price)
                elif rule.asks == "known" and price is None and known(rule.price):
                    yield _unknown(rule, line)


def _is_asked(rule: PriceRule, line: BasketLine, region: str, day: date, chronic: frozenset[str]) -> bool:
    if rule.unless is not None and price_on(line.drug, rule.unless, day, region) is not None:
        return False
    return in_catalogue(line.drug, day, region) and (rule.lines == "in_catalogue" or line.id in chronic)


def in_catalogue(drug: Drug, day: date, region: str) -> bool:
    """Tell whether the list of ``region`` has ``drug`` on ``day``, for either insurance."""
    return any(
        listing_on(drug, day, region, insurance).klass != "C" for insurance in (None, "employee", "resident")
    )


def _is_above(line: BasketLine, price: Price) -> bool:
    """Tell whether the line costs more; pieces of an opened pack may be rounded up to the fen each."""
    if not line.split:
        return line.unit_price > price.fen
    size = line.drug.pack_size or 1
    return line.unit_price * size >= price.fen + size


def _above(rule: PriceRule, line: BasketLine, price: Price) -> Finding:
    piece = f"每{line.drug.pack_unit or '份'}" if line.split else ""
    whole = f"整{line.drug.unit}" if line.split else ""
    asked = f"{line.drug.generic_name}{piece}售价 {format_yuan(line.unit_price)} 元"
    source = f"（{price.document}）" if price.document else ""
    return _finding(
        rule, line, f"{asked}，高于{whole}{NAMES[rule.price]} {format_yuan(price.fen)} 元{source}"
    )


def _unknown(rule: PriceRule, line: BasketLine) -> Finding:
    return _finding(rule, line, f"{line.drug.generic_name}（{line.drug.maker}）没有{NAMES[rule.price]}")


def _finding(rule: PriceRule, line: BasketLine, what: str) -> Finding:
    return Finding(
        rule.severity,
        rule.id,
        f"{what}{'，不能卖' if rule.bars else ''}。",
        rule.clause,
        rule.advice,
        subject=line.drug.code,
        bars=rule.bars,
    )
