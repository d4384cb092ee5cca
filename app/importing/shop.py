"""A shop's own table of goods, whatever its columns are called: price, own number, barcodes, prescription."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from app.importing.cells import code_of, fold, is_secret, price_of, text_of, whole_of
from app.importing.columns import Columns
from app.importing.errors import MappingUnclear
from app.importing.grid import Cells, Grid
from app.importing.headings import Found, Synonyms, body, columns_of, plain
from app.importing.intake import Intake
from app.importing.matching import Said, find
from app.importing.sounds import initials
from app.storage import intake as kept
from app.storage import items, search
from app.storage.items import Item
from engine.codes import is_approval_number, is_national_code
from engine.ids import is_drug_standard_code, is_ean13

ORIGIN = "shop"
FIELDS = {
    "code": "国家药品编码",
    "price": "零售价",
    "name": "药品名称",
    "spec": "规格",
    "maker": "生产企业",
    "approval": "批准文号",
    "barcode": "条码",
    "shop_code": "本店编码",
    "rx": "处方药标志",
    "standard_code": "药品本位码",
    "trade_name": "商品名",
    "form": "剂型",
    "unit": "单位",
    "strength": "单位规格",
    "size": "包装数量",
    "pack_unit": "制剂单位",
}
"""What a column of a shop's table can be, in the order in which a person is asked."""

SYNONYMS: Synonyms = {
    "code": (
        "国家药品编码", "国家药品代码", "医保编码", "医保代码", "国家编码", "国家码", "医保药品代码",
        "药品代码", "inter_code",
    ),
    "price": (
        "零售价", "售价", "销售价", "零售单价", "会员价", "单价", "价格", "price", "retail_price",
    ),
    "name": (
        "通用名", "通用名称", "药品通用名", "药品名称", "商品名称", "品名", "名称",
        "drug_generic_name", "drug_name", "name",
    ),
    "spec": ("包装规格", "规格", "规格型号", "商品规格", "pack_specs", "spec", "specs"),
    "maker": (
        "生产企业", "生产厂家", "生产厂商", "厂家", "产家", "企业", "maker", "manufacturer",
        "manufacturer_name",
    ),
    "approval": ("批准文号", "国药准字", "准字号", "approval_no", "approval"),
    "barcode": ("条码", "条形码", "商品条码", "国际条码", "69码", "bar_code", "barcode", "ean"),
    "shop_code": (
        "本店编码", "商品编码", "商品编号", "货号", "编码", "自编码", "内码", "药品编码", "drug_code",
        "item_code",
    ),
    "rx": ("处方药标志", "处方类型", "处方药", "是否处方药", "处方分类", "药品分类", "rx", "rx_flag"),
    "standard_code": ("本位码", "药品本位码", "standard_code"),
    "trade_name": ("商品名", "trade_name"),
    "form": ("剂型", "form"),
    "unit": ("单位", "包装单位", "pack_unit"),
    "strength": ("单位规格", "制剂规格"),
    "size": ("包装数量", "装量", "pack_quantity"),
    "pack_unit": ("制剂单位", "最小单位", "base_unit"),
}  # fmt: skip
_NAMED = ("code", "approval", "barcode", "name", "standard_code")
SAYING = ("price", "shop_code", "barcode", "rx")
_ONLY_RX = ("处方药", "RX", "是", "1", "Y", "YES", "处方", "R")
_NO_RX = (
    "非处方药",
    "OTC",
    "甲类OTC",
    "乙类OTC",
    "甲类非处方药",
    "乙类非处方药",
    "否",
    "0",
    "N",
    "NO",
    "O",
    "非药品",
)
_KINDS = (
    ("code", is_national_code),
    ("barcode", is_ean13),
    ("standard_code", is_drug_standard_code),
    ("approval", is_approval_number),
)
_PROBED, _MOSTLY = 60, 6
_NEW = "国家目录里没有这个编码，照本店的表记了一条；医保类别不知道，先按目录外。"
_SEVERAL = re.compile(r"[,;，；、/\s]+")
_DRUG = (
    "code",
    "generic_name",
    "trade_name",
    "form",
    "spec",
    "strength",
    "pack_size",
    "pack_unit",
    "unit",
    "maker",
    "approval",
    "standard_code",
    "pinyin",
    "prescription_only",
    "listing_key",
    "origin",
)


class _Row(Struct, frozen=True, kw_only=True):
    """A row as read, before its drug is looked for."""

    said: Said
    label: str
    price: int | None
    shop_code: str | None
    barcodes: tuple[str, ...]
    rx: bool | None
    trade_name: str
    unit: str
    strength: str
    size: int | None
    pack_unit: str


def mapped(found: Found, grid: Grid, mapping: dict[str, str] | None, held: dict[str, int] | None) -> Found:
    """Return ``found`` with the columns that the person names, else as remembered, else as guessed.

    Raises MappingUnclear where a named column is not there, or too few are known to make sense of a row.
    """
    if mapping is not None:
        columns = {field: _place(found, field, said) for field, said in mapping.items() if said}
    elif held is not None:
        columns = {field: place for field, place in held.items() if place < len(found.headings)}
    else:
        columns = guessed(found, grid)
    if not any(field in columns for field in _NAMED):
        raise MappingUnclear(why="没有一列说得出是哪种药（国家编码、批准文号、条码或药名）。")
    if not any(field in columns for field in SAYING):
        raise MappingUnclear(why="没有一列是本店要记的（零售价、本店编码、条码或处方药标志）。")
    return Found(line=found.line, columns=columns, headings=found.headings)


def guessed(found: Found, grid: Grid) -> dict[str, int]:
    """Return which column is what, by the headings, and where they are silent by what stands under them."""
    told = found.columns or columns_of(found.headings, SYNONYMS)
    known = Found(line=found.line, columns=told, headings=found.headings)
    return {**_by_content(known, grid), **told}


def makes_sense(found: Found, grid: Grid) -> bool:
    """Tell whether the columns, as far as they can be guessed, say of which drug what is new."""
    columns = guessed(found, grid)
    is_named = any(field in columns for field in ("code", "approval", "barcode", "standard_code"))
    return is_named and any(field in columns for field in ("price", "shop_code", "rx"))


def take(intake: Intake, grid: Grid, found: Found) -> None:
    """Take a shop's table in: what it says of drugs that are in the catalogue, or that its codes make known.

    A shop's table says nothing of what it lacks: it may be a price list of the day.
    """
    mentioned: dict[str, tuple[int, Item]] = {}
    barcodes: dict[str, tuple[int, str]] = {}
    made: list[tuple[Any, ...]] = []
    for line, row in _rows(intake, grid, found):
        placed = find(intake.drugs, row.said)
        code = placed if isinstance(placed, str) else placed.code
        if isinstance(placed, str):
            if not (is_national_code(row.said.code) and row.said.name):
                intake.doubt(line, row.label, f"{placed}这一行没有导入。")
                continue
            code = row.said.code
            if code not in mentioned:
                made.append(_made_known(row))
                intake.doubt(line, row.label, _NEW)
        own = _own_barcodes(intake, barcodes, line, row, code)
        _mention(intake, mentioned, line, replace(row, barcodes=own), code)
    said = [item for _line, item in mentioned.values()]
    beside = [items.beside_held(intake.books, item) for item in said]
    with search.following(intake.drugs, list(mentioned)):
        kept.put_drugs(intake.drugs, _DRUG, made)
        kept.mirror_items(intake.drugs, [items.as_mirrored(now) for _held, now in beside])
    touched = sum(now != held for held, now in beside)
    intake.settle(touched, sum(held is None for held, _now in beside), len(mentioned))

    def into_books() -> None:
        for item in said:
            items.put(intake.books, item, intake.at)
        if said or intake.options.mapping:  # A guess that led to nothing is none to be kept.
            items.remember_mapping(intake.books, found.headings, found.columns, intake.at)

    intake.into_books = into_books


def _own_barcodes(
    intake: Intake, claimed: dict[str, tuple[int, str]], line: int, row: _Row, code: str
) -> tuple[str, ...]:
    """Return a row's barcodes without those that the file gives to another drug before: one box, one drug.

    What an earlier file gave to another drug goes over to this one, and is named.
    """
    own: list[str] = []
    for barcode in row.barcodes:
        first, owner = claimed.setdefault(barcode, (line, code))
        if owner != code:
            why = (
                f"条码 {barcode} 第 {first} 行的药已经用了，没有记在这种药名下；扫它卖的是第 {first} 行的药。"
            )
            intake.doubt(line, row.label, why)
            continue
        own.append(barcode)
        before = items.code_of_barcode(intake.books, barcode)
        if before not in (None, code) and first == line:
            why = f"条码 {barcode} 原来记在 {before} 名下，已改记到这种药；扫它卖的是这种药。"
            intake.doubt(line, row.label, why)
    return tuple(own)


def _mention(intake: Intake, mentioned: dict[str, tuple[int, Item]], line: int, row: _Row, code: str) -> None:
    item = Item(
        code=code,
        shop_code=row.shop_code,
        price=row.price,
        prescription_only=row.rx,
        name=row.said.name,
        barcodes=row.barcodes,
    )
    first = mentioned.setdefault(code, (line, item))
    if first[1] != item:
        intake.doubt(line, row.label, f"和第 {first[0]} 行是同一种药而内容不同，用了前一行。")


def _made_known(row: _Row) -> tuple[Any, ...]:
    """Return the drug that a row tells of, in the order of ``_DRUG``."""
    said = row.said
    return (
        said.code,
        said.name,
        row.trade_name or None,
        said.form,
        said.spec,
        row.strength,
        row.size,
        row.pack_unit,
        row.unit or "盒",
        said.maker,
        said.approval,
        said.standard_code or None,
        initials(said.name),
        0 if row.rx is False else 1,
        f"T:{said.name}" if said.code.startswith("T") else "",
        ORIGIN,
    )


def _rows(intake: Intake, grid: Grid, found: Found) -> Iterator[tuple[int, _Row]]:
    cells = Columns(found.columns)
    unclear: set[str] = set()
    for batch in body(grid, found):
        cells.take(batch)
        fields = {field: cells.texts(field) for field in FIELDS}
        for place, line in enumerate(batch.lines):
            texts = {field: column[place] for field, column in fields.items()}
            _doubt_rx(intake, line, texts["rx"], unclear)
            yield line, _row(intake, line, texts)
        intake.count(len(batch.rows))


def _row(intake: Intake, line: int, texts: dict[str, str]) -> _Row:
    code, approval = code_of(texts["code"]), code_of(texts["approval"])
    name = fold(texts["name"])
    label = " ".join(part for part in (texts["shop_code"] or code, name) if part) or f"第 {line} 行"
    barcodes = _barcodes(intake, line, label, texts["barcode"])
    if code and not is_national_code(code):
        intake.doubt(line, label, f"「{code}」不是国家药品编码的写法，没有用它找药。")
    said = Said(
        code=code if is_national_code(code) else "",
        standard_code=_standard_code(intake, line, label, texts["standard_code"]),
        barcode=barcodes[0] if barcodes else "",
        approval=approval,
        name=name,
        form=texts["form"],
        spec=texts["spec"],
        maker=texts["maker"],
    )
    return _Row(
        said=said,
        label=label,
        price=_price(intake, line, label, texts["price"]),
        shop_code=texts["shop_code"] or None,
        barcodes=barcodes,
        rx=_rx(texts["rx"]),
        trade_name=texts["trade_name"],
        unit=texts["unit"],
        strength=texts["strength"],
        size=whole_of(texts["size"]) if texts["size"] else None,
        pack_unit=texts["pack_unit"],
    )


def _price(intake: Intake, line: int, label: str, text: str) -> int | None:
    if not text:
        return None
    price = price_of(text)
    if is_secret(text) or price is None:
        intake.doubt(line, label, f"零售价写的是「{text[:20]}」，没有记价格。")
        return None
    if price == 0:
        intake.doubt(line, label, "零售价是 0，没有记价格。")
        return None
    return price


def _barcodes(intake: Intake, line: int, label: str, text: str) -> tuple[str, ...]:
    given = [code_of(part) for part in _SEVERAL.split(text) if part]
    bad = [each for each in given if not is_ean13(each)]
    if bad:
        intake.doubt(line, label, f"条码「{bad[0][:20]}」的校验位不对或位数不对，没有记条码。")
    return tuple(dict.fromkeys(each for each in given if is_ean13(each)))


def _standard_code(intake: Intake, line: int, label: str, text: str) -> str:
    code = code_of(text)
    if code and not is_drug_standard_code(code):
        intake.doubt(line, label, f"药品本位码 {code[:20]} 的校验位不对，没有采用。")
        return ""
    return code


def _doubt_rx(intake: Intake, line: int, text: str, unclear: set[str]) -> None:
    """Say once of each word that does not tell whether a drug needs a prescription.

    ``甲类`` alone may be the class of OTC or that of the insurance: it makes no prescription drug free.
    """
    if text and _rx(text) is None and text not in unclear:
        unclear.add(text)
        why = "看不出是不是处方药，没有采用；这一列里这样写的都没有采用。要写成「处方药」或「非处方药」。"
        intake.doubt(line, f"处方药标志「{text[:20]}」", why)


def _rx(text: str) -> bool | None:
    said = text.upper().replace(" ", "")
    return True if said in _ONLY_RX else False if said in _NO_RX else None


def _place(found: Found, field: str, said: str) -> int:
    """Return the column that a person means: its number from 1, or its heading."""
    if field not in FIELDS:
        raise MappingUnclear(why=f"没有「{field}」这一项，可以是 {'、'.join(FIELDS)}。")
    names = [plain(heading) for heading in found.headings]
    if plain(said) in names:
        return names.index(plain(said))
    if said.isascii() and said.isdigit() and 1 <= int(said) <= len(names):
        return int(said) - 1
    raise MappingUnclear(why=f"文件里没有「{said}」这一列。")


def _by_content(found: Found, grid: Grid) -> dict[str, int]:
    """Return columns that no heading tells of and their cells do: codes have check digits and shapes."""
    head = grid.head(_PROBED)
    rows: list[Cells] = [row for line, row in zip(head.lines, head.rows, strict=True) if line > found.line]
    columns: dict[str, int] = {}
    known = set(found.columns.values())
    for field, fits in _KINDS:
        for place in range(len(found.headings)):
            cells: list[Any] = [code_of(text_of(row[place])) for row in rows if place < len(row)]
            said = [cell for cell in cells if cell]
            if place not in known and said and sum(map(fits, said)) * 10 >= len(said) * _MOSTLY:
                columns[field] = place
                known.add(place)
                break
    return columns
