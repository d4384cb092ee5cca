"""Knowledge is data with sources; what is wrong in it is named by file, key and reason, and not used."""

from __future__ import annotations

import re

import pytest

from engine.knowledge.library import Knowledge
from engine.knowledge.loading import KnowledgeError, load_knowledge
from engine.knowledge.parse import FAMILIES
from engine.policy.messages import MESSAGES
from tests.fakes.signing import _FOLDER as FOLDER
from tests.fakes.signing import knowledge as shipped

TEXTS = {path.name: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.toml"))}


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return shipped()


def refused(file: str, old: str, new: str) -> str:
    """Return what is said where ``old`` in a shipped file is changed to ``new``."""
    assert old in TEXTS[file], old
    with pytest.raises(KnowledgeError) as raised:
        load_knowledge({**TEXTS, file: TEXTS[file].replace(old, new, 1)})
    return str(raised.value)


def test_every_fact_says_where_it_stands_and_when_it_was_checked(knowledge: Knowledge) -> None:
    facts = [fact for family in FAMILIES for fact in knowledge.facts(family)]

    assert len(facts) > 1_300
    assert all(fact.source.clause.document and fact.source.clause.section for fact in facts)
    assert all(2026 <= fact.source.checked_on.year < 2100 for fact in facts)


def test_a_label_is_called_by_the_name_of_its_drug(knowledge: Knowledge) -> None:
    titles = {fact.source.clause.document for family in FAMILIES for fact in knowledge.facts(family)}

    assert "辛伐他汀说明书" in titles
    assert not [title for title in titles if re.search(r"[a-z_]{3,}说明书", title)]


def test_there_is_enough_of_it_for_chronic_diseases(knowledge: Knowledge) -> None:
    assert len(knowledge.facts("interaction")) >= 60
    assert len({fact.of for fact in knowledge.facts("dose")}) >= 150
    assert len(knowledge.facts("class")) >= 80


def test_what_was_not_compared_with_the_print_says_so_and_bars_nothing(knowledge: Knowledge) -> None:
    assert all(fact.source.verified for fact in knowledge.facts("ephedrine"))
    said = refused("dispensing.toml", "again_days = 30\n", "again_days = 30\nverified = false\n")

    assert "dispensing.toml：ephedrine[0].verified：没有核对过原文的规定不能用来禁止销售" in said


def test_the_hash_changes_with_any_letter() -> None:
    changed = {**TEXTS, "doses.toml": TEXTS["doses.toml"].replace('"10"', '"11"', 1)}

    assert load_knowledge(changed).hash != shipped().hash
    assert load_knowledge(TEXTS).hash == shipped().hash


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("doses.toml", "source.checked_on = 2026-11-28\n", "", "没有注明核对日期"),
        ("doses.toml", 'source.section = "用法用量"\n', "", "没有注明条款"),
        ("scopes.toml", "source.document", "source.dokument", "不认识的键"),
        ("classes.toml", 'name = "他汀类调脂药"', 'naem = "他汀类调脂药"', "class[0].name：缺少此项"),
        ("classes.toml", '"red_yeast_rice"', '"red_rice"', "没有成分“red_rice”"),
        ("classes.toml", 'atc = ["C10AA"]', 'atc = ["10AA"]', "“10AA”不是 ATC 代码的前几位"),
        ("classes.toml", 'id = "fibrates"', 'id = "statins"', "id“statins”重复"),
        ("ingredients.toml", 'name = "硝苯地平"', 'name = "氨氯地平"', "“氨氯地平”已是 amlodipine 的名字"),
        ("ingredients.toml", 'atc = "C08CA01"', 'atc = "C8CA01"', "不是 ATC 代码"),
        (
            "interactions.toml",
            'a = "simvastatin", b = "gemfibrozil"',
            'a = "statin", b = "gemfibrozil"',
            "没有成分或类别“statin”",
        ),
        (
            "interactions.toml",
            'a = "simvastatin", b = "gemfibrozil", severity = "contraindicated"',
            'a = "strong_azoles", b = "simvastatin", severity = "moderate"',
            "说的是同一对药，严重程度却不同",
        ),
        ("interactions.toml", 'severity = "serious"', 'severity = "grave"', "不认识“grave”"),
        ("doses.toml", 'mg = "10"', "mg = 10", "应写成大于 0 的数字文字"),
        ("doses.toml", 'mg = "10"', 'mg = "-10"', "应写成大于 0 的数字文字"),
        ("doses.toml", 'of = "levamlodipine"', 'of = "amlodipine"', "说的是同一成分、同一途径"),
        ("limits.toml", "from = 18, severity", "severity", "没有说年龄"),
        ("limits.toml", "from = 18", 'from = "18"', "应为 0 至 150 的整数"),
        (
            "limits.toml",
            'of = ["alfuzosin", "tamsulosin"], only = "男"',
            'of = ["reductase_inhibitors"], only = "女"',
            "既限男性又限女性",
        ),
        (
            "limits.toml",
            '{ of = ["warfarin"], severity = "refused"',
            '{ of = ["statins"], severity = "attention"',
            "严重程度却不同",
        ),
        ("dispensing.toml", 'id = "emergency"', 'id = "urgent"', "缺少“emergency”"),
        ("dispensing.toml", 'region = "3715"', 'region = "聊城"', "应为行政区划代码"),
        (
            "reasons.toml",
            'note = "不得卖给未成年人；条号未核对原文"\nverified = false',
            'note = "不得卖给未成年人；条号未核对原文"',
            "不能算核对过",
        ),
        ("reasons.toml", "[[refusal]]", "[[refusals]]", "不认识的键"),
        ("reasons.toml", '"dose_above_maximum", ', '"interaction", "dose_above_maximum", ', "已经写过"),
        ("names.toml", "[routes]", "[route]", "names.toml：route：不认识的键"),
        ("names.toml", "[routes]", "[routes", "不是正确的 TOML"),
    ],
)
def test_wrong_knowledge_is_refused_with_file_key_and_reason(
    file: str, old: str, new: str, said: str
) -> None:
    text = refused(file, old, new)

    assert said in text
    assert f"{file}：" in text or "names.toml" in text or "dispensing.toml" in text


def test_everything_wrong_is_said_at_once() -> None:
    text = TEXTS["doses.toml"].replace('mg = "10"', "mg = 10", 1).replace('mg = "5"', "mg = 5", 1)

    with pytest.raises(KnowledgeError) as raised:
        load_knowledge({**TEXTS, "doses.toml": text})

    assert len(raised.value.problems) >= 2


def test_what_has_to_be_reported_are_findings_that_exist(knowledge: Knowledge) -> None:
    known = set(MESSAGES) | {"course_too_long", "outside_limited_scope", "supply_in_packs"}
    known |= {"signature_altered", "prescription_withdrawn", "prescription_used"}

    assert {code for duty in knowledge.facts("duty") for code in duty.codes} <= known


def test_without_the_words_of_names_no_drug_could_be_known() -> None:
    with pytest.raises(KnowledgeError, match="缺少剂型和酸根的词表"):
        load_knowledge({name: text for name, text in TEXTS.items() if name != "names.toml"})
