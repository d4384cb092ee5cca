"""Of each edition of the national list, what it says from its first day to its last; none is guessed."""

from __future__ import annotations

from datetime import date

import pytest

from app.importing.intake import ImportQuestion
from engine.catalogue import listing_on
from tests.fakes.import_shop import (
    AMLODIPINE,
    DRUGS,
    HEADINGS,
    METFORMIN,
    PATENT,
    TODAY,
    ImportShop,
    said,
    table,
    text,
)

CODE = AMLODIPINE["药品代码"]


def next_edition(*rows: dict[str, str]) -> bytes:
    """Return a workbook with the classes of an edition whose days the program does not know yet."""
    return text(table(rows)).replace("2025版甲乙类", "2026版甲乙类").encode()


NEW_YEAR_S_EVE, NEW_YEAR = date(2026, 12, 31), date(2027, 1, 1)
UNLISTED = {"医保药品名称": "", "2025版甲乙类": "", "医保剂型": ""}


def test_a_drug_is_listed_as_the_edition_of_the_day_has_it(shop: ImportShop) -> None:
    """A workbook that comes before its edition holds must change nothing until its first day."""
    valsartan = {
        **AMLODIPINE, "药品代码": "XC09CAX069A001010100001", "注册名称": "缬沙坦胶囊", "药品本位码": "",
        "医保药品名称": "缬沙坦",
    }  # fmt: skip
    other_form = {**valsartan, **UNLISTED, "药品代码": "XC09CAX069A001010100002"}
    shop.take(shop.put("库.csv", text(table((*DRUGS, valsartan, other_form))).encode()))
    renamed = {**AMLODIPINE, "医保药品名称": "氨氯地平片", "2025版甲乙类": "乙"}
    newly = {**valsartan, "药品代码": other_form["药品代码"]}
    rows = (renamed, {**METFORMIN, **UNLISTED}, PATENT, valsartan, newly)

    report = shop.take(shop.put("库26.csv", next_edition(*rows)), begins=NEW_YEAR)

    assert [(each.what[:8], "2027-01-01 起" in each.why) for each in said(report, "delisted")] == [
        ("盐酸二甲双胍片 ", True)
    ]
    for row, before, after in (
        (AMLODIPINE, "A", "B"),
        (METFORMIN, "A", "C"),
        (PATENT, "B", "B"),
        (valsartan, "A", "A"),
        (newly, "C", "A"),
    ):
        drug = shop.drug(row["药品代码"])
        for day in (TODAY, NEW_YEAR_S_EVE):
            assert listing_on(drug, day, "330681").klass == before, row["注册名称"]
        assert listing_on(drug, NEW_YEAR, "330681").klass == after, row["注册名称"]
    assert shop.take(shop.put("库26.csv", next_edition(*rows)), begins=NEW_YEAR).again


def test_an_edition_whose_days_are_not_known_is_asked_about(shop: ImportShop) -> None:
    shop.take(shop.put("库.csv", text(table(DRUGS)).encode()))

    with pytest.raises(ImportQuestion, match="2026 年版的目录，程序还不知道它从哪天起执行") as asked:
        shop.take(shop.put("库26.csv", next_edition(*DRUGS)))

    assert [option for option, _words in asked.value.choices] == ["begins=2027-01-01", "begins=2026-11-22"]
    assert listing_on(shop.drug(CODE), TODAY, "330681").klass == "A"


def test_a_workbook_without_classes_takes_nothing_out_of_the_list(shop: ImportShop) -> None:
    shop.take(shop.put("库.csv", text(table(DRUGS)).encode()))
    headings = [heading for heading in HEADINGS if heading != "2025版甲乙类"]

    report = shop.take(shop.put("库2.csv", text(table(DRUGS, headings)).encode()))

    assert (report.run.unchanged, report.run.delisted) == (3, 0)
    assert listing_on(shop.drug(CODE), TODAY, "330681").klass == "A"
