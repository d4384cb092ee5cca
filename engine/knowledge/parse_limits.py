"""Facts about who may take what, how much, and by which law it is handed over, read row by row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.knowledge import entries
from engine.knowledge.entries import Group
from engine.knowledge.names import plain
from engine.knowledge.reading import Given, listed, read_source, severity, whole, years
from engine.policy.table import Table, count

_ROUTES = frozenset({"oral", "inhaled", "nebulised", "injection", "patch", "sublingual"})
_SEXES = frozenset({"男", "女"})


def _group(row: Table) -> Group:
    group = Group(
        of=frozenset(listed(row, "of", optional=True)),
        named=frozenset(map(plain, listed(row, "named", optional=True))),
        containing=tuple(map(plain, listed(row, "containing", optional=True))),
        excepted=frozenset(listed(row, "except", optional=True)),
    )
    if not (group.of or group.named or group.containing):
        row.report("of", "没有说是哪些药（of、named 或 containing）")
    return group


def _subject(group: Group) -> str:
    return next(iter(sorted(group.of or group.named or set(group.containing))), "")


def _sex(row: Table, given: Given) -> entries.SexLimit:
    group = _group(row)
    return entries.SexLimit(
        group=group,
        only=row.one_of("only", _SEXES),
        severity=severity(row),
        why=row.text("why"),
        source=read_source(row, given, _subject(group)),
    )


def _age(row: Table, given: Given) -> entries.AgeLimit:
    group, lowest, highest = _group(row), years(row, "from"), years(row, "until")
    if lowest is None and highest is None:
        row.report("from", "没有说年龄（from 或 until）")
    if lowest is not None and highest is not None and highest < lowest:
        row.report("until", "小于起始年龄（from）")
    return entries.AgeLimit(
        group=group,
        lowest=lowest,
        highest=highest,
        severity=severity(row),
        why=row.text("why"),
        source=read_source(row, given, _subject(group)),
    )


def _state(row: Table, given: Given) -> entries.StateLimit:
    group = _group(row)
    return entries.StateLimit(
        group=group,
        severity=severity(row),
        why=row.text("why"),
        source=read_source(row, given, _subject(group)),
    )


def _allergy(row: Table, given: Given) -> entries.Allergy:
    name = row.text("name")
    return entries.Allergy(
        name=name,
        words=listed(row, "words"),
        of=frozenset(listed(row, "of")),
        cross=frozenset(listed(row, "cross", optional=True)),
        source=read_source(row, given, name),
    )


def _dose(row: Table, given: Given) -> entries.MostADay:
    of = row.text("of")
    route: Any = row.one_of("route", _ROUTES) if row.has("route") else "oral"
    return entries.MostADay(
        of=of,
        mg=whole(row, "mg"),
        route=route or "oral",
        from_age=years(row, "from") or 0,
        source=read_source(row, given, of),
    )


def _condition(row: Table, given: Given) -> entries.Condition:
    return entries.Condition(
        words=listed(row, "words"),
        icd=listed(row, "icd"),
        named=listed(row, "named"),
        source=read_source(row, given, ""),
    )


def _scope_limit(row: Table, given: Given) -> entries.ScopeLimit:
    return entries.ScopeLimit(
        id=row.text("id"),
        words=listed(row, "words"),
        severity=severity(row),
        text=row.text("text"),
        advice=row.text("advice"),
        lower=listed(row, "lower", optional=True),
        lowest=years(row, "from"),
        highest=years(row, "until"),
        sex=row.one_of("sex", _SEXES) if row.has("sex") else "",
        source=read_source(row, given, ""),
    )


def _specialty(row: Table, given: Given) -> entries.Specialty:
    return entries.Specialty(
        words=listed(row, "words"),
        departments=listed(row, "departments"),
        source=read_source(row, given, ""),
    )


def _figure(row: Table, given: Given) -> entries.Figure:
    key = "most" if row.has("most") else "days"
    return entries.Figure(id=row.text("id"), number=count(row, key) or 1, source=read_source(row, given, ""))


def _ban(row: Table, given: Given) -> entries.Ban:
    return entries.Ban(name=row.text("name"), group=_group(row), source=read_source(row, given, ""))


def _ephedrine(row: Table, given: Given) -> entries.EphedrineRule:
    return entries.EphedrineRule(
        group=_group(row),
        packs=count(row, "packs") or 1,
        rx_above_mg=whole(row, "rx_above_mg"),
        again_days=count(row, "again_days") or 1,
        source=read_source(row, given, ""),
    )


def _special(row: Table, given: Given) -> entries.SpecialRule:
    return entries.SpecialRule(
        id=row.text("id"),
        name=row.text("name"),
        group=_group(row),
        days=count(row, "days") or 1,
        adults_only=row.flag("adults_only", default=False),
        why=row.text("why"),
        source=read_source(row, given, ""),
    )


def _region(row: Table) -> str:
    region = row.text("region", optional=True)
    if region and not (region.isascii() and region.isdigit() and len(region) in (2, 4, 6)):
        row.report("region", "应为行政区划代码的前 2、4 或 6 位")
    return region


def _repeat(row: Table, given: Given) -> entries.RepeatRule:
    return entries.RepeatRule(
        region=_region(row),
        days=count(row, "days") or 1,
        places=count(row, "places") or 1,
        source=read_source(row, given, ""),
    )


def _duty(row: Table, given: Given) -> entries.Duty:
    return entries.Duty(
        region=_region(row),
        dual_channel=row.flag("dual_channel", default=False),
        codes=frozenset(listed(row, "codes")),
        to=listed(row, "to"),
        asked=row.flag("asked", default=True),
        source=read_source(row, given, ""),
    )


def _basis(row: Table, given: Given) -> entries.Basis:
    return entries.Basis(codes=frozenset(listed(row, "codes")), source=read_source(row, given, ""))


def _override(row: Table, given: Given) -> entries.Reasons:
    return entries.Reasons(
        codes=frozenset(listed(row, "codes")),
        choices=listed(row, "choices"),
        source=read_source(row, given, ""),
    )


def _refusal(row: Table, given: Given) -> entries.Reasons:
    return entries.Reasons(
        codes=frozenset(), choices=listed(row, "choices"), source=read_source(row, given, "")
    )


LIMIT_FAMILIES: dict[str, Callable[[Table, Given], Any]] = {
    "sex": _sex,
    "age": _age,
    "pregnancy": _state,
    "breastfeeding": _state,
    "allergy": _allergy,
    "dose": _dose,
    "condition": _condition,
    "limit": _scope_limit,
    "specialty": _specialty,
    "quantity": _figure,
    "long_term": _figure,
    "long_term_ban": _ban,
    "ephedrine": _ephedrine,
    "special": _special,
    "repeat": _repeat,
    "duty": _duty,
    "basis": _basis,
    "override": _override,
    "refusal": _refusal,
}
