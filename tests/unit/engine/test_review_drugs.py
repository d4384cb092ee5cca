"""What review finds between drugs: boxes against lines, doubles, interactions, doses."""

from __future__ import annotations

import pytest

from engine.review import review
from tests.fakes.review_desk import codes, drug, facts, found, had, person, prescribed, prescription, the


def test_another_maker_of_the_same_form_and_strength_is_fine_and_said() -> None:
    box = drug("苯磺酸氨氯地平片", "5mg×14片", strength="5mg")
    line = prescribed("苯磺酸氨氯地平片", drug="XOTHER", form="片剂", strength="5mg")

    reviewed = facts(box, lines=(line,))

    assert the(reviewed, "another_maker").severity == "ok"
    assert "drugs_as_prescribed" in codes(reviewed)


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (
            {"name": "苯磺酸氨氯地平片", "strength": "10mg", "form": "片剂"},
            "another_strength",
            ("10mg", "5mg"),
        ),
        ({"name": "苯磺酸氨氯地平胶囊"}, "another_form", ("胶囊", "片")),
        ({"name": "马来酸氨氯地平片"}, "another_salt", ("马来酸氨氯地平片", "苯磺酸氨氯地平片")),
        ({"name": "苯磺酸氨氯地平片", "drug": "XOTHER"}, "another_pack", ("另一规格或厂家",)),
        (
            {"name": "苯磺酸氨氯地平片", "drug": "XOTHER", "form": "片剂", "strength": "小片"},
            "another_pack",
            ("另一规格或厂家",),
        ),
        (
            {"name": "苯磺酸氨氯地平片", "drug": "XOTHER", "form": "片剂", "strength": "5mg×7片"},
            "another_count",
            ("5mg×7片", "5mg×28片"),
        ),
    ],
)
def test_what_differs_from_the_prescription_is_said_and_asked_about(
    line: dict[str, str], code: str, words: tuple[str, ...]
) -> None:
    written = dict(line)
    reviewed = facts(drug("苯磺酸氨氯地平片"), lines=(prescribed(written.pop("name"), **written),))

    finding = the(reviewed, code)

    assert finding.severity == "attention"
    assert all(word in finding.text for word in words)
    assert finding.clause is not None
    assert finding.clause.section == "第五十八条"
    assert "drugs_as_prescribed" not in codes(reviewed)


def test_the_same_strength_written_otherwise_does_not_differ() -> None:
    line = prescribed("盐酸二甲双胍片", strength="500mg", form="片")
    reviewed = facts(drug("盐酸二甲双胍片", "0.5g×30片"), lines=(line,))

    assert "drugs_as_prescribed" in codes(reviewed)


def test_of_two_prescribed_strengths_a_box_is_held_beside_its_own() -> None:
    lines = tuple(
        prescribed("华法林钠片", 1, form="片剂", strength=each, drug=f"X{each}") for each in ("3mg", "2.5mg")
    )
    for written in (lines, lines[::-1]):
        reviewed = facts(drug("华法林钠片", "2.5mg×60片"), written=prescription(*written))

        assert "another_strength" not in codes(reviewed)
        assert "drugs_as_prescribed" in codes(reviewed)


def test_another_drug_is_no_substitute_for_the_prescribed_one() -> None:
    reviewed = facts(drug("缬沙坦胶囊"), lines=(prescribed("氯沙坦钾片"),))

    finding = the(reviewed, "drug_not_prescribed")

    assert (finding.severity, finding.may_override) == ("refused", False)


def test_boxes_of_several_makers_together_are_no_more_than_prescribed() -> None:
    one, other = drug("缬沙坦胶囊", "80mg×7粒"), drug("缬沙坦胶囊", "80mg×14粒")
    line = (prescribed("缬沙坦胶囊", 2),)

    assert "more_than_prescribed" not in codes(facts(one, other, lines=line))
    assert "more_than_prescribed" in codes(facts(one, other, lines=line, quantity=2))


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("缬沙坦胶囊", "缬沙坦氨氯地平片", "都含缬沙坦"),
        ("消渴丸", "格列本脲片", "都含格列本脲"),
        ("布洛芬缓释胶囊", "双氯芬酸钠缓释片", "同属非甾体抗炎药"),
        ("血脂康胶囊", "阿托伐他汀钙片", "同属他汀类调脂药"),
        ("酚麻美敏片", "对乙酰氨基酚片", "都含对乙酰氨基酚"),
        ("马来酸依那普利片", "培哚普利叔丁胺片", "同属普利类降压药"),
    ],
)
def test_the_same_thing_twice_is_refused_until_the_doctor_confirms(one: str, other: str, said: str) -> None:
    finding = the(facts(drug(one), drug(other)), "duplicate_therapy")

    assert (finding.severity, finding.may_override) == ("refused", True)
    assert said in finding.text
    assert "医师" in finding.advice


def test_related_classes_are_only_asked_about() -> None:
    finding = the(facts(drug("复方丹参滴丸"), drug("银杏叶片")), "duplicate_therapy")

    assert finding.severity == "attention"
    assert "重复活血化瘀" in finding.text


def test_an_ointment_doubles_no_tablet() -> None:
    assert "duplicate_therapy" not in codes(facts(drug("双氯芬酸钠缓释片"), drug("双氯芬酸二乙胺乳胶剂")))


def test_two_classes_of_one_purpose_are_no_double() -> None:
    assert "duplicate_therapy" not in codes(facts(drug("苯磺酸氨氯地平片"), drug("缬沙坦胶囊")))


def test_two_packs_of_one_drug_are_asked_about_once() -> None:
    reviewed = facts(drug("华法林钠片", "3mg×20片"), drug("华法林钠片", "2.5mg×60片"))

    assert the(reviewed, "same_drug_twice").severity == "attention"
    assert "duplicate_therapy" not in codes(reviewed)


def test_a_double_of_what_is_still_in_hand_is_asked_about() -> None:
    finding = the(
        facts(drug("阿托伐他汀钙片"), history=(had("瑞舒伐他汀钙片", 10),)), "duplicate_with_history"
    )

    assert finding.severity == "attention"
    assert "18 天" in finding.text
    assert "停" in finding.advice


@pytest.mark.parametrize(
    ("one", "other", "severity"),
    [
        ("辛伐他汀片", "克拉霉素片", "refused"),
        ("辛伐他汀片", "伊曲康唑胶囊", "refused"),
        ("阿托伐他汀钙片", "吉非罗齐胶囊", "attention"),
        ("马来酸依那普利片", "缬沙坦胶囊", "attention"),
        ("缬沙坦胶囊", "螺内酯片", "attention"),
        ("马来酸依那普利片", "氯化钾缓释片", "attention"),
        ("华法林钠片", "布洛芬缓释胶囊", "attention"),
        ("华法林钠片", "复方丹参滴丸", "attention"),
        ("地高辛片", "盐酸胺碘酮片", "attention"),
        ("硫酸氢氯吡格雷片", "奥美拉唑肠溶胶囊", "attention"),
        ("盐酸司来吉兰片", "盐酸舍曲林片", "refused"),
        ("盐酸舍曲林片", "盐酸曲马多缓释片", "attention"),
        ("硝酸甘油片", "枸橼酸西地那非片", "refused"),
        ("富马酸比索洛尔片", "盐酸维拉帕米片", "attention"),
        ("碳酸锂片", "氢氯噻嗪片", "attention"),
        ("甲氨蝶呤片", "复方磺胺甲噁唑片", "refused"),
        ("格列美脲片", "氟康唑胶囊", "attention"),
        ("茶碱缓释片", "盐酸环丙沙星片", "attention"),
        ("秋水仙碱片", "克拉霉素片", "refused"),
        ("别嘌醇片", "硫唑嘌呤片", "refused"),
        ("多巴丝肼片", "奥氮平片", "attention"),
        ("左甲状腺素钠片", "碳酸钙D3片", "attention"),
        ("硝苯地平控释片", "利福平胶囊", "refused"),
        ("甲磺酸达比加群酯胶囊", "伊曲康唑胶囊", "refused"),
        ("缬沙坦胶囊", "复方磺胺甲噁唑片", "attention"),
        ("奈玛特韦片/利托那韦片组合包装", "辛伐他汀片", "refused"),
        ("磷酸西格列汀片", "司美格鲁肽注射液", "attention"),
    ],
)
def test_what_two_drugs_do_together_is_said_with_what_to_do(one: str, other: str, severity: str) -> None:
    finding = the(facts(drug(one), drug(other)), "interaction")

    assert finding.severity == severity
    assert finding.may_override == (severity == "refused")
    assert one in finding.text
    assert other in finding.text
    assert finding.advice.endswith("。")
    assert finding.clause is not None
    assert finding.clause.section.startswith("说明书【")


def test_a_pair_is_told_once_and_by_the_gravest_that_is_known() -> None:
    reviewed = facts(drug("辛伐他汀片"), drug("吉非罗齐胶囊"))

    assert the(reviewed, "interaction").severity == "refused"


def test_an_interaction_with_what_is_still_in_hand_counts_too_and_not_with_what_is_used_up() -> None:
    box = drug("枸橼酸西地那非片", "50mg×4片")

    finding = the(facts(box, history=(had("单硝酸异山梨酯缓释片", 5),)), "interaction_with_history")

    assert (finding.severity, finding.may_override) == ("refused", True)
    assert "手里还有约 23 天" in finding.text
    assert not found(facts(box, history=(had("单硝酸异山梨酯缓释片", 40),)), "interaction_with_history")


def test_the_little_potassium_in_a_compound_is_no_potassium_supplement() -> None:
    assert "interaction" not in codes(facts(drug("复方利血平片"), drug("左甲状腺素钠片")))
    pair = facts(drug("复方利血平片"), drug("螺内酯片"))
    assert not [each for each in found(pair, "interaction") if "高血钾" in each.text]


def test_an_ointment_interacts_with_nothing() -> None:
    assert "interaction" not in codes(facts(drug("红霉素软膏", form="软膏"), drug("辛伐他汀片")))


def test_a_prescription_is_reviewed_before_anything_is_in_the_basket() -> None:
    reviewed = facts(lines=(prescribed("辛伐他汀片"), prescribed("克拉霉素片")))

    assert the(reviewed, "interaction").severity == "refused"


@pytest.mark.parametrize(
    ("name", "spec", "dose", "total", "most"),
    [
        ("苯磺酸氨氯地平片", "5mg×28片", "3 片 1", "15 mg", "10 mg"),
        ("苯磺酸氨氯地平片", "5mg×28片", "10 mg 2", "20 mg", "10 mg"),
        ("盐酸二甲双胍片", "0.5g×30片", "1 g 3", "3000 mg", "2550 mg"),
        ("左甲状腺素钠片", "50μg×100片", "8 片 1", "0.4 mg", "0.3 mg"),
        ("对乙酰氨基酚片", "0.5g×10片", "2 片 4", "4000 mg", "2000 mg"),
        ("甲氨蝶呤片", "2.5mg×16片", "4 片 1", "10 mg", "3.6 mg"),
        ("卡左双多巴缓释片", "50mg:200mg×30片", "4 片 3", "2400 mg", "1200 mg"),
        ("秋水仙碱片", "0.5mg×20片", "2 片 3", "3 mg", "1.5 mg"),
        ("利福喷丁胶囊", "0.15g×20粒", "4 粒 1", "600 mg", "172 mg"),
        ("布地奈德吸入粉雾剂", "0.2mg×100吸", "5 吸 2", "2 mg", "1.6 mg"),
    ],
)
def test_a_dose_above_the_largest_is_refused_until_it_is_signed_again(
    name: str, spec: str, dose: str, total: str, most: str
) -> None:
    finding = the(facts(drug(name, spec), lines=(prescribed(name, dose=dose),)), "dose_above_maximum")

    assert (finding.severity, finding.may_override) == ("refused", True)
    assert total in finding.text
    assert most in finding.text


def test_the_largest_dose_itself_is_allowed() -> None:
    line = prescribed("苯磺酸氨氯地平片", dose="1 片 2")

    assert "dose_above_maximum" not in codes(facts(drug("苯磺酸氨氯地平片"), lines=(line,)))


def test_a_drug_of_once_a_week_that_is_taken_daily_says_why_it_is_too_much() -> None:
    daily = facts(drug("甲氨蝶呤片", "2.5mg×16片"), lines=(prescribed("甲氨蝶呤片", dose="4 片 1"),))
    weekly = facts(drug("甲氨蝶呤片", "2.5mg×16片"), lines=(prescribed("甲氨蝶呤片", dose="4 片 0.143"),))

    assert "一周只服一次" in the(daily, "dose_above_maximum").advice
    assert "dose_above_maximum" not in codes(weekly)


def test_a_nebuliser_takes_more_than_a_spray() -> None:
    nebulised = "吸入用布地奈德混悬液"

    assert "dose_above_maximum" not in codes(
        facts(drug(nebulised, "1mg×5支"), lines=(prescribed(nebulised, dose="1 支 2"),))
    )
    both = facts(drug(nebulised, "1mg×5支"), drug("布地奈德吸入粉雾剂", "0.2mg×100吸"))
    assert codes(both) & {"same_drug_twice", "duplicate_therapy"}


def test_one_ingredient_in_two_drugs_is_added_up() -> None:
    tablet, cold = drug("对乙酰氨基酚片", "0.5g×10片"), drug("酚麻美敏片", "复方")
    lines = (
        prescribed("对乙酰氨基酚片", dose="1 片 3"),
        prescribed("酚麻美敏片", dose="1 片 3"),
    )

    finding = the(facts(tablet, cold, lines=lines), "dose_above_maximum")

    assert "2475 mg" in finding.text


def test_the_old_have_a_lower_maximum() -> None:
    box, line = drug("草酸艾司西酞普兰片", "10mg×7片"), (prescribed("草酸艾司西酞普兰片", dose="2 片 1"),)

    assert "dose_above_maximum" not in codes(facts(box, lines=line, whose=person(age=64)))
    assert "65 岁以上" in the(facts(box, lines=line, whose=person(age=65)), "dose_above_maximum").text


def test_of_a_child_s_dose_it_is_said_that_only_a_grown_up_s_is_known() -> None:
    box, line = drug("布洛芬混悬液", "100ml:2g"), (prescribed("布洛芬混悬液", dose="20 ml 4"),)

    child = the(facts(box, lines=line, whose=person(age=3)), "child_dose")

    assert (child.severity, child.may_override) == ("attention", False)
    assert "没有核对" in child.text
    assert "child_dose" not in codes(facts(box, lines=line, whose=person(age=14)))


def test_packs_that_are_too_many_for_the_days_are_asked_about_where_no_dose_is_written() -> None:
    box = drug("苯磺酸氨氯地平片", "5mg×28片")
    few = facts(box, written=prescription(prescribed("苯磺酸氨氯地平片", 3), days=28))
    many = facts(box, written=prescription(prescribed("苯磺酸氨氯地平片", 6), days=28))

    assert "packs_above_maximum" not in codes(few)
    assert the(many, "packs_above_maximum").severity == "attention"


def test_a_dose_that_cannot_be_told_is_no_finding() -> None:
    line = prescribed("六味地黄丸", dose="8 丸 3")

    assert "dose_above_maximum" not in codes(facts(drug("六味地黄丸", "200丸"), lines=(line,)))


def test_what_nobody_can_pass_is_said_before_what_a_reason_passes() -> None:
    reviewed = facts(
        drug("辛伐他汀片"), drug("克拉霉素片"), drug("缬沙坦胶囊"), lines=(prescribed("克拉霉素片"),)
    )

    first = [finding.code for finding in review(reviewed) if finding.severity == "refused"]

    assert first.index("drug_not_prescribed") < first.index("interaction")
