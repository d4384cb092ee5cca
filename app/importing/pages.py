"""The agency's pages (1312, 1316, 1318, 1319): asked for page by page, or saved as files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from app.importing.errors import FileUnreadable
from app.importing.intake import Intake
from app.storage import listings
from engine.protocol.catalogue_rows import (
    Entry1312,
    Limit1318,
    ListProfile,
    Match1316,
    PageKind,
    Row,
    Rows,
    Share1319,
    kind_of_rows,
    rows_of,
)

SOURCE = "agency"


def saved_rows(content: bytes) -> list[list[dict[str, Any]]] | None:
    """Return the rows of pages saved as the interface answers, page by page; None for what is none.

    A file may hold a whole answer, its output, its rows alone, or several of these one after another.
    """
    pages: list[list[dict[str, Any]]] = []
    text = content.decode("utf-8-sig", errors="replace").strip()
    try:
        values = [msgspec.json.decode(text)]
    except msgspec.DecodeError:
        try:
            values = [msgspec.json.decode(line) for line in text.splitlines() if line.strip()]
        except msgspec.DecodeError:
            return None
    for value in values:
        rows = _saved(value)
        if rows is None:
            return None
        pages.append(rows)
    return pages


def _saved(value: Any) -> list[dict[str, Any]] | None:
    while isinstance(value, dict):
        value = value.get("output", value.get("data"))
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return value
    return None


def take_saved(intake: Intake, pages: Sequence[list[dict[str, Any]]], profile: ListProfile) -> PageKind:
    """Take saved pages in; return of which kind they are. A row's line counts the rows of the file."""
    rows = [row for page in pages for row in page]
    kind = kind_of_rows(rows)
    if kind is None:
        raise FileUnreadable(name=intake.name, why="里面不是 1312、1316、1318 或 1319 的应答。")
    take_rows(intake, kind, rows_of(rows, kind, profile))
    intake.count(len(rows))
    return kind


def take_rows(intake: Intake, kind: PageKind, read: Rows) -> None:
    """Take rows of a page in; what changed waits in ``intake.keys`` for its rows in force."""
    for place, why in read.bad:
        intake.refuse(place, f"{kind} 第 {place} 行", f"{why}这一行没有导入。")
    touched = sum(_take(intake, place, row) for place, row in read.rows)
    intake.settle(touched, 0, len(read.rows))


def _take(intake: Intake, place: int, row: Row) -> bool:
    if isinstance(row, Entry1312):
        return _take_entry(intake, place, row)
    if isinstance(row, Match1316):
        return _take_match(intake, place, row)
    if isinstance(row, Limit1318):
        return _take_limit(intake, place, row)
    return _take_share(intake, place, row)


def _take_entry(intake: Intake, place: int, row: Entry1312) -> bool:
    if not row.is_drug:
        intake.note(place, f"{row.key} {row.name}", "不是药品，没有导入。")
        return False
    key = _key(row.key)
    begins = row.begins.isoformat()
    if row.ended:
        return _changed(intake, key, listings.drop(intake.drugs, "entry", (key, SOURCE, row.region, begins)))
    ends = listings.end_text(row.ends)
    fact = (key, SOURCE, row.region, begins, ends, row.klass, row.scope, 0, 0)
    return _changed(intake, key, listings.put_entry(intake.drugs, fact))


def _take_match(intake: Intake, place: int, row: Match1316) -> bool:
    if not row.is_drug:
        intake.note(place, f"{row.code} {row.key}", "不是药品，没有导入。")
        return False
    begins = row.begins.isoformat()
    if row.ended:
        return listings.drop(intake.drugs, "entry_match", (row.code, row.region, begins))
    fact = (row.code, row.region, begins, _key(row.key), listings.end_text(row.ends))
    return listings.put_match(intake.drugs, fact)


def _take_limit(intake: Intake, place: int, row: Limit1318) -> bool:
    key = _key(row.key)
    if row.kind is None:
        intake.doubt(place, row.key, f"限价类型「{row.type}」不在本地的对照里，没有采用。")
        return False
    where = (key, row.region, row.kind, row.begins.isoformat(), "")
    if row.ended:
        return _changed(intake, key, listings.drop(intake.drugs, "standard", where))
    fact = (*where, listings.end_text(row.ends), row.fen)
    return _changed(intake, key, listings.put_standard(intake.drugs, fact))


def _take_share(intake: Intake, place: int, row: Share1319) -> bool:
    key = _key(row.key)
    if not row.known:
        intake.doubt(place, row.key, f"先自付的人员类别「{row.type}」不在本地的对照里，没有采用。")
        return False
    where = (key, row.region, row.insurance or "", row.begins.isoformat())
    if row.ended:
        return _changed(intake, key, listings.drop(intake.drugs, "self_pay", where))
    return _changed(
        intake, key, listings.put_self_pay(intake.drugs, (*where, listings.end_text(row.ends), row.ratio_bp))
    )


def _changed(intake: Intake, key: str, is_new: bool) -> bool:
    if is_new:
        intake.keys.add(key)
    return is_new


def _key(entry: str) -> str:
    """Return the key of an entry of the region's list."""
    return f"L:{entry}"
