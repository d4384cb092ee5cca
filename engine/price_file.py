"""From the texts of resources/pricing to price rules: whatever is wrong is listed, all at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import get_args

from engine.catalogue import PriceKind
from engine.policy.answer import Clause
from engine.policy.problems import PackError, Problem
from engine.policy.table import Table, read_table
from engine.price import Asks, Lines, PriceRule, PriceRules

_FAR = date(9999, 12, 31)
_KINDS: frozenset[str] = frozenset(get_args(PriceKind))
_is_city = re.compile("[0-9]{4}").fullmatch


def load_price_rules(texts: Mapping[str, str]) -> PriceRules:
    """Return the rules of ``texts`` (by file name); raise PackError listing all that is wrong with them."""
    problems: list[Problem] = []
    rules = [rule for name in sorted(texts) for rule in _read(name, texts[name], problems)]
    seen: set[tuple[str, str, date]] = set()
    for rule in rules:
        if (rule.city, rule.id, rule.begins) in seen:
            problems.append(Problem(rule.city, rule.id, "同一城市、同一天起的规则写了两次"))
        seen.add((rule.city, rule.id, rule.begins))
    if problems:
        raise PackError(tuple(sorted(set(problems))))
    return PriceRules(rules)


def _read(name: str, text: str, problems: list[Problem]) -> list[PriceRule]:
    table = read_table(name, text, problems)
    if table is None:
        return []
    city, document = table.text("city"), table.text("document")
    if city and not _is_city(city):
        table.report("city", "应为行政区划代码的前四位，例如 3306")
    rules = [_rule(row, city, document) for _, row in table.rows("rule")]
    table.finish()
    return rules


def _rule(row: Table, city: str, document: str) -> PriceRule:
    begins, ends = row.day("begins"), row.day("ends", optional=True)
    if begins and ends and ends < begins:
        row.report("ends", "早于开始日期（begins）")
    severity, bars = row.one_of("severity", frozenset({"refused", "attention"})), row.flag("bars", False)
    if bars and severity != "refused":
        row.report("bars", "不能卖的要写成 refused")
    advice = row.text("advice")
    if advice and not advice.endswith("。"):
        row.report("advice", "应是一句完整的话，以“。”结尾")
    unless = row.one_of("unless", _KINDS) if row.has("unless") else None
    rule = PriceRule(
        id=row.text("id"),
        city=city,
        asks=row.one_of("asks", frozenset(get_args(Asks))),  # type: ignore[arg-type]
        price=row.one_of("price", _KINDS),  # type: ignore[arg-type]
        lines=row.one_of("lines", frozenset(get_args(Lines))),  # type: ignore[arg-type]
        severity=severity,  # type: ignore[arg-type]
        advice=advice,
        clause=Clause(document, row.text("section", missing="没有注明条款（section）")),
        checked_on=row.day("checked_on", missing="没有注明核对日期（checked_on）") or _FAR,
        begins=begins or _FAR,
        ends=ends,
        bars=bars,
        unless=unless,  # type: ignore[arg-type]
    )
    row.finish()
    return rule
