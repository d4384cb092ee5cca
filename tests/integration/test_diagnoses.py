"""A diagnosis is found by its name, its pinyin or its ICD-10 code, and a prescription knows its code."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.storage import catalogue, diagnoses
from app.storage.connection import Connection, transaction
from app.storage.diagnoses import Picker
from app.storage.search import Finder
from app.usecases.state import PaperPrescription
from engine.prescription import Diagnosis
from tests.fakes.fake_counter import Bench

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "icd10" / "icd10_cn_diagnosis.csv"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    db = catalogue.open_catalogue(tmp_path / "catalogue.db", os.urandom(32))
    yield db
    db.close()


def first(db: Connection, text: str) -> str:
    return Picker(db).find(text, 6)[0].name


def test_common_diagnoses_come_with_the_program_and_once(db: Connection) -> None:
    diagnoses.save_common(db)
    diagnoses.save_common(db)

    assert 150 <= len(diagnoses.common()) == db.execute("SELECT count(*) FROM diagnosis").fetchone()[0]
    assert len({each.code for each in diagnoses.common()}) == len({each.name for each in diagnoses.common()})


@pytest.mark.parametrize(
    "text", ["高血压", "gxy", "gaoxueya", "gao xue ya", "I10.x00x002", "i10x00x002", "Ｉ１０．ｘ００ｘ００２"]
)
def test_a_diagnosis_is_found_by_name_pinyin_and_code(db: Connection, text: str) -> None:
    diagnoses.save_common(db)

    assert first(db, text) == "高血压"


def test_a_piece_of_a_code_is_enough(db: Connection) -> None:
    diagnoses.save_common(db)

    assert {each.code[:3] for each in Picker(db).find("e11", 6)} == {"E11"}
    assert {each.code[:5] for each in Picker(db).find("e11.9", 6)} == {"E11.9"}


def test_names_are_shown_as_they_were_given(db: Connection) -> None:
    with transaction(db):
        diagnoses.save(db, [Diagnosis("N02.801", "IgA肾病")])

    assert Picker(db).find("iga", 6) == [Diagnosis("N02.801", "IgA肾病")]


def test_an_import_adds_and_renames_and_is_found_at_once(db: Connection) -> None:
    diagnoses.save_common(db)
    picker = Picker(db)
    assert picker.find("杜撰病", 6) == []
    with transaction(db):
        assert (
            diagnoses.save(db, [Diagnosis("Z99.900x999", "杜撰病"), Diagnosis("I10.x00x002", "高血压")]) == 1
        )
    assert picker.find("dzb", 6) == [Diagnosis("Z99.900x999", "杜撰病")]
    with transaction(db):
        assert diagnoses.save(db, [Diagnosis("Z99.900x999", "改名病")]) == 1
        assert diagnoses.save(db, [Diagnosis("Z99.900x999", "改名病")]) == 0

    assert picker.find("杜撰病", 6) == []
    assert diagnoses.named(db, "改名病") == Diagnosis("Z99.900x999", "改名病")


def test_two_of_one_name_are_told_apart_by_a_person_alone(db: Connection) -> None:
    with transaction(db):
        diagnoses.save(db, [Diagnosis("A00.1", "同名病"), Diagnosis("A00.2", "同名病")])

    assert diagnoses.named(db, "同名病") is None
    assert [each.code for each in Picker(db).find("同名病", 6)] == ["A00.1", "A00.2"]


def test_diagnoses_are_no_drugs(db: Connection) -> None:
    diagnoses.save_common(db)

    assert Finder(db).find("高血压", 6, sold={}) == []


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/data is not here")
def test_the_whole_classification_is_taken_and_every_code_in_it_found(db: Connection) -> None:
    with SHARED.open(encoding="utf-8-sig", newline="") as file:
        rows = [Diagnosis(row["code"], row["name"]) for row in csv.DictReader(file)]
    with transaction(db):
        assert diagnoses.save(db, rows) == len(rows) > 33_000
    picker = Picker(db)
    for row in rows[::1500]:
        assert picker.find(row.code, 6)[0] == row
    assert first(db, "2xtnb").startswith("2型糖尿病")


def test_a_paper_prescription_knows_the_codes_of_what_was_picked_and_what_was_written(tmp_path: Path) -> None:
    bench = Bench(tmp_path, online=False)
    try:
        till = bench.till
        till.start()
        picked = till.find_diagnoses("gxy")[0]
        state = till.prescribe(
            PaperPrescription(
                number="1",
                source="external",
                issuer="演示卫生院",
                issuer_designated=True,
                doctor="演示医师",
                diagnosis=f"{picked.name}；2型糖尿病；头晕待查",
                diseases=frozenset(),
                issued=till.refresh().day.isoformat(),
                valid_until="",
                supply_days="28",
                travel=False,
                confirmed=False,
                lines=(("苯磺酸氨氯地平片", "1", ""),),
                diagnoses=(picked,),
            )
        )
    finally:
        bench.close()

    assert state.draft.prescription is not None
    assert [each.code for each in state.draft.prescription.diagnoses] == ["I10.x00x002", "E11.900", ""]
