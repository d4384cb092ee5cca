"""A shop's own table gives its drugs price, number, barcodes and flag; its columns are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.importing.errors import MappingUnclear
from app.importing.intake import Options
from app.importing.run import import_file, look_at
from app.storage import catalogue, items
from app.storage.connection import open_database, transaction
from app.storage.search import Finder
from app.sync.pull import take_page
from engine.catalogue import listing_on
from engine.protocol.news import NewsPage
from tests.fakes.import_shop import (
    AMLODIPINE,
    DRUGS,
    KEY,
    METFORMIN,
    NOW,
    TODAY,
    ImportShop,
    said,
    table,
    text,
    workbook,
)

CODE, METFORMIN_CODE = AMLODIPINE["药品代码"], METFORMIN["药品代码"]
OWN = ("货号", "品名", "医保编码", "规格", "厂家", "零售价", "条码", "处方类型", "批准文号")
EAN, OTHER_EAN = "6922887440332", "6933303892017"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ImportShop]:
    made = ImportShop(tmp_path)
    made.take(made.put("库.csv", text(table(DRUGS)).encode()))
    yield made
    made.close()


def own(**changes: str) -> dict[str, str]:
    return {"货号": "A001", "品名": "氨氯地平", "医保编码": CODE, "零售价": "12.60元", **changes}


def put(shop: ImportShop, *rows: dict[str, str], name: str = "商品.csv") -> Path:
    return shop.put(name, text(table(rows, OWN)).encode("gb18030"))


def test_the_shop_s_word_lies_over_the_catalogue_s_drug(shop: ImportShop) -> None:
    report = shop.take(put(shop, own(条码=f"{EAN}、{OTHER_EAN}", 处方类型="非处方药")))

    drug = shop.drug(CODE)
    assert (report.run.kind, report.run.added, report.remarks) == ("shop", 1, ())
    assert (drug.price, drug.shop_code, drug.prescription_only) == (1_260, "A001", False)
    assert [shop.drug(code).code for code in (EAN, OTHER_EAN, "A001")] == [CODE] * 3
    assert drug.generic_name == "苯磺酸氨氯地平片"
    assert shop.drug(METFORMIN_CODE).price is None


def test_the_shop_s_word_lies_in_the_books_which_are_backed_up(shop: ImportShop) -> None:
    shop.take(put(shop, own()))

    assert items.by_code(shop.books, CODE) is not None
    shop.drugs.execute("UPDATE drug SET price = NULL")
    assert shop.drug(CODE).price == 1_260


def test_the_books_are_free_for_a_sale_while_a_table_is_read_and_the_index_made(shop: ImportShop) -> None:
    """A large table takes seconds; longer than a sale waits for the books."""
    till = open_database(shop.folder / "counter.db", KEY)
    till.execute("PRAGMA busy_timeout = 0")
    phases = []

    def sell(phase: str, _done: int, _of: int) -> None:
        phases.append(phase)
        with transaction(till):
            pass

    import_file(shop.shelves, put(shop, own()), Options(), NOW, sell)
    till.close()

    assert phases[-2:] == ["listing", "saving"]
    assert shop.drug(CODE).price == 1_260


def test_the_same_table_again_changes_nothing_and_a_price_list_keeps_the_barcodes(shop: ImportShop) -> None:
    path = put(shop, own(条码=EAN))
    shop.take(path)
    assert shop.take(path).again

    report = shop.take(put(shop, own(零售价="13"), name="调价.csv"))

    assert (report.run.added, report.run.changed) == (0, 1)
    assert (shop.drug(CODE).price, shop.drug(EAN).code) == (1_300, CODE)


@pytest.mark.parametrize(
    "row",
    [
        {"医保编码": f'="{CODE}"'},
        {"医保编码": "", "批准文号": "国药准字H20010001"},
        {"医保编码": "", "批准文号": "国药准字h20010001 "},
        {"医保编码": "", "品名": "苯磺酸氨氯地平片", "规格": "5mg×28片", "厂家": "甲制药有限公司"},
        {"医保编码": "", "品名": "苯磺酸氨氯地平片", "规格": "5MG*28片/盒", "厂家": "甲制药"},
    ],
)
def test_a_row_without_a_national_code_is_matched_where_only_one_drug_fits(
    shop: ImportShop, row: dict[str, str]
) -> None:
    report = shop.take(put(shop, own(**row)))

    assert report.run.added == 1
    assert shop.drug(CODE).price == 1_260


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"医保编码": "", "品名": "创可贴"}, "对不上"),
        ({"医保编码": "", "品名": "苯磺酸氨氯地平片"}, "只有药名"),
        ({"医保编码": "", "品名": "苯磺酸氨氯地平片", "规格": "10mg×28片", "厂家": "甲制药"}, "对不上"),
        ({"医保编码": "", "批准文号": "国药准字H20010009"}, "对不上"),
        ({"零售价": "*"}, "没有记价格"),
        ({"零售价": "0"}, "是 0"),
        ({"零售价": "0.45元/片"}, "没有记价格"),
        ({"条码": "6922887440331"}, "校验位"),
        ({"医保编码": "123", "批准文号": "国药准字H20010001"}, "不是国家药品编码"),
    ],
)
def test_what_is_doubtful_in_the_shop_s_table_is_named(
    shop: ImportShop, row: dict[str, str], why: str
) -> None:
    report = shop.take(put(shop, own(**row)))

    assert [why in each.why and each.line == 2 for each in said(report, "doubtful")] == [True]


def test_two_packs_under_one_approval_number_are_not_guessed_between(shop: ImportShop) -> None:
    other = {**AMLODIPINE, "药品代码": "XC08CAA012A001010200001", "最小包装数量": "7", "药品本位码": ""}
    shop.take(shop.put("库2.csv", text(table((*DRUGS, other))).encode()))

    unclear = shop.take(put(shop, own(医保编码="", 批准文号="国药准字H20010001")))
    assert "2 种都符合" in said(unclear, "doubtful")[0].why

    clear = shop.take(put(shop, own(医保编码="", 批准文号="国药准字H20010001", 规格="5mg*7片")))
    assert clear.run.added == 1
    assert shop.drug("XC08CAA012A001010200001").price == 1_260


@pytest.mark.parametrize("spec", ["5mg*7片", "10mg*28片", "5mg×7片/盒"])
@pytest.mark.parametrize("known_by", [{"批准文号": "国药准字H20010001"}, {"本位码": "86900001000019"}])
def test_the_price_of_another_pack_is_not_taken_for_the_one_that_is_known(
    shop: ImportShop, spec: str, known_by: dict[str, str]
) -> None:
    """A box of seven is not sold at the price of twenty-eight because its approval number is the same."""
    row = {"品名": "苯磺酸氨氯地平片", "规格": spec, "零售价": "3.00", **known_by}

    report = shop.take(shop.put("商品.csv", text([list(row), list(row.values())]).encode()))

    assert "对不上" in said(report, "doubtful")[0].why
    assert shop.drug(CODE).price is None


@pytest.mark.parametrize("spec", ["5mg*28片", "14片×2板", "0.005g×28片", "28片"])
def test_a_pack_written_in_another_way_is_the_same_pack(shop: ImportShop, spec: str) -> None:
    row = {"批准文号": "国药准字H20010001", "规格": spec, "零售价": "3.00"}

    shop.take(shop.put("商品.csv", text([list(row), list(row.values())]).encode()))

    assert shop.drug(CODE).price == 300


def test_two_packs_under_one_drug_standard_code_are_not_guessed_between(shop: ImportShop) -> None:
    other = {**AMLODIPINE, "药品代码": "XC08CAA012A001010200001", "最小包装数量": "7"}
    shop.take(shop.put("库2.csv", text(table((*DRUGS, other))).encode()))
    heading = ["本位码", "规格", "零售价"]

    unclear = shop.take(shop.put("商品.csv", text([heading, ["86900001000019", "", "3.00"]]).encode()))
    assert "2 种都符合" in said(unclear, "doubtful")[0].why

    shop.take(shop.put("商品2.csv", text([heading, ["86900001000019", "5mg*7片", "3.00"]]).encode()))
    assert shop.drug("XC08CAA012A001010200001").price == 300
    assert shop.drug(CODE).price is None


def test_a_national_code_that_the_catalogue_lacks_is_known_from_the_table_and_outside_the_list(
    shop: ImportShop,
) -> None:
    code = "XC09CAX069A001010100001"

    report = shop.take(put(shop, own(医保编码=code, 品名="缬沙坦胶囊", 规格="80mg×7粒")))

    drug = shop.drug(code)
    assert "照本店的表记了一条" in said(report, "doubtful")[0].why
    assert (drug.generic_name, drug.price, drug.prescription_only) == ("缬沙坦胶囊", 1_260, True)
    assert listing_on(drug, TODAY, "330681").klass == "C"


def test_one_drug_twice_counts_once_where_it_says_the_same_and_is_doubtful_where_not(
    shop: ImportShop,
) -> None:
    report = shop.take(put(shop, own(), own(), own(零售价="99")))

    assert report.run.added == 1
    assert ["第 2 行" in each.why and each.line == 4 for each in said(report, "doubtful")] == [True]
    assert shop.drug(CODE).price == 1_260


STRANGE = (("甲", "A001"), ("乙", CODE), ("丙", "氨氯地平"), ("丁", "12.60"))


def strange(shop: ImportShop, price: str = "12.60", name: str = "商品.xlsx") -> Path:
    values = [*(value for _heading, value in STRANGE[:3]), price]
    return shop.put(name, workbook([[heading for heading, _ in STRANGE], values]))


@pytest.mark.parametrize("word", ["甲类", "乙类", "西药", "双轨"])
def test_no_unclear_word_lets_a_prescription_drug_go_without_prescription(
    shop: ImportShop, word: str
) -> None:
    """The class of the insurance (甲类) stands in many a column that is called a classification."""
    rows = (own(处方类型=word), own(货号="A002", 医保编码=METFORMIN_CODE, 处方类型=word))

    report = shop.take(put(shop, *rows))

    assert [(each.line, word in each.what) for each in said(report, "doubtful")] == [(2, True)]
    assert shop.drug(CODE).prescription_only
    assert shop.take(put(shop, own(处方类型="甲类OTC"))).run.changed == 1
    assert not shop.drug(CODE).prescription_only


def test_a_barcode_is_of_one_drug_and_whoever_claims_it_too_is_named(shop: ImportShop) -> None:
    report = shop.take(put(shop, own(条码=EAN), own(货号="A002", 医保编码=METFORMIN_CODE, 条码=EAN)))

    assert [(each.line, "第 2 行的药已经用了" in each.why) for each in said(report, "doubtful")] == [
        (3, True)
    ]
    assert shop.drug(EAN).code == CODE

    moved = shop.take(put(shop, own(货号="A002", 医保编码=METFORMIN_CODE, 条码=EAN), name="改.csv"))
    assert f"原来记在 {CODE} 名下" in said(moved, "doubtful")[0].why
    assert shop.drug(EAN).code == METFORMIN_CODE

    again = shop.take(put(shop, own(货号="A002", 医保编码=METFORMIN_CODE, 条码=EAN), name="改.csv"))
    assert (again.again, again.remarks) == (True, ())


def test_a_sheet_that_is_not_read_is_named(shop: ImportShop) -> None:
    """Patent drugs on a sheet of their own are not left without a price in silence."""
    rows, others = table((own(),), OWN), table((own(医保编码=METFORMIN_CODE),), OWN)
    content = workbook(rows, more={"中成药": others, "说明": [["填表说明"], ["价格含税"]]})

    report = shop.take(shop.put("商品.xlsx", content))

    assert [(each.line, each.what) for each in said(report, "refused")] == [(0, "工作表「中成药」")]
    assert shop.drug(CODE).price == 1_260


def test_columns_are_told_by_a_person_once_and_remembered_by_their_headings(shop: ImportShop) -> None:
    mapping = {"shop_code": "甲", "code": "2", "name": "丙", "price": "丁"}
    shop.take(strange(shop), kind="shop", mapping=mapping)
    assert shop.drug("A001").code == CODE

    shop.take(strange(shop, "15.00", "下个月.xlsx"), kind="shop")

    assert shop.drug(CODE).price == 1_500


def test_columns_can_be_looked_at_before(shop: ImportShop) -> None:
    path = put(shop, own(条码=EAN), own(货号="A002"))

    seen = look_at(shop.shelves, path, Options())
    assert (seen.kind, seen.known) == ("shop", False)
    assert {column.heading: column.field for column in seen.columns}["零售价"] == "price"
    assert seen.columns[0].samples == ("A001", "A002")

    shop.take(path)
    assert look_at(shop.shelves, path, Options()).known


def test_a_column_without_a_telling_heading_is_known_by_what_stands_in_it(shop: ImportShop) -> None:
    rows = [["甲", "乙", "零售价", "品名"], [CODE, EAN, "12.6", "药"], [METFORMIN_CODE, OTHER_EAN, "3", "药"]]

    shop.take(shop.put("商品.csv", text(rows).encode()))

    assert (shop.drug(EAN).code, shop.drug(OTHER_EAN).price) == (CODE, 300)


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        ({"price": "没有的列"}, "没有的列"),
        ({"price": "9"}, "「9」"),
        ({"colour": "甲"}, "colour"),
        ({"price": "丁"}, "哪种药"),
        ({"code": "乙"}, "本店要记"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(
    shop: ImportShop, mapping: dict[str, str], why: str
) -> None:
    with pytest.raises(MappingUnclear, match=why):
        shop.take(strange(shop), kind="shop", mapping=mapping)

    assert items.count(shop.books) == 0


def test_the_shop_s_goods_are_found_by_its_own_number_and_barcode_as_one_types(shop: ImportShop) -> None:
    shop.take(put(shop, own(货号="ZX7781", 条码=EAN)))

    for text_ in ("zx7781", EAN[:9], "anlv"):
        found = Finder(shop.drugs).find(text_, 12, sold={})
        assert found[:1] == [CODE], text_


def test_what_the_agency_tells_again_keeps_the_shop_s_price_in_sight(shop: ImportShop) -> None:
    shop.take(put(shop, own()))
    told = catalogue.by_code(shop.drugs, CODE)
    assert told is not None

    page = NewsPage(cursor=1, more=False, drugs=(replace(told, price=None),))
    take_page(shop.books, shop.drugs, page, NOW, "P33068100001")

    assert shop.drug(CODE).price == 1_260
    assert [drug.code for drug in catalogue.of_same_ingredient(shop.drugs, CODE, 9)] == [CODE]
