from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.calendar import business_day
from engine.catalogue import listing_on
from engine.demonstration import Demonstration
from engine.policy.claim import Accumulators
from engine.sale import Draft, add_box, disease_treated, make_claim, set_quantity


def test_scanning_the_same_drug_again_adds_a_box_to_its_line(demonstration: Demonstration) -> None:
    first, second = demonstration.drugs[:2]

    draft = add_box(add_box(add_box(Draft(), first), second), first)

    assert [(line.id, line.drug.code, line.quantity) for line in draft.lines] == [
        ("1", first.code, 2),
        ("2", second.code, 1),
    ]
    assert draft.total == 2 * first.price + second.price


def test_a_trace_code_first_fills_a_box_that_lacks_one(demonstration: Demonstration) -> None:
    drug = demonstration.drugs[0]

    draft = add_box(add_box(Draft(), drug), drug, "8" * 20)
    assert (draft.lines[0].quantity, draft.lines[0].trace_codes) == (1, ("8" * 20,))

    draft = add_box(draft, drug, "8" * 19 + "9")
    assert (draft.lines[0].quantity, len(draft.lines[0].trace_codes)) == (2, 2)


def test_fewer_boxes_leave_fewer_trace_codes_and_none_removes_the_line(demonstration: Demonstration) -> None:
    drug = demonstration.drugs[0]
    draft = add_box(add_box(Draft(), drug, "81"), drug, "82")

    assert set_quantity(draft, "1", 1).lines[0].trace_codes == ("81",)
    assert set_quantity(draft, "1", 5).lines[0].quantity == 5
    assert set_quantity(draft, "1", 0).lines == ()
    assert set_quantity(draft, "9", 0) == draft


def test_a_line_added_after_one_was_removed_has_an_id_of_its_own(demonstration: Demonstration) -> None:
    first, second, third = demonstration.drugs[:3]
    draft = set_quantity(add_box(add_box(Draft(), first), second), "1", 0)

    assert [line.id for line in add_box(draft, third).lines] == ["2", "3"]


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=20))
def test_no_line_ever_has_more_trace_codes_than_boxes(
    demonstration: Demonstration, scans: list[tuple[int, bool]]
) -> None:
    draft = Draft()
    for number, (which, traced) in enumerate(scans):
        draft = add_box(draft, demonstration.drugs[which], f"8{number:019d}" if traced else None)

    assert all(len(line.trace_codes) <= line.quantity for line in draft.lines)
    assert sum(len(line.trace_codes) for line in draft.lines) == sum(traced for _, traced in scans)


def test_a_line_treats_what_is_prescribed_before_what_is_filed(
    demonstration: Demonstration, now: datetime
) -> None:
    day = business_day(now)
    person = demonstration.people[0]
    both = next(drug for drug in demonstration.drugs if drug.generic_name == "苯磺酸氨氯地平片")
    listing = listing_on(both, day, person.region)
    prescription = replace(demonstration.prescriptions[0], diseases=frozenset({"coronary_heart_disease"}))

    assert disease_treated(listing, person, None, day) == "hypertension"
    assert disease_treated(listing, person, prescription, day) == "coronary_heart_disease"
    assert disease_treated(listing, replace(person, filings=()), None, day) == "coronary_heart_disease"
    assert disease_treated(replace(listing, diseases=frozenset()), person, None, day) is None


def test_a_claim_takes_each_line_s_listing_where_the_person_is_insured(
    demonstration: Demonstration, now: datetime
) -> None:
    person = demonstration.people[0]
    irbesartan = next(drug for drug in demonstration.drugs if drug.generic_name == "厄贝沙坦片")
    draft = add_box(Draft(person=person, prescription=demonstration.prescriptions[0]), irbesartan)

    claim = make_claim(draft, demonstration.stores[0].provider, Accumulators(fund_paid=1), business_day(now))

    assert claim.lines[0].first_self_pay_bp == 300
    assert claim.lines[0].payment_standard == 2_240
    assert claim.accumulators.fund_paid == 1
    assert claim.prescription is not None


def test_there_is_no_claim_without_a_person_or_a_line(demonstration: Demonstration, now: datetime) -> None:
    provider, day = demonstration.stores[0].provider, business_day(now)

    for draft in (Draft(person=demonstration.people[0]), add_box(Draft(), demonstration.drugs[0])):
        with pytest.raises(ValueError, match="a person and at least one line"):
            make_claim(draft, provider, Accumulators(), day)
