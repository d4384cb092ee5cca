"""True-up: in order of settlement time by the law, once, and never against the patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.adjudicate import Held, added_by, amounts, computed_of, less, plus, total_of, true_up
from engine.policy.answer import Answer
from engine.policy.claim import Accumulators, Claim, ClaimPrescription, Line, Parameters, Patient, Provider
from engine.policy.compute import answer_claim
from engine.policy.packs import Library

DAY = date(2026, 5, 4)
LIMIT, DEDUCTIBLE = 120_000, 30_000
NOTHING = Accumulators()


def claim(amount: int, *, region: str = "330681", disease: str = "hypertension") -> Claim:
    resident = region.startswith("33")
    return Claim(
        day=DAY,
        patient=Patient(
            region=region,
            insurance="resident" if resident else "employee",
            status=None if resident else "active",
            filed_diseases=frozenset({"hypertension", "diabetes"}),
        ),
        provider=Provider(id="P1", region=region, kind="retail_pharmacy", designated=True, listed=True),
        lines=(
            Line(
                id="1",
                drug="d1",
                quantity=1,
                unit_price=amount,
                klass="A",
                in_scope=True,
                disease=disease,
                negotiated=True,
            ),
        ),
        prescription=ClaimPrescription(
            source="external", issued=DAY, issuer_designated=True, supply_days=28, valid_until=DAY
        ),
        parameters=Parameters(deductible=DEDUCTIBLE, annual_limit=LIMIT),
    )


def law_of(library: Library) -> Callable[[Claim], Answer]:
    return lambda asked: answer_claim(library, asked)


def settled(library: Library, asked: Claim, sums: Accumulators, gap: int = 0) -> Held:
    """Return a settlement as it was computed on ``sums``; of a gap the patient knows nothing."""
    answer = answer_claim(library, replace(asked, accumulators=sums))
    found = computed_of(answer)
    return Held(
        claim=asked,
        now=replace(found, patient=found.patient - min(gap, found.patient)),
        added=added_by(answer, asked.parameters),
        gap=min(gap, found.patient),
    )


def in_turn(library: Library, claims: Sequence[Claim], base: Accumulators) -> list[Held]:
    made, sums = [], base
    for each in claims:
        made.append(settled(library, each, sums))
        sums = plus(sums, made[-1].added)
    return made


AMOUNTS = st.lists(st.integers(1, 90_000), min_size=1, max_size=8)
BASES = st.builds(Accumulators, deductible_paid=st.integers(0, DEDUCTIBLE), fund_paid=st.integers(0, LIMIT))


@given(AMOUNTS, BASES)
@settings(max_examples=60, deadline=None)
def test_settlements_that_came_one_after_another_are_left_as_they_are(
    library: Library, amounts_: list[int], base: Accumulators
) -> None:
    held = in_turn(library, [claim(each) for each in amounts_], base)

    found = true_up(base, held, law_of(library))

    assert (found.give_back, found.borne) == (0, 0)
    assert not any(row.changed for row in found.rows)
    assert found.sums == plus(base, total_of(each.added for each in held))


def test_deductible_taken_twice_is_given_back_with_both_computations_and_only_once(library: Library) -> None:
    first, second = (settled(library, claim(each, region="420704"), NOTHING) for each in (60_000, 50_000))
    assert first.now.deductible == second.now.deductible == DEDUCTIBLE

    found = true_up(NOTHING, [first, second], law_of(library))

    assert not found.rows[0].changed
    assert found.rows[1].before == second.now
    assert found.rows[1].after.deductible == 0
    assert found.give_back == second.now.patient - found.rows[1].after.patient > 0
    assert found.sums.deductible_paid == DEDUCTIBLE

    held = [
        replace(each, now=row.after, added=row.added)
        for each, row in zip((first, second), found.rows, strict=True)
    ]
    again = true_up(NOTHING, held, law_of(library))
    assert (again.give_back, again.borne) == (0, 0)
    assert again.sums == found.sums


@given(AMOUNTS, st.data(), BASES)
@settings(max_examples=80, deadline=None)
def test_patient_never_pays_more_and_what_is_given_back_is_by_the_law_and_within_the_limit(
    library: Library, amounts_: list[int], data: st.DataObject, base: Accumulators
) -> None:
    held = [
        settled(library, claim(each), data.draw(BASES), data.draw(st.sampled_from((0, 0, 5_000))))
        for each in amounts_
    ]
    before = sum(each.now.patient for each in held)

    found = true_up(base, held, law_of(library))

    after = sum(row.after.patient for row in found.rows)
    assert after == before - found.give_back <= before
    assert found.give_back == 0 or found.borne == 0
    for each, row in zip(held, found.rows, strict=True):
        total = sum(line.quantity * line.unit_price for line in each.claim.lines)
        assert row.after.fund + row.after.assistance + row.after.patient + row.gap == total
        assert 0 <= row.gap <= each.gap
    if found.give_back:
        assert found.sums.fund_paid <= LIMIT
        assert found.sums == plus(base, total_of(row.added for row in found.rows))
    else:
        assert [amounts(row.after) for row in found.rows] == [amounts(each.now) for each in held]


def test_what_was_taken_too_little_is_borne_by_the_fund_and_nothing_changes(library: Library) -> None:
    full = Accumulators(fund_paid=LIMIT)
    held = [settled(library, claim(40_000), NOTHING)]  # Computed when the limit was believed to be open.

    found = true_up(full, held, law_of(library))

    assert found.give_back == 0
    assert found.borne == held[0].now.fund
    assert found.rows[0].after == held[0].now
    assert found.sums == plus(full, held[0].added)


def test_what_a_provider_bears_is_not_asked_of_the_patient_later(library: Library) -> None:
    late = settled(library, claim(40_000), Accumulators(fund_paid=LIMIT), gap=28_000)
    assert (late.gap, late.now.patient) == (28_000, 12_000)

    found = true_up(Accumulators(fund_paid=LIMIT), [late], law_of(library))

    assert (found.give_back, found.borne, found.rows[0].gap) == (0, 0, 28_000)


@given(BASES, BASES)
def test_adding_and_taking_away_undo_each_other(one: Accumulators, other: Accumulators) -> None:
    assert less(plus(one, other), other) == one
