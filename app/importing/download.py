"""The agency's download of drugs (1301): tabs without a heading, columns in the order of the region."""

from __future__ import annotations

from typing import Any

from app.importing.columns import folded
from app.importing.drugs import DrugFile, take_drugs
from app.importing.errors import MappingUnclear
from app.importing.grid import Grid
from app.importing.headings import Found
from app.importing.intake import Intake
from engine.codes import is_national_code

ORIGIN = "agency"
FIELDS = {
    "医疗目录编码": "code",
    "药品商品名": "trade_name",
    "注册名称": "name",
    "药品通用名": "name2",
    "药品本位码": "standard_code",
    "药监本位码": "standard_code",
    "注册剂型": "form",
    "剂型": "form2",
    "注册规格": "spec",
    "规格": "strength",
    "非处方药标志": "otc",
    "最小包装数量": "size",
    "最小制剂单位": "pack_unit",
    "最小包装单位": "unit",
    "生产企业": "maker",
    "批准文号": "approval",
    "有效标志": "market",
}
_FEWEST = 8
_NEEDED = ("医疗目录编码", "注册名称", "批准文号")


def looks_like(grid: Grid) -> bool:
    """Tell whether the very first cell is a national code, as only a file without a heading has it."""
    head = grid.head(1)
    return bool(head.rows) and len(head.rows[0]) >= _FEWEST and is_national_code(folded(head.rows[0][0]))


def found_by(columns: tuple[str, ...]) -> Found:
    """Return where each field stands by the region's order of columns; raise MappingUnclear."""
    places: dict[str, int] = {}
    for place, name in enumerate(columns):
        if name in FIELDS:
            places.setdefault(FIELDS[name], place)
    lacking = [name for name in _NEEDED if FIELDS[name] not in places]
    if lacking:
        raise MappingUnclear(why=f"地区的列次序里没有{'、'.join(lacking)}。")
    return Found(line=0, columns=places, headings=())


def take(intake: Intake, grid: Grid, found: Found) -> None:
    """Take a download in; it tells what changed, so what it lacks stays as it is."""
    file = DrugFile(origin=ORIGIN, whole=False, market=_valid, otc=_prescription_only)
    take_drugs(intake, grid, found, file)


def _valid(cell: Any) -> int:
    return 0 if folded(cell) in ("0", "无效", "停用") else 1


def _prescription_only(cell: Any) -> int:
    """Only what says so is without prescription: 1 OTC, by class 甲 or 乙."""
    return 0 if folded(cell) in ("1", "是", "OTC", "甲类非处方药", "乙类非处方药") else 1
