"""What is left of a person's year, and how far a share computed from stale sums may be off."""

from __future__ import annotations

from collections.abc import Iterable

from engine.money import WHOLE, BasisPoints, Fen
from engine.policy.answer import Answer, Settlement
from engine.policy.claim import Accumulators, Parameters

_NOT_EXHAUSTED = "ordinary_not_exhausted"


def after(
    accumulators: Accumulators, settlements: Iterable[Settlement], parameters: Parameters
) -> Accumulators:
    """Return ``accumulators`` with ``settlements`` counted in, for sales that a snapshot does not include.

    Source: contract/quote, "Later settlements of a claim see the accumulators as the earlier ones left them".
    """
    classes = parameters.disease_class or {}
    deductible = fund = class_b = 0
    for settlement in settlements:
        deductible += settlement.deductible
        fund += settlement.fund
        if settlement.disease is not None and classes.get(settlement.disease) == "B":
            class_b += settlement.fund
    return Accumulators(
        deductible_paid=accumulators.deductible_paid + deductible,
        fund_paid=accumulators.fund_paid + fund,
        ordinary_fund_paid=accumulators.ordinary_fund_paid,
        ordinary_exhausted=accumulators.ordinary_exhausted,
        fund_paid_class_b=accumulators.fund_paid_class_b + class_b,
        pool_fund_paid=accumulators.pool_fund_paid + fund,
    )


def correction_bound(answer: Answer) -> Fen:
    """Return the most by which the patient's share may be corrected when the sums turn out to be stale.

    A limit used up elsewhere takes at most the fund's and the assistance's whole share away. The other way,
    the fund gives at most its ratio of all that is in scope: a deductible already paid elsewhere, a limit
    that is less used up than was known because a settlement elsewhere was taken back; and, where an ordinary
    benefit was used up elsewhere, at most the lines that were refused for it. Parts of a fen count whole: the
    correction may round the other way. The bound holds whatever the true sums are, grown or not.
    """
    lost = answer.fund + answer.assistance
    insured = [each for each in answer.settlements if each.benefit != "self_pay"]
    given_back = sum(_rounded_up(each.in_scope, each.ratio_bp) - each.fund for each in insured)
    if any(refusal.code == _NOT_EXHAUSTED for refusal in answer.refusals):
        given_back += sum(s.total for s in answer.settlements if s.benefit == "self_pay")
    return max(lost, given_back)


def _rounded_up(amount: Fen, ratio_bp: BasisPoints) -> Fen:
    return -(-amount * ratio_bp // WHOLE)
