"""A shop whose catalogue takes files: real databases, files made as other programs make them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from app.importing.intake import Options
from app.importing.run import Shelves, import_file
from app.importing.telling import Report
from app.storage import catalogue
from app.storage.connection import open_database
from app.storage.intake import Remark
from app.storage.migrations import migrate
from app.usecases import shelf
from engine.catalogue import Drug

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
KEY = bytes(32)
HEADINGS = (
    "药品代码",
    "数据来源",
    "注册名称",
    "商品名称",
    "注册剂型",
    "剂型",
    "注册规格",
    "规格",
    "包装材质",
    "最小包装数量",
    "最小制剂单位",
    "最小包装单位",
    "药品企业",
    "分包装企业名称",
    "生产企业",
    "批准文号",
    "原批准文号",
    "药品本位码",
    "上市药品持有人",
    "市场状态",
    "医保药品名称",
    "2025版甲乙类",
    "医保剂型",
    "编号",
    "备注",
    "曾用码",
)
AMLODIPINE = {
    "药品代码": "XC08CAA012A001010100001",
    "注册名称": "苯磺酸氨氯地平片",
    "注册剂型": "片剂",
    "规格": "5mg",
    "最小包装数量": "28",
    "最小制剂单位": "片",
    "最小包装单位": "盒",
    "药品企业": "甲制药有限公司",
    "批准文号": "国药准字H20010001",
    "药品本位码": "86900001000019",
    "市场状态": "正常",
    "医保药品名称": "氨氯地平",
    "2025版甲乙类": "甲",
    "医保剂型": "口服常释剂型",
    "编号": "415",
}
METFORMIN = {
    **AMLODIPINE,
    "药品代码": "XA10BAE030A001010100002",
    "注册名称": "盐酸二甲双胍片",
    "规格": "0.25g",
    "最小包装数量": "48",
    "批准文号": "国药准字H20020002",
    "药品本位码": "86900002000018",
    "医保药品名称": "二甲双胍",
    "编号": "129",
}
PATENT = {
    **AMLODIPINE,
    "药品代码": "ZA01BAL0100010100003",
    "注册名称": "六味地黄丸",
    "注册剂型": "丸剂",
    "规格": "9g",
    "最小包装数量": "10",
    "最小制剂单位": "丸",
    "批准文号": "国药准字Z20030003",
    "药品本位码": "86900003000017",
    "医保药品名称": "六味地黄丸",
    "2025版甲乙类": "乙",
    "医保剂型": "",
    "编号": "374",
}
DRUGS = (AMLODIPINE, METFORMIN, PATENT)


class ImportShop:
    """Catalogue and books in a folder, and the files that are put before them."""

    def __init__(self, folder: Path, region: str = "330681") -> None:
        self.folder = folder
        self.books = open_database(folder / "counter.db", KEY)
        migrate(self.books)
        self.drugs = catalogue.open_catalogue(folder / "catalogue.db", KEY)
        self.shelves = Shelves(drugs=self.drugs, books=self.books, region=region)

    def close(self) -> None:
        self.drugs.close()
        self.books.close()

    def take(self, path: Path, at: datetime = NOW, **options: Any) -> Report:
        """Import a file."""
        return import_file(self.shelves, path, Options(**options), at)

    def put(self, name: str, content: bytes) -> Path:
        """Write a file as it lies on a stick."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def drug(self, code: str) -> Drug:
        """Return a drug as the counter finds it."""
        found = shelf.named(self.books, self.drugs, code)
        assert found is not None
        return found

    def has(self, code: str) -> bool:
        return shelf.named(self.books, self.drugs, code) is not None


def table(rows: Iterable[Mapping[str, str]], headings: Sequence[str] = HEADINGS) -> list[list[str]]:
    """Return rows under their headings."""
    return [list(headings), *([row.get(heading, "") for heading in headings] for row in rows)]


def text(rows: Iterable[Sequence[str]], mark: str = ",") -> str:
    """Return rows as separated text."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=mark).writerows(rows)
    return out.getvalue()


def workbook(
    rows: Iterable[Sequence[Any]],
    merged: Iterable[str] = (),
    first: int = 1,
    more: Mapping[str, Iterable[Sequence[Any]]] | None = None,
) -> bytes:
    """Return rows as a spreadsheet program saves them, from row ``first`` on; ``more`` are further sheets."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for name, others in (more or {}).items():
        further = book.create_sheet(name)
        for other in others:
            further.append(list(other))
    for line, row in enumerate(rows, first):
        for column, cell in enumerate(row, 1):
            if cell != "":
                sheet.cell(line, column, cell)
    for area in merged:
        sheet.merge_cells(area)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zipped(content: bytes, name: str = "1301.txt") -> bytes:
    """Return a zip with one text."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def said(report: Report, severity: str) -> list[Remark]:
    """Return the remarks of one severity."""
    return [each for each in report.remarks if each.severity == severity]
