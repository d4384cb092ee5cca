"""Real catalogues go through the importer; where the folder of real data is absent there is none to read."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from app.importing.cells import code_of
from app.storage import diagnoses, intake, items
from engine.codes import is_approval_number, is_national_code, parse_national_code
from engine.ids import is_drug_standard_code, is_ean13, is_resident_id
from tests.fakes.import_shop import ImportShop, said

DATA = Path(__file__).parents[3] / "shared" / "data"


def real(path: str) -> Path:
    """Return a real file; skip the test where it is absent."""
    file = DATA / path
    if not file.exists():
        pytest.skip(f"{path} of the shared data is not here")
    return file


def rows(path: str) -> list[dict[str, str]]:
    with real(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_national_list_of_2024_is_read_row_by_row(shop: ImportShop) -> None:
    report = shop.take(real("nrdl-2024/nrdl_2024_drugs.csv"))

    assert (report.run.rows, report.run.added, report.run.refused) == (3_890, 3_890, 0)
    assert sum("保密" in each.why for each in said(report, "note")) == 252
    assert shop.drugs.execute("SELECT count(DISTINCT listing_key) FROM standard").fetchone()[0] > 150
    assert shop.drugs.execute("SELECT sum(negotiated) FROM entry").fetchone()[0] == 346 + 58
    assert shop.drugs.execute("SELECT count(*) FROM entry WHERE klass = 'A'").fetchone()[0] == 788
    assert shop.take(real("nrdl-2024/nrdl_2024_drugs.csv")).again


def test_the_slices_of_2024_are_read(shop: ImportShop) -> None:
    report = shop.take(real("nrdl-2024/nrdl_2024_tcm_slices.csv"))

    assert (report.run.kind, report.run.added) == ("slices", 892)


def test_a_hospital_s_drug_master_is_read_with_its_prices_and_duplicates(shop: ImportShop) -> None:
    report = shop.take(real("drug-master/drugs_with_nhsa_code.csv"))

    told = rows("drug-master/drugs_with_nhsa_code.csv")
    codes = {row["inter_code"] for row in told if is_national_code(row["inter_code"])}
    assert report.run.rows == len(told) == 780
    assert items.count(shop.books) == len(codes)
    assert shop.drug("XG02ADM108A001010101802").price == 451
    assert all(each.line for each in report.remarks)


def test_expired_rounds_of_procurement_say_of_what_days_they_are(shop: ImportShop) -> None:
    shop.take(real("drug-master/drugs_with_nhsa_code.csv"))

    report = shop.take(
        real("vbp/vbp_results.csv"), begins=date(2019, 12, 1), ends=date(2022, 11, 30), document="历史"
    )

    assert (report.run.kind, report.run.rows) == ("procured", 852)
    assert sum("不用" in each.why for each in said(report, "note")) == 506
    days = shop.drugs.execute("SELECT DISTINCT begins, ends FROM price").fetchall()
    assert all(row == ("2019-12-01", "2022-11-30") for row in days)


def test_a_round_without_days_is_refused_row_by_row(shop: ImportShop) -> None:
    report = shop.take(real("vbp/vbp_results.csv"))

    assert len(said(report, "refused")) == 506
    assert all("--begins" in each.why for each in said(report, "refused"))


def test_all_diagnoses_are_taken_in_and_can_be_picked(shop: ImportShop) -> None:
    report = shop.take(real("icd10/icd10_cn_diagnosis.csv"))

    assert (report.run.kind, report.run.rows, report.run.refused) == ("diagnoses", 33_304, 0)
    assert diagnoses.count(shop.drugs) == 33_304
    assert "A00.000x001" in {each.code for each in diagnoses.Picker(shop.drugs).find("古典生物型霍乱", 5)}
    assert shop.take(real("icd10/icd10_cn_diagnosis.csv")).again


def test_barcodes_with_names_wait_for_drugs_that_they_may_be_of(shop: ImportShop) -> None:
    report = shop.take(real("barcodes/ean13_drug_names.csv"))

    assert (report.run.kind, report.run.doubtful) == ("shop", 80)


@pytest.mark.parametrize("path", ["drug-master/manufacturers.csv", "opsp/opsp_dise_codes.csv"])
def test_what_is_no_catalogue_of_drugs_is_not_taken_for_one(shop: ImportShop, path: str) -> None:
    from app.importing.errors import KindUnknown

    with pytest.raises(KindUnknown):
        shop.take(real(path))

    assert intake.count_drugs(shop.drugs) == 0


def test_every_real_national_code_is_known_by_its_shape() -> None:
    codes = [row["nhsa_code"] for row in rows("nhsa-rules/drug_codes_23digit.csv")]

    kinds = [parse_national_code(code) for code in codes]

    assert len(codes) == 13_827
    assert all(kind is not None for kind in kinds)
    assert {kind.kind for kind in kinds if kind} == {"western", "patent"}


def test_every_real_approval_number_is_known_but_the_mistyped() -> None:
    written = {
        row["approval_no"] for row in rows("drug-master/drugs_with_nhsa_code.csv") if row["approval_no"]
    }

    unknown = [text for text in written if not is_approval_number(code_of(text))]

    assert len(written) > 400
    # A digit too few, letters of other registers, words before the number.
    assert len(unknown) < 10


def test_every_real_barcode_and_drug_standard_code_has_its_check_digit() -> None:
    barcodes = [row["barcode"] for row in rows("barcodes/ean13_drug_names.csv")]
    scanned = rows("test-vectors/scanner_input_mix.csv")
    standards = [row["value"] for row in scanned if "本位码" in row["kind"]]

    assert all(is_ean13(code) for code in barcodes)
    assert len(standards) == 3
    assert all(is_drug_standard_code(code) for code in standards)


def test_resident_ids_are_valid_as_their_source_says() -> None:
    for row in rows("test-vectors/resident_id.csv"):
        assert is_resident_id(row["value"]) == (row["expect_valid"] == "1"), row
