"""The rule in rule-engine: compiled rules over plain values, whole fen in its own decimals."""

from __future__ import annotations

from typing import Any

from rule_engine import Context, Rule, resolve_item

from bench.peers.zen_rule import plain
from bench.rule import DEDUCTIBLE, GROUP_LIMIT, GROUP_RATIO_BP, LIMIT, RATIO_BP, Share
from engine.policy.claim import Claim

_PRICE = "(line['price'] < line['standard'] ? line['price'] : line['standard'])"
_IN_SCOPE = (
    f"$sum([line['quantity'] * {_PRICE} "
    f"- (line['quantity'] * {_PRICE} * line['first_self_pay_bp'] + 5000) // 10000 for line in lines])"
)
_DEDUCTIBLE = f"$min([in_scope, $max([0, {DEDUCTIBLE} - deductible_paid])])"
_FUND = (
    f"$min([((in_scope - deductible) * (special ? {GROUP_RATIO_BP} : {RATIO_BP}) + 5000) // 10000,"
    f" $max([0, (special ? {GROUP_LIMIT} : {LIMIT}) - fund_paid])])"
)


class RuleEngine:
    """Three rules, compiled once; each answer goes into the values of the next."""

    def __init__(self) -> None:
        context = Context(resolver=resolve_item)
        self._rules = [
            (name, Rule(text, context=context))
            for name, text in (("in_scope", _IN_SCOPE), ("deductible", _DEDUCTIBLE), ("fund", _FUND))
        ]

    @staticmethod
    def prepare(claim: Claim) -> dict[str, Any]:
        """Return the rules' input for ``claim``."""
        return plain(claim)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return ``request`` with the three answers added."""
        values = dict(request)
        for name, rule in self._rules:
            values[name] = rule.evaluate(values)
        return values

    def share(self, request: dict[str, Any]) -> Share:
        """Return the answer in whole fen."""
        values = self.answer(request)
        return Share(int(values["in_scope"]), int(values["deductible"]), int(values["fund"]))
