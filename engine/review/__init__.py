"""What a pharmacist must know before a drug is handed over: findings, all of them, never raised.

Values in, values out: history, knowledge and law are handed in. What the law pays is the policy answer's to
say; here no city, no drug and no figure is known but from the packs and the knowledge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

from engine.prescription import Finding, Severity
from engine.review.controlled import ephedrine, special
from engine.review.covering import bars, digest_of_review, needing_reason, needs_signature, unpassed
from engine.review.doses import doses
from engine.review.duplicates import duplicates
from engine.review.facts import Dispensing, Facts, View
from engine.review.history import several_places, still_in_hand
from engine.review.interactions import interactions
from engine.review.limits import limits
from engine.review.matching import boxes, with_prescribed_names
from engine.review.reporting import duty_of, reportable, told_to_report
from engine.review.scope import scope
from engine.review.supply import long_prescription, number_of_drugs, supply, supply_in_packs
from engine.review.validity import dates, diagnosis, of_this_person, origin, signature, without

__all__ = [
    "Dispensing",
    "Facts",
    "bars",
    "digest_of_review",
    "duty_of",
    "needing_reason",
    "needs_signature",
    "reportable",
    "review",
    "unpassed",
    "with_prescribed_names",
]

_Rule = Callable[[View], Iterator[Finding]]
_OF_A_PRESCRIPTION: tuple[_Rule, ...] = (
    of_this_person,
    signature,
    dates,
    origin,
    supply,
    supply_in_packs,
    number_of_drugs,
    long_prescription,
    boxes,
    diagnosis,
    scope,
)
_OF_ALL: tuple[_Rule, ...] = (
    interactions,
    doses,
    duplicates,
    limits,
    ephedrine,
    special,
    still_in_hand,
    several_places,
)
_SEVERITIES: tuple[Severity, ...] = ("refused", "attention", "ok")


def review(facts: Facts) -> tuple[Finding, ...]:
    """Return all that is found, the gravest first, good news included."""
    view = View(facts)
    rules = ((without,) if view.prescription is None else _OF_A_PRESCRIPTION) + _OF_ALL
    found = [finding for rule in rules for finding in rule(view)]
    duty = duty_of(
        facts.knowledge, view.person.region if view.person else "", dual_channel=facts.dual_channel
    )
    if duty is not None and view.person is not None:
        found = [told_to_report(duty, finding) for finding in found]
    ranked = sorted(found, key=lambda finding: (_SEVERITIES.index(finding.severity), _lightness(finding)))
    return tuple(_told_apart(dict.fromkeys(ranked)))


def _told_apart(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings so that each one that needs a reason needs its own: a drug may be prescribed twice."""
    seen: Counter[tuple[str, str]] = Counter()
    for finding in findings:
        name = (finding.code, finding.subject)
        seen[name] += 1
        again = finding.may_override and seen[name] > 1
        yield replace(finding, subject=f"{finding.subject}|{seen[name]}") if again else finding


def _lightness(finding: Finding) -> int:
    """Rank findings of one severity: what nobody can pass before what a reason passes."""
    return 1 if finding.may_override else 0
