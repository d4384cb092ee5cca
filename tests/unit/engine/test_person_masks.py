from datetime import timedelta

import pytest
from msgspec.structs import replace

from engine.calendar import business_day
from engine.demonstration import Demonstration
from engine.person import as_patient, diseases_filed_on, masked_id, masked_name


@pytest.mark.parametrize(
    "name, masked",
    [("王芳", "王＊"), ("王小芳", "王＊芳"), ("欧阳小芳", "欧＊＊芳"), ("王", "王"), ("", "")],
)
def test_a_name_on_paper_shows_its_first_and_last_character_only(name: str, masked: str) -> None:
    assert masked_name(name) == masked


def test_an_id_on_paper_hides_its_birthday() -> None:
    assert masked_id("330681195604129981") == "3306＊＊＊＊9981"
    assert "19560412" not in masked_id("330681195604129981")


def test_a_filing_counts_from_its_first_day_through_its_last(demonstration: Demonstration) -> None:
    person = demonstration.people[0]
    filing = person.filings[0]
    last = filing.begins + timedelta(days=10)
    person = replace(person, filings=(replace(filing, ends=last),))

    assert diseases_filed_on(person, filing.begins - timedelta(days=1)) == frozenset()
    assert diseases_filed_on(person, filing.begins) == {filing.disease}
    assert diseases_filed_on(person, last) == {filing.disease}
    assert diseases_filed_on(person, last + timedelta(days=1)) == frozenset()


def test_the_policy_sees_the_person_without_name_and_number(demonstration: Demonstration) -> None:
    person = demonstration.people[0]
    patient = as_patient(person, business_day(person.snapshot.as_of))

    assert patient.region == person.region
    assert patient.filed_diseases == {"hypertension", "diabetes"}
    assert person.name not in repr(patient)
    assert person.cert_no not in repr(patient)
