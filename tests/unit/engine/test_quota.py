from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.policy.answer import Answer
from engine.policy.claim import Accumulators, Claim, ClaimPrescription, Line, Parameters, Patient, Provider
from engine.policy.compute import answer_claim
from engine.policy.packs import Library
from engine.quota import after, correction_bound

_USED_UP = Accumulators(deductible_paid=10**7, fund_paid=10**9, pool_fund_paid=10**9, fund_paid_class_b=10**9)
DISEASES = ("hypertension", "diabetes", "copd")
FEN = st.integers(0, 200_000)
ACCUMULATORS = st.builds(
    Accumulators,
    deductible_paid=st.integers(0, 70_000),
    fund_paid=FEN,
    ordinary_fund_paid=st.integers(0, 90_000),
    ordinary_exhausted=st.booleans(),
    fund_paid_class_b=FEN,
    pool_fund_paid=FEN,
)
CITIES = (
    ("330681", "resident", None, date(2023, 5, 4)),
    ("330681", "resident", None, date(2026, 5, 4)),
    ("320205", "resident", None, date(2026, 5, 4)),
    ("371502", "employee", "active", date(2026, 5, 4)),
    ("371502", "resident", None, date(2026, 5, 4)),
    ("420704", "employee", "retired", date(2026, 5, 4)),
)


@st.composite
def lines(draw: st.DrawFn) -> tuple[Line, ...]:
    made = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        klass = draw(st.sampled_from(("A", "B", "C")))
        made.append(
            Line(
                id=str(number),
                drug=f"d{number}",
                quantity=draw(st.integers(1, 5)),
                unit_price=draw(st.integers(1, 60_000)),
                klass=klass,
                in_scope=True,
                first_self_pay_bp=draw(st.integers(0, 3_000)) if klass == "B" else 0,
                payment_standard=draw(st.none() | st.integers(1, 60_000)),
                disease=draw(st.sampled_from(DISEASES)),
                negotiated=True,
            )
        )
    return tuple(made)


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    region, insurance, status, day = draw(st.sampled_from(CITIES))
    kind = draw(st.sampled_from(("retail_pharmacy", "primary", "secondary")))
    parameters = Parameters(
        deductible=draw(st.none() | st.integers(0, 90_000)),
        annual_limit=draw(st.none() | st.integers(0, 300_000)),
        disease_class={"hypertension": "B", "diabetes": "B", "copd": "A"},
        disease_limit={"hypertension": draw(FEN), "diabetes": draw(FEN)},
        pool_limit=draw(st.none() | st.integers(0, 400_000)),
        assistance_ratio=draw(st.none() | st.integers(0, 10_000)),
    )
    return Claim(
        day=day,
        patient=Patient(
            region=region,
            insurance=insurance,
            status=status,
            filed_diseases=frozenset(DISEASES),
            groups=frozenset(draw(st.sets(st.just("medical_assistance")))),
            agreed_provider="H1",
            referred=True,
        ),
        provider=Provider(id="H1", region=region, kind=kind, designated=True, listed=True, dual_channel=True),
        lines=draw(lines()),
        prescription=ClaimPrescription(
            source="external", issued=day, issuer_designated=True, supply_days=28, confirmed=True
        ),
        accumulators=draw(ACCUMULATORS),
        parameters=parameters,
    )


@settings(max_examples=400, deadline=None)
@given(claim=claims(), grown=ACCUMULATORS)
def test_no_correction_for_stale_sums_exceeds_the_bound_on_the_receipt(
    library: Library, claim: Claim, grown: Accumulators
) -> None:
    answer = answer_claim(library, claim)

    corrected = answer_claim(library, replace(claim, accumulators=_sum(claim.accumulators, grown)))

    assert abs(corrected.patient - answer.patient) <= correction_bound(answer)


@settings(max_examples=400, deadline=None)
@given(claim=claims(), true=ACCUMULATORS)
def test_no_correction_exceeds_the_bound_whatever_the_agencys_sums_are(
    library: Library, claim: Claim, true: Accumulators
) -> None:
    # Smaller ones, too: a settlement elsewhere was taken back, or one of this till's own was refused. What an
    # ordinary benefit was used up for is the one sum that never comes back.
    answer = answer_claim(library, claim)
    true = replace(true, ordinary_exhausted=true.ordinary_exhausted or claim.accumulators.ordinary_exhausted)

    corrected = answer_claim(library, replace(claim, accumulators=true))

    assert abs(corrected.patient - answer.patient) <= correction_bound(answer)


def test_the_bound_counts_what_a_limit_kept_back_because_the_limit_may_be_free_again(
    library: Library,
) -> None:
    claim = replace(_shaoxing_2019(unit_price=100_000, deductible_paid=10**7), accumulators=_USED_UP)
    answer = answer_claim(library, claim)
    free = answer_claim(library, replace(claim, accumulators=Accumulators(deductible_paid=10**7)))

    assert answer.fund == 0 < free.fund
    assert correction_bound(answer) == free.fund


def test_the_bound_counts_a_part_of_a_fen_whole(library: Library) -> None:
    answer = answer_claim(library, _shaoxing_2019(unit_price=4, deductible_paid=4_999))
    corrected = answer_claim(library, _shaoxing_2019(unit_price=4, deductible_paid=5_000))

    assert (answer.settlements[0].deductible, answer.fund, corrected.fund) == (1, 0, 1)
    assert correction_bound(answer) == 1


@settings(max_examples=200, deadline=None)
@given(claim=claims())
def test_sales_one_after_another_cost_the_same_as_the_diseases_of_one_basket(
    library: Library, claim: Claim
) -> None:
    whole = answer_claim(library, claim)
    paid = [s for s in whole.settlements if s.benefit != "self_pay"]
    by_id = {line.id: line for line in claim.lines}
    accumulators = claim.accumulators

    for settlement in paid:
        alone = replace(claim, lines=tuple(by_id[i] for i in settlement.lines), accumulators=accumulators)
        answer = answer_claim(library, alone)
        assert (answer.fund, answer.assistance) == (settlement.fund, settlement.assistance)
        accumulators = after(accumulators, answer.settlements, claim.parameters)

    assert accumulators == after(claim.accumulators, whole.settlements, claim.parameters)


def test_nothing_sold_leaves_the_sums_as_they_are() -> None:
    before = Accumulators(deductible_paid=5, fund_paid=7, ordinary_exhausted=True)
    nothing = Answer(None, (), (), 0, 0, 0, 0)

    assert after(before, nothing.settlements, Parameters()) == before
    assert correction_bound(nothing) == 0


def _sum(one: Accumulators, other: Accumulators) -> Accumulators:
    return Accumulators(
        deductible_paid=one.deductible_paid + other.deductible_paid,
        fund_paid=one.fund_paid + other.fund_paid,
        ordinary_fund_paid=one.ordinary_fund_paid + other.ordinary_fund_paid,
        ordinary_exhausted=one.ordinary_exhausted or other.ordinary_exhausted,
        fund_paid_class_b=one.fund_paid_class_b + other.fund_paid_class_b,
        pool_fund_paid=one.pool_fund_paid + other.pool_fund_paid,
    )


def _shaoxing_2019(unit_price: int, deductible_paid: int) -> Claim:
    day = date(2023, 5, 4)
    line = Line(
        id="1",
        drug="d",
        quantity=1,
        unit_price=unit_price,
        klass="A",
        in_scope=True,
        disease="hypertension",
    )
    return Claim(
        day=day,
        patient=Patient(region="330681", insurance="resident", status=None, filed_diseases=frozenset()),
        provider=Provider(id="P1", region="330681", kind="retail_pharmacy", designated=True, listed=True),
        lines=(line,),
        prescription=ClaimPrescription(
            source="electronic", issued=day, issuer_designated=True, supply_days=28
        ),
        accumulators=Accumulators(deductible_paid=deductible_paid),
    )
