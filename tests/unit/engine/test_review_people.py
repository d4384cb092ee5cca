"""Who may not take it: sex, age, pregnancy, breastfeeding, allergy; and what only special rules hand over."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.person import Buyer
from tests.fakes.review_desk import (
    basket,
    codes,
    drug,
    facts,
    facts_of,
    found,
    had,
    person,
    prescribed,
    prescription,
    the,
)


@pytest.mark.parametrize(
    ("name", "sex"),
    [
        ("非那雄胺片", "女"),
        ("地屈孕酮片", "男"),
        ("来曲唑片", "男"),
        ("乌鸡白凤丸", "男"),
        ("硝酸咪康唑阴道片", "男"),
    ],
)
def test_a_drug_for_the_other_sex_is_refused(name: str, sex: str) -> None:
    finding = the(facts(drug(name), whose=person(sex)), "sex_mismatch")

    assert (finding.severity, finding.may_override) == ("refused", True)
    assert f"参保人是{sex}性" in finding.text


@pytest.mark.parametrize(("name", "sex"), [("枸橼酸氯米芬片", "男"), ("桂枝茯苓胶囊", "男")])
def test_a_drug_that_the_other_sex_takes_as_well_is_only_asked_about(name: str, sex: str) -> None:
    assert the(facts(drug(name), whose=person(sex)), "sex_mismatch").severity == "attention"


def test_a_drug_for_the_own_sex_is_none_of_it() -> None:
    assert "sex_mismatch" not in codes(facts(drug("非那雄胺片"), whose=person("男")))


@pytest.mark.parametrize(
    ("name", "age", "severity"),
    [
        ("左氧氟沙星片", 17, "refused"),
        ("盐酸多西环素片", 7, "refused"),
        ("尼美舒利片", 11, "refused"),
        ("艾司唑仑片", 65, "attention"),
        ("格列本脲片", 80, "attention"),
        ("小儿氨酚黄那敏颗粒", 40, "attention"),
    ],
)
def test_a_drug_for_another_age_is_said(name: str, age: int, severity: str) -> None:
    finding = the(facts(drug(name), whose=person(age=age)), "age_mismatch")

    assert finding.severity == severity
    assert f"{age} 岁" in finding.text


@pytest.mark.parametrize(("name", "age"), [("左氧氟沙星片", 18), ("盐酸多西环素片", 8), ("艾司唑仑片", 64)])
def test_on_the_very_birthday_the_limit_is_reached(name: str, age: int) -> None:
    assert "age_mismatch" not in codes(facts(drug(name), whose=person(age=age)))


def test_a_pregnant_woman_gets_no_drug_that_harms_the_child() -> None:
    written = prescription(prescribed("缬沙坦胶囊"), pregnant=True)
    reviewed = facts(drug("缬沙坦胶囊"), whose=person("女", 30), written=written)

    finding = the(reviewed, "pregnancy")

    assert (finding.severity, finding.may_override) == ("refused", True)
    assert "胎儿" in finding.text
    assert "ask_pregnancy" not in codes(reviewed)


def test_where_nothing_is_written_a_young_woman_is_asked_once_for_all_drugs() -> None:
    reviewed = facts(drug("缬沙坦胶囊"), drug("阿托伐他汀钙片"), whose=person("女", 30))

    finding = the(reviewed, "ask_pregnancy")

    assert finding.severity == "attention"
    assert "缬沙坦胶囊、阿托伐他汀钙片" in finding.text


def test_a_limit_of_several_drugs_cites_the_label_of_the_one_in_the_basket() -> None:
    written = prescription(prescribed("秋水仙碱片"), pregnant=True)

    finding = the(facts(drug("秋水仙碱片"), written=written), "pregnancy")

    assert finding.clause is not None
    assert finding.clause.document == "秋水仙碱说明书"


def test_of_several_limits_of_age_the_gravest_is_said() -> None:
    reviewed = facts(drug("阿司匹林可待因片"), whose=person(age=15))

    assert the(reviewed, "age_mismatch").severity == "refused"


@pytest.mark.parametrize(("sex", "age"), [("女", 67), ("男", 30), ("女", 14)])
def test_nobody_else_is_asked(sex: str, age: int) -> None:
    assert "ask_pregnancy" not in codes(facts(drug("缬沙坦胶囊"), whose=person(sex, age)))


def test_a_nursing_mother_gets_no_drug_that_reaches_the_milk() -> None:
    written = prescription(prescribed("甲氨蝶呤片"), breastfeeding=True)

    assert the(facts(drug("甲氨蝶呤片"), written=written), "breastfeeding").severity == "refused"


@pytest.mark.parametrize(
    ("name", "told", "code", "severity"),
    [
        ("阿莫西林胶囊", "青霉素", "allergy", "refused"),
        ("头孢呋辛酯片", "青霉素过敏史", "allergy_may_cross", "attention"),
        ("复方磺胺甲噁唑片", "磺胺类", "allergy", "refused"),
        ("氢氯噻嗪片", "磺胺", "allergy_may_cross", "attention"),
        ("布洛芬缓释胶囊", "阿司匹林", "allergy", "refused"),
        ("别嘌醇片", "别嘌醇", "allergy", "refused"),
        ("盐酸二甲双胍片", "二甲双胍", "allergy", "refused"),
    ],
)
def test_an_allergy_that_is_written_down_is_heeded(name: str, told: str, code: str, severity: str) -> None:
    written = prescription(prescribed(name), allergies=(told,))

    assert the(facts(drug(name), written=written), code).severity == severity


def test_an_allergy_that_is_denied_is_none() -> None:
    written = prescription(prescribed("阿莫西林胶囊"), allergies=("否认青霉素过敏史", "无头孢过敏"))

    assert not codes(facts(drug("阿莫西林胶囊"), written=written)) & {"allergy", "allergy_may_cross"}


def test_an_allergy_to_something_else_is_none_of_it() -> None:
    written = prescription(prescribed("缬沙坦胶囊"), allergies=("花粉", "青霉素"))

    assert not codes(facts(drug("缬沙坦胶囊"), written=written)) & {"allergy", "allergy_may_cross"}


def cold(quantity: int = 1, **more: object):  # type: ignore[no-untyped-def]
    box = drug("酚麻美敏片", "复方×20片", prescription_only=False)
    draft = facts(box, quantity=quantity).draft
    return facts_of(replace(draft, prescription=None), **more)


def test_ephedrine_is_sold_by_two_packs_at_most_whoever_signs() -> None:
    finding = the(cold(3), "ephedrine_too_many")

    assert (finding.severity, finding.bars, finding.may_override) == ("refused", True, False)
    assert finding.clause is not None
    assert "麻黄碱" in finding.clause.document
    assert "ephedrine_too_many" not in codes(cold(2))


def test_packs_of_two_ephedrine_drugs_are_counted_together() -> None:
    boxes = (
        drug("酚麻美敏片", "复方×20片", prescription_only=False),
        drug("布洛伪麻片", "复方×10片", prescription_only=False),
    )
    draft = replace(facts(*boxes, quantity=2).draft, prescription=None)

    assert "4 个" in the(facts_of(draft), "ephedrine_too_many").text


def test_ephedrine_asks_who_buys_and_the_sale_is_the_register() -> None:
    nobody = replace(cold().draft, person=None)

    assert the(facts_of(nobody), "ephedrine_not_registered").bars
    assert the(cold(), "ephedrine_registered").severity == "ok"
    uninsured = replace(nobody, buyer=Buyer(name="张三", cert_no="110101199003070038"))
    assert the(facts_of(uninsured), "ephedrine_registered").severity == "ok"


def test_more_than_thirty_milligrams_of_ephedrine_in_a_unit_need_a_prescription() -> None:
    box = drug("氯雷伪麻缓释片", "复方×6片", prescription_only=False)
    free = replace(facts(box).draft, prescription=None)

    assert the(facts_of(free), "ephedrine_needs_prescription").bars
    assert "ephedrine_needs_prescription" not in codes(cold())
    assert "ephedrine_needs_prescription" not in codes(facts(box))


def test_prescribed_packs_of_ephedrine_are_sold_as_prescribed() -> None:
    assert "ephedrine_too_many" not in codes(facts(drug("酚麻美敏片", "复方×20片"), quantity=3))


def test_ephedrine_bought_again_within_a_month_is_noted() -> None:
    again = cold(history=(had("布洛伪麻片", 12, prescription_only=False),))

    assert "1 次" in the(again, "ephedrine_again").text
    assert "ephedrine_again" not in codes(cold(history=(had("布洛伪麻片", 31),)))


def test_a_psychotropic_drug_is_for_seven_days_and_adults() -> None:
    line = prescribed("艾司唑仑片")
    long = facts(drug("艾司唑仑片", "1mg×20片"), written=prescription(line, days=14))
    young = facts(drug("艾司唑仑片", "1mg×20片"), whose=person(age=17))

    assert (the(long, "special_supply").severity, the(long, "special_supply").may_override) == (
        "refused",
        True,
    )
    minor, supply = the(young, "special_minor"), the(long, "special_supply")
    assert minor.severity == "refused"
    assert "监护人" in minor.advice  # No word of the doctor's makes it a sale to an adult.
    assert minor.clause is not None
    assert supply.clause is not None
    assert (minor.clause.document, supply.clause.document) == ("麻醉药品和精神药品管理条例", "处方管理办法")
    assert not found(facts(drug("艾司唑仑片", "1mg×20片")), "special_supply")


def test_without_a_person_nothing_is_said_of_sex_or_age() -> None:
    draft = replace(facts(drug("非那雄胺片")).draft, person=None)

    assert not codes(facts_of(draft)) & {"sex_mismatch", "age_mismatch"}
    assert basket() == ()
