"""The list of diagnoses, ICD-10 in the insurance's version: codes and names, to pick from."""

from __future__ import annotations

import re

from app.importing.cells import code_of, text_of
from app.importing.columns import Columns
from app.importing.grid import Grid
from app.importing.headings import Found, Synonyms, body
from app.importing.intake import Intake
from app.storage import diagnoses
from engine.prescription import Diagnosis

SYNONYMS: Synonyms = {
    "code": (
        "诊断代码",
        "诊断编码",
        "疾病代码",
        "疾病编码",
        "疾病诊断编码",
        "医保版编码",
        "~icd-?10.*编?码",
        "code",
    ),
    "name": ("诊断名称", "疾病名称", "疾病诊断名称", "名称", "医保版名称", "name"),
}
MARKS = ("code", "name")
REQUIRED = (("诊断代码", ("code",)), ("诊断名称", ("name",)))
_CODE = re.compile(r"[A-Z][0-9]{2}(?:\.[0-9A-Zx+*]{1,9})?[+*]?(?:[x0-9.+*A-Z]{0,8})").fullmatch
_PROBED, _MOSTLY = 60, 6


def fits(grid: Grid, found: Found) -> bool:
    """Tell whether what stands under the code's heading are codes of ICD-10."""
    place = found.columns.get("code")
    head = grid.head(_PROBED)
    below = [row for line, row in zip(head.lines, head.rows, strict=True) if line > found.line]
    cells = [_icd(row[place]) for row in below if place is not None and place < len(row)]
    said = [cell for cell in cells if cell]
    return bool(said) and sum(_CODE(cell) is not None for cell in said) * 10 >= len(said) * _MOSTLY


def take(intake: Intake, grid: Grid, found: Found) -> None:
    """Take the list in, beside the diagnoses that are there."""
    seen: dict[str, tuple[int, str]] = {}
    cells = Columns(found.columns)
    for batch in body(grid, found):
        cells.take(batch)
        for line, code, name in zip(batch.lines, cells.each("code", _icd), cells.texts("name"), strict=True):
            if not code or not name:
                intake.refuse(line, code or name, "没有代码或没有名称，这一行没有导入。")
            elif _CODE(code) is None:
                intake.refuse(line, f"{code} {name}", "代码不是 ICD-10 的写法，这一行没有导入。")
            elif seen.setdefault(code, (line, name))[1] != name:
                why = f"和第 {seen[code][0]} 行代码相同而名称不同，用了前一行。"
                intake.doubt(line, f"{code} {name}", why)
        intake.count(len(batch.rows))
    held = diagnoses.count(intake.drugs)
    intake.tell("search", intake.counts.rows, 0)
    touched = diagnoses.save(intake.drugs, [Diagnosis(code, name) for code, (_line, name) in seen.items()])
    intake.settle(touched, diagnoses.count(intake.drugs) - held, len(seen))


def _icd(cell: object) -> str:
    """Return a code of ICD-10 as it is kept: the extension's ``x`` is a small letter."""
    code = code_of(text_of(cell))
    return code[:1] + code[1:].replace("X", "x")
