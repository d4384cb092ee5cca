from datetime import date
from decimal import Decimal

import pytest
from msgspec import Struct
from msgspec.structs import replace

from engine.demonstration import Demonstration
from engine.paper import check_paper, parse_count, parse_day, read_paper
from engine.policy.claim import Source
from engine.prescription import Diagnosis, Dose

DAY = date(2026, 11, 22)


class Form(Struct, frozen=True, kw_only=True):
    number: str = "2026-0001"
    source: Source = "external"
    issuer: str = "演示卫生院"
    issuer_designated: bool = True
    doctor: str = "演示医师"
    diagnosis: str = "高血压病"
    diseases: frozenset[str] = frozenset({"hypertension"})
    issued: str = "2026-11-22"
    valid_until: str = ""
    supply_days: str = "28"
    travel: bool = False
    confirmed: bool = False
    lines: tuple[tuple[str, str, str], ...] = (("苯磺酸氨氯地平片", "1", "5mg 每日1次"),)
    long_term: bool = False
    pregnant: bool = False
    breastfeeding: bool = False
    allergies: str = ""


def refused(form: Form) -> set[str]:
    return {finding.code for finding in check_paper(form, DAY) if finding.severity == "refused"}


def test_a_complete_form_is_said_to_be_right_in_every_part() -> None:
    findings = check_paper(Form(), DAY)

    assert [finding.severity for finding in findings] == ["ok"] * 4
    assert all(finding.text.endswith("。") for finding in findings)


@pytest.mark.parametrize(
    "field, typed, code",
    [
        ("number", " ", "paper_incomplete"),
        ("issuer", "", "paper_incomplete"),
        ("doctor", "", "paper_incomplete"),
        ("diagnosis", "", "paper_incomplete"),
        ("issued", "2026-02-30", "paper_issued"),
        ("issued", "昨天", "paper_issued"),
        ("issued", "2026-11-23", "paper_issued"),
        ("valid_until", "2026-11", "paper_valid_until"),
        ("valid_until", "2026-11-21", "paper_valid_until"),
        ("supply_days", "", "paper_supply"),
        ("supply_days", "0", "paper_supply"),
        ("supply_days", "367", "paper_supply"),
        ("supply_days", "2.5", "paper_supply"),
        ("lines", (), "paper_lines"),
        ("lines", (("", "1", ""),), "paper_lines"),
        ("lines", (("氨氯地平", "0", ""),), "paper_quantity"),
        ("lines", (("氨氯地平", "1000", ""),), "paper_quantity"),
        ("lines", (("氨氯地平", "两", ""),), "paper_quantity"),
    ],
)
def test_each_slip_is_refused_and_only_that(field: str, typed: object, code: str) -> None:
    assert refused(replace(Form(), **{field: typed})) == {code}


def test_all_slips_are_said_at_once() -> None:
    form = Form(number="", issued="?", supply_days="-1", lines=())

    assert refused(form) == {"paper_incomplete", "paper_issued", "paper_supply", "paper_lines"}


def test_an_issuer_that_is_not_designated_is_noted_but_may_be_entered() -> None:
    form = Form(issuer_designated=False)

    assert refused(form) == set()
    assert "attention" in {finding.severity for finding in check_paper(form, DAY)}


@pytest.mark.parametrize(
    "typed", ["2026-11-22", "2026/11/22", "2026.11.22", "20261122", "2026年11月22日", "２０２６－１１－２２ "]
)
def test_a_day_may_be_written_as_people_write_it(typed: str) -> None:
    assert parse_day(typed) == DAY


@pytest.mark.parametrize("typed", ["", "0", "-1", "1.0", "１２３４５６７８", "²", "٣"])
def test_what_is_no_count_is_none(typed: str) -> None:
    assert parse_count(typed) is None


def test_full_width_digits_count() -> None:
    assert parse_count("２８") == 28


def test_a_form_becomes_a_prescription_with_the_drugs_it_means(demonstration: Demonstration) -> None:
    drug = demonstration.drugs[0]
    form = Form(valid_until="2026-11-24", lines=(("bhs", "２", ""), ("手写药", "1", ""), ("", "", "")))

    prescription = read_paper(form, {"bhs": drug})

    assert [(line.name, line.quantity, line.drug) for line in prescription.lines] == [
        (drug.generic_name, 2, drug.code),
        ("手写药", 1, None),
    ]
    assert (prescription.issued, prescription.valid_until) == (DAY, date(2026, 11, 24))
    assert prescription.psn_no is None


def test_usage_pregnancy_and_allergies_of_the_paper_reach_the_review() -> None:
    form = Form(
        lines=(("氨氯地平片", "1", "每次2片  一日三次"),),
        pregnant=True,
        breastfeeding=True,
        long_term=True,
        allergies="青霉素、磺胺；无",
    )

    read = read_paper(form, {})

    (line,) = read.lines
    assert line.dose == Dose(amount=Decimal(2), unit="片", per_day=Decimal(3))
    assert line.usage == "每次2片 一日三次"
    assert (read.pregnant, read.breastfeeding, read.long_term) == (True, True, True)
    assert read.allergies == ("青霉素", "磺胺")


@pytest.mark.parametrize(("usage", "code"), [("", "paper_usage_blank"), ("遵医嘱", "paper_usage")])
def test_a_dose_that_cannot_be_checked_is_said_and_the_form_may_be_entered(usage: str, code: str) -> None:
    form = Form(lines=(("氨氯地平片", "1", usage),))

    assert refused(form) == set()
    assert [each.code for each in check_paper(form, DAY) if each.severity == "attention"] == [code]


def test_a_form_with_a_slip_is_never_read() -> None:
    with pytest.raises(ValueError, match="checked"):
        read_paper(Form(supply_days="x"), {})
    with pytest.raises(ValueError, match="checked"):
        read_paper(Form(lines=(("药", "x", ""),)), {})


CODES = {"高血压": "I10.x00x002", "原有高血压并发于妊娠、分娩和产褥期": "O10.000", "2型糖尿病": "E11.900x001"}


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("高血压", ["I10.x00x002"]),
        ("高血压；2型糖尿病；", ["I10.x00x002", "E11.900x001"]),
        ("高血压、2型糖尿病", ["I10.x00x002", "E11.900x001"]),
        ("原有高血压并发于妊娠、分娩和产褥期; 高血压", ["O10.000", "I10.x00x002"]),
        ("头晕待查，高血压", ["", "I10.x00x002"]),
        (" ；、 ", []),
    ],
)
def test_diagnoses_written_in_one_field_are_told_apart(written: str, codes: list[str]) -> None:
    def known(name: str) -> Diagnosis | None:
        return Diagnosis(CODES[name], name) if name in CODES else None

    prescription = read_paper(replace(Form(), diagnosis=written), {}, known)

    assert [each.code for each in prescription.diagnoses] == codes
    assert prescription.diagnosis == written.strip()
