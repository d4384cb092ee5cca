"""The one rule that every engine of `claim` computes, and random claims for it.

绍市医保〔2019〕26号 at a listed pharmacy: per line the part over the payment standard and the first self-pay
(half-up, per line), then the year's deductible, 15 % (40 % for four groups), and the year's limit.
"""

from __future__ import annotations

from datetime import date
from random import Random

from msgspec import Struct

from engine.money import BasisPoints, Fen, portion
from engine.policy.claim import Accumulators, Claim, ClaimPrescription, Group, Line, Patient, Provider

DAY = date(2022, 5, 4)
DEDUCTIBLE: Fen = 50_00
RATIO_BP: BasisPoints = 15_00
GROUP_RATIO_BP: BasisPoints = 40_00
LIMIT: Fen = 1000_00
GROUP_LIMIT: Fen = 1200_00
GROUP: Group = "severe_disability"

_PRESCRIPTION = ClaimPrescription(source="external", issued=DAY, issuer_designated=True, supply_days=28)
_PHARMACY = Provider(id="P33068100001", region="330681", kind="retail_pharmacy", designated=True, listed=True)


class Share(Struct, frozen=True):
    """What an engine comes to, in fen; the patient pays the rest of the total."""

    in_scope: Fen
    deductible: Fen
    fund: Fen


def share(claim: Claim) -> Share:
    """Return the share by the plainest arithmetic there is: what the engines are checked against."""
    special = GROUP in claim.patient.groups
    in_scope = sum(_in_scope(line) for line in claim.lines)
    deductible = min(in_scope, max(0, DEDUCTIBLE - claim.accumulators.deductible_paid))
    left = max(0, (GROUP_LIMIT if special else LIMIT) - claim.accumulators.fund_paid)
    fund = portion(in_scope - deductible, GROUP_RATIO_BP if special else RATIO_BP)
    return Share(in_scope, deductible, min(fund, left))


def _in_scope(line: Line) -> Fen:
    price = line.unit_price if line.payment_standard is None else min(line.unit_price, line.payment_standard)
    return line.quantity * price - portion(line.quantity * price, line.first_self_pay_bp)


def random_claims(count: int, seed: int = 1) -> list[Claim]:
    """Return ``count`` different claims of three class B lines each, the same for the same ``seed``."""
    random = Random(seed)
    return [_claim(random) for _ in range(count)]


def _claim(random: Random) -> Claim:
    groups = frozenset({GROUP}) if random.random() < 0.3 else frozenset()
    patient = Patient(
        region="330602",
        insurance="resident",
        status=None,
        filed_diseases=frozenset({"hypertension"}),
        groups=groups,
    )
    paid = Accumulators(
        deductible_paid=random.choice((0, 0, 1234, 50_00)), fund_paid=random.randrange(0, 1000_00)
    )
    lines = tuple(_line(random, place) for place in range(1, 4))
    return Claim(
        day=DAY,
        patient=patient,
        provider=_PHARMACY,
        lines=lines,
        prescription=_PRESCRIPTION,
        accumulators=paid,
    )


def _line(random: Random, place: int) -> Line:
    price = random.randrange(1_00, 300_00)
    standard = random.choice((price, price - random.randrange(0, 90), price + 100))
    return Line(
        id=str(place),
        drug=f"drug {random.randrange(100_000)}",
        quantity=random.randrange(1, 7),
        unit_price=price,
        klass="B",
        in_scope=True,
        first_self_pay_bp=random.choice((300, 500, 1000, 1500, 2000)),
        payment_standard=standard,
        disease="hypertension",
    )
