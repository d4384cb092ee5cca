"""`import`: the national database of 300,000 drugs as CSV, from the file to the commit, in one process.

Timed is the whole of ``import_file``: reading and decoding, finding kind and heading, every check of every
row, pinyin of each name, what changed against what is held, the list's classes as rows in force, what is
searched by, and the commit. The catalogue is empty before; a second run of the same file, in which nothing
changes, is timed apart and printed beside it.

Baseline: the same rows, ready as tuples, put by one bare ``executemany`` into the same table with the same
indexes, in one transaction, in a database of the same kind on the same disk.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from app.importing.intake import Options
from app.importing.run import Shelves, import_file
from app.storage import catalogue, intake
from app.storage.connection import Connection, open_database, transaction
from app.storage.migrations import migrate
from bench.drugs import drugs
from bench.result import Result, seconds
from engine.catalogue import Drug
from tests.fakes.import_shop import HEADINGS

DRUGS = 300_000
BUDGET = 20_000
_KEY = bytes(range(32))
_AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
_CLASSES = {"A": "甲", "B": "乙", "C": "丙"}


def measure() -> Result:
    """Import the workbook twice, and put its rows bare once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "国家医保药品数据库.csv"
        _write(path)
        first_s, again_s = _import_twice(Path(folder), path)
        bare_s = _bare(Path(folder))
    rate, bare = DRUGS / first_s, DRUGS / bare_s
    return Result(
        name="import",
        unit="rows/s",
        value=rate,
        baseline=bare,
        ratio=rate / bare,
        budget=f"≥ {BUDGET:,} rows a second",
        met=rate >= BUDGET,
        notes=(
            f"{DRUGS:,} rows in {first_s:.1f} s, bare insert {bare_s:.1f} s",
            f"the same file again, which changes nothing: {again_s:.1f} s",
        ),
    )


def _import_twice(folder: Path, path: Path) -> tuple[float, float]:
    books = open_database(folder / "counter.db", _KEY)
    migrate(books)
    held = catalogue.open_catalogue(folder / "catalogue.db", _KEY)
    shelves = Shelves(drugs=held, books=books, region="330681")
    try:
        first_s = seconds(lambda: import_file(shelves, path, Options(), _AT))
        if catalogue.count(held) != DRUGS:
            raise ValueError("not every drug was imported")
        return first_s, seconds(lambda: import_file(shelves, path, Options(), _AT))
    finally:
        held.close()
        books.close()


def _bare(folder: Path) -> float:
    """Return the seconds in which the imported rows are put bare into an empty table of the same making."""
    source = catalogue.open_catalogue(folder / "catalogue.db", _KEY)
    rows = source.execute("SELECT * FROM drug ORDER BY rowid").fetchall()
    source.close()
    target = catalogue.open_catalogue(folder / "bare.db", _KEY)
    intake.make_room(target)
    try:
        return seconds(_insert(target, rows))
    finally:
        target.close()


def _insert(db: Connection, rows: list[tuple[object, ...]]) -> Callable[[], None]:
    statement = f"INSERT INTO drug VALUES ({', '.join('?' * len(rows[0]))})"

    def insert() -> None:
        with transaction(db):
            db.executemany(statement, rows)

    return insert


def _write(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADINGS)
        for number, drug in enumerate(drugs(DRUGS)):
            out.writerow(_row(drug, number))


def _row(drug: Drug, number: int) -> list[str]:
    listing = drug.listings[0] if drug.listings else None
    cells = dict.fromkeys(HEADINGS, "")
    cells |= {
        "药品代码": drug.code,
        "数据来源": "合成",
        "注册名称": drug.generic_name,
        "商品名称": drug.trade_name or "",
        "注册剂型": drug.form,
        "剂型": drug.form,
        "注册规格": drug.strength,
        "规格": drug.strength,
        "包装材质": "铝塑",
        "最小包装数量": str(drug.pack_size or ""),
        "最小制剂单位": drug.pack_unit,
        "最小包装单位": drug.unit,
        "药品企业": drug.maker,
        "生产企业": drug.maker,
        "上市药品持有人": drug.maker,
        "批准文号": drug.approval,
        "药品本位码": drug.standard_code or "",
        "市场状态": "正常" if drug.on_market else "注销",
    }
    if listing is not None:
        cells |= {
            "医保药品名称": drug.generic_name,
            "2025版甲乙类": _CLASSES[listing.klass],
            "医保剂型": drug.form,
            "编号": str(number % 3_000),
        }
    return list(cells.values())
