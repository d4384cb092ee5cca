"""A drug is known by its generic name, whatever its salt and form; else by its national code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.knowledge.library import Knowledge
from tests.fakes.signing import knowledge as shipped


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return shipped()


@pytest.mark.parametrize(
    ("name", "ingredients"),
    [
        ("苯磺酸氨氯地平片", ["amlodipine"]),
        ("苯磺酸左氨氯地平片", ["levamlodipine"]),
        ("盐酸二甲双胍缓释片", ["metformin"]),
        ("硫酸氢氯吡格雷片", ["clopidogrel"]),
        ("培哚普利叔丁胺片", ["perindopril"]),
        ("单硝酸异山梨酯缓释片", ["isosorbide_mononitrate"]),
        ("硝酸异山梨酯片", ["isosorbide_dinitrate"]),
        ("硝酸甘油片", ["nitroglycerin"]),
        ("罗红霉素胶囊", ["roxithromycin"]),
        ("左氧氟沙星片", ["levofloxacin"]),
        ("艾司奥美拉唑镁肠溶片", ["esomeprazole"]),
        ("硫酸羟氯喹片", ["hydroxychloroquine"]),
        ("甘精胰岛素注射液", ["insulin_glargine"]),
        ("琥珀酸亚铁片", ["ferrous_succinate"]),
        ("维生素Ｃ泡腾片", ["vitamin_c"]),
        ("复方 α-酮酸片", ["ketoacid"]),
    ],
)
def test_a_salt_and_a_form_do_not_hide_the_ingredient(
    knowledge: Knowledge, name: str, ingredients: list[str]
) -> None:
    assert list(knowledge.identify(name).ingredients) == ingredients


@pytest.mark.parametrize(
    ("name", "ingredients"),
    [
        ("厄贝沙坦氢氯噻嗪片", {"irbesartan", "hydrochlorothiazide"}),
        ("沙库巴曲缬沙坦钠片", {"sacubitril", "valsartan"}),
        ("阿利沙坦酯氨氯地平片", {"allisartan", "amlodipine"}),
        ("沙美特罗替卡松吸入粉雾剂", {"salmeterol", "fluticasone"}),
        ("消渴丸", {"glibenclamide"}),
        ("珍菊降压片", {"clonidine", "hydrochlorothiazide"}),
        ("复方利血平氨苯蝶啶片", {"reserpine", "triamterene", "hydrochlorothiazide", "dihydralazine"}),
        ("小儿氨酚黄那敏颗粒", {"paracetamol", "chlorphenamine"}),
        ("维C银翘片", {"paracetamol", "chlorphenamine"}),
    ],
)
def test_a_compound_is_all_that_it_contains_even_what_its_name_does_not_say(
    knowledge: Knowledge, name: str, ingredients: set[str]
) -> None:
    assert set(knowledge.identify(name).ingredients) == ingredients


def test_an_unknown_name_is_classed_by_its_national_code(knowledge: Knowledge) -> None:
    identity = knowledge.identify("某某新药片", "XC10AAX999A001010100001")

    assert identity.ingredients == ()
    assert "statins" in identity.classes


def test_a_name_goes_before_a_code_that_says_otherwise(knowledge: Knowledge) -> None:
    assert knowledge.identify("格列美脲片", "XC10AAX999A001010100001").classes == {
        "sulfonylureas",
        "secretagogues",
        "glucose_lowering",
    }


@pytest.mark.parametrize(
    ("name", "form", "route"),
    [
        ("红霉素软膏", "", "local"),
        ("布地奈德鼻喷雾剂", "", "local"),
        ("吸入用布地奈德混悬液", "", "nebulised"),
        ("布地奈德吸入粉雾剂", "", "inhaled"),
        ("布地奈德福莫特罗", "吸入粉雾剂", "inhaled"),
        ("注射用奥美拉唑钠", "", "injection"),
        ("双氯芬酸二乙胺乳胶剂", "", "local"),
        ("氨氯地平", "片剂", "oral"),
        ("氨氯地平", "", "oral"),
    ],
)
def test_the_form_says_how_it_reaches_the_body(
    knowledge: Knowledge, name: str, form: str, route: str
) -> None:
    assert knowledge.identify(name, form=form).route == route


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("琥珀酸美托洛尔缓释片", "酒石酸美托洛尔片"),
        ("苯磺酸氨氯地平片", "氨氯地平"),
        ("缬沙坦胶囊", "缬沙坦片"),
    ],
)
def test_one_drug_has_one_key_whatever_its_salt_and_form(knowledge: Knowledge, one: str, other: str) -> None:
    assert knowledge.identify(one).key == knowledge.identify(other).key


def test_an_ointment_is_not_the_tablet(knowledge: Knowledge) -> None:
    assert knowledge.identify("红霉素软膏").key != knowledge.identify("红霉素肠溶片").key


@given(st.text(max_size=40), st.text(max_size=30), st.text(max_size=10))
def test_any_name_is_read_the_same_each_time_and_never_fails(name: str, code: str, form: str) -> None:
    first = shipped().identify(name, code, form)

    assert shipped().identify(name, code, form) == first
