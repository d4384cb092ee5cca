"""Days' supply and validity: the cities' limits, the nation's where no city speaks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from engine.policy.claim import Provider
from engine.prescription import Finding
from engine.review import Facts, review
from tests.fakes.review_desk import (
    DAY,
    SHOP,
    codes,
    drug,
    facts,
    facts_of,
    person,
    prescribed,
    prescription,
    the,
)

NAME = "苯磺酸氨氯地平片"


def supplied(
    days: int, region: str, *, insurance: str = "resident", boxes: bool = False, **more: object
) -> Facts:
    """Return the review of a prescription for so many days, before or after the basket is filled."""
    whose = person(region=region, insurance=insurance, status="retired" if insurance == "employee" else None)
    shop = replace(SHOP, region=region)
    written = prescription(prescribed(NAME), days=days, **more)
    return facts(*([drug(NAME)] if boxes else []), written=written, whose=whose, shop=shop)


@pytest.mark.parametrize("boxes", [False, True])
@pytest.mark.parametrize(
    ("region", "insurance", "longest", "section"),
    [
        ("330681", "resident", 84, ""),
        ("320205", "resident", 61, ""),  # Two months from 22 November.
        ("420704", "employee", 84, ""),
        ("371502", "resident", 30, "第二十一条"),  # One month from 22 November.
    ],
)
def test_each_city_limits_the_supply_and_its_section_is_shown(
    region: str, insurance: str, longest: int, section: str, boxes: bool
) -> None:
    fitting = supplied(longest, region, insurance=insurance, boxes=boxes)
    longer = supplied(longest + 1, region, insurance=insurance, boxes=boxes)

    ok, refused = the(fitting, "supply_accepted"), the(longer, "supply_too_long")

    assert ok.severity == "ok"
    assert refused.severity == "refused"
    assert str(longest) in ok.text
    assert str(longest) in refused.text
    assert ok.clause == refused.clause
    assert ok.clause is not None
    assert section in ok.clause.section


@pytest.mark.parametrize(
    ("region", "insurance", "packs", "said"),
    [
        ("330681", "resident", 5, "140 天，超过 84 天"),
        ("420704", "employee", 5, "140 天，超过 84 天"),
        ("371502", "resident", 3, "84 天，超过 30 天"),
        ("110101", "resident", 5, "140 天，超过 84 天"),
    ],
)
def test_packs_that_last_longer_than_the_limit_are_no_shorter_supply_because_few_days_are_written(
    region: str, insurance: str, packs: int, said: str
) -> None:
    line = prescribed(NAME, quantity=packs, dose="5 mg 1")
    whose = person(region=region, insurance=insurance, status="retired" if insurance == "employee" else None)
    written = prescription(line, days=28)

    finding = the(facts(drug(NAME), written=written, whose=whose, quantity=packs), "supply_in_packs")

    assert (finding.severity, finding.may_override) == ("refused", True)
    assert said in finding.text
    assert finding.clause is not None
    few = facts(drug(NAME), written=written, whose=whose, quantity=2)
    assert "supply_in_packs" not in codes(few)  # A pack is not broken.


def test_liaocheng_gives_three_months_to_travellers() -> None:
    three_months = (date(2027, 2, 22) - DAY).days

    assert "supply_accepted" in codes(supplied(three_months, "371502", travel=True))
    assert "supply_too_long" in codes(supplied(three_months + 1, "371502", travel=True))


@pytest.mark.parametrize(
    ("days", "more", "code", "severity"),
    [
        (7, {}, "supply_accepted", "ok"),
        (8, {}, "supply_reason", "attention"),
        (28, {"diseases": frozenset({"hypertension"})}, "supply_accepted", "ok"),
        (29, {"long_term": True}, "supply_assessed", "attention"),
        (84, {"long_term": True}, "supply_assessed", "attention"),
        (85, {"long_term": True}, "supply_too_long_nationally", "refused"),
    ],
)
def test_where_no_policy_speaks_the_national_rules_do(
    days: int, more: dict[str, object], code: str, severity: str
) -> None:
    assert the(supplied(days, "110101", **more), code).severity == severity


def test_more_than_five_drugs_are_too_many_for_one_prescription() -> None:
    names = (
        "苯磺酸氨氯地平片",
        "缬沙坦胶囊",
        "氢氯噻嗪片",
        "富马酸比索洛尔片",
        "阿托伐他汀钙片",
        "阿卡波糖片",
    )
    five, six = (facts(lines=tuple(map(prescribed, names[:count]))) for count in (5, 6))

    assert "too_many_drugs" not in codes(five)
    assert the(six, "too_many_drugs").severity == "attention"


@pytest.mark.parametrize("name", ["阿莫西林胶囊", "艾司唑仑片", "氯雷伪麻缓释片"])
def test_some_drugs_may_not_be_on_a_long_prescription(name: str) -> None:
    long = facts(drug(name), written=prescription(prescribed(name), days=28, long_term=True))

    assert the(long, "long_term_banned").may_override
    assert "long_term_banned" not in codes(facts(drug(name), written=prescription(prescribed(name), days=28)))


@pytest.mark.parametrize("name", ["恩替卡韦分散片", "利福平胶囊", "苯磺酸氨氯地平片"])
def test_long_treatments_may_be_on_one(name: str) -> None:
    long = facts(drug(name), written=prescription(prescribed(name), days=28, long_term=True))

    assert "long_term_banned" not in codes(long)


@pytest.mark.parametrize(
    ("source", "noted", "last"),
    [
        ("external", None, 0),
        ("external", 1, 1),
        ("external", 9, 2),  # Three days at most, whatever is noted.
        ("electronic", 9, 9),  # The delivered end.
        ("internet_hospital", 5, 5),
    ],
)
def test_paper_is_good_for_three_days_at_most_and_an_electronic_one_to_its_delivered_end(
    source: str, noted: int | None, last: int
) -> None:
    until = None if noted is None else DAY + timedelta(days=noted)
    written = prescription(prescribed(NAME), source=source, valid_until=until)
    draft = facts(drug(NAME), written=written).draft

    assert "prescription_valid" in codes(facts_of(draft, day=DAY + timedelta(days=last)))
    expired = the(facts_of(draft, day=DAY + timedelta(days=last + 1)), "prescription_expired")
    assert (expired.severity, expired.may_override) == ("refused", False)
    assert expired.clause is not None
    assert expired.clause.section == "第十八条"


@pytest.mark.parametrize(
    ("authentic", "code"), [(False, "signature_altered"), (True, "signature_sound"), (None, None)]
)
def test_an_electronic_prescription_that_was_altered_cannot_be_passed(
    authentic: bool | None, code: str | None
) -> None:
    reviewed = facts(drug(NAME), authentic=authentic)
    signature = [finding for finding in review(reviewed) if finding.code.startswith("signature_")]

    assert [finding.code for finding in signature] == ([code] if code else [])
    if authentic is False:
        assert (signature[0].severity, signature[0].may_override) == ("refused", False)


def liaocheng(written_days: int = 28, *, dual: bool = True, confirmed: bool = False) -> list[Finding]:
    shop: Provider = replace(SHOP, region="371502", dual_channel=dual)
    written = prescription(prescribed(NAME), days=written_days, confirmed=confirmed)
    return list(review(facts(drug(NAME), written=written, whose=person(region="371502"), shop=shop)))


def test_in_liaocheng_a_dual_channel_pharmacy_refuses_and_reports() -> None:
    found = {finding.code: finding for finding in liaocheng(31)}

    for code in ("prescription_not_confirmed", "supply_too_long"):
        assert found[code].severity == "refused"
        assert "反馈" in found[code].advice
        assert "定点医疗机构和医疗保障部门" in found[code].advice
        assert "第二十二条" in found[code].advice


def test_nobody_else_has_to_report() -> None:
    assert not any("反馈" in finding.advice for finding in liaocheng(31, dual=False))
    shaoxing = review(supplied(85, "330681", boxes=True))
    assert not any("反馈" in finding.advice for finding in shaoxing)
