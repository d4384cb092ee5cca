"""The same thing twice: one ingredient in two drugs, or two drugs of one therapeutic class."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from engine.knowledge.entries import DrugClass
from engine.knowledge.library import Identity
from engine.policy.answer import Clause
from engine.prescription import Finding, Severity
from engine.review.facts import Item, View, found

_SWALLOWED = frozenset({"oral", "sublingual", "injection", "patch"})
_BREATHED = frozenset({"inhaled", "nebulised"})


def duplicates(view: View) -> Iterator[Finding]:
    """Yield each pair on the desk that doubles something, then each drug that doubles what is in hand."""
    for one, other in combinations(view.items, 2):
        if one.identity.key == other.identity.key:
            yield _same(view, one, other)
        else:
            yield from _pair(view, one, other)
    keys = {item.identity.key for item in view.items}
    for item in view.items:
        for had in view.in_use:
            if had.identity.key not in keys:
                yield from _with_history(view, item, had.identity, had.last.name, had.left)


def _same(view: View, one: Item, other: Item) -> Finding:
    names = one.name if one.name == other.name else f"{one.name}、{other.name}"
    return found(
        view,
        "attention",
        "same_drug_twice",
        f"同一种药有两个品种：{names}。",
        advice="请核对是不是医师要拼规格；不是的请去掉一种。",
        subject=f"{one.subject}|{other.subject}",
    )


def _pair(view: View, one: Item, other: Item) -> Iterator[Finding]:
    doubled = _doubled(view, one.identity, other.identity)
    if doubled is None:
        return
    severity, what, clause = doubled
    yield found(
        view,
        severity,
        "duplicate_therapy",
        f"{one.name}和{other.name}{what}",
        clause=clause if severity == "attention" else None,
        advice="请与医师确认是不是都要用。",
        subject=f"{one.subject}|{other.subject}",
        may_override=severity == "refused",
    )


def _with_history(view: View, item: Item, had: Identity, name: str, left: int) -> Iterator[Finding]:
    doubled = _doubled(view, item.identity, had)
    if doubled is None:
        return
    _severity, what, clause = doubled
    yield found(
        view,
        "attention",
        "duplicate_with_history",
        f"手里还有约 {left} 天的{name or '同类药'}，与{item.name}{what}",
        clause=clause,
        advice="请问清原来的药停了没有。",
        subject=f"{item.subject}|{name}",
    )


def _doubled(view: View, one: Identity, other: Identity) -> tuple[Severity, str, Clause | None] | None:
    """Return how grave it is, words that go on from the two names, where it stands; None for nothing."""
    if not _alike(one, other):
        return None
    shared = [each for each in one.ingredients if each in other.ingredients]
    classes = [view.knowledge.classes[id] for id in sorted(one.classes & other.classes)]
    telling = [each for each in classes if each.duplicate is not None]
    worst = min(telling, key=_rank, default=None)
    if shared:
        names = "、".join(view.knowledge.name_of(each) for each in shared)
        grave = any(view.knowledge.most_a_day(each, one.route, None) for each in shared)
        grave = grave or (worst is not None and worst.duplicate == "refused")
        severity: Severity = "refused" if grave else "attention"
        return severity, f"都含{names}。", worst.source.clause if worst else None
    if worst is None or worst.duplicate is None:
        return None
    return worst.duplicate, f"同属{worst.name}，{worst.why}。", worst.source.clause


def _rank(drug_class: DrugClass) -> tuple[int, int, str]:
    return (drug_class.duplicate != "refused", -len(drug_class.why), drug_class.id)


def _alike(one: Identity, other: Identity) -> bool:
    """Tell whether both reach the body by the same way: an ointment doubles no tablet."""
    routes = {one.route, other.route}
    return len(routes) == 1 or routes <= _SWALLOWED or routes <= _BREATHED
