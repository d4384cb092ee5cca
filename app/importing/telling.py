"""What an import says of itself: its report, and line by line to the counter that started it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from app.importing.errors import ReportNotWritten
from app.storage.intake import Remark, Run

SEVERITIES = {"refused": "没有导入", "doubtful": "存疑", "delisted": "下架", "note": "说明"}


class Report(Struct, frozen=True, kw_only=True):
    """What came of an import. ``again``: the same file was the last of its kind, and nothing changed."""

    run: Run
    title: str
    remarks: tuple[Remark, ...]
    again: bool = False


class Column(Struct, frozen=True, kw_only=True):
    """A column of a file as a person is shown it: heading, first cells, what it is taken for."""

    heading: str
    samples: tuple[str, ...]
    field: str = ""


class Look(Struct, frozen=True, kw_only=True, tag="look"):
    """What a file looks like before it is imported; ``known``: its columns were named before."""

    kind: str
    title: str
    columns: tuple[Column, ...] = ()
    known: bool = False


class Progress(Struct, frozen=True, kw_only=True, tag="progress"):
    """How far an import is: ``phase`` is reading, listing, search or saving; ``of`` 0: not known."""

    phase: str
    done: int
    of: int


class Done(Struct, frozen=True, kw_only=True, tag="done"):
    """The import is in the catalogue; its remarks are there, too."""

    run: Run
    title: str
    again: bool


class Asked(Struct, frozen=True, kw_only=True, tag="asked"):
    """Nothing was imported: a person is asked first. ``choices`` are (option, words)."""

    question: str
    choices: tuple[tuple[str, str], ...]


class Failed(Struct, frozen=True, kw_only=True, tag="failed"):
    """Nothing was imported, and why."""

    what: str
    advice: str


Said: TypeAlias = Progress | Done | Asked | Failed | Look
"""A line of a child that imports."""


def summary(report: Report) -> str:
    """Return a report in a few sentences."""
    run = report.run
    if not run.rows:
        told = f"{report.title}：{'没有取到' if run.refused else '没有新的内容'}，这一项没有改动。"
    elif took_nothing(run):
        told = f"{report.title}：{run.rows} 行里没有一行能导入，目录没有改动。"
    elif report.again:
        told = f"{report.title}：这个文件导入过，目录和它完全一样，没有改动（{run.rows} 行）。"
    else:
        told = (
            f"{report.title}已导入，共 {run.rows} 行：新增 {run.added}，更改 {run.changed}，"
            f"没有变化 {run.unchanged}，下架 {run.delisted}。"
        )
    odd = [
        f"{count} 处{words}" for count, words in ((run.refused, "没有导入"), (run.doubtful, "存疑")) if count
    ]
    return told + (f"另有 {'、'.join(odd)}，见下面的清单。" if odd else "")


def foremost(reports: Sequence[Report]) -> Report:
    """Return what a person should see first: where something was refused or is doubtful, or changed most."""
    return max(
        reports, key=lambda each: (each.run.refused, each.run.doubtful, each.run.added, each.run.changed)
    )


def took_nothing(run: Run) -> bool:
    """Tell whether no row of a file could be used."""
    return bool(run.rows) and not (run.added or run.changed or run.unchanged or run.delisted)


def lines(remarks: Iterable[Remark]) -> Iterable[str]:
    """Return remarks as lines for a terminal."""
    for each in remarks:
        where = f"第 {each.line} 行" if each.line else "整个文件"
        yield f"{SEVERITIES[each.severity]}\t{where}\t{each.what}\t{each.why}"


def write_report(path: Path, remarks: Iterable[Remark]) -> None:
    """Write remarks as CSV that a spreadsheet opens; raise ReportNotWritten."""
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            out = csv.writer(file)
            out.writerow(("行号", "性质", "内容", "原因和办法"))
            out.writerows(
                (each.line or "", SEVERITIES[each.severity], each.what, each.why) for each in remarks
            )
    except OSError as error:
        raise ReportNotWritten(path=path) from error
