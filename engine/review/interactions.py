"""What drugs do to each other: on the desk, and with what the person should still be taking."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from engine.knowledge.entries import Interaction
from engine.prescription import Finding
from engine.review.facts import View, found

_WORDS = {"contraindicated": "禁忌合用", "serious": "严重相互作用", "moderate": "相互作用"}


def interactions(view: View) -> Iterator[Finding]:
    """Yield one finding for each pair that anything is known of, the gravest of what is known."""
    for one, other in combinations(view.items, 2):
        if one.identity.systemic and other.identity.systemic and one.identity.key != other.identity.key:
            fact = view.knowledge.interaction(one.identity, other.identity)
            if fact is not None:
                pair = f"{one.name}和{other.name}"
                yield _finding(view, "interaction", fact, pair, f"{one.subject}|{other.subject}")
    keys = {item.identity.key for item in view.items}
    for item in view.items:
        for had in view.in_use:
            if had.identity.key in keys or not (item.identity.systemic and had.identity.systemic):
                continue
            fact = view.knowledge.interaction(item.identity, had.identity)
            if fact is not None:
                pair = f"{item.name}和手里还有约 {had.left} 天的{had.last.name}"
                yield _finding(
                    view, "interaction_with_history", fact, pair, f"{item.subject}|{had.last.name}"
                )


def _finding(view: View, code: str, fact: Interaction, pair: str, subject: str) -> Finding:
    grave = fact.gravity == "contraindicated"
    return found(
        view,
        "refused" if grave else "attention",
        code,
        f"{pair}{_WORDS[fact.gravity]}：{fact.effect}。",
        clause=fact.source.clause,
        advice=f"{fact.advice}。",
        subject=subject,
        may_override=grave,
    )
