"""The demonstration's public facts beside the published list; skipped where that is not at hand."""

from __future__ import annotations

import csv
import re
import unicodedata
from pathlib import Path

import pytest

from engine.catalogue import Drug
from engine.demonstration import Demonstration

LIST = Path(__file__).parents[4] / "shared" / "data" / "nrdl-2024" / "nrdl_2024_drugs.csv"
pytestmark = pytest.mark.skipif(not LIST.exists(), reason="the published list is not at hand")
CLASSES = {"甲": "A", "乙": "B"}
SLOW = ("缓释", "控释")
PATENT_FORMS = re.compile("(水|丸|片|胶囊|颗粒|口服液|散|膏)$")
Row = dict[str, str]


def plain(text: str) -> str:
    return re.sub("[IV]+|α-|Α-", "", unicodedata.normalize("NFKC", text).replace(" ", "").upper())


def names_of(row: Row) -> set[str]:
    """Return what the list calls a drug: its name, another in brackets, a patent's without its form."""
    parts = [part for part in re.split(r"[()\[\]、]", plain(row["name"])) if len(part) > 1]
    if row["section"] == "中成药":
        parts = [PATENT_FORMS.sub("", parts[0])]
    return {part for part in parts if len(part) > 1}


@pytest.fixture(name="rows", scope="module")
def _rows() -> list[tuple[set[str], Row]]:
    with LIST.open(encoding="utf-8-sig") as file:
        return [(names_of(row), row) for row in csv.DictReader(file)]


def entries(drug: Drug, rows: list[tuple[set[str], Row]]) -> list[Row]:
    """Return the entries of the list with the longest name that is in the drug's, in its kind of release."""
    name = plain(drug.generic_name)
    found = [(max(map(len, names)), row) for known, row in rows if (names := [n for n in known if n in name])]
    longest = max((length for length, _row in found), default=0)
    best = [row for length, row in found if length == longest]
    slow = any(mark in name for mark in SLOW)
    same = [row for row in best if any(mark in row["dosage_form"] + row["name"] for mark in SLOW) == slow]
    return same or best


def test_a_listed_drug_is_of_the_class_that_the_list_has(
    demonstration: Demonstration, rows: list[tuple[set[str], Row]]
) -> None:
    wrong = {}
    for drug in demonstration.drugs:
        if drug.listings:
            classes = {CLASSES[row["class_ab"]] for row in entries(drug, rows) if row["class_ab"]}
            if drug.listings[0].klass not in classes:
                wrong[drug.generic_name] = classes
    assert not wrong


def test_a_negotiated_drug_is_one_under_an_agreement(
    demonstration: Demonstration, rows: list[tuple[set[str], Row]]
) -> None:
    for drug in demonstration.drugs:
        if drug.listings and drug.listings[0].negotiated:
            assert any(row["agreement_period"] for row in entries(drug, rows)), drug.generic_name


def test_a_limited_scope_stands_in_the_list_too(
    demonstration: Demonstration, rows: list[tuple[set[str], Row]]
) -> None:
    for drug in demonstration.drugs:
        if drug.listings and drug.listings[0].scope:
            assert any(row["limit_remark"] for row in entries(drug, rows)), drug.generic_name
