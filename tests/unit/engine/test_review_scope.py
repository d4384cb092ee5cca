"""Limited payment scopes: the disease, the person and the prescriber that the list pays for."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from engine.catalogue import Listing
from engine.person import Filing
from engine.review import Facts
from tests.fakes.review_desk import (
    SHOP,
    codes,
    drug,
    facts,
    found,
    had,
    person,
    prescribed,
    prescription,
    the,
    with_icd,
)

NAME = "阿利沙坦酯氨氯地平片"


def scoped(scope: str, diagnosis: str = "高血压病", *icd: tuple[str, str], **more: object) -> Facts:
    """Return the review of a negotiated drug with that scope, which Liaocheng's fund pays in."""
    whose = more.pop("whose", None) or person(region="371502")
    parameters = replace(
        whose.snapshot.parameters,  # type: ignore[attr-defined]
        disease_class={"hypertension": "B"},
        disease_limit={"hypertension": 300_000},
        pool_limit=10_000_000,
    )
    whose = replace(whose, snapshot=replace(whose.snapshot, parameters=parameters))  # type: ignore[attr-defined,type-var]
    row = Listing(
        begins=date(2020, 1, 1),
        ends=None,
        klass="B",
        negotiated=True,
        diseases=frozenset({"hypertension"}),
        scope=scope,
    )
    box = drug(NAME, "240mg/5mg×14片", listings=(row,))
    written = with_icd(
        prescription(
            prescribed(NAME),
            confirmed=True,
            diagnosis=diagnosis,
            diseases=frozenset({"hypertension"}),
            **{key: more.pop(key) for key in ("days", "department", "issuer") if key in more},
        ),
        *icd,
    )
    filed = replace(whose, filings=_filed())
    return facts(box, written=written, whose=filed, shop=replace(SHOP, region="371502"), **more)  # type: ignore[arg-type]


def _filed() -> tuple[Filing, ...]:
    return (Filing(disease="hypertension", name="高血压", begins=date(2020, 1, 1)),)


def test_a_scope_that_cannot_be_read_is_shown_and_not_passed_over() -> None:
    finding = the(scoped("限肌萎缩侧索硬化。"), "scope_unread")

    assert (finding.severity, finding.may_override) == ("attention", False)
    assert "限肌萎缩侧索硬化。" in finding.text
    assert "scope_unread" not in codes(scoped("限高血压患者"))
    assert "scope_unread" not in codes(scoped("限二线用药"))


def test_the_fund_does_pay_in_these_tests() -> None:
    answer = scoped("").answer

    assert answer is not None
    assert [each.benefit for each in answer.settlements] == ["chronic_special_outpatient"]


@pytest.mark.parametrize(
    ("scope", "diagnosis", "icd"),
    [
        ("限原发性高血压。", "高血压病", ()),
        ("限原发性高血压。", "头晕", (("I10.x00", "头晕"),)),
        ("限2型糖尿病患者。", "2型糖尿病", ()),
        ("限2型糖尿病患者。", "", (("E11.900", "糖尿病"),)),
        ("限：1.反流性食管炎；2.十二指肠溃疡。", "胃食管反流", ()),
        ("限慢性阻塞性肺疾病(COPD)。", "慢阻肺", ()),
        ("限类风湿关节炎。", "类风湿性关节炎", (("M06.900", "类风湿性关节炎"),)),
        ("清热祛湿。", "高血压病", ()),
    ],
)
def test_a_diagnosis_that_the_scope_names_is_within_it(
    scope: str, diagnosis: str, icd: tuple[tuple[str, str], ...]
) -> None:
    assert "outside_limited_scope" not in codes(scoped(scope, diagnosis, *icd))


@pytest.mark.parametrize(
    ("scope", "diagnosis", "icd"),
    [
        ("限2型糖尿病患者。", "高血压病", ()),
        ("限2型糖尿病患者。", "1型糖尿病", (("E10.900", "1型糖尿病"),)),
        ("限阿尔茨海默病。", "高血压病", (("I10.x00", "高血压"),)),
        ("限肺动脉高压。", "高血压病", (("I10.x00", "高血压"),)),
    ],
)
def test_a_diagnosis_that_it_does_not_name_is_refused_and_reported(
    scope: str, diagnosis: str, icd: tuple[tuple[str, str], ...]
) -> None:
    finding = the(scoped(scope, diagnosis, *icd), "outside_limited_scope")

    assert (finding.severity, finding.may_override) == ("refused", True)
    assert scope in finding.text
    assert "反馈" in finding.advice
    assert finding.clause is not None
    assert scope in finding.clause.section


def test_where_the_fund_pays_nothing_the_scope_is_no_matter() -> None:
    unpaid = facts(
        drug(NAME, listings=(Listing(begins=date(2020, 1, 1), ends=None, klass="B", scope="限2型糖尿病"),))
    )

    assert "outside_limited_scope" not in codes(unpaid)


def test_a_course_longer_than_the_list_pays_is_refused_and_reported() -> None:
    longer = the(scoped("支付不超过14天。", days=15), "course_too_long")

    assert (longer.severity, longer.may_override) == ("refused", True)
    assert "反馈" in longer.advice
    assert "course_too_long" not in codes(scoped("支付不超过14天。", days=14))


@pytest.mark.parametrize(
    ("scope", "more", "severity"),
    [
        ("限二线用药。", {}, "attention"),
        ("限由专科医生采用DSM-IV诊断标准作出明确诊断的患者。", {"department": "心内科"}, "attention"),
        ("限二级及以上医疗机构。", {"issuer": "某市人民医院"}, "attention"),
        ("限二级及以上医疗机构。", {"issuer": "某某乡镇卫生院"}, "refused"),
        ("限生育保险。", {}, "refused"),
        ("限工伤保险。", {}, "refused"),
        ("限急诊或住院患者。", {}, "refused"),
        ("限儿童。", {}, "refused"),
        ("限12岁及以上患者。", {"whose": person(age=11, region="371502")}, "refused"),
    ],
)
def test_who_else_the_list_pays_for_is_checked(scope: str, more: dict[str, object], severity: str) -> None:
    finding = the(scoped(scope, **dict(more)), "limited_use")

    assert finding.severity == severity
    assert finding.may_override == (severity == "refused")
    assert finding.advice.endswith("。")


@pytest.mark.parametrize(
    ("scope", "more"),
    [
        ("限由专科医生采用DSM-IV诊断标准作出明确诊断的患者。", {"department": "精神科"}),
        ("限二线用药。", {"history": (had(NAME, 5),)}),
        ("限儿童。", {"whose": person(age=10, region="371502")}),
        ("限12岁及以上患者。", {"whose": person(age=12, region="371502")}),
        ("限成人患者。", {}),
    ],
)
def test_what_is_seen_to_hold_is_not_asked_again(scope: str, more: dict[str, object]) -> None:
    assert not found(scoped(scope, **dict(more)), "limited_use")
