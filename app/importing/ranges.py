"""A region's own list of chronic drugs: which drugs are for which disease under which policy."""

from __future__ import annotations

from app.importing.columns import Columns
from app.importing.grid import Grid
from app.importing.headings import Found, Synonyms, body
from app.importing.intake import Intake
from app.policies import read_library
from app.storage import own_ranges
from engine.policy.packs import Library
from engine.policy.problems import PackError
from engine.ranges_file import OwnRow, read_own

SYNONYMS: Synonyms = {
    "policy": ("政策", "政策包", "policy"),
    "disease": ("病种", "慢性病", "门慢病种", "disease"),
    "drug": ("药品", "药品或类别", "国家药品编码", "药品名称", "drug"),
    "document": ("文件", "依据", "文号", "document"),
    "section": ("条款", "出处", "section"),
}
MARKS = ("policy", "disease", "drug")
REQUIRED = (
    ("政策", ("policy",)),
    ("病种", ("disease",)),
    ("药品", ("drug",)),
    ("文件", ("document",)),
    ("条款", ("section",)),
)


def take(intake: Intake, grid: Grid, found: Found) -> None:
    """Take a list in: for each policy and disease that it names it is the whole of what is known."""
    library = read_library()
    good: list[OwnRow] = []
    cells = Columns(found.columns)
    for batch in body(grid, found):
        cells.take(batch)
        fields = [cells.texts(field) for field in SYNONYMS]
        for line, policy, disease, drug, document, section in zip(batch.lines, *fields, strict=True):
            row = OwnRow(
                policy=policy,
                disease=disease,
                drug=drug,
                document=document,
                section=section,
                checked_on=intake.today,
            )
            why = _unfit(row, library)
            if why:
                intake.refuse(line, f"{policy} {disease} {drug}", f"{why}，这一行没有导入。")
            else:
                good.append(row)
        intake.count(len(batch.rows))
    before = {_said(row) for row in own_ranges.rows(intake.drugs)}
    own_ranges.replace(intake.drugs, read_own(good, library))
    after = {_said(row) for row in own_ranges.rows(intake.drugs)}
    intake.settle(len(after - before), len(after - before), len(after))
    for policy, disease, drug, *_clause in sorted(before - after):
        intake.delist(f"{policy} {disease} {drug}", "新的药品范围里没有。")
    if after != before:
        intake.note(0, f"{len(good)} 行", "重新打开柜台后，按新的药品范围算。")


def _unfit(row: OwnRow, library: Library) -> str:
    """Return why a row cannot be used; empty where it can."""
    try:
        read_own([row], library)
    except PackError as error:
        return "；".join(problem.reason for problem in error.problems)
    return ""


def _said(row: OwnRow) -> tuple[str, str, str, str, str]:
    return row.policy, row.disease, row.drug, row.document, row.section
