"""Which edition of the national list a file is of, and when that edition is in force."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from typing import Any

from app.importing.drugs import Edition
from app.importing.intake import ImportQuestion, Intake, Options
from app.resources import resource

_YEAR = re.compile("(?<![0-9])(20[0-9]{2})(?![0-9])")


@cache
def editions() -> dict[int, Edition]:
    """Return the editions whose days are known."""
    told = tomllib.loads(resource("lists/national.toml").read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = told["list"]
    return {
        row["year"]: Edition(year=row["year"], begins=row["begins"], ends=row.get("ends")) for row in rows
    }


def edition_of(options: Options, year: int | None) -> Edition | None:
    """Return the edition of ``year``; what the person said comes first. None: its days are not known."""
    year = options.year or year
    known = editions().get(year or 0)
    begins = options.begins or (known.begins if known else None)
    if begins is None:
        return None
    ends = options.ends or (known.ends if known else None)
    return Edition(year=year or begins.year, begins=begins, ends=ends)


def needed_edition(intake: Intake) -> Edition:
    """Return the edition of a printed list, whose table names none; ask where nothing tells it.

    A year in the file's name is taken: it is how these files are called.
    """
    named = _YEAR.search(intake.name)
    edition = edition_of(intake.options, int(named[1]) if named else None)
    if edition is None:
        answers = [(f"year={year}", f"是 {year} 年版，") for year in sorted(editions(), reverse=True)]
        raise ImportQuestion(f"文件「{intake.name}」没有写明是哪一年的目录。", answers)
    return edition


def warn_of_age(intake: Intake, edition: Edition) -> None:
    """Say where an edition is not in force today."""
    if edition.ends is not None and edition.ends < intake.today:
        why = f"这一版执行到 {edition.ends.isoformat()}，今天已经不用；当天的销售不会用到它。"
        intake.doubt(0, f"{edition.year} 年版目录", why)
    elif edition.begins > intake.today:
        intake.note(
            0, f"{edition.year} 年版目录", f"从 {edition.begins.isoformat()} 起执行，到那天自动用上。"
        )
