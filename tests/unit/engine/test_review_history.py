"""What the person had before: still in hand, handed out on this prescription, fetched at several places."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.prescription import Finding
from engine.review import Facts
from tests.fakes.review_desk import (
    DAY,
    SHOP,
    codes,
    drug,
    facts,
    had,
    person,
    prescribed,
    prescription,
    the,
)

NAME = "苯磺酸氨氯地平片"


def again(*history: object, days: int = 28, **more: object) -> Facts:
    written = prescription(prescribed(NAME), days=days)
    return facts(drug(NAME), written=written, history=history, told_until=DAY, **more)  # type: ignore[arg-type]


def test_what_is_still_in_hand_is_said_with_days_and_place() -> None:
    finding = the(again(had(NAME, 20)), "dispensed_recently")

    assert finding.severity == "attention"
    assert "20 天前在别的药店配过 1 份，按疗程还可用约 8 天" in finding.text


def test_what_is_used_up_is_not_in_the_way() -> None:
    assert "dispensed_recently" not in codes(again(had(NAME, 28)))


def test_supplies_that_overlap_are_used_one_after_the_other() -> None:
    finding = the(again(had(NAME, 40), had(NAME, 30, here=True, provider=SHOP.id)), "dispensed_recently")

    assert "30 天前在本店配过" in finding.text
    assert "还可用约 16 天" in finding.text


def test_another_salt_form_or_maker_is_the_same_drug_to_the_history() -> None:
    assert "dispensed_recently" in codes(again(had("马来酸氨氯地平胶囊", 10)))


def test_a_supply_of_unknown_length_counts_as_a_usual_one() -> None:
    assert "18 天" in the(again(had(NAME, 10, None)), "dispensed_recently").text


def test_old_and_new_supply_together_may_not_pass_the_limit() -> None:
    within, beyond = again(had(NAME, 4, 56), days=32), again(had(NAME, 4, 56), days=33)

    finding = the(beyond, "supply_stocked_up")

    assert "supply_stocked_up" not in codes(within)
    assert (finding.severity, finding.may_override) == ("refused", True)
    assert "共 85 天，超过 84 天" in finding.text
    assert finding.clause is not None
    assert "绍" in finding.clause.document


@pytest.mark.parametrize(("told", "words"), [(None, "本机没有"), (DAY - timedelta(days=6), "已 6 天")])
def test_how_old_the_knowledge_of_other_shops_is_is_said(told: object, words: str) -> None:
    written = prescription(prescribed(NAME), days=28)
    reviewed = facts(drug(NAME), written=written, history=(had(NAME, 10),), told_until=told)

    assert words in the(reviewed, "dispensed_recently").text


def test_fetching_at_several_places_within_a_month_is_noted_by_the_rule_of_the_region() -> None:
    history = (had(NAME, 29, 7), had(NAME, 20, 7, provider="P33060200001"))
    nation, liaocheng = again(*history), again(*history, whose=person(region="371502"))

    assert "在 30 天内已在 2 家别的药店配过，连本店 3 处" in the(nation, "several_places").text
    assert _section(the(nation, "several_places")) == "第十五条"
    assert _section(the(liaocheng, "several_places")) == "第二十五条"


def test_fetching_here_alone_is_not_several_places() -> None:
    assert "several_places" not in codes(again(had(NAME, 20, here=True, provider=SHOP.id)))
    assert "several_places" not in codes(again(had(NAME, 31)))


def _section(finding: Finding) -> str:
    assert finding.clause is not None
    return finding.clause.section
