"""Claims of three lines computed in the process, beside three rule engines that do the same rule.

Ours does more: it examines place, prescription and listing, and every step cites its clause. The others do
the arithmetic alone. Every input is ready in the form that its engine likes best; each claim is asked alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from app.policies import read_library
from bench.peers.openfisca_rule import OpenFisca
from bench.peers.rule_engine_rule import RuleEngine
from bench.peers.zen_rule import Zen, ZenExpressions
from bench.result import Result, alternately, per_second
from bench.rule import Share, random_claims, share
from engine.policy.claim import Claim
from engine.policy.compute import answer_claim

FLOOR = 30_000
TIMES = 3
ROUNDS = 7
EXACT = ("zen-engine", "rule-engine")


def measure() -> Result:
    """Time the four engines alternately, and check their money on the same random claims."""
    claims = random_claims(2000)
    library = read_library()
    fisca, zen, rules = OpenFisca(), Zen(), RuleEngine()
    works = {
        "ours": _rate(lambda claim: answer_claim(library, claim), lambda claim: claim, 2000),
        "openfisca-core": _rate(fisca.answer, lambda claim: fisca.prepare([claim]), 300),
        "zen-engine": _rate(zen.answer, zen.prepare, 300),
        "rule-engine": _rate(rules.answer, rules.prepare, 150),
    }
    rates = alternately(works, ROUNDS)
    wrong = {
        "ours": _differences(claims, lambda claim: _ours(library, claim)),
        "openfisca-core": _differences(claims, lambda claim: fisca.share(fisca.prepare([claim]))),
        "zen-engine": _differences(claims, lambda claim: zen.share(zen.prepare(claim))),
        "rule-engine": _differences(claims, lambda claim: rules.share(rules.prepare(claim))),
    }
    notes = (*_rate_notes(rates), *_money_notes(wrong, len(claims)), *_other_notes(fisca, claims))
    return _result(rates, not any(wrong[name] for name in ("ours", *EXACT)), notes)


def _rate(
    answer: Callable[[Any], object], prepare: Callable[[Claim], Any], count: int
) -> Callable[[], float]:
    """Return a work that times ``answer``, each time on claims that it has not seen, prepared beforehand."""
    seeds = itertools.count(2)

    def work() -> float:
        return per_second(answer, [prepare(claim) for claim in random_claims(count, next(seeds))])

    return work


def _ours(library: Any, claim: Claim) -> Share:
    answer = answer_claim(library, claim)
    if answer.refusals or len(answer.settlements) != 1:
        raise AssertionError(f"not the claim that was meant: {answer.refusals}")
    settlement = answer.settlements[0]
    return Share(settlement.in_scope, settlement.deductible, settlement.fund)


def _differences(claims: Sequence[Claim], compute: Callable[[Claim], Share]) -> list[tuple[Share, Share]]:
    pairs = ((share(claim), compute(claim)) for claim in claims)
    return [(right, theirs) for right, theirs in pairs if right != theirs]


def _rate_notes(rates: dict[str, float]) -> list[str]:
    return [f"{name}: {rate:,.0f} claims/s, one at a time" for name, rate in rates.items()]


def _money_notes(wrong: dict[str, list[tuple[Share, Share]]], count: int) -> list[str]:
    notes = []
    for name, pairs in wrong.items():
        if not pairs:
            notes.append(f"{name}: the same fen on all {count:,} claims")
            continue
        right, theirs = pairs[0]
        why = " (float32 cents, half-up)" if name not in ("ours", *EXACT) else ""
        notes.append(
            f"{name}: other fen on {len(pairs):,} of {count:,} claims{why}, e.g. {theirs} for {right}"
        )
    return notes


def _other_notes(fisca: OpenFisca, claims: Sequence[Claim]) -> list[str]:
    """For information: what is faster, and not what a counter asks for one claim at a time."""
    inputs = fisca.prepare(claims)
    fisca.answer(inputs)
    vector = len(claims) * per_second(fisca.answer, [inputs] * 5)
    bare = per_second(ZenExpressions().answer, [Zen.prepare(claim) for claim in claims])
    return [
        f"for information: openfisca-core, {len(claims):,} claims at once in arrays: {vector:,.0f} claims/s",
        f"for information: zen-engine's compiled expressions without a decision: {bare:,.0f} claims/s",
    ]


def _result(rates: dict[str, float], agreed: bool, notes: tuple[str, ...]) -> Result:
    ours = rates["ours"]
    fastest = max(rate for name, rate in rates.items() if name != "ours")
    return Result(
        name="claim",
        unit="claims/s",
        value=ours,
        baseline=fastest,
        ratio=ours / fastest,
        budget=f">= {FLOOR} and >= {TIMES} x the fastest other engine, the same fen",
        met=agreed and ours >= FLOOR and ours >= TIMES * fastest,
        notes=notes,
    )
