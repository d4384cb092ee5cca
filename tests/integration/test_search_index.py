"""The index of drugs stands in the catalogue and always speaks of the drugs that are there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.storage import catalogue, search, search_segments
from app.storage.connection import Connection, transaction
from app.storage.search import Finder
from bench.drugs import drugs
from engine.catalogue import Drug
from tests.fakes.plain_search import PlainSearch, row_of

SOME = list(drugs(900))


@dataclass
class Shelves:
    """A catalogue, who looks for drugs in it, and how it is opened again."""

    path: Path
    key: bytes
    db: Connection

    def __post_init__(self) -> None:
        self.finder = Finder(self.db)

    def save(self, *some: Drug) -> None:
        with transaction(self.db):
            catalogue.save(self.db, some)

    def rebuild(self) -> None:
        with transaction(self.db):
            search.rebuild(self.db)

    def found(self, text: str, limit: int = 12, sold: dict[str, int] | None = None, *asked: str) -> list[str]:
        return self.finder.find(text, limit, sold=sold or {}, asked=asked)


@pytest.fixture
def shelves(tmp_path: Path) -> Iterator[Shelves]:
    key = os.urandom(32)
    db = catalogue.open_catalogue(tmp_path / "catalogue.db", key)
    yield Shelves(tmp_path / "catalogue.db", key, db)
    db.close()


QUERIES = ("a", "zs", "片", "注射用", "pian", "6910", "h199", "kapian", "10mg", "药业 片", "a 5", "胶囊 粒")


def assert_finds_what_a_scan_finds(shelves: Shelves, there: list[Drug], sold: dict[str, int]) -> None:
    plain = PlainSearch([row_of(drug) for drug in there])
    for text in QUERIES:
        assert shelves.found(text, 12, sold) == [code for code, _tier in plain.find(text, 12, sold)], text


def test_a_drug_is_found_as_soon_as_it_is_saved(shelves: Shelves) -> None:
    assert shelves.found("氯己定") == []
    shelves.save(SOME[0])

    assert shelves.found("氯己定") == [SOME[0].code]


def test_main_and_recent_drugs_are_found_as_one(shelves: Shelves) -> None:
    sold = {drug.code: number % 5 for number, drug in enumerate(SOME[::7])}
    shelves.save(*SOME[:600])
    shelves.rebuild()
    assert_finds_what_a_scan_finds(shelves, SOME[:600], sold)

    later = [
        replace(drug, trade_name="新名", price=None, on_market=place % 2 == 0)
        for place, drug in enumerate(SOME[500:])
    ]
    shelves.save(*later)

    assert set(search_segments.versions(shelves.db)) == {"main", "recent"}
    assert_finds_what_a_scan_finds(shelves, [*SOME[:500], *later], sold)
    shelves.rebuild()
    assert set(search_segments.versions(shelves.db)) == {"main"}
    assert_finds_what_a_scan_finds(shelves, [*SOME[:500], *later], sold)


def test_a_drug_that_was_renamed_is_found_by_its_new_name_alone(shelves: Shelves) -> None:
    old = replace(SOME[0], generic_name="旧名片", trade_name=None)
    shelves.save(old, *SOME[1:20])
    shelves.rebuild()
    shelves.save(replace(old, generic_name="新名片"))

    assert shelves.found("旧名片") == shelves.found("jmp") == []
    assert shelves.found("xmp") == [old.code]


def test_a_change_that_nothing_is_found_by_leaves_the_index_as_it_is(shelves: Shelves) -> None:
    shelves.save(*SOME[:20])
    before = search_segments.versions(shelves.db)
    shelves.save(*(replace(drug, listings=(), price=(drug.price or 0) + 10) for drug in SOME[:20]))

    assert search_segments.versions(shelves.db) == before


def test_after_a_great_many_changes_the_main_index_is_due_and_nothing_is_missed_until_it_is_made(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_RECENT", 50)
    shelves.save(*SOME[:40])
    assert not search.is_due(shelves.db)
    shelves.save(*SOME[40:80])

    assert search.is_due(shelves.db)
    assert set(search_segments.versions(shelves.db)) == {"recent"}
    assert_finds_what_a_scan_finds(shelves, SOME[:80], {})

    shelves.rebuild()
    assert not search.is_due(shelves.db)
    assert set(search_segments.versions(shelves.db)) == {"main"}
    assert_finds_what_a_scan_finds(shelves, SOME[:80], {})


def test_a_change_of_a_great_many_at_once_goes_into_the_main_index(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_RECENT", 50)
    shelves.save(*SOME[:80])

    assert set(search_segments.versions(shelves.db)) == {"main"}
    assert_finds_what_a_scan_finds(shelves, SOME[:80], {})


def test_an_undone_change_was_never_in_the_index(shelves: Shelves) -> None:
    shelves.save(*SOME[:20])
    with suppress(KeyError), transaction(shelves.db):
        catalogue.save(shelves.db, [replace(SOME[0], generic_name="旧名片")])
        raise KeyError
    assert shelves.found("旧名片") == []
    assert shelves.found(SOME[0].code) == [SOME[0].code]


def test_who_looks_sees_what_another_connection_saved(shelves: Shelves) -> None:
    shelves.save(*SOME[:20])
    assert shelves.found("后来") == []
    other = catalogue.open_catalogue(shelves.path, shelves.key)
    with transaction(other):
        catalogue.save(other, [replace(SOME[30], generic_name="后来片")])
    assert shelves.found("后来") == [SOME[30].code]
    with transaction(other):
        search.rebuild(other)
    other.close()

    assert shelves.found("后来") == [SOME[30].code]


def test_a_code_keeps_its_case(shelves: Shelves) -> None:
    shelves.save(replace(SOME[0], code="Own-12ab"))

    assert shelves.found("own-12") == []  # A sign is in no code that is looked for in pieces.
    assert shelves.found("氯己定") == ["Own-12ab"]
    assert catalogue.by_codes(shelves.db, ["Own-12ab", "not there"])[0].code == "Own-12ab"


def test_what_is_asked_for_by_code_or_name_comes_first(shelves: Shelves) -> None:
    amlodipine = replace(SOME[0], code="X1", generic_name="苯磺酸氨氯地平片")
    nifedipine = replace(SOME[1], code="X2", generic_name="硝苯地平片")
    felodipine = replace(SOME[2], code="X3", generic_name="非洛地平缓释片")
    shelves.save(amlodipine, nifedipine, felodipine)

    assert shelves.found("dp") == ["X2", "X3", "X1"]
    assert shelves.found("dp", 12, {}, "X1") == ["X1", "X2", "X3"]
    assert shelves.found("dp", 12, {}, "非洛地平缓释片") == ["X3", "X2", "X1"]
    assert shelves.found("dp", 12, {}, "马来酸氨氯地平胶囊") == ["X1", "X2", "X3"]  # The same ingredient.
    assert shelves.found("dp", 12, {"X3": 4}, "X9", "没有的药") == ["X3", "X2", "X1"]


def test_an_index_of_another_version_is_made_anew(shelves: Shelves, monkeypatch: pytest.MonkeyPatch) -> None:
    shelves.save(*SOME[:20])
    shelves.rebuild()
    monkeypatch.setattr(search_segments, "FORMAT", search_segments.FORMAT + 1)
    shelves.save(replace(SOME[0], generic_name="新名片"))
    assert search.is_due(shelves.db)

    assert Finder(shelves.db).find("xmp", 12, sold={}) == [SOME[0].code]
    assert search_segments.versions(shelves.db)["main"].format == search_segments.FORMAT


def test_drugs_without_an_index_get_one(shelves: Shelves) -> None:
    with transaction(shelves.db):
        catalogue._save(shelves.db, SOME[:20])
    assert not search_segments.versions(shelves.db)

    assert shelves.found(SOME[3].code) == [SOME[3].code]


def test_nothing_is_read_before_the_first_question(shelves: Shelves) -> None:
    shelves.save(*SOME)

    assert Finder(shelves.db)._segments == {}
