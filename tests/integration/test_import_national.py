"""The national workbook becomes the catalogue: whole, atomic, only what changed, nothing without a word."""

from __future__ import annotations

from datetime import date

import pytest

from app.importing.errors import ColumnMissing, FileUnreadable, ImportDiskFull, KindUnknown
from app.importing.intake import ImportQuestion
from app.importing.telling import summary
from app.storage import intake
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
    workbook,
    zipped,
)

CODE = AMLODIPINE["药品代码"]


def test_a_drug_has_what_the_workbook_says_and_the_list_s_class_of_the_day(shop: ImportShop) -> None:
    report = shop.take(shop.put("库.csv", text(table(DRUGS)).encode()))

    drug = shop.drug(CODE)
    assert (report.run.kind, report.run.rows, report.run.added, report.remarks) == ("national", 3, 3, ())
    assert (drug.generic_name, drug.form, drug.spec) == ("苯磺酸氨氯地平片", "片剂", "5mg×28片/盒")
    assert (drug.strength, drug.pack_size, drug.pack_unit, drug.unit) == ("5mg", 28, "片", "盒")
    assert (drug.approval, drug.standard_code, drug.maker) == (
        "国药准字H20010001",
        "86900001000019",
        "甲制药有限公司",
    )
    assert drug.price is None
    assert drug.prescription_only
    assert drug.pinyin == "bhsaldpp"
    assert listing_on(drug, TODAY, "330681").klass == "A"
    assert listing_on(drug, date(2025, 12, 31), "330681").klass == "C"  # The edition is of 2026.
    assert listing_on(shop.drug(PATENT["药品代码"]), TODAY, "330681").klass == "B"


def test_the_same_file_again_changes_nothing_and_says_so(shop: ImportShop) -> None:
    path = shop.put("库.csv", text(table(DRUGS)).encode())
    shop.take(path)
    before = shop.drugs.execute("SELECT * FROM drug ORDER BY code").fetchall()

    again = shop.take(path)

    assert again.again
    assert (again.run.added, again.run.changed, again.run.unchanged, again.run.delisted) == (0, 0, 3, 0)
    assert shop.drugs.execute("SELECT * FROM drug ORDER BY code").fetchall() == before


def test_only_what_changed_is_written(shop: ImportShop) -> None:
    shop.take(shop.put("库.csv", text(table(DRUGS)).encode()))
    changed = {**METFORMIN, "药品企业": "乙制药有限公司"}
    added = {**METFORMIN, "药品代码": "XA10BAE030A001010100009", "药品本位码": ""}

    report = shop.take(shop.put("新库.csv", text(table((AMLODIPINE, changed, PATENT, added))).encode()))

    assert (report.run.added, report.run.changed, report.run.unchanged) == (1, 1, 2)
    assert not report.again
    assert shop.drug(METFORMIN["药品代码"]).maker == "乙制药有限公司"


def test_what_the_new_workbook_lacks_is_off_the_market_and_named(shop: ImportShop) -> None:
    others = [{**METFORMIN, "药品代码": f"XA10BAE030A0010101{n:05d}"} for n in range(3)]
    shop.take(shop.put("库.csv", text(table((*DRUGS, *others))).encode()))

    report = shop.take(shop.put("新库.csv", text(table((*DRUGS, *others[1:]))).encode()))

    (gone,) = said(report, "delisted")
    assert others[0]["药品代码"] in gone.what
    assert report.run.delisted == 1
    assert not shop.drug(others[0]["药品代码"]).on_market
    assert shop.drug(others[1]["药品代码"]).on_market


def test_a_file_that_lacks_half_of_the_catalogue_asks_first_and_changes_nothing(shop: ImportShop) -> None:
    shop.take(shop.put("库.csv", text(table(DRUGS)).encode()))
    excerpt = shop.put("新库.csv", text(table(({**AMLODIPINE, "药品企业": "乙"},))).encode())

    with pytest.raises(ImportQuestion) as asked:
        shop.take(excerpt)

    assert "3 种里会少掉 2 种" in asked.value.what
    assert [option for option, _words in asked.value.choices] == ["part", "yes"]
    assert shop.drug(CODE).maker == "甲制药有限公司"
    assert len(intake.runs(shop.drugs, 9)) == 1


def test_the_answer_decides_between_a_whole_catalogue_and_an_excerpt(shop: ImportShop) -> None:
    shop.take(shop.put("库.csv", text(table(DRUGS)).encode()))
    excerpt = shop.put("新库.csv", text(table(({**AMLODIPINE, "药品企业": "乙"},))).encode())

    part = shop.take(excerpt, part=True)
    assert (part.run.changed, part.run.delisted) == (1, 0)
    assert shop.drug(METFORMIN["药品代码"]).on_market

    whole = shop.take(excerpt, whole=True)
    assert whole.run.delisted == 2
    assert not shop.drug(METFORMIN["药品代码"]).on_market


def test_a_drug_that_the_workbook_calls_withdrawn_is_off_the_market(shop: ImportShop) -> None:
    rows = ({**AMLODIPINE, "市场状态": "已注销"}, METFORMIN, PATENT)

    shop.take(shop.put("库.csv", text(table(rows)).encode()))

    assert not shop.drug(CODE).on_market


def test_a_former_code_leads_to_the_drug_that_has_another_now(shop: ImportShop) -> None:
    former = "XC08CAA012A001010100077"

    shop.take(shop.put("库.csv", text(table(({**AMLODIPINE, "曾用码": former},))).encode()))

    assert shop.drug(former).code == CODE


@pytest.mark.parametrize(
    ("change", "severity", "why"),
    [
        ({"药品代码": ""}, "refused", "没有药品代码"),
        ({"药品代码": "XC08CAA012A00101010000"}, "refused", "有 22 位"),
        ({"注册名称": ""}, "refused", "没有药品名称"),
        ({"药品本位码": "86900001000010"}, "doubtful", "校验位不对"),
        ({"批准文号": "国药准字H123"}, "doubtful", "批准文号"),
    ],
)
def test_each_row_that_is_odd_is_named_with_its_line_and_reason(
    shop: ImportShop, change: dict[str, str], severity: str, why: str
) -> None:
    rows = (PATENT, {**AMLODIPINE, **change}, METFORMIN)

    report = shop.take(shop.put("库.csv", text(table(rows)).encode()))

    (remark,) = report.remarks
    assert (remark.severity, remark.line) == (severity, 3)
    assert why in remark.why
    assert report.run.added == (2 if severity == "refused" else 3)


def test_one_code_twice_counts_once_where_it_says_the_same_and_is_doubtful_where_not(
    shop: ImportShop,
) -> None:
    other = {**METFORMIN, "药品企业": "乙"}

    report = shop.take(shop.put("库.csv", text(table((AMLODIPINE, AMLODIPINE, METFORMIN, other))).encode()))

    (remark,) = report.remarks
    assert (remark.severity, remark.line) == ("doubtful", 5)
    assert "第 4 行" in remark.why
    assert report.run.added == 2
    assert shop.drug(METFORMIN["药品代码"]).maker == "甲制药有限公司"


def test_where_one_entry_of_the_list_is_of_two_classes_each_drug_keeps_its_own(shop: ImportShop) -> None:
    other = {**AMLODIPINE, "药品代码": "XC08CAA012A001010100008", "2025版甲乙类": "乙"}

    shop.take(shop.put("库.csv", text(table((AMLODIPINE, other))).encode()))

    classes = [listing_on(shop.drug(row["药品代码"]), TODAY, "330681").klass for row in (AMLODIPINE, other)]
    assert classes == ["A", "B"]


# What hands and programs do to files.


def as_text(encoding: str, mark: str = ",") -> bytes:
    return text(table(DRUGS), mark).encode(encoding)


WIDE = text(
    [
        [cell.translate(str.maketrans("0123456789", "０１２３４５６７８９")) for cell in row]
        for row in table(DRUGS)
    ]
).replace("２０２５版", "2025版")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("utf-8.csv", as_text("utf-8")),
        ("utf-8-bom.csv", as_text("utf-8-sig")),
        ("gb18030.csv", as_text("gb18030")),
        ("utf-16.csv", as_text("utf-16")),
        ("tabs.tsv", as_text("utf-8", "\t")),
        ("gb18030.txt", as_text("gb18030", "\t")),
        ("semicolons.csv", as_text("utf-8", ";")),
        ("workbook.xlsx", workbook(table(DRUGS))),
        ("wrong-name.csv", workbook(table(DRUGS))),
        ("zipped.zip", zipped(as_text("utf-8"))),
        ("blank-lines.csv", text(table(DRUGS)).replace("\r\n", "\r\n\r\n,,,\r\n").encode()),
        ("title.csv", ("国家医保药品数据库,,,\r\n2026年11月,,,\r\n" + text(table(DRUGS))).encode()),
        ("lower-down.xlsx", workbook(table(DRUGS), first=6)),
        ("columns-turned.csv", text(table(DRUGS, HEADINGS[::-1])).encode()),
        ("twice.csv", text([*table(DRUGS), *table(DRUGS)]).encode()),
        ("wide.csv", WIDE.encode()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_however_the_file_was_saved_it_says_the_same(shop: ImportShop, name: str, content: bytes) -> None:
    report = shop.take(shop.put(name, content))

    assert (report.run.kind, report.run.added, report.run.refused) == ("national", 3, 0)
    assert shop.drug(CODE).generic_name == "苯磺酸氨氯地平片"
    assert shop.drug(CODE).pack_size == 28


def test_a_line_is_counted_as_the_file_has_it(shop: ImportShop) -> None:
    broken = {**METFORMIN, "药品代码": "X1"}
    rows = [["库"], [], *table((AMLODIPINE, {**PATENT, "备注": "一行\n两行"}, broken))]

    report = shop.take(shop.put("库.csv", text(rows).encode()))

    assert [remark.line for remark in said(report, "refused")] == [7]


def test_merged_cells_hold_for_every_row_that_they_span(shop: ImportShop) -> None:
    rows = [{**AMLODIPINE, "药品代码": f"XC08CAA012A0010101{n:05d}", "药品本位码": ""} for n in range(3)]
    for row in rows[1:]:
        row["注册名称"] = row["药品企业"] = ""
    letters = {"注册名称": "C", "药品企业": "M"}
    merged = [f"{letter}2:{letter}4" for letter in letters.values()]

    report = shop.take(shop.put("库.xlsx", workbook(table(rows), merged)))

    assert report.run.added == 3
    assert {shop.drug(row["药品代码"]).generic_name for row in rows} == {"苯磺酸氨氯地平片"}


def test_a_heading_over_two_rows_is_read_from_both(shop: ImportShop) -> None:
    upper = ["药品代码", "数据来源", "注册信息", *[""] * (len(HEADINGS) - 3)]
    lower = ["", "", *HEADINGS[2:]]

    report = shop.take(
        shop.put("库.xlsx", workbook([upper, lower, *table(DRUGS)[1:]], ["A1:A2", "B1:B2", "C1:T1"]))
    )

    assert report.run.added == 3


def test_numbers_of_a_workbook_are_codes_and_counts_without_decimals(shop: ImportShop) -> None:
    rows = table(DRUGS)
    cells = [rows[0], *([int(cell) if cell.isdigit() else cell for cell in row] for row in rows[1:])]

    shop.take(shop.put("库.xlsx", workbook(cells)))

    assert shop.drug(CODE).standard_code == "86900001000019"
    assert shop.drug(CODE).pack_size == 28


@pytest.mark.parametrize("lost", ["药品代码", "注册名称", "批准文号"])
def test_a_file_without_a_column_that_it_must_have_is_refused_by_the_column_s_name(
    shop: ImportShop, lost: str
) -> None:
    headings = [heading for heading in HEADINGS if heading != lost]

    with pytest.raises(ColumnMissing, match=lost):
        shop.take(shop.put("库.csv", text(table(DRUGS, headings)).encode()))

    assert intake.count_drugs(shop.drugs) == 0


def test_a_file_may_lack_what_another_column_says_too(shop: ImportShop) -> None:
    headings = [
        heading for heading in HEADINGS if heading not in ("注册规格", "剂型", "生产企业", "商品名称")
    ]

    assert shop.take(shop.put("库.csv", text(table(DRUGS, headings)).encode())).run.added == 3


def as_zip_with_a_wrong_place() -> bytes:
    """Return a zip whose directory is said to begin further behind than it does."""
    content = bytearray(zipped(as_text("utf-8")))
    content[-6:-2] = (2**31).to_bytes(4, "little")
    return bytes(content)


WHOLE = workbook(table(DRUGS))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "空的"),
        (WHOLE[: len(WHOLE) // 2], "不完整"),
        (WHOLE[: len(WHOLE) - 40], "不完整"),
        (zipped(as_text("utf-8"))[:-60], "不完整"),
        (b"\x00\x01\x02" * 100, "不是文本"),
        (as_text("utf-8")[:-3] + "药".encode()[:2], "没有存完整"),
        (text(table([])).encode(), "只有表头"),
        (as_zip_with_a_wrong_place(), "不完整"),
        (b"PK\x05\x06" + bytes(18), "0 个文件"),
        (as_text("utf-8").replace(",二甲双胍,".encode(), ',"二甲双胍,'.encode()), "第 3 行起的引号"),
        (as_text("utf-8").replace(",甲,".encode(), ',"甲,'.encode()), "第 2 行起的引号"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_in_words_and_leaves_the_catalogue(
    shop: ImportShop, content: bytes, why: str
) -> None:
    shop.take(shop.put("库.csv", text(table(DRUGS)).encode()))

    with pytest.raises(FileUnreadable, match=why):
        shop.take(shop.put("坏的.xlsx", content))

    assert intake.count_drugs(shop.drugs) == 3


def test_a_cell_of_any_length_leaves_a_report_that_can_be_read(shop: ImportShop) -> None:
    broken = {**AMLODIPINE, "药品代码": "X1", "注册名称": "药" * 32_000}

    report = shop.take(shop.put("库.xlsx", workbook(table((PATENT, broken)))))

    assert [len(each.what) <= 201 for each in said(report, "refused")] == [True]


def test_a_full_disk_leaves_the_catalogue_and_says_what_to_do(shop: ImportShop) -> None:
    pages = shop.drugs.execute("PRAGMA page_count").fetchone()[0]
    shop.drugs.execute(f"PRAGMA max_page_count = {pages}")
    many = [{**AMLODIPINE, "药品代码": f"XC08CAA012A0020101{n:05d}", "药品本位码": ""} for n in range(900)]

    with pytest.raises(ImportDiskFull, match="目录和导入前一样"):
        shop.take(shop.put("库.csv", text(table(many)).encode()))

    assert intake.count_drugs(shop.drugs) == 0


def test_a_file_of_which_no_row_can_be_used_is_not_called_imported(shop: ImportShop) -> None:
    path = shop.put("库.csv", text(table([{**AMLODIPINE, "药品代码": "X1"}])).encode())

    for _again in range(2):
        assert summary(shop.take(path)).startswith("国家医保药品数据库：1 行里没有一行能导入，目录没有改动。")


def test_what_is_no_catalogue_is_not_taken_for_one(shop: ImportShop) -> None:
    with pytest.raises(KindUnknown):
        shop.take(shop.put("名单.csv", text([["姓名", "电话"], ["王秀英", "1"]]).encode()))
    with pytest.raises(FileUnreadable):
        shop.take(shop.folder / "没有.csv")
