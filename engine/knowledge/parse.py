"""From the text of the knowledge files to facts; whatever is wrong is a problem and reading goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from engine.knowledge import entries
from engine.knowledge.names import Words, plain
from engine.knowledge.parse_limits import LIMIT_FAMILIES
from engine.knowledge.reading import Given, Made, listed, read_source, severity, whole
from engine.policy.problems import Problem
from engine.policy.table import Table, read_table

_GRAVITIES = frozenset({"contraindicated", "serious", "moderate"})
_ROUTES = ("oral", "sublingual", "inhaled", "nebulised", "injection", "patch", "local")


class KnowledgeFile(Struct, frozen=True, kw_only=True):
    """One file as read: its facts by family, each with its place; words of names, where it has them."""

    file: str
    facts: dict[str, tuple[Made, ...]]
    words: Words | None


def parse_file(file: str, text: str, problems: list[Problem]) -> KnowledgeFile | None:
    """Return what ``text`` says, with everything wrong added to ``problems``; None where it is not TOML."""
    table = read_table(file, text, problems)
    if table is None:
        return None
    given = _given(table.within("source"))
    facts = {}
    for family, make in _FAMILIES.items():
        rows = table.rows(family)
        if rows:
            facts[family] = tuple(Made(place, make(row, given)) for place, row in rows)
            for _, row in rows:
                row.finish()
    words = _words(table, given) if table.has("routes") else None
    table.finish()
    return KnowledgeFile(file=file, facts=facts, words=words)


def _given(source: Table) -> Given:
    """Return what the head of a file says for all of its facts."""
    given = Given(
        label=source.flag("label", default=False),
        document=source.text("document", optional=True),
        section=source.text("section", optional=True),
        checked_on=source.day("checked_on", optional=True),
        verified=source.flag("verified", default=True),
        note=source.text("note", optional=True),
    )
    source.finish()
    return given


def _words(table: Table, given: Given) -> Words:
    routes, words = table.within("routes"), table.within("words")
    if not given.document or not given.section or given.checked_on is None:
        table.report("routes", "没有注明出处（source）")
    made = Words(
        routes={route: tuple(map(plain, listed(routes, route))) for route in _ROUTES if routes.has(route)},  # type: ignore[misc]
        salts_before=listed(words, "salts_before"),
        salts_after=listed(words, "salts_after"),
        fillers=listed(words, "fillers"),
    )
    routes.finish()
    words.finish()
    return made


def _ingredient(row: Table, given: Given) -> entries.Ingredient:
    name = plain(row.text("name"))
    return entries.Ingredient(
        id=row.text("id"),
        name=name,
        names=frozenset({name, *map(plain, listed(row, "names", optional=True))}) - {""},
        atc=row.text("atc"),
        source=read_source(row, given, name),
    )


def _compound(row: Table, given: Given) -> entries.Compound:
    amounts = row.within("mg")
    mg = {key: whole(amounts, key) for key in amounts}
    names = listed(row, "names")
    made = entries.Compound(
        id=row.text("id"),
        names=frozenset(map(plain, names)),
        contains=listed(row, "contains"),
        mg=mg,
        source=read_source(row, given, names[0] if names else ""),
    )
    for key in mg:
        if key not in made.contains:
            amounts.report(key, "不在所含成分（contains）之中")
    return made


def _class(row: Table, given: Given) -> entries.DrugClass:
    duplicate = severity(row, "duplicate") if row.has("duplicate") else None
    name = row.text("name")
    why = row.text("why", optional=duplicate is None)
    return entries.DrugClass(
        id=row.text("id"),
        name=name,
        atc=listed(row, "atc", optional=True),
        members=frozenset(listed(row, "members", optional=True)),
        named=frozenset(map(plain, listed(row, "named", optional=True))),
        excepted=frozenset(listed(row, "except", optional=True)),
        duplicate=duplicate,
        why=why,
        source=read_source(row, given, name),
    )


def _interaction(row: Table, given: Given) -> entries.Interaction:
    a = row.text("a")
    gravity: Any = row.one_of("severity", _GRAVITIES) or "moderate"
    return entries.Interaction(
        a=a,
        b=row.text("b"),
        gravity=gravity,
        effect=row.text("effect"),
        advice=row.text("advice"),
        source=read_source(row, given, a),
    )


_FAMILIES: dict[str, Callable[[Table, Given], Any]] = {
    "ingredient": _ingredient,
    "compound": _compound,
    "class": _class,
    "interaction": _interaction,
    **LIMIT_FAMILIES,
}
FAMILIES = tuple(_FAMILIES)
