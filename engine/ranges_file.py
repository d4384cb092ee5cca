"""From the texts of resources/ranges to ranges: whatever is wrong is listed, all at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from msgspec import Struct

from engine.codes import is_national_code
from engine.policy.answer import Clause
from engine.policy.packs import Library
from engine.policy.problems import PackError, Problem
from engine.policy.table import Table, read_table
from engine.ranges import Range, Ranges

USUAL = "usual.toml"
"""What is usually given, by disease: no law, but what a law without a list of its own is taken to mean."""
_FAR = date(9999, 12, 31)
_is_class = re.compile(r"[A-Z]([0-9]{2}([A-Z][A-Z]?)?)?").fullmatch


class _Usual(Struct, frozen=True, kw_only=True):
    classes: frozenset[str]
    but_not: frozenset[str]
    names: frozenset[str]


def load_ranges(texts: Mapping[str, str], library: Library) -> Ranges:
    """Return the ranges of ``texts`` (by file name); raise PackError listing all that is wrong with them."""
    problems: list[Problem] = []
    read = {name: read_table(name, texts[name], problems) for name in sorted(texts)}
    tables = {name: table for name, table in read.items() if table is not None}
    usual = _read_usual(tables[USUAL], library) if USUAL in tables else {}
    ranges = [
        each
        for name, table in tables.items()
        if name != USUAL
        for each in _read_policies(table, library, usual)
    ]
    problems += _twice(ranges)
    if problems:
        raise PackError(tuple(sorted(set(problems))))
    return Ranges(library, ranges)


def _read_usual(table: Table, library: Library) -> dict[str, _Usual]:
    table.text("document")
    table.day("checked_on", missing="没有注明核对日期（checked_on）")
    usual: dict[str, _Usual] = {}
    for _, row in table.rows("usual"):
        disease = row.one_of("disease", frozenset(library.disease_names))
        if disease in usual:
            row.report("disease", "这个病种写了两次")
        usual[disease] = _drugs(row)
        row.finish()
    table.finish()
    return usual


def _read_policies(table: Table, library: Library, usual: Mapping[str, _Usual]) -> Iterable[Range]:
    policies = table.codes("policies", frozenset(pack.id for pack in library.packs))
    clause = Clause(table.text("document"), table.text("section", missing="没有注明条款（section）"))
    checked_on = table.day("checked_on", missing="没有注明核对日期（checked_on）") or _FAR
    verified = table.flag("verified")
    note = table.text("note", optional=verified, missing="没有核对过的范围要写明依据（note）")
    found = []
    for _, row in table.rows("range"):
        diseases = row.codes("diseases", frozenset(library.disease_names))
        none = row.text("none", optional=True)
        own = _Usual(classes=frozenset(), but_not=frozenset(), names=frozenset())
        as_usual = row.flag("usual", default=False)
        if not none and not as_usual:
            own = _drugs(row)
        row.finish()
        for policy in sorted(policies):
            for disease in sorted(diseases):
                if as_usual and disease not in usual:
                    row.report("diseases", f"“{disease}”没有通常使用的类别（{USUAL}）")
                drugs = usual.get(disease, own) if as_usual else own
                found.append(
                    Range(
                        policy=policy,
                        disease=disease,
                        clause=clause,
                        checked_on=checked_on,
                        verified=verified,
                        classes=drugs.classes,
                        but_not=drugs.but_not,
                        names=drugs.names,
                        note=note,
                        none=none,
                    )
                )
    table.finish()
    return found


def _drugs(row: Table) -> _Usual:
    classes, but_not, names = row.names("classes"), row.names("but_not"), row.names("names")
    for key, found in (("classes", classes), ("but_not", but_not)):
        wrong = sorted(each for each in found if not _is_class(each))
        if wrong:
            row.report(key, f"不是 ATC 类别（一至四级，至多五位）：{'、'.join(wrong)}")
    if not classes and not names:
        row.report("classes", "要写类别（classes）或名称（names），没有药品的写明原因（none）")
    return _Usual(classes=classes, but_not=but_not, names=names)


def _twice(ranges: Sequence[Range]) -> list[Problem]:
    seen: set[tuple[str, str]] = set()
    found = []
    for each in ranges:
        if (each.policy, each.disease) in seen:
            found.append(Problem("ranges", each.policy, f"病种“{each.disease}”的范围写了两次"))
        seen.add((each.policy, each.disease))
    return found


class OwnRow(Struct, frozen=True, kw_only=True):
    """A line of a region's own list, as read from a table: one drug, or one class of drugs, of a disease.

    ``drug`` is a national code, an ATC class, or the beginning of a generic name; ``checked_on`` the day when
    the list was brought in.
    """

    policy: str
    disease: str
    drug: str
    document: str
    section: str
    checked_on: date


def read_own(rows: Iterable[OwnRow], library: Library) -> tuple[Range, ...]:
    """Return a region's own ranges; raise PackError naming each row that cannot be used (from 1)."""
    problems: list[Problem] = []
    policies = {pack.id for pack in library.packs}
    keys = {name: key for key, name in library.disease_names.items()}
    found: dict[tuple[str, str], list[OwnRow]] = {}
    for number, row in enumerate(rows, 1):
        disease = keys.get(row.disease.strip(), row.disease.strip())
        if row.policy not in policies:
            problems.append(Problem("", f"第 {number} 行", f"没有政策包“{row.policy}”"))
        elif disease not in library.disease_names:
            problems.append(Problem("", f"第 {number} 行", f"不认识病种“{row.disease}”"))
        elif not row.drug.strip():
            problems.append(Problem("", f"第 {number} 行", "没有写药品"))
        elif not (row.document.strip() and row.section.strip()):
            problems.append(Problem("", f"第 {number} 行", "没有写文件和条款"))
        else:
            found.setdefault((row.policy, disease), []).append(row)
    if problems:
        raise PackError(tuple(problems))
    return tuple(_own(policy, disease, rows) for (policy, disease), rows in found.items())


def _own(policy: str, disease: str, rows: Sequence[OwnRow]) -> Range:
    drugs = {row.drug.strip() for row in rows}
    codes = frozenset(drug for drug in drugs if is_national_code(drug))
    classes = frozenset(drug for drug in drugs - codes if _is_class(drug))
    return Range(
        policy=policy,
        disease=disease,
        clause=Clause(rows[0].document.strip(), rows[0].section.strip()),
        checked_on=min(row.checked_on for row in rows),
        verified=True,
        classes=classes,
        names=frozenset(drugs - codes - classes),
        codes=codes,
    )
