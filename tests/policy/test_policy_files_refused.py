"""A policy file with a mistake is refused when it is loaded, with file, key and reason, all at once."""

import pytest

from engine.policy.packs import PackError, load_library
from engine.policy.ruling import Ruling
from tests.fakes.policy_requests import texts

EZHOU, SHAOXING = "ezhou-2023.toml", "shaoxing-2019.toml"


def problems(changes, files=None):
    with pytest.raises(PackError) as caught:
        load_library((files or texts()) | changes)
    return [(p.file, p.key) for p in caught.value.problems], str(caught.value)


def edited(file, old, new):
    text = texts()[file]
    assert old in text
    return {file: text.replace(old, new, 1)}


@pytest.mark.parametrize(
    "file, old, new, key, reason",
    [
        (EZHOU, 'ratio = "0.60"\n', 'ratio = "1.01"\n', "ratio[0].ratio", "0 至 1"),
        (EZHOU, 'ratio = "0.60"\n', "ratio = 0.6\n", "ratio[0].ratio", "0 至 1"),
        (EZHOU, 'ratio = "0.60"\n', "", "ratio[0].ratio", "缺少"),
        (EZHOU, 'section = "五"\n', "", "supply[0].section", "没有注明条款"),
        (EZHOU, 'section = "五"\n', 'section = ""\n', "supply[0].section", "非空"),
        (
            EZHOU,
            'section = "五"\nchecked_on = 2026-11-22',
            'section = "五"',
            "supply[0].checked_on",
            "核对日期",
        ),
        (
            EZHOU,
            'section = "五"\nchecked_on = 2026-11-22',
            'section = "五"\nchecked_on = "去年"',
            "supply[0].checked_on",
            "日期",
        ),
        (EZHOU, "days = 84", "days = 0", "supply[0].days", "1 至 366"),
        (EZHOU, "days = 84", "days = true", "supply[0].days", "1 至 366"),
        (EZHOU, "days = 84", "weeks = 12", "supply[0].weeks", "不认识"),
        (EZHOU, "by_disease = false", 'by_disease = "no"', "by_disease", "true"),
        (EZHOU, "by_disease = false", "by_disease = false\nmood = 1", "mood", "不认识"),
        (EZHOU, 'city = "4207"', 'city = "鄂州"', "city", "前四位"),
        (EZHOU, 'city = "4207"', "", "city", "缺少"),
        (EZHOU, "begins = 2023-01-01", 'begins = "2023-01-01"', "validity.begins", "日期"),
        (EZHOU, "begins = 2023-01-01", "begins = 2023-01-01\nends = 2022-01-01", "validity.ends", "早于"),
        (EZHOU, 'insurance = "employee"', 'insurance = "farmer"', "insurance", "不认识"),
        (EZHOU, 'insurance = "employee"', "insurance = []", "insurance", "空列表"),
        (EZHOU, 'benefit = "ordinary_outpatient"', 'benefit = "free"', "benefit", "不认识"),
        (EZHOU, 'status = "active"', 'status = "asleep"', "ratio[0].when.status", "不认识"),
        (EZHOU, 'status = "active"', 'weather = "fine"', "ratio[0].when.weather", "不认识"),
        (EZHOU, 'taken = "external_only"', 'taken = "none"', "reading[0].taken", "答案"),
        (EZHOU, 'electronic_too = "流转电子处方也接受"', "", "reading[0].answers", "两种"),
        (
            EZHOU,
            '{ electronic = "electronic_too" }',
            '{ electronic = "maybe" }',
            "sources[1].reading",
            "读法",
        ),
        (EZHOU, 'adds_to = ["fund_paid"]', 'adds_to = ["pool_fund_paid"]', "limit[0].adds_to", "挡不住"),
        (EZHOU, "days = 84", 'days = 84\ndocument = "某文件"', "supply[0].document", "also_cites"),
        (SHAOXING, 'overrides = "primary"', 'overrides = "secondary"', "ratio[1].overrides", "没有 id"),
        (SHAOXING, 'overrides = "primary"', "overrides = 7", "ratio[1].overrides", "非空文字"),
        (SHAOXING, 'overrides = "primary"', 'id = "primary"\noverrides = "primary"', "ratio[1].id", "重复"),
        (SHAOXING, 'yuan = "50.00"', "yuan = 50", "deductible[0].yuan", "单位元"),
        (SHAOXING, '"copd"', '"COPD"', "diseases[0].keys", "病种代码"),
        (SHAOXING, 'of = "over_standard"', 'of = "first_self_pay"', "basis", "over_standard"),
        (
            SHAOXING,
            "[reading.answers]\nnot_asked",
            'answers = "?"\n[more]\nnot_asked',
            "reading[0].answers",
            "表",
        ),
        (SHAOXING, "[[diseases]]", "[diseases]", "diseases", "[[diseases]]"),
    ],
)
def test_a_mistake_is_named_with_file_key_and_reason(file, old, new, key, reason):
    found, text = problems(edited(file, old, new))

    assert (file, key) in found
    assert reason in text


def test_all_mistakes_of_all_files_are_listed_at_once():
    found, _ = problems(
        edited(EZHOU, 'ratio = "0.60"', 'ratio = "60%"')
        | edited(SHAOXING, "yuan = ", "yen = ")
        | {"new.toml": "id = ["}
    )

    assert {file for file, _ in found} == {EZHOU, SHAOXING, "new.toml"}


def test_a_file_that_is_not_toml_is_refused_in_a_sentence():
    _, text = problems({"new.toml": "a = = 1"})

    assert text.startswith("new.toml：不是正确的 TOML")


def test_two_packs_for_one_city_and_insurance_do_not_overlap():
    found, text = problems(edited(SHAOXING, "ends = 2023-12-31", "ends = 2024-01-01"))

    assert found == [("shaoxing-2023.toml", "validity")]
    assert SHAOXING in text
    assert "2024-01-01" in text


def test_two_packs_do_not_share_an_id():
    found, _ = problems(edited(EZHOU, 'id = "ezhou-2023"', 'id = "wuxi-2019"'))

    assert found == [("wuxi-2019.toml", "id")]


def test_two_clauses_that_answer_one_claim_differently_are_both_named():
    found, text = problems(edited(SHAOXING, 'overrides = "pharmacy"\n', ""))

    assert found == [(SHAOXING, "ratio[4]")]
    assert "ratio[3]" in text


def test_clauses_of_two_readings_do_not_clash_but_those_of_one_do():
    clash = edited(
        "liaocheng-2025.toml", 'reading = { class_b_pots = "own" }', 'reading = { class_b_pots = "sum" }'
    )

    found, _ = problems(clash)

    assert ("liaocheng-2025.toml", "limit[1]") in found


@pytest.mark.parametrize(
    "old, new, key, words",
    [
        ('when = { status = "retired" }', 'when = { status = "active" }', "ratio", "退休"),
        (
            'when = { place = "offsite" }\n',
            'when = { place = "offsite", kind = "primary" }\n',
            "coverage",
            "备案地",
        ),
        (
            'accepted = ["external"]\n',
            'accepted = ["external"]\nwhen = { kind = "primary" }\n',
            "sources",
            "零售药店",
        ),
        ("[[limit]]", '[[limit]]\nwhen = { groups = "severe_disability" }', "limit", "没有条款"),
    ],
)
def test_a_claim_that_stands_and_that_no_clause_answers_is_a_gap(old, new, key, words):
    found, text = problems(edited(EZHOU, old, new))

    assert (EZHOU, key) in found
    assert words in text


def test_a_pack_by_disease_says_which_diseases():
    found, _ = problems(edited(EZHOU, "by_disease = false", "by_disease = true"))

    assert found == [(EZHOU, "diseases")]


def test_the_national_rules_are_there_once_and_answer_every_source():
    without = {name: text for name, text in texts().items() if name != "national.toml"}

    assert problems({}, without)[0] == [("national.toml", "")]
    found, _ = problems(edited("national.toml", '["electronic", "internet_hospital"]', '["electronic"]'))
    assert found == [("national.toml", "good_for")]


def test_two_readings_do_not_share_an_id():
    copy = '[[reading]]\nid = "electronic"\nquestion = "？"\ntaken = "a"\nanswers = { a = "a", b = "b" }\n'
    found, _ = problems({EZHOU: texts()[EZHOU] + copy})

    assert (EZHOU, "reading") in found


def test_a_gap_names_the_people_it_is_about():
    rx = 'what = "prescription"\nwhen = { kind = "retail_pharmacy" }'
    asked = edited(EZHOU, rx, 'what = "prescription"\nwhen = { groups = "severe_disability" }')
    accepted = 'accepted = ["external"]\n'
    text = asked[EZHOU].replace(accepted, accepted + 'when = { kind = "primary", agreed = true }\n')

    found, said = problems({EZHOU: text})

    assert (EZHOU, "sources") in found
    assert "severe_disability" in said
    assert "agreed = false" in said


def test_a_disease_means_nothing_where_no_disease_is_asked():
    found, _ = problems(edited(EZHOU, '{ status = "retired" }', '{ status = "retired", disease = "gout" }'))

    assert found == [(EZHOU, "ratio")]


def test_a_pack_says_whom_it_insures():
    found, text = problems(edited(EZHOU, 'insurance = "employee"\n', ""))

    assert found == [(EZHOU, "insurance")]
    assert "缺少" in text


def test_two_clauses_that_say_the_same_do_not_clash():
    same = '\n[[supply]]\ndays = 84\nsection = "五"\nchecked_on = 2026-11-22\n'

    assert load_library(texts() | {EZHOU: texts()[EZHOU] + same}).pack("ezhou-2023")


def test_a_ruling_without_law_is_a_bug_and_not_an_answer():
    nothing = Ruling({}, (), ("local", "primary", "resident", None, frozenset(), False, frozenset()))

    with pytest.raises(ValueError, match="ratio"):
        nothing.terms(None, None)
