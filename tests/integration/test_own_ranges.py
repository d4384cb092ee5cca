"""A region's own list of chronic drugs, once it was brought in, is what the counter goes by when it opens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.policies import read_library, read_ranges
from app.storage import own_ranges
from app.storage.catalogue import open_catalogue
from app.storage.connection import Connection, transaction
from engine.catalogue import Drug
from engine.ranges_file import OwnRow, read_own

DAY = date(2026, 11, 28)
LIBRARY = read_library()


@pytest.fixture(name="db")
def _db(tmp_path: Path) -> Iterator[Connection]:
    db = open_catalogue(tmp_path / "catalogue.db", bytes(range(32)))
    yield db
    db.close()


def row(disease: str, drug: str) -> OwnRow:
    return OwnRow(
        policy="shaoxing-2023",
        disease=disease,
        drug=drug,
        document="某清单",
        section="附件",
        checked_on=DAY,
    )


def bring(db: Connection, *rows: OwnRow) -> None:
    with transaction(db):
        own_ranges.replace(db, read_own(rows, LIBRARY))


def treats(db: Connection, code: str) -> frozenset[str]:
    drug = Drug(code=code, generic_name="某药片", form="", spec="", maker="", approval="")
    return read_ranges(LIBRARY, own_ranges.rows(db)).diseases(drug, DAY, "330681", "resident")


def test_a_list_holds_for_its_diseases_whole_and_a_later_one_takes_its_place(db: Connection) -> None:
    assert treats(db, "XC07ABA000A001010100001") >= {"hypertension"}

    bring(db, row("高血压", "C08"), row("高血压", "XC09AAA000A001010100001"))
    assert "hypertension" not in treats(db, "XC07ABA000A001010100001")
    assert "hypertension" in treats(db, "XC09AAA000A001010100001")
    assert treats(db, "XA10BAA000A001010100001") == {"diabetes"}

    bring(db, row("高血压", "C07"))
    assert "hypertension" in treats(db, "XC07ABA000A001010100001")
    assert "hypertension" not in treats(db, "XC08CAA000A001010100001")


def test_what_is_kept_says_where_it_stands_and_since_when(db: Connection) -> None:
    bring(db, row("糖尿病", "A10BA"))

    (kept,) = own_ranges.rows(db)
    assert kept == replace(row("糖尿病", "A10BA"), disease="diabetes")
    (found,) = [
        each for each in read_ranges(LIBRARY, [kept]).of("shaoxing-2023") if each.disease == "diabetes"
    ]
    assert (found.clause.document, found.verified, found.checked_on) == ("某清单", True, DAY)


def test_rows_for_a_policy_that_is_no_more_do_nothing(db: Connection) -> None:
    with transaction(db):
        db.execute(
            "INSERT INTO own_range VALUES ('shaoxing-1999', 'diabetes', 'C08', '某', '某', '2026-11-28')"
        )

    assert read_ranges(LIBRARY, own_ranges.rows(db)).all == read_ranges(LIBRARY).all
