"""The small parts that every fact of a knowledge file is read by: its source, lists, numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from msgspec import Struct

from engine.knowledge.entries import Source
from engine.policy.answer import Clause
from engine.policy.table import ABSENT, Table
from engine.prescription import Severity

FAR = date(9999, 12, 31)
_SEVERITIES = frozenset({"refused", "attention"})
_MOST_YEARS = 150
_UNREAD = "未核对"


class Given(Struct, frozen=True, kw_only=True):
    """What the head of a file says for all of its facts; with ``label`` each is a fact of a drug's label."""

    label: bool
    document: str
    section: str
    checked_on: date | None
    verified: bool
    note: str


class Made(Struct, frozen=True):
    """A fact, and where it stands in its file, such as ``dose[3]``."""

    place: str
    fact: Any


def read_source(row: Table, given: Given, subject: str) -> Source:
    """Return where a fact stands: its own words before the head's; none at all is a problem.

    A label is that of the drug (``subject``) which the fact is about.
    """
    document = row.text("document", optional=True) or given.document
    section = row.text("section", optional=True) or given.section
    checked_on = row.day("checked_on", optional=True) or given.checked_on
    labelled = given.label and not row.has("document")
    if labelled:
        document, section = f"{subject}说明书", f"说明书【{section}】" if section else ""
    if not document:
        row.report("document", "没有注明出处（document）")
    if not section:
        row.report("section", "没有注明条款（section）")
    if checked_on is None:
        row.report("checked_on", "没有注明核对日期（checked_on）")
    if not labelled and not row.has("note") and not row.has("verified"):
        return _shared(Clause(document, section), checked_on or FAR, given)
    verified, note = (
        row.flag("verified", default=given.verified),
        row.text("note", optional=True) or given.note,
    )
    if verified and _UNREAD in note:
        row.report("verified", f"注（note）里写着“{_UNREAD}”，不能算核对过")
    return Source(
        clause=Clause(document, section),
        checked_on=checked_on or FAR,
        verified=verified,
        note=note,
        label_of=subject if labelled else "",
    )


@lru_cache(maxsize=64)
def _shared(clause: Clause, checked_on: date, given: Given) -> Source:
    """Return one source for all facts of a head: hundreds of facts stand in the same place."""
    return Source(clause=clause, checked_on=checked_on, verified=given.verified, note=given.note)


def listed(row: Table, key: str, *, optional: bool = False) -> tuple[str, ...]:
    """Return a list of texts in order, each once."""
    value = row.value(key, optional=optional)
    if value is ABSENT:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
        row.report(key, '应为文字的列表，例如 ["氨氯地平"]')
        return ()
    if not value:
        row.report(key, "不能是空列表")
    if len(set(value)) < len(value):
        row.report(key, "列表里有重复的项")
    return tuple(dict.fromkeys(value))


def severity(row: Table, key: str = "severity") -> Severity:
    """Return how grave a finding is: refused or attention."""
    value: Any = row.one_of(key, _SEVERITIES)
    return value or "attention"


def whole(row: Table, key: str) -> Decimal:
    """Return a positive amount, written as a text such as ``"2.5"``."""
    value = row.value(key)
    try:
        amount = Decimal(value) if isinstance(value, str) else Decimal(0)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        if value is not ABSENT:
            row.report(key, '应写成大于 0 的数字文字，例如 "2.5"')
        return Decimal(1)
    return amount


def years(row: Table, key: str) -> int | None:
    """Return an age in whole years; None where none is given."""
    value = row.value(key, optional=True)
    if value is ABSENT:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_YEARS:
        row.report(key, f"应为 0 至 {_MOST_YEARS} 的整数（周岁）")
        return None
    return value
