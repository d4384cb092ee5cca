"""Prices that others set hold in their regions from day to day; each row that cannot be used is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from app.importing.intake import ImportQuestion
from app.policies import read_library
from app.storage import catalogue, diagnoses, own_ranges
from engine.catalogue import price_on
from tests.fakes.import_shop import (
    AMLODIPINE,
    DRUGS,
    METFORMIN,
    PATENT,
    TODAY,
    ImportShop,
    said,
    table,
    text,
    workbook,
)

CODE, METFORMIN_CODE = AMLODIPINE["药品代码"], METFORMIN["药品代码"]
HERE = "330681"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ImportShop]:
    made = ImportShop(tmp_path)
    made.take(made.put("库.csv", text(table(DRUGS)).encode()))
    yield made
    made.close()


PRICES = ("国家药品编码", "药品名称", "规格", "生产企业", "挂网价", "地区", "执行日期", "结束日期", "文件")


def priced(**changes: str) -> dict[str, str]:
    return {"国家药品编码": CODE, "挂网价": "28.00", "地区": "浙江省", "执行日期": "2026-01-01", **changes}


def test_a_price_holds_in_its_province_from_its_day(shop: ImportShop) -> None:
    row = priced(结束日期="2026-12-31", 文件="浙药采〔2026〕1号")

    report = shop.take(shop.put("挂网.csv", text(table((row,), PRICES)).encode()))

    price = price_on(shop.drug(CODE), "platform", TODAY, HERE)
    assert (report.run.kind, report.run.changed) == ("prices", 1)
    assert price is not None
    assert (price.fen, price.region, price.document) == (2_800, "33", "浙药采〔2026〕1号")
    assert price_on(shop.drug(CODE), "platform", date(2027, 1, 1), HERE) is None
    assert price_on(shop.drug(CODE), "platform", TODAY, "371502") is None


def test_a_price_is_found_by_name_specification_and_maker_where_that_is_one_drug(shop: ImportShop) -> None:
    row = priced(国家药品编码="", 药品名称="苯磺酸氨氯地平片", 规格="5mg*28片", 生产企业="甲制药")

    shop.take(shop.put("挂网.csv", text(table((row,), PRICES)).encode()))

    assert price_on(shop.drug(CODE), "platform", TODAY, HERE) is not None


@pytest.mark.parametrize(
    ("changes", "severity", "why"),
    [
        ({"挂网价": "*"}, "refused", "保密"),
        ({"挂网价": "面议"}, "refused", "不是金额"),
        ({"执行日期": ""}, "refused", "从哪天起"),
        ({"执行日期": "明年"}, "refused", "看不懂"),
        ({"结束日期": "2025-01-01"}, "refused", "早于"),
        ({"地区": "火星"}, "refused", "认不出"),
        ({"地区": "33068"}, "refused", "认不出"),
        ({"国家药品编码": "XC08CAA012A001010109999"}, "doubtful", "没有这个国家药品编码"),
        ({"国家药品编码": "", "药品名称": "苯磺酸氨氯地平片"}, "doubtful", "只有药名"),
    ],
)
def test_each_price_that_cannot_be_used_is_named(
    shop: ImportShop, changes: dict[str, str], severity: str, why: str
) -> None:
    report = shop.take(shop.put("挂网.csv", text(table((priced(**changes),), PRICES)).encode()))

    (remark,) = report.remarks
    assert (remark.severity, remark.line) == (severity, 2)
    assert why in remark.why


def test_prices_of_an_unnamed_kind_are_asked_about(shop: ImportShop) -> None:
    rows = [["国家药品编码", "价格", "执行日期"], [CODE, "26.5", "2026-01-01"]]
    path = shop.put("价格.csv", text(rows).encode())

    with pytest.raises(ImportQuestion, match="哪一种价格"):
        shop.take(path)

    shop.take(path, price_kind="agreed")
    price = price_on(shop.drug(CODE), "agreed", TODAY, HERE)
    assert price is not None
    assert (price.fen, price.region) == (2_650, "3306")  # The shop's own city.


def test_a_bid_s_price_of_a_tablet_becomes_the_pack_s_and_ends_with_its_round(shop: ImportShop) -> None:
    rows = [
        [
            "round",
            "generic_name_and_form",
            "spec",
            "manufacturer",
            "won",
            "bid_price_min_unit",
            "supply_provinces",
        ],
        ["第一轮", "氨氯地平口服常释剂型", "5mg", "甲制药", "是", "0.29857142857142854", "浙江，山东"],
        ["第一轮", "氨氯地平口服常释剂型", "5mg", "乙制药", "否", "0.5", ""],
    ]
    path = shop.put("集采.xlsx", workbook(rows))

    report = shop.take(path, begins=date(2026, 1, 1), ends=date(2026, 6, 30))

    price = price_on(shop.drug(CODE), "procurement", date(2026, 6, 30), HERE)
    assert (report.run.kind, price and price.fen) == ("procured", 836)
    assert price_on(shop.drug(CODE), "procurement", TODAY, HERE) is None
    assert any("2026-06-30" in each.why for each in said(report, "note"))


def test_no_drug_loses_its_prices_when_the_agency_tells_of_it_again(shop: ImportShop) -> None:

    shop.take(shop.put("挂网.csv", text(table((priced(),), PRICES)).encode()))

    catalogue.save(shop.drugs, [shop.drug(PATENT["药品代码"]), shop.drug(METFORMIN_CODE)])

    assert price_on(shop.drug(CODE), "platform", TODAY, HERE) is not None


RANGES = ("政策", "病种", "药品", "文件", "条款")


def range_row(**changes: str) -> dict[str, str]:
    row = {"政策": "ezhou-2025", "病种": "高血压", "药品": "C08CA", "文件": "鄂州医保函", "条款": "附件 1"}
    return {**row, **changes}


def test_a_region_s_own_list_of_chronic_drugs_is_kept_by_policy_and_disease(shop: ImportShop) -> None:
    policy = read_library().packs[0].id
    rows = (range_row(政策=policy), range_row(政策=policy, 药品=CODE))

    report = shop.take(shop.put("范围.csv", text(table(rows, RANGES)).encode()))

    assert (report.run.kind, report.run.added, report.run.refused) == ("ranges", 2, 0)
    assert {row.drug for row in own_ranges.rows(shop.drugs)} == {"C08CA", CODE}

    fewer = shop.take(shop.put("范围.csv", text(table(rows[:1], RANGES)).encode()))
    assert (fewer.run.unchanged, fewer.run.delisted) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"政策": "没有"}, "没有政策包"), ({"病种": "咳嗽"}, "不认识病种"), ({"药品": ""}, "没有写药品")],
)
def test_each_row_of_a_range_that_cannot_be_used_is_named(
    shop: ImportShop, changes: dict[str, str], why: str
) -> None:
    rows = ({**range_row(政策=read_library().packs[0].id), **changes},)

    report = shop.take(shop.put("范围.csv", text(table(rows, RANGES)).encode()))

    (remark,) = report.remarks
    assert (remark.severity, remark.line) == ("refused", 2)
    assert why in remark.why


def test_a_list_of_diagnoses_is_taken_in_beside_those_that_are_there(shop: ImportShop) -> None:
    rows = [
        ["诊断代码", "诊断名称"],
        ["I10.x00", "特发性高血压"],
        ["E11.900", "2型糖尿病"],
        ["高血压", "高血压"],
    ]

    report = shop.take(shop.put("诊断.csv", text([*rows, ["I10.x00", "别的名称"]]).encode("gb18030")))

    assert (report.run.kind, report.run.added) == ("diagnoses", 2)
    assert [(each.line, each.severity) for each in report.remarks] == [(4, "refused"), (5, "doubtful")]
    assert diagnoses.named(shop.drugs, "特发性高血压") is not None
