"""What holds for every claim: every fen is accounted for, and no limit is passed."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from engine.money import portion
from engine.policy.claim import Accumulators, Claim, ClaimPrescription, Line, Parameters, Patient, Provider
from engine.policy.compute import answer_claim
from tests.fakes.policy_requests import CLASSES, library

DISEASES = ["hypertension", "diabetes", "pulmonary_tuberculosis", "malignant_tumour", "haemodialysis", "gout"]
CITY_DAYS = [
    ("330602", "resident", date(2023, 5, 5)),
    ("330602", "resident", date(2024, 5, 5)),
    ("320200", "resident", date(2020, 5, 5)),
    ("371500", "resident", date(2025, 5, 5)),
    ("371500", "employee", date(2025, 5, 5)),
    ("420700", "employee", date(2024, 5, 5)),
]
fen = st.integers(0, 300_000)


accumulators = st.builds(
    Accumulators,
    deductible_paid=fen,
    fund_paid=fen,
    ordinary_fund_paid=fen,
    ordinary_exhausted=st.booleans(),
    fund_paid_class_b=fen,
    pool_fund_paid=fen,
)
parameters = st.builds(
    Parameters,
    deductible=st.none() | fen,
    annual_limit=st.none() | fen,
    pool_limit=st.none() | fen,
    disease_class=st.just(CLASSES),
    disease_limit=st.just({"hypertension": 100_000, "diabetes": 5_000}),
    assistance_ratio=st.none() | st.integers(0, 10_000),
)


@st.composite
def lines(draw, line_id):
    klass = draw(st.sampled_from("AABBC"))
    return Line(
        id=str(line_id),
        drug="药",
        quantity=draw(st.integers(1, 40)),
        unit_price=draw(fen),
        klass=klass,
        in_scope=draw(st.sampled_from([True, True, True, False])),
        first_self_pay_bp=draw(st.integers(0, 10_000)) if klass == "B" else 0,
        payment_standard=draw(st.none() | fen),
        disease=draw(st.none() | st.sampled_from(DISEASES)),
        negotiated=True,
    )


@st.composite
def claims(draw):
    region, insurance, day = draw(st.sampled_from(CITY_DAYS))
    paper = ClaimPrescription(
        source="external",
        issued=day,
        issuer_designated=True,
        supply_days=draw(st.integers(20, 32)),
        confirmed=True,
    )
    patient = Patient(
        region=region,
        insurance=insurance,
        status=None if insurance == "resident" else draw(st.sampled_from(["active", "retired"])),
        filed_diseases=frozenset(draw(st.lists(st.sampled_from(DISEASES))) + DISEASES[:1]),
        groups=draw(st.frozensets(st.sampled_from(["severe_disability", "medical_assistance"]))),
        agreed_provider="P1",
        referred=draw(st.booleans()),
        offsite_region=draw(st.sampled_from([None, "110100"])),
    )
    provider = Provider(
        id="P1",
        region=draw(st.sampled_from([region, region, "110101"])),
        kind=draw(st.sampled_from(["retail_pharmacy", "primary", "secondary", "tertiary"])),
        designated=True,
        listed=True,
        dual_channel=True,
    )
    return Claim(
        day=day,
        patient=patient,
        provider=provider,
        prescription=draw(st.sampled_from([None, paper, paper])),
        accumulators=draw(accumulators),
        parameters=draw(parameters),
        lines=tuple(draw(lines(number)) for number in range(draw(st.integers(1, 5)))),
    )


def paid_by(settlement, payer):
    return sum(step.amount for step in settlement.steps if step.payer == payer)


@given(claims())
def test_the_steps_account_for_every_fen_of_a_settlement(claim):
    for settlement in answer_claim(library(), claim).settlements:
        assert paid_by(settlement, "patient") == settlement.patient >= 0
        assert paid_by(settlement, "fund") == settlement.fund >= 0
        assert paid_by(settlement, "assistance") == settlement.assistance >= 0
        assert settlement.patient + settlement.fund + settlement.assistance == settlement.total


@given(claims())
def test_every_line_is_in_one_settlement_and_the_sums_are_theirs(claim):
    answer = answer_claim(library(), claim)
    settled = [line for settlement in answer.settlements for line in settlement.lines]

    assert sorted(settled) == sorted(line.id for line in claim.lines)
    assert answer.total == sum(line.quantity * line.unit_price for line in claim.lines)
    assert answer.total == answer.fund + answer.assistance + answer.patient
    for field in ("total", "fund", "assistance", "patient"):
        assert getattr(answer, field) == sum(getattr(settlement, field) for settlement in answer.settlements)


@given(claims())
def test_the_fund_never_pays_more_than_its_ratio_of_what_is_over_the_deductible(claim):
    for settlement in answer_claim(library(), claim).settlements:
        shared = settlement.in_scope - settlement.deductible
        assert shared >= 0
        assert settlement.fund + settlement.over_limit == portion(shared, settlement.ratio_bp)


@given(claims())
def test_no_limit_of_the_year_is_passed_by_a_claim(claim):
    answer = answer_claim(library(), claim)
    paid, parameters = claim.accumulators, claim.parameters
    wuxi = 100_000 if "diabetes" in claim.patient.filed_diseases else 80_000
    limits = {
        "shaoxing-2019": (120_000, paid.fund_paid),
        "shaoxing-2023": (120_000, paid.fund_paid),
        "wuxi-2019": (wuxi, paid.fund_paid + paid.ordinary_fund_paid),
        "liaocheng-2025": (parameters.pool_limit, paid.pool_fund_paid),
        "ezhou-2023": (parameters.annual_limit, paid.fund_paid),
    }
    limit, spent = limits[answer.policy]

    if limit is not None:
        assert answer.fund <= max(0, limit - spent)


@given(claims())
def test_what_is_refused_says_why_and_where_and_what_to_do(claim):
    answer = answer_claim(library(), claim)
    pack = library().pack(answer.policy)
    clauses = [step.clause for settlement in answer.settlements for step in settlement.steps]

    assert all(refusal.message.endswith("。") for refusal in answer.refusals)
    for clause in clauses + [refusal.clause for refusal in answer.refusals]:
        assert clause.document in pack.documents
    refused = {refusal.line for refusal in answer.refusals}
    for settlement in answer.settlements:
        if settlement.benefit != "self_pay":
            assert not refused & {None, *settlement.lines}


@given(claims())
def test_the_same_claim_has_the_same_answer_again(claim):
    assert answer_claim(library(), claim) == answer_claim(library(), claim)
