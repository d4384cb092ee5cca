"""Which edition of the national list a file is of, and when that edition is in force."""

from __future__ import annotations

import re
import tomllib
from datetime import date, timedelta
from functools import cache
from typing import Any

from msgspec.structs import replace

from app.importing.drugs import Edition
from app.importing.intake import ImportQuestion, Intake, Options
from app.resources import resource
from app.storage import listings
from app.storage.catalogue import marks_of, put_mark

_DAY = timedelta(days=1)
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
    return edition_named(intake, int(named[1]) if named else None)


def edition_named(intake: Intake, year: int | None) -> Edition:
    """Return the edition of ``year``, or the one that the person said; ask where its days are not known."""
    edition = edition_of(intake.options, year)
    if edition is not None:
        return edition
    if year is None:
        answers = [(f"year={known}", f"是 {known} 年版，") for known in sorted(editions(), reverse=True)]
        raise ImportQuestion(f"文件「{intake.name}」没有写明是哪一年的目录。", answers)
    days = (date(year + 1, 1, 1), intake.today)
    raise ImportQuestion(
        f"文件「{intake.name}」是 {year} 年版的目录，程序还不知道它从哪天起执行。",
        [(f"begins={day.isoformat()}", f"从 {day.isoformat()} 起执行，") for day in days],
    )


def between_others(intake: Intake, kind: str, edition: Edition) -> Edition:
    """Return ``edition`` with its end where the next one is known; let those before it end in time.

    So what a new edition no longer lists is listed up to its first day, and not longer.
    """
    begun = f"edition {kind}:"
    known = {
        name.removeprefix(begun): date.fromisoformat(day)
        for name, day in marks_of(intake.drugs, begun).items()
    }
    put_mark(intake.drugs, f"{begun}{edition.year}", edition.begins.isoformat())
    for year, begins in known.items():
        if begins < edition.begins:
            intake.keys |= listings.end_edition(intake.drugs, f"{kind}:{year}", edition.begins - _DAY)
    later = min((begins for begins in known.values() if begins > edition.begins), default=None)
    if later is None or (edition.ends is not None and edition.ends < later):
        return edition
    return replace(edition, ends=later - _DAY)


def warn_of_age(intake: Intake, edition: Edition) -> None:
    """Say where an edition is not in force today."""
    if edition.ends is not None and edition.ends < intake.today:
        why = f"这一版执行到 {edition.ends.isoformat()}，今天已经不用；当天的销售不会用到它。"
        intake.doubt(0, f"{edition.year} 年版目录", why)
    elif edition.begins > intake.today:
        intake.note(
            0, f"{edition.year} 年版目录", f"从 {edition.begins.isoformat()} 起执行，到那天自动用上。"
        )
