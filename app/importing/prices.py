"""Prices that others set: listed on the provincial platform, agreed with the agency, won in procurement."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from datetime import date
from functools import cache

from msgspec import Struct

from app.importing.cells import code_of, day_of, fold, is_open_end, is_secret, price_of
from app.importing.columns import Columns
from app.importing.grid import Grid
from app.importing.headings import Found, Synonyms, body, plain
from app.importing.intake import ImportQuestion, Intake
from app.importing.matching import Said, find
from app.resources import resource
from app.storage import intake as kept
from app.storage import listings
from engine.catalogue import PriceKind
from engine.codes import is_national_code
from engine.protocol.catalogue_rows import region_prefix

SYNONYMS: Synonyms = {
    "platform": ("挂网价", "挂网价格", "平台价", "省级平台价格", "platform_price"),
    "agreed": ("协议价", "协议价格", "约定价格", "agreed_price"),
    "procurement": ("中选价", "中选价格", "集采价", "集采中选价", "procurement_price"),
    "ceiling": ("医保限价", "最高限价", "限价", "ceiling_price"),
    "price": ("价格", "price", "单价"),
    "kind": ("价格类型", "价格种类", "kind"),
    "code": ("国家药品编码", "国家药品代码", "药品代码", "医保编码", "医保代码", "code"),
    "approval": ("批准文号", "approval"),
    "name": ("通用名", "药品名称", "通用名称", "注册名称", "name"),
    "form": ("剂型", "form"),
    "spec": ("包装规格", "规格", "spec"),
    "maker": ("生产企业", "企业", "药品企业", "厂家", "maker"),
    "region": ("适用地区", "地区", "统筹区", "区划", "region"),
    "begins": ("执行日期", "开始日期", "起始日期", "生效日期", "begins"),
    "ends": ("结束日期", "截止日期", "失效日期", "ends"),
    "document": ("文件", "文号", "依据", "文件名称", "document"),
}
OF_KIND: dict[str, PriceKind] = {
    "platform": "platform",
    "agreed": "agreed",
    "procurement": "procurement",
    "ceiling": "ceiling",
}
MARKS = (*OF_KIND, "kind", "price", "begins", "ends", "document", "region")
WORDS: dict[PriceKind, str] = {
    "platform": "省级平台挂网价",
    "agreed": "与医保经办约定的价格",
    "procurement": "集中采购中选价",
    "ceiling": "医保限价",
}
_KINDS: dict[str, PriceKind] = {
    "挂网价": "platform",
    "挂网": "platform",
    "平台价": "platform",
    "协议价": "agreed",
    "约定价": "agreed",
    "中选价": "procurement",
    "集采": "procurement",
    "集采中选价": "procurement",
    "限价": "ceiling",
    "医保限价": "ceiling",
    **{kind: kind for kind in OF_KIND.values()},
}
_CODE = re.compile("(?:[0-9]{2}){1,3}").fullmatch
_PREFIX: dict[PriceKind, int] = {"platform": 2, "procurement": 2, "agreed": 4, "ceiling": 4}
"""How far the shop's own region goes where a file names none: a platform is a province's."""


class Dates(Struct, frozen=True, kw_only=True):
    """From which day to which a price holds."""

    begins: date
    ends: date | None


class Price(Struct, frozen=True, kw_only=True):
    """A row as read, its drug still to be found."""

    line: int
    label: str
    kind: PriceKind
    fen: int
    regions: tuple[str, ...]
    dates: Dates
    document: str


def take(intake: Intake, grid: Grid, found: Found) -> None:
    """Take prices in; a file whose columns do not say of which kind they are is asked about."""
    kind, column = _kind(intake, found)
    put = writer(intake)
    cells = Columns(found.columns)
    for batch in body(grid, found):
        cells.take(batch)
        fields = {field: cells.texts(field) for field in (*SYNONYMS,)}
        for place, line in enumerate(batch.lines):
            texts = {field: column_[place] for field, column_ in fields.items()}
            _take_row(intake, line, texts, kind, column, put)
        intake.count(len(batch.rows))


def writer(intake: Intake) -> Callable[[str, Price], None]:
    """Return what puts a price of a drug, and says so where one file names two."""
    seen: dict[tuple[str, str, str, date], Price] = {}

    def put(code: str, price: Price) -> None:
        for region in price.regions:
            key = (code, price.kind, region, price.dates.begins)
            first = seen.setdefault(key, price)
            if first is not price:
                if first.fen != price.fen or first.dates != price.dates:
                    where = f"和第 {first.line} 行是同一种药、同一天起而价格不同，用了前一行。"
                    intake.doubt(price.line, price.label, where)
                continue
            row = (
                code,
                price.kind,
                region,
                price.dates.begins.isoformat(),
                listings.end_text(price.dates.ends),
                price.fen,
                price.document,
            )
            intake.settle(int(kept.put_price(intake.drugs, row)), 0, 1)

    return put


def dates_of(intake: Intake, begins: str, ends: str) -> Dates | str:
    """Return the days of a row, of the options where it has none; or why they cannot be told."""
    first = day_of(begins) if begins else intake.options.begins
    last = intake.options.ends if is_open_end(ends) else day_of(ends)
    if begins and first is None:
        return f"执行日期「{begins[:20]}」看不懂，这一行没有导入。"
    if not is_open_end(ends) and last is None:
        return f"结束日期「{ends[:20]}」看不懂，这一行没有导入。"
    if first is None:
        return "没有写从哪天起执行，这一行没有导入；请加一列「执行日期」，或在命令行用 --begins 写明。"
    if last is not None and last < first:
        return f"结束日期 {last.isoformat()} 早于执行日期 {first.isoformat()}，这一行没有导入。"
    return Dates(begins=first, ends=last)


def regions_of(intake: Intake, text: str, kind: PriceKind) -> tuple[str, ...] | str:
    """Return the regions that a row names by code or by province; the shop's own where it names none."""
    if not text:
        said = intake.options.region if intake.options.region is not None else intake.region[: _PREFIX[kind]]
        return (region_prefix(said),)
    found = []
    for part in fold(text).replace("，", ",").replace("、", ",").split(","):
        name = part.replace(" ", "").partition("(")[0].rstrip("省市")
        if _CODE(name):
            found.append(region_prefix(name))
        elif name in ("全国", ""):
            found.append("")
        else:
            code = _province(name)
            if code is None:
                return f"地区「{part[:12]}」认不出，这一行没有导入；请写六位区划代码或省名。"
            found.append(code)
    return tuple(dict.fromkeys(found))


def _take_row(  # noqa: PLR0917
    intake: Intake,
    line: int,
    texts: dict[str, str],
    kind: PriceKind | None,
    column: str,
    put: Callable[[str, Price], None],
) -> None:
    code = code_of(texts["code"])
    label = " ".join(part for part in (code, texts["name"], texts["spec"]) if part)
    of_row = _KINDS.get(plain(texts["kind"])) if texts["kind"] else kind
    if of_row is None:
        intake.refuse(line, label, f"价格类型「{texts['kind'][:12]}」认不出，这一行没有导入。")
        return
    price = price_of(texts[column])
    if price is None or price == 0:
        secret = is_secret(texts[column])
        why = "价格保密（*）" if secret else f"价格「{texts[column][:20]}」不是金额"
        intake.refuse(line, label, f"{why}，这一行没有导入。")
        return
    dates = dates_of(intake, texts["begins"], texts["ends"])
    regions = regions_of(intake, texts["region"], of_row)
    if isinstance(dates, str) or isinstance(regions, str):
        intake.refuse(line, label, dates if isinstance(dates, str) else str(regions))
        return
    placed = find(
        intake.drugs,
        Said(
            code=code if is_national_code(code) else "",
            approval=code_of(texts["approval"]),
            name=texts["name"],
            form=texts["form"],
            spec=texts["spec"],
            maker=texts["maker"],
        ),
    )
    if isinstance(placed, str):
        intake.doubt(line, label, f"{placed}这一行没有导入。")
        return
    document = texts["document"] or intake.options.document
    made = Price(
        line=line, label=label, kind=of_row, fen=price, regions=regions, dates=dates, document=document
    )
    put(placed.code, made)


def _kind(intake: Intake, found: Found) -> tuple[PriceKind | None, str]:
    """Return of which kind the file's prices are (None: each row says), and the column that they stand in."""
    for field, kind in OF_KIND.items():
        if field in found.columns:
            return kind, field
    if "kind" in found.columns:
        return None, "price"
    if intake.options.price_kind is None:
        answers = [(f"price-kind={kind}", f"是{words}，") for kind, words in WORDS.items()]
        raise ImportQuestion(f"文件「{intake.name}」里没有写是哪一种价格。", answers)
    return intake.options.price_kind, "price"


@cache
def _provinces() -> dict[str, str]:
    told: dict[str, str] = tomllib.loads(resource("lists/provinces.toml").read_text(encoding="utf-8"))
    return told


def _province(name: str) -> str | None:
    return next((code for code, known in _provinces().items() if name.startswith(known)), None)
