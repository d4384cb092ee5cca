"""The list of herbal slices (中药饮片): names, and which are not paid for alone."""

from __future__ import annotations

from app.importing.columns import Columns
from app.importing.editions import between_others, needed_edition, warn_of_age
from app.importing.grid import Grid
from app.importing.headings import Found, Synonyms, body
from app.importing.intake import Intake
from app.storage import listings

SYNONYMS: Synonyms = {
    "name": ("饮片名称", "中药饮片名称", "药品名称", "名称", "name"),
    "alone": ("单味使用不予支付", "~单味.*", "single_use_not_paid_mark"),
    "number": ("编号", "序号", "no"),
}
MARKS = ("name", "alone")
REQUIRED = (("饮片名称", ("name",)), ("单味使用不予支付", ("alone",)))
_ALONE = "单味使用不予支付。"
_CLASS = "饮片的甲乙类由省里定，先按乙类、不先行自付记；导入本地的医保目录（1312）后以本地的为准。"


def take(intake: Intake, grid: Grid, found: Found) -> None:
    """Take the slices in."""
    edition = needed_edition(intake)
    warn_of_age(intake, edition)
    edition = between_others(intake, "slices", edition)
    source, begins = f"slices:{edition.year}", edition.begins.isoformat()
    ends = listings.end_text(edition.ends)
    held = listings.entries_of(intake.drugs, source)
    told: dict[tuple[str, str, str], int] = {}
    touched = 0
    cells = Columns(found.columns)
    for batch in body(grid, found):
        cells.take(batch)
        for line, name, alone in zip(batch.lines, cells.texts("name"), cells.texts("alone"), strict=True):
            key = f"T:{name}"
            if not name:
                intake.refuse(line, "", "没有饮片名称，这一行没有导入。")
            elif (key, "", begins) in told:
                intake.doubt(line, name, f"和第 {told[key, '', begins]} 行同名，用了前一行。")
            else:
                told[key, "", begins] = line
                scope = _ALONE if alone else ""
                if listings.put_entry(intake.drugs, (key, source, "", begins, ends, "B", scope, 0, 0)):
                    intake.keys.add(key)
                    touched += 1
        intake.count(len(batch.rows))
    _drop_missing(intake, source, held - told.keys(), len(held))
    intake.settle(touched, len(told.keys() - held), len(told))
    intake.note(0, f"{len(told)} 味饮片", _CLASS)


def _drop_missing(intake: Intake, source: str, gone: set[tuple[str, str, str]], of: int) -> None:
    if intake.allow_delisting(len(gone), of, "饮片目录里"):
        for key, region, first in sorted(gone):
            listings.drop(intake.drugs, "entry", (key, source, region, first))
            intake.keys.add(key)
            intake.delist(key.removeprefix("T:"), "新的饮片目录里没有。")
