"""An answer as the JSON text of the contract: UTF-8, Chinese unescaped, fields in the contract's order."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.money import format_ratio, format_yuan
from engine.policy.answer import Answer, Refusal, Settlement, Step

_encode = msgspec.json.Encoder().encode


def write_answer(answer: Answer) -> bytes:
    """Return the JSON text of ``answer``, on one line without a line end."""
    return _encode(
        {
            "policy": answer.policy,
            "settlements": [_settlement(settlement) for settlement in answer.settlements],
            "refusals": [_refusal(refusal) for refusal in answer.refusals],
            "total": format_yuan(answer.total),
            "fund": format_yuan(answer.fund),
            "assistance": format_yuan(answer.assistance),
            "patient": format_yuan(answer.patient),
        }
    )


def write_error(code: str, path: str, message: str) -> bytes:
    """Return the JSON text that stands in the place of an answer that cannot be given."""
    return _encode({"error": {"code": code, "path": path, "message": message}})


def _settlement(settlement: Settlement) -> dict[str, Any]:
    return {
        "benefit": settlement.benefit,
        "disease": settlement.disease,
        "lines": settlement.lines,
        "total": format_yuan(settlement.total),
        "over_standard": format_yuan(settlement.over_standard),
        "first_self_pay": format_yuan(settlement.first_self_pay),
        "in_scope": format_yuan(settlement.in_scope),
        "deductible": format_yuan(settlement.deductible),
        "ratio": format_ratio(settlement.ratio_bp),
        "fund": format_yuan(settlement.fund),
        "over_limit": format_yuan(settlement.over_limit),
        "assistance": format_yuan(settlement.assistance),
        "patient": format_yuan(settlement.patient),
        "steps": [_step(step) for step in settlement.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "rule": step.rule,
        "payer": step.payer,
        "amount": format_yuan(step.amount),
        "clause": step.clause,
        "text": step.text,
    }


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return {
        "line": refusal.line,
        "code": refusal.code,
        "clause": refusal.clause,
        "message": refusal.message,
    }
