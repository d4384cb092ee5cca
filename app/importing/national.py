"""The national drug database's workbook (医保药品分类与代码), as XLSX or as text."""

from __future__ import annotations

import re

from app.importing.drugs import DrugFile, Edition, take_drugs
from app.importing.editions import between_others, edition_named
from app.importing.grid import Grid
from app.importing.headings import Found, Synonyms, plain
from app.importing.intake import Intake

ORIGIN = "national"
SYNONYMS: Synonyms = {
    "code": ("药品代码", "医保药品代码", "国家药品代码", "国家医保代码", "医保代码"),
    "name": ("注册名称", "药品名称", "药品通用名", "通用名"),
    "trade_name": ("商品名称", "商品名"),
    "form": ("注册剂型",),
    "form2": ("剂型",),
    "spec": ("注册规格",),
    "strength": ("规格",),
    "size": ("最小包装数量",),
    "pack_unit": ("最小制剂单位",),
    "unit": ("最小包装单位",),
    "maker": ("药品企业",),
    "maker2": ("生产企业",),
    "maker3": ("上市药品持有人", "上市许可持有人"),
    "approval": ("批准文号",),
    "standard_code": ("药品本位码", "本位码"),
    "market": ("市场状态",),
    "list_name": ("医保药品名称",),
    "klass": ("~[0-9]{4}年?版甲乙类", "甲乙类"),
    "list_form": ("医保剂型",),
    "number": ("编号",),
    "remark": ("备注",),
    "former": ("曾用码",),
    "repacker": ("分包装企业名称",),
    "old_approval": ("原批准文号",),
    "material": ("包装材质",),
    "source": ("数据来源",),
}
MARKS = ("code", "name", "form", "spec", "size", "approval", "standard_code", "market", "list_name", "maker")
"""Fields by which this file is known from others; most of them are in it."""

REQUIRED = (
    ("药品代码", ("code",)),
    ("注册名称", ("name",)),
    ("注册剂型或剂型", ("form", "form2")),
    ("注册规格或规格", ("spec", "strength")),
    ("药品企业或生产企业", ("maker", "maker2", "maker3")),
    ("批准文号", ("approval",)),
)


def take(intake: Intake, grid: Grid, found: Found) -> None:
    """Take a workbook in, with the list's classes where it says of which edition they are."""
    take_drugs(intake, grid, found, DrugFile(origin=ORIGIN, whole=True, edition=_edition(intake, found)))


def _edition(intake: Intake, found: Found) -> Edition | None:
    if "klass" not in found.columns:
        return None
    heading = found.headings[found.columns["klass"]]
    year = re.search("20[0-9]{2}", plain(heading))
    edition = edition_named(intake, int(year[0]) if year else None)
    return between_others(intake, "workbook", edition)
