"""The rule in zen-engine (GoRules): a decision graph of one expression node, amounts in whole fen."""

from __future__ import annotations

import json
from typing import Any

import zen

from bench.rule import DEDUCTIBLE, GROUP, GROUP_LIMIT, GROUP_RATIO_BP, LIMIT, RATIO_BP, Share
from engine.policy.claim import Claim

_EXPRESSIONS = {
    "in_scope": "sum(map(lines, #.quantity * min([#.price, #.standard]) - "
    "floor((#.quantity * min([#.price, #.standard]) * #.first_self_pay_bp + 5000) / 10000)))",
    "deductible": f"min([$.in_scope, max([0, {DEDUCTIBLE} - deductible_paid])])",
    "ratio_bp": f"special ? {GROUP_RATIO_BP} : {RATIO_BP}",
    "left": f"max([0, (special ? {GROUP_LIMIT} : {LIMIT}) - fund_paid])",
    "fund": "min([floor((($.in_scope - $.deductible) * $.ratio_bp + 5000) / 10000), $.left])",
}


def _graph() -> str:
    expressions = [{"id": key, "key": key, "value": value} for key, value in _EXPRESSIONS.items()]
    nodes: list[dict[str, Any]] = [
        {"id": "in", "type": "inputNode", "name": "request"},
        {"id": "rule", "type": "expressionNode", "name": "rule", "content": {"expressions": expressions}},
        {"id": "out", "type": "outputNode", "name": "response"},
    ]
    edges = [
        {"id": "1", "type": "edge", "sourceId": "in", "targetId": "rule"},
        {"id": "2", "type": "edge", "sourceId": "rule", "targetId": "out"},
    ]
    return json.dumps({"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges})


class Zen:
    """The decision, made once and asked again and again."""

    def __init__(self) -> None:
        self._decision = zen.ZenEngine().create_decision(_graph())

    @staticmethod
    def prepare(claim: Claim) -> dict[str, Any]:
        """Return the decision's input for ``claim``."""
        return plain(claim)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the decision's result."""
        result: dict[str, Any] = self._decision.evaluate(request)["result"]
        return result

    def share(self, request: dict[str, Any]) -> Share:
        """Return the answer in whole fen."""
        result = self.answer(request)
        return Share(int(result["in_scope"]), int(result["deductible"]), int(result["fund"]))


class ZenExpressions:
    """The same five expressions compiled alone: no decision, no rules, nothing to trace. For information."""

    def __init__(self) -> None:
        self._expressions = {
            key: zen.compile_expression(value.replace("$.", "")) for key, value in _EXPRESSIONS.items()
        }

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return ``request`` with the values of all expressions added."""
        values = dict(request)
        for key, expression in self._expressions.items():
            values[key] = expression.evaluate(values)
        return values


def plain(claim: Claim) -> dict[str, Any]:
    """Return what the rule needs of ``claim`` as plain values, amounts in fen."""
    return {
        "special": GROUP in claim.patient.groups,
        "deductible_paid": claim.accumulators.deductible_paid,
        "fund_paid": claim.accumulators.fund_paid,
        "lines": [
            {
                "quantity": line.quantity,
                "price": line.unit_price,
                "standard": line.unit_price if line.payment_standard is None else line.payment_standard,
                "first_self_pay_bp": line.first_self_pay_bp,
            }
            for line in claim.lines
        ],
    }
