"""The printed list, slices, the agency's pages, others' prices: each fact holds from its day to its day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.importing.intake import ImportQuestion, Options
from app.importing.run import look_at
from engine.catalogue import listing_on, price_on
from tests.fakes.import_shop import (
    AMLODIPINE,
    DRUGS,
    METFORMIN,
    TODAY,
    ImportShop,
    said,
    table,
    text,
    zipped,
)

CODE, METFORMIN_CODE = AMLODIPINE["药品代码"], METFORMIN["药品代码"]
LIST = (
    "section",
    "class_ab",
    "no",
    "name",
    "dosage_form",
    "pay_standard",
    "limit_remark",
    "agreement_period",
)
HERE = "330681"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ImportShop]:
    made = ImportShop(tmp_path)
    made.take(made.put("库.csv", text(table(DRUGS)).encode()))
    yield made
    made.close()


def listed(**changes: str) -> dict[str, str]:
    return {"section": "西药", "class_ab": "乙", "name": "氨氯地平", "dosage_form": "口服常释剂型", **changes}


def the_list(shop: ImportShop, *rows: dict[str, str], name: str = "目录2025.csv", **options: Any) -> Any:
    return shop.take(shop.put(name, text(table(rows, LIST)).encode()), **options)


def test_the_printed_list_says_more_than_the_workbook_s_column_and_counts(shop: ImportShop) -> None:
    report = the_list(shop, listed(limit_remark="限高血压患者。"))

    row = listing_on(shop.drug(CODE), TODAY, HERE)
    assert report.run.kind == "list"
    assert (row.klass, row.scope, row.begins) == ("B", "限高血压患者。", date(2026, 1, 1))


def test_a_negotiated_drug_s_row_begins_and_ends_with_its_agreement(shop: ImportShop) -> None:
    the_list(
        shop,
        listed(
            section="协议期内谈判-西药",
            pay_standard="1.17元(5mg/片)",
            agreement_period="2026年1月1日至2027年12月31日",
        ),
    )

    drug = shop.drug(CODE)
    row = listing_on(drug, TODAY, HERE)
    assert (row.negotiated, row.payment_standard, row.ends) == (True, 3_276, date(2027, 12, 31))
    assert listing_on(drug, date(2027, 12, 31), HERE).negotiated
    # What the agreement no longer says the workbook's column still does.
    assert not listing_on(drug, date(2028, 1, 1), HERE).negotiated


def test_a_secret_price_is_no_standard_and_is_noted(shop: ImportShop) -> None:
    report = the_list(shop, listed(pay_standard="*"))

    assert listing_on(shop.drug(CODE), TODAY, HERE).payment_standard is None
    assert ["保密" in each.why for each in said(report, "note")] == [True]


def test_a_standard_of_another_strength_is_not_this_pack_s_and_is_reported(shop: ImportShop) -> None:
    report = the_list(shop, listed(pay_standard="1.17元(10mg/片)"))

    assert listing_on(shop.drug(CODE), TODAY, HERE).payment_standard is None
    assert [CODE in each.what for each in said(report, "doubtful")] == [True]


def test_what_is_listed_and_no_drug_hangs_on_is_reported_and_waits_for_the_drug(shop: ImportShop) -> None:
    report = the_list(shop, listed(), listed(name="缬沙坦", class_ab="甲"))
    (waiting,) = said(report, "doubtful")
    assert (waiting.line, waiting.what) == (3, "缬沙坦 口服常释剂型")

    valsartan = {
        **AMLODIPINE,
        "药品代码": "XC09CAX069A001010100001",
        "医保药品名称": "缬沙坦",
        "2025版甲乙类": "",
    }
    shop.take(shop.put("又.csv", text(table((*DRUGS, {**valsartan, "药品本位码": ""}))).encode()))
    assert listing_on(shop.drug("XC09CAX069A001010100001"), TODAY, HERE).klass == "C"

    with_class = {**valsartan, "2025版甲乙类": "甲", "药品本位码": ""}
    shop.take(shop.put("再.csv", text(table((*DRUGS, with_class))).encode()))
    assert listing_on(shop.drug("XC09CAX069A001010100001"), TODAY, HERE).klass == "A"


def test_a_list_whose_year_nothing_tells_is_asked_about(shop: ImportShop) -> None:
    with pytest.raises(ImportQuestion, match="没有写明是哪一年"):
        the_list(shop, listed(), name="目录.csv")

    assert the_list(shop, listed(), name="目录.csv", year=2025).run.added == 1


def test_a_list_that_is_over_says_so(shop: ImportShop) -> None:
    report = the_list(shop, listed(), name="目录2024.csv")

    assert any("2025-12-31" in each.why for each in said(report, "doubtful"))
    assert listing_on(shop.drug(CODE), date(2025, 6, 1), HERE).klass == "B"
    assert listing_on(shop.drug(CODE), TODAY, HERE).klass == "A"


def test_a_new_edition_that_drops_half_asks_first(shop: ImportShop) -> None:
    rows = [listed(name=f"药{n}") for n in range(4)]
    the_list(shop, listed(), *rows)

    with pytest.raises(ImportQuestion, match="5 种里会少掉 4 种"):
        the_list(shop, listed())

    report = the_list(shop, listed(), whole=True)
    assert report.run.delisted == 4


def test_what_the_next_edition_lacks_is_listed_up_to_its_first_day_and_not_longer(shop: ImportShop) -> None:
    """Whichever of the two was imported last; the workbook's class is what is left then."""
    gone, stays = listed(), listed(name="二甲双胍", dosage_form="口服常释剂型")
    the_list(shop, gone, stays, name="目录2025.csv")
    coming = {"name": "目录2026.csv", "begins": date(2027, 1, 1)}
    the_list(shop, stays, **coming)

    for _again in range(2):
        for code, after in ((CODE, "A"), (METFORMIN_CODE, "B")):
            drug = shop.drug(code)
            assert listing_on(drug, date(2026, 12, 31), HERE).klass == "B"
            assert listing_on(drug, date(2027, 1, 1), HERE).klass == after
        assert the_list(shop, gone, stays, name="目录2025.csv").run.unchanged == 2
        assert the_list(shop, stays, **coming).run.unchanged == 1


@pytest.mark.parametrize(
    ("changes", "severity", "why"),
    [
        ({"class_ab": "丁"}, "refused", "甲乙类"),
        ({"name": ""}, "refused", "没有药品名称"),
        ({"pay_standard": "见备注"}, "doubtful", "看不懂"),
        ({"agreement_period": "两年"}, "doubtful", "协议有效期"),
    ],
)
def test_each_row_of_a_list_that_is_odd_is_named(
    shop: ImportShop, changes: dict[str, str], severity: str, why: str
) -> None:
    report = the_list(shop, {**listed(), **changes})

    assert any(why in each.why and each.line == 2 for each in said(report, severity))


def test_slices_are_found_by_their_names_and_say_which_are_not_paid_alone(shop: ImportShop) -> None:
    slice_ = {**AMLODIPINE, "药品代码": "T001700805", "注册名称": "丁香", "药品本位码": "", "批准文号": ""}
    shop.take(shop.put("片.csv", text(table((*DRUGS, slice_))).encode()))
    rows = [["no", "name", "single_use_not_paid_mark"], ["1", "一枝黄花", ""], ["2", "丁香", "□"]]

    report = shop.take(shop.put("饮片2025.csv", text(rows).encode()))

    row = listing_on(shop.drug("T001700805"), TODAY, HERE)
    assert (report.run.kind, report.run.added) == ("slices", 2)
    assert (row.klass, row.scope) == ("B", "单味使用不予支付。")


# The agency's pages.


def page(*rows: dict[str, Any], **envelope: Any) -> bytes:
    return msgspec.json.encode({"infcode": 0, "output": {"pages": 1, "data": list(rows)}, **envelope})


def dated(**fields: Any) -> dict[str, Any]:
    return {
        "hilist_code": "L1",
        "insu_admdvs": "330600",
        "begndate": "2026-01-01",
        "enddate": None,
        "vali_flag": "1",
        **fields,
    }


MATCH = dated(med_list_codg=CODE, list_type="101", insu_admdvs="330000")
ENTRY = dated(hilist_name="氨氯地平", chrgitm_lv="02", lmt_used_flag="1", memo="限二线用药", list_type="101")


def region_s_list(shop: ImportShop) -> None:
    shop.take(shop.put("1316.json", page(MATCH)))
    shop.take(shop.put("1312.json", page(ENTRY)))
    shop.take(
        shop.put(
            "1319.json",
            page(
                dated(selfpay_prop_psn_type="310", selfpay_prop=0.05),
                dated(selfpay_prop_psn_type="390", selfpay_prop="0.1", begndate="2026-06-01"),
            ),
        )
    )
    shop.take(shop.put("1318.json", page(dated(hilist_lmtpric_type="101", hilist_pric_uplmt_amt=12.345))))


def test_the_region_s_facts_together_are_the_row_of_the_day(shop: ImportShop) -> None:
    region_s_list(shop)

    drug = shop.drug(CODE)
    of_employees = listing_on(drug, TODAY, HERE, "employee")
    of_residents = listing_on(drug, TODAY, HERE, "resident")
    assert (of_employees.klass, of_employees.scope, of_employees.payment_standard) == (
        "B",
        "限二线用药",
        1_235,
    )
    assert (of_employees.first_self_pay_bp, of_residents.first_self_pay_bp) == (500, 1_000)
    assert listing_on(drug, date(2026, 5, 31), HERE, "resident").first_self_pay_bp == 0
    assert listing_on(drug, TODAY, "371502", "resident").klass == "A"  # Elsewhere the nation's.


def test_what_the_agency_takes_back_holds_no_more(shop: ImportShop) -> None:
    region_s_list(shop)

    shop.take(shop.put("1312b.json", page({**ENTRY, "vali_flag": "0"})))

    assert listing_on(shop.drug(CODE), TODAY, HERE).klass == "A"


def test_pages_saved_again_change_nothing(shop: ImportShop) -> None:
    region_s_list(shop)

    report = shop.take(shop.put("1312.json", page(ENTRY)))

    assert (report.run.kind, report.run.changed, report.run.unchanged, report.again) == ("1312", 0, 1, True)


def test_saved_pages_with_a_mark_at_their_beginning_are_known_for_what_they_are(shop: ImportShop) -> None:
    content = "\ufeff\n".encode() + page(ENTRY)

    assert look_at(shop.shelves, shop.put("1312.json", content), Options()).kind == "pages"


def test_pages_one_after_another_in_a_file_are_all_taken(shop: ImportShop) -> None:
    pages = page(ENTRY) + b"\n" + page({**ENTRY, "hilist_code": "L2"})

    assert shop.take(shop.put("1312.json", pages)).run.rows == 2


@pytest.mark.parametrize(
    ("fields", "severity", "why"),
    [
        ({"chrgitm_lv": "9"}, "refused", "chrgitm_lv"),
        ({"hilist_code": ""}, "refused", "hilist_code"),
        ({"begndate": None}, "refused", "begndate"),
        ({"begndate": "20260101"}, "refused", "begndate"),
        ({"enddate": "2025-01-01"}, "refused", "早于"),
        ({"list_type": "301"}, "note", "不是药品"),
    ],
)
def test_each_row_of_a_page_that_is_odd_is_named(
    shop: ImportShop, fields: dict[str, Any], severity: str, why: str
) -> None:
    report = shop.take(shop.put("1312.json", page(ENTRY, {**ENTRY, **fields})))

    (remark,) = report.remarks
    assert (remark.severity, remark.line) == (severity, 2)
    assert why in remark.why


def test_a_limit_of_an_unknown_type_is_not_taken_for_a_standard(shop: ImportShop) -> None:
    region_s_list(shop)

    report = shop.take(
        shop.put("1318b.json", page(dated(hilist_lmtpric_type="777", hilist_pric_uplmt_amt=1)))
    )

    assert [each.severity for each in report.remarks] == ["doubtful"]
    assert listing_on(shop.drug(CODE), TODAY, HERE).payment_standard == 1_235


def test_a_ceiling_is_a_price_not_a_standard(shop: ImportShop) -> None:
    shop.take(shop.put("1316.json", page(MATCH)))
    shop.take(shop.put("1318.json", page(dated(hilist_lmtpric_type="102", hilist_pric_uplmt_amt="30"))))

    ceiling = price_on(shop.drug(CODE), "ceiling", TODAY, HERE)
    assert ceiling is not None
    assert ceiling.fen == 3_000


# The agency's download of drugs.


def test_a_download_without_a_heading_is_read_in_the_region_s_order(shop: ImportShop) -> None:
    cells = dict.fromkeys(shop.shelves.profile.columns, "")
    cells |= {
        "医疗目录编码": "XC09CAX069A001010100001",
        "注册名称": "缬沙坦胶囊",
        "注册剂型": "胶囊剂",
        "规格": "80mg",
        "最小包装数量": "7",
        "最小制剂单位": "粒",
        "最小包装单位": "盒",
        "生产企业": "丙制药",
        "批准文号": "国药准字H20030003",
        "非处方药标志": "0",
        "有效标志": "1",
    }
    otc = {**cells, "医疗目录编码": "XC09CAX069A001010100002", "非处方药标志": "1", "有效标志": "0"}
    lines = "\n".join("\t".join(row.values()) for row in (cells, otc))

    report = shop.take(shop.put("下载.zip", zipped(lines.encode())))

    drug, other = shop.drug("XC09CAX069A001010100001"), shop.drug("XC09CAX069A001010100002")
    assert (report.run.kind, report.run.added, report.run.delisted) == ("1301", 2, 0)
    assert (drug.generic_name, drug.spec, drug.prescription_only) == ("缬沙坦胶囊", "80mg×7粒/盒", True)
    assert (other.prescription_only, other.on_market) == (False, False)
    assert shop.drug(CODE).on_market  # What it does not mention stays.
