"""The printed reimbursement list as a table: class, limited scope, negotiated prices and agreements."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from msgspec import Struct

from app.importing.cells import is_secret
from app.importing.columns import Columns
from app.importing.drugs import CLASSES, Edition, entry_key
from app.importing.editions import between_others, needed_edition, warn_of_age
from app.importing.grid import Grid
from app.importing.headings import Found, Synonyms, body
from app.importing.intake import Intake
from app.storage import intake as kept
from app.storage import listings
from engine.standards import UnitStandard, pack_standard, parse_standards

SYNONYMS: Synonyms = {
    "name": ("药品名称", "医保药品名称", "name"),
    "klass": ("甲乙类", "~[0-9]{4}年?版甲乙类", "医保类别", "class_ab"),
    "form": ("剂型", "医保剂型", "dosage_form"),
    "number": ("编号", "no"),
    "section": ("部分", "目录部分", "section"),
    "standard": ("医保支付标准", "支付标准", "pay_standard"),
    "scope": ("限定支付范围", "备注", "限制条件", "limit_remark"),
    "period": ("协议有效期", "agreement_period"),
    "class_code": ("药品分类代码", "class_code"),
    "class_name": ("药品分类", "class_name"),
}
MARKS = ("name", "klass", "form", "scope", "standard", "period", "number")
REQUIRED = (("药品名称", ("name",)), ("甲乙类", ("klass",)))
_PERIOD = re.compile(
    r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日(?:至|-|~|—)+([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日"
).search
_DECORATION = re.compile("[☆★△▲□*#]+")
SECRET = "支付标准保密（*），没有记支付标准，按实际价格算。"


class _Line(Struct, frozen=True, kw_only=True):
    """A row of the list as read."""

    line: int
    key: str
    label: str
    begins: date
    ends: date | None
    fact: tuple[str, str, int, int]  # Class, scope, negotiated, procured.
    standards: tuple[UnitStandard, ...] = ()


def take(intake: Intake, grid: Grid, found: Found) -> None:
    """Take a printed list in; what it lists and no drug hangs on waits for the drug."""
    edition = needed_edition(intake)
    warn_of_age(intake, edition)
    edition = between_others(intake, "list", edition)
    lines = _lines(intake, grid, found, edition)
    _put(intake, f"list:{edition.year}", lines)
    hung = kept.hung_keys(intake.drugs)
    if not any(each.key in hung for each in lines.values()):
        why = "目录里还没有一种药写着它们的医保药品名称；先记着，药到了就生效。"
        intake.doubt(0, f"{len(lines)} 条", why)
        return
    for each in lines.values():
        if each.key not in hung:
            intake.doubt(each.line, each.label, "目录里还没有这种药；先记着，药到了就生效。")
        elif each.standards:
            _check_standards(intake, each)


def _lines(intake: Intake, grid: Grid, found: Found, edition: Edition) -> dict[tuple[str, date], _Line]:
    cells = Columns(found.columns)
    lines: dict[tuple[str, date], _Line] = {}
    for batch in body(grid, found):
        cells.take(batch)
        fields = [
            cells.texts(field)
            for field in ("name", "form", "klass", "section", "standard", "scope", "period")
        ]
        for line, *told in zip(batch.lines, *fields, strict=True):
            read = _line(intake, edition, line, *told)
            if read is not None:
                _add(intake, lines, read)
        intake.count(len(batch.rows))
    return lines


def _add(intake: Intake, lines: dict[tuple[str, date], _Line], read: _Line) -> None:
    first = lines.setdefault((read.key, read.begins), read)
    if first is not read and (first.fact, first.standards) != (read.fact, read.standards):
        intake.doubt(read.line, read.label, f"和第 {first.line} 行同名同剂型而内容不同，用了前一行。")


def _line(  # noqa: PLR0917
    intake: Intake,
    edition: Edition,
    line: int,
    name: str,
    form: str,
    klass: str,
    section: str,
    standard: str,
    scope: str,
    period: str,
) -> _Line | None:
    bare = _DECORATION.sub("", name).strip()
    label = " ".join(part for part in (bare, form) if part)
    if not bare:
        intake.refuse(line, klass, "没有药品名称，这一行没有导入。")
        return None
    letter = CLASSES.get(klass)
    if letter is None:
        intake.refuse(line, label, f"甲乙类写的是「{klass}」，这一行没有导入。")
        return None
    begins, ends = edition.begins, edition.ends
    if period:
        agreed = _agreed(period)
        if agreed is None:
            intake.doubt(line, label, f"协议有效期「{period}」看不懂，按整版目录的执行期记。")
        else:
            begins, ends = agreed
    return _Line(
        line=line,
        key=entry_key(bare, form),
        label=label,
        begins=begins,
        ends=ends,
        fact=(letter, scope, int("谈判" in section), 0),
        standards=_standards(intake, line, label, standard),
    )


def _standards(intake: Intake, line: int, label: str, text: str) -> tuple[UnitStandard, ...]:
    standards = parse_standards(text)
    if standards is None:
        intake.doubt(line, label, f"支付标准「{text[:40]}」看不懂，没有记支付标准。")
        return ()
    if is_secret(text):
        intake.note(line, label, SECRET)
    return standards


def _agreed(text: str) -> tuple[date, date] | None:
    match = _PERIOD(text.replace(" ", ""))
    if match is None:
        return None
    numbers = [int(part) for part in match.groups()]
    try:
        begins, ends = date(*numbers[:3]), date(*numbers[3:])
    except ValueError:
        return None
    return (begins, ends) if begins <= ends else None


def _put(intake: Intake, source: str, lines: dict[tuple[str, date], _Line]) -> None:
    told = {(each.key, "", each.begins.isoformat()) for each in lines.values()}
    held = listings.entries_of(intake.drugs, source)
    gone = held - told
    if intake.allow_delisting(len(gone), len(held), "医保药品目录里"):
        for key, region, begins in gone:
            listings.drop(intake.drugs, "entry", (key, source, region, begins))
            listings.drop_standards_of(intake.drugs, key, begins)
            intake.keys.add(key)
            intake.delist(key.partition(":")[2].replace("|", " "), f"新的目录里没有（原从 {begins} 起）。")
    touched = sum(_put_line(intake, source, each) for each in lines.values())
    intake.settle(touched, len(told - held), len(lines))


def _put_line(intake: Intake, source: str, each: _Line) -> bool:
    begins, ends = each.begins.isoformat(), listings.end_text(each.ends)
    row: tuple[Any, ...] = (each.key, source, "", begins, ends, *each.fact)
    is_new = listings.put_entry(intake.drugs, row)
    units = {(unit.per, ends, unit.amount) for unit in each.standards}
    if units != listings.units_of(intake.drugs, each.key, begins):
        listings.drop_standards_of(intake.drugs, each.key, begins)
        for per, last, amount in sorted(units):
            listings.put_standard(intake.drugs, (each.key, "", "unit", begins, per, last, amount))
        is_new = True
    if is_new:
        intake.keys.add(each.key)
    return is_new


def _check_standards(intake: Intake, each: _Line) -> None:
    """Say which packs no printed specification is of: they have no standard."""
    for drug in kept.hanging_on(intake.drugs, each.key):
        fen = pack_standard(
            each.standards, strength=drug.strength, pack_unit=drug.pack_unit, pack_size=drug.pack_size
        )
        if fen is None:
            intake.doubt(
                each.line,
                f"{each.label} {drug.code}",
                f"规格 {drug.spec or '（空）'} 和支付标准写的对不上，没有支付标准。",
            )
