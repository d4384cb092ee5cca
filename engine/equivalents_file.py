"""From the text of resources/equivalents to what counts as the same drug."""

from __future__ import annotations

from engine.equivalents import Sameness
from engine.policy.answer import Clause
from engine.policy.problems import PackError, Problem
from engine.policy.table import ratio, read_table


def load_sameness(file: str, text: str) -> Sameness:
    """Return what ``text`` says; raise PackError listing all that is wrong with it."""
    problems: list[Problem] = []
    table = read_table(file, text, problems)
    if table is None:
        raise PackError(tuple(problems))
    most_excess = ratio(table, "most_excess")
    table.text("note", missing="容差没有条文，要写明依据（note）")
    basis = table.within("basis")
    clause = Clause(basis.text("document"), basis.text("section", missing="没有注明条款（section）"))
    basis.day("checked_on", missing="没有注明核对日期（checked_on）")
    basis.finish()
    forms: dict[str, str] = {}
    for _, row in table.rows("forms"):
        name = row.text("name")
        for form in sorted(row.names("forms")):
            if form in forms:
                row.report("forms", f"“{form}”已归入“{forms[form]}”")
            forms[form] = name
        row.finish()
    table.finish()
    if problems:
        raise PackError(tuple(sorted(set(problems))))
    return Sameness(forms=forms, most_excess=most_excess, basis=clause)
