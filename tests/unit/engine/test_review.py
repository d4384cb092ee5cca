from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from engine.calendar import business_day
from engine.catalogue import Drug
from engine.demonstration import Demonstration
from engine.policy.answer import Answer, Clause
from engine.policy.compute import answer_claim
from engine.policy.packs import Library
from engine.prescription import Finding, PrescribedLine
from engine.review import review
from engine.sale import Draft, add_box, make_claim, set_quantity
from tests.fakes.review_desk import SHOP, facts_of


@pytest.fixture
def draft(demonstration: Demonstration) -> Draft:
    """One box of the first drug prescribed to the first person."""
    prescription = demonstration.prescriptions[0]
    return add_box(
        Draft(person=demonstration.people[0], prescription=prescription),
        named(demonstration, "苯磺酸氨氯地平片"),
    )


def named(demonstration: Demonstration, name: str) -> Drug:
    return next(drug for drug in demonstration.drugs if drug.generic_name == name)


def found(draft: Draft, now: datetime, answer: Answer | None = None) -> dict[str, Finding]:
    """Return the findings by code; without ``answer`` nothing is computed yet."""
    facts = facts_of(draft, day=business_day(now), shop=SHOP, answer=answer)
    return {finding.code: finding for finding in review(facts)}


def answered(draft: Draft, demonstration: Demonstration, library: Library, now: datetime) -> Answer:
    assert draft.person is not None
    store, sums = demonstration.stores[0], draft.person.snapshot.accumulators
    return answer_claim(library, make_claim(draft, store.provider, sums, business_day(now)))


def test_a_prescription_drug_is_not_sold_without_a_prescription(draft: Draft, now: datetime) -> None:
    without = replace(draft, prescription=None)

    finding = found(without, now)["prescription_needed"]

    assert finding.severity == "refused"
    assert "苯磺酸氨氯地平片" in finding.text
    assert "Ctrl 2" in finding.text


def test_an_over_the_counter_drug_needs_no_prescription(demonstration: Demonstration, now: datetime) -> None:
    assert found(add_box(Draft(), named(demonstration, "维生素C泡腾片")), now) == {}


def test_all_is_said_of_a_good_prescription(
    draft: Draft, demonstration: Demonstration, library: Library, now: datetime
) -> None:
    findings = found(draft, now, answered(draft, demonstration, library, now))

    assert {finding.severity for finding in findings.values()} == {"ok"}
    assert {"prescription_of_person", "prescription_valid", "supply_accepted", "drugs_as_prescribed"} < set(
        findings
    )
    assert "高血压" in findings["diagnosis_filed"].text


def test_a_prescription_of_another_person_is_refused(
    draft: Draft, demonstration: Demonstration, now: datetime
) -> None:
    finding = found(replace(draft, person=demonstration.people[1]), now)["prescription_of_another"]

    assert finding.severity == "refused"
    assert "陈＊根" in finding.text
    assert "陈阿根" not in finding.text


def test_a_paper_prescription_asks_for_the_name_to_be_compared(draft: Draft, now: datetime) -> None:
    assert draft.prescription is not None
    paper = replace(draft, prescription=replace(draft.prescription, psn_no=None))

    assert found(paper, now)["check_name"].severity == "attention"


def test_an_electronic_prescription_that_names_nobody_is_not_called_paper(
    draft: Draft, now: datetime
) -> None:
    assert draft.prescription is not None
    told = replace(draft.prescription, psn_no=None, download_id="0" * 30)

    assert "电子处方没有写人员编号" in found(replace(draft, prescription=told), now)["check_name"].text


def test_a_drug_that_is_not_prescribed_is_refused_and_one_over_the_counter_only_noted(
    draft: Draft, demonstration: Demonstration, now: datetime
) -> None:
    draft = add_box(add_box(draft, named(demonstration, "奥氮平片")), named(demonstration, "维生素C泡腾片"))

    findings = found(draft, now)

    assert findings["drug_not_prescribed"].severity == "refused"
    assert "奥氮平片" in findings["drug_not_prescribed"].text
    assert findings["drug_beside_prescription"].severity == "attention"
    assert "drugs_as_prescribed" not in findings


def test_more_boxes_than_prescribed_are_refused_and_exactly_as_many_are_not(
    draft: Draft, now: datetime
) -> None:
    finding = found(set_quantity(draft, "1", 3), now)["more_than_prescribed"]

    assert "开了 2 盒" in finding.text
    assert "有 3 盒" in finding.text
    assert "more_than_prescribed" not in found(set_quantity(draft, "1", 2), now)


def test_a_drug_prescribed_by_name_alone_is_on_the_prescription(draft: Draft, now: datetime) -> None:
    assert draft.prescription is not None
    lines = (PrescribedLine(name="苯磺酸氨氯地平片", quantity=1),)
    by_name = replace(draft, prescription=replace(draft.prescription, lines=lines))
    another = replace(
        draft, prescription=replace(draft.prescription, lines=(replace(lines[0], drug="XOTHER"),))
    )

    assert "drugs_as_prescribed" in found(by_name, now)
    assert found(another, now)["another_pack"].severity == "attention"


def test_the_last_day_is_still_valid_and_the_day_after_is_not(draft: Draft, now: datetime) -> None:
    last = now + timedelta(days=2)

    assert "最后一天" in found(draft, last)["prescription_valid"].text
    assert found(draft, last + timedelta(days=1))["prescription_expired"].severity == "refused"
    assert found(draft, now - timedelta(days=1))["prescription_not_yet_valid"].severity == "refused"


def test_what_the_law_refuses_is_said_with_its_clause(
    draft: Draft, demonstration: Demonstration, library: Library, now: datetime
) -> None:
    assert draft.prescription is not None
    draft = replace(draft, prescription=replace(draft.prescription, supply_days=85))
    answer = answered(draft, demonstration, library, now)

    finding = found(draft, now, answer)["supply_too_long"]

    assert finding.severity == "refused"
    assert isinstance(finding.clause, Clause)
    assert finding.clause == answer.refusals[0].clause
    assert finding.text == answer.refusals[0].message
    assert "supply_accepted" not in found(draft, now, answer)


def test_a_diagnosis_that_is_not_filed_is_noted(draft: Draft, now: datetime) -> None:
    assert draft.prescription is not None
    other = replace(draft, prescription=replace(draft.prescription, diseases=frozenset({"copd"})))

    assert found(other, now)["diagnosis_not_filed"].severity == "attention"


def test_the_gravest_finding_comes_first(draft: Draft, now: datetime) -> None:
    draft = set_quantity(draft, "1", 9)

    severities = [f.severity for f in review(facts_of(draft, day=business_day(now)))]

    assert severities[0] == "refused"
    assert severities == sorted(severities, key=("refused", "attention", "ok").index)
