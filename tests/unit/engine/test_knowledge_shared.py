"""Our knowledge beside published limits and codes; skipped where those files are not at hand."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.codes import atc_of
from engine.knowledge.entries import Ingredient
from engine.knowledge.library import Identity, Knowledge, concerns
from tests.fakes.signing import knowledge as shipped

DATA = Path(__file__).parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the published files are not at hand")


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return shipped()


def limited(column: str, value: str) -> Iterator[str]:
    """Yield the names of drugs that the published rules limit so."""
    with (DATA / "nhsa-rules" / "drug_limit_rules.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            if row[column] == value:
                yield row["药品名称"]


def sole(knowledge: Knowledge, identity: Identity) -> Ingredient | None:
    """Return the one ingredient that a drug has."""
    if len(identity.ingredients) != 1:
        return None
    found: Ingredient = next(
        each for each in knowledge.facts("ingredient") if each.id == identity.ingredients[0]
    )
    return found


@pytest.mark.parametrize("sex", ["男", "女"])
def test_no_published_limit_of_sex_is_contradicted_and_most_are_known(knowledge: Knowledge, sex: str) -> None:
    told = missed = 0
    for name in limited("性别限制", sex):
        identity = knowledge.identify(name)
        ours = {limit.only for limit in knowledge.facts("sex") if concerns(limit.group, identity)}
        assert ours <= {sex}, name
        if identity.groups and identity.systemic and "栓" not in name:
            told, missed = told + 1, missed + (not ours)

    assert told >= 10
    assert missed <= told // 10


def test_drugs_for_children_are_known_to_be_for_children(knowledge: Knowledge) -> None:
    names = [name for name in limited("年龄限制", "儿童") if "小儿" in name or "儿童" in name]
    missed = [
        name
        for name in names
        if not any(
            concerns(limit.group, knowledge.identify(name)) and limit.highest is not None
            for limit in knowledge.facts("age")
        )
    ]

    assert len(names) > 200
    assert missed == []


def test_our_classes_are_those_of_the_published_dictionary(knowledge: Knowledge) -> None:
    content = json.loads((DATA / "terminology" / "dictionary.json").read_text(encoding="utf-8"))
    compared, other = 0, []
    for entry in content["entries"]:
        atc = entry["codes"].get("atc") if entry["category"] == "drug" else None
        ours = sole(knowledge, knowledge.identify(entry["canonical_name"])) if atc else None
        if ours is None or "insulins" in knowledge.identify(entry["canonical_name"]).classes:
            continue
        compared += 1
        if not (atc.startswith(ours.atc[:4]) or ours.atc.startswith(atc[:4])):
            other.append((entry["canonical_name"], atc, ours.atc))

    assert compared > 150
    assert other == []


def test_names_and_national_codes_tell_the_same_class_of_what_is_swallowed(knowledge: Knowledge) -> None:
    compared, other = set(), set()
    with (DATA / "drug-master" / "drugs_with_nhsa_code.csv").open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            identity = knowledge.identify(row["drug_name"])
            ours, atc = sole(knowledge, identity), atc_of(row["inter_code"])
            if ours is None or not atc or identity.route != "oral":
                continue
            compared.add(row["drug_name"])
            if not (atc.startswith(ours.atc[:4]) or ours.atc.startswith(atc[:4])):
                other.add(row["drug_name"])

    assert len(compared) > 40
    assert len(other) <= len(compared) // 10, other
