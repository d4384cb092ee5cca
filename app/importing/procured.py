"""Results of centralised procurement as published: name with form, strength, maker, price of a unit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from app.importing.cells import decimal_of, fold
from app.importing.columns import Columns
from app.importing.grid import Grid
from app.importing.headings import Found, Synonyms, body
from app.importing.intake import Intake
from app.importing.matching import same_maker
from app.importing.prices import Dates, Price, dates_of, regions_of, writer
from app.storage import intake as kept
from app.storage.intake import Placed
from engine.money import Fen
from engine.standards import quantities

SYNONYMS: Synonyms = {
    "title": ("药品名称", "品种", "品种名称", "generic_name_and_form"),
    "strength": ("规格", "spec"),
    "maker": ("企业", "中选企业", "生产企业", "manufacturer"),
    "short_maker": ("企业简称", "manufacturer_short"),
    "won": ("是否中选", "中选", "won"),
    "unit_price": ("最小单位中选价", "最小单位价格", "单片价", "bid_price_min_unit"),
    "region": ("供应省份", "供应地区", "supply_provinces"),
    "begins": ("执行日期", "开始日期", "begins"),
    "ends": ("结束日期", "协议到期", "ends"),
    "document": ("批次", "轮次", "文件", "round"),
}
MARKS = ("title", "strength", "won", "unit_price", "region", "document")
REQUIRED = (
    ("药品名称", ("title",)),
    ("规格", ("strength",)),
    ("企业", ("maker",)),
    ("最小单位中选价", ("unit_price",)),
)
_LOST = ("否", "0", "未中选", "no", "false")


def take(intake: Intake, grid: Grid, found: Found) -> None:
    """Take the winning bids in; a round whose days the file does not tell needs them from the person."""
    put = writer(intake)
    entries = {key.partition(":")[2].replace("|", ""): key for key in sorted(kept.hung_keys(intake.drugs))}
    cells = Columns(found.columns)
    lost = 0
    for batch in body(grid, found):
        cells.take(batch)
        fields = {field: cells.texts(field) for field in SYNONYMS}
        for place, line in enumerate(batch.lines):
            texts = {field: column[place] for field, column in fields.items()}
            if texts["won"].lower() in _LOST:
                lost += 1
                continue
            _take_row(intake, line, texts, entries, put)
        intake.count(len(batch.rows))
    if lost:
        intake.note(0, f"{lost} 行", "没有中选，不是现行价格，没有导入。")


def _take_row(
    intake: Intake,
    line: int,
    texts: dict[str, str],
    entries: dict[str, str],
    put: Callable[[str, Price], None],
) -> None:
    label = " ".join((texts["title"], texts["strength"], texts["short_maker"] or texts["maker"]))
    amount = decimal_of(texts["unit_price"])
    if amount is None or amount == 0:
        intake.refuse(line, label, f"价格「{texts['unit_price'][:20]}」不是金额，这一行没有导入。")
        return
    dates = dates_of(intake, texts["begins"], texts["ends"])
    regions = regions_of(intake, texts["region"], "procurement")
    if isinstance(dates, str) or isinstance(regions, str):
        intake.refuse(line, label, dates if isinstance(dates, str) else str(regions))
        return
    drugs = _drugs(intake, texts, entries)
    if not drugs:
        intake.doubt(line, label, "目录里没有这个名称、规格、企业的药，这一行没有导入。")
    document = " ".join(part for part in (texts["document"], intake.options.document) if part)
    for drug in drugs:
        fen = pack_price(amount, drug.pack_size or 1)
        made = Price(
            line=line,
            label=label,
            kind="procurement",
            fen=fen,
            regions=regions,
            dates=dates,
            document=document,
        )
        put(drug.code, made)
    _warn_of_age(intake, line, label, dates)


def pack_price(unit: Decimal, size: int) -> Fen:
    """Return the price of a pack of ``size`` units, in fen, half up."""
    return int((unit * size * 200 + 1) // 2)


def _drugs(intake: Intake, texts: dict[str, str], entries: dict[str, str]) -> list[Placed]:
    """Return the packs that a bid is for: of its entry of the list, strength and maker."""
    title = fold(texts["title"])
    key = entries.get(title)
    hits = kept.hanging_on(intake.drugs, key) if key else kept.by_name(intake.drugs, title)
    own = quantities(texts["strength"])
    if not own:
        return []
    makers = [texts[field] for field in ("maker", "short_maker") if texts[field]]
    return [
        hit
        for hit in hits
        if quantities(hit.strength or hit.spec)[: len(own)] == own
        and any(same_maker(hit.maker, maker) for maker in makers)
        and hit.pack_size is not None
    ]


def _warn_of_age(intake: Intake, line: int, label: str, dates: Dates) -> None:
    if dates.ends is not None and dates.ends < intake.today:
        why = f"这一轮执行到 {dates.ends.isoformat()}，今天已经不用；只作当天及以前的价格。"
        intake.note(line, label, why)
