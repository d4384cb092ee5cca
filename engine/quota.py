"""What is left of a person's year, and how far a share computed from stale sums may be off."""

from __future__ import annotations

from collections.abc import Iterable

from engine.money import Fen, portion
from engine.policy.answer import Answer, Settlement
from engine.policy.claim import Accumulators, Parameters


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

    Sums only grow. A limit used up elsewhere takes at most the fund's and the assistance's whole share away;
    a deductible already paid elsewhere gives back at most the fund's ratio of the deductible taken here.
    """
    lost = answer.fund + answer.assistance
    given_back = sum(portion(s.deductible, s.ratio_bp) for s in answer.settlements)
    return max(lost, given_back)
