"""Whether the insured disease, person and prescriber are those that the limited payment scope names.

Source: the reimbursement list's own words of the day (限定支付范围), read by the knowledge of scopes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.catalogue import Listing, listing_on
from engine.knowledge.entries import Condition, ScopeLimit
from engine.knowledge.names import any_within
from engine.policy.answer import Clause
from engine.prescription import Finding
from engine.review.facts import Item, View, found

_COURSE = re.compile(r"(?:支付不超过|最多支付|疗程不超过)([0-9]{1,3})天").search
_LOWEST_AGE = re.compile(r"([0-9]{1,2})(?:周?岁)(?:及以上|以上|和[0-9]+岁以上)").search
_SELF_PAY = "请医师更正诊断或补充证据；否则请撤下参保人按自费卖。"


def scope(view: View) -> Iterator[Finding]:
    """Yield what the scope of each line that the fund would pay in asks for and does not find."""
    person = view.person
    if person is None:
        return
    paid = _paid_lines(view)
    for item in view.basket:
        if item.drug is None or item.line is None or item.line.id not in paid:
            continue
        listing = listing_on(item.drug, view.day, person.region, person.insurance)
        if listing.scope:
            yield from _condition(view, item, listing)
            yield from _course(view, item, listing)
            yield from _limits(view, item, listing)
            yield from _unread(view, item, listing)


def _paid_lines(view: View) -> frozenset[str]:
    answer = view.facts.answer
    paid = [each for each in answer.settlements if each.benefit != "self_pay"] if answer else []
    return frozenset(line for settlement in paid for line in settlement.lines)


def _condition(view: View, item: Item, listing: Listing) -> Iterator[Finding]:
    """Yield that no diagnosis is one that the scope names; one that names none is no matter of disease."""
    named = _named_conditions(view, listing.scope)
    if not named or any(_answers(view, each) for each in named):
        return
    written = view.prescription.diagnosis if view.prescription else ""
    yield found(
        view,
        "refused",
        "outside_limited_scope",
        f"{item.name}的医保限定支付范围是「{listing.scope}」，"
        f"处方的诊断是「{written or '（没有）'}」，对不上。",
        clause=_clause(named[0], listing),
        advice=_SELF_PAY,
        subject=item.subject,
        may_override=True,
    )


def _unread(view: View, item: Item, listing: Listing) -> Iterator[Finding]:
    """Yield a scope of which nothing was understood: silence would look as if it had been checked."""
    text = listing.scope
    read = _named_conditions(view, text) or _COURSE(text) or _LOWEST_AGE(text)
    if not read and not any(any_within(text, limit.words) for limit in view.knowledge.facts("limit")):
        yield found(
            view,
            "attention",
            "scope_unread",
            f"{item.name}的医保限定支付范围是「{text}」，本机不会核对这一句。",
            clause=_of_scope(listing),
            advice="请对照处方的诊断自己核对；不符合的请撤下参保人按自费卖。",
            subject=item.subject,
        )


def _named_conditions(view: View, scope_text: str) -> list[Condition]:
    """Return the conditions that a scope names, without those inside a narrower one (糖尿病 in 2型糖尿病)."""
    rest, named = scope_text, []
    conditions: tuple[Condition, ...] = view.knowledge.facts("condition")
    by_word = [(word, each) for each in conditions for word in each.words]
    for word, condition in sorted(by_word, key=lambda each: -len(each[0])):
        if word in rest:
            rest = rest.replace(word, "；")
            named.append(condition)
    return named


def _answers(view: View, condition: Condition) -> bool:
    prescription = view.prescription
    if prescription is None:
        return False
    for diagnosis in prescription.diagnoses:
        if diagnosis.code.upper().startswith(condition.icd) or any_within(diagnosis.name, condition.named):
            return True
    return any_within(prescription.diagnosis, condition.named)


def _course(view: View, item: Item, listing: Listing) -> Iterator[Finding]:
    told, days = _COURSE(listing.scope), view.days_of(item)
    if told is None or days is None or days <= int(told[1]):
        return
    yield found(
        view,
        "refused",
        "course_too_long",
        f"{item.name}医保最多付 {told[1]} 天，处方开了 {days} 天。",
        clause=Clause("国家医保药品目录", f"限定支付范围：{listing.scope}"),
        advice=f"请医师改到 {told[1]} 天以内；否则请撤下参保人按自费卖。",
        subject=item.subject,
        may_override=True,
    )


def _limits(view: View, item: Item, listing: Listing) -> Iterator[Finding]:
    text = listing.scope
    age, told = view.age, _LOWEST_AGE(text)
    if told is not None and age is not None and age < int(told[1]):
        words = f"{item.name}医保限 {told[1]} 岁以上，参保人 {age} 岁。"
        yield _refused(view, item, listing, words, _SELF_PAY)
    limits: tuple[ScopeLimit, ...] = view.knowledge.facts("limit")
    for limit in limits:
        if not any_within(text, limit.words) or _is_met(view, item, limit, text):
            continue
        words = f"{item.name}医保{limit.text}。"
        if limit.severity == "refused" or _is_broken(view, limit):
            yield _refused(view, item, listing, words, f"{limit.advice}。")
        else:
            yield found(
                view,
                "attention",
                "limited_use",
                words,
                clause=_of_scope(listing),
                advice=f"{limit.advice}。",
                subject=f"{item.subject}|{limit.id}",
            )


def _is_met(view: View, item: Item, limit: ScopeLimit, text: str) -> bool:
    """Tell whether what the limit asks for is seen to hold."""
    prescription, person = view.prescription, view.person
    if limit.id == "specialist" and prescription is not None and prescription.department:
        wanted = [each for each in view.knowledge.facts("specialty") if any_within(text, each.words)]
        return any(any_within(prescription.department, each.departments) for each in wanted)
    if limit.id == "second_line":
        return any(each.identity.key == item.identity.key for each in view.in_use)
    if limit.lowest is not None or limit.highest is not None:
        return view.age is not None and not _beyond(limit, view.age)
    return bool(limit.sex) and person is not None and person.sex == limit.sex and _is_past_childbearing(view)


def _is_broken(view: View, limit: ScopeLimit) -> bool:
    """Tell whether what the limit asks for is seen not to hold."""
    if limit.lower and view.prescription is not None and any_within(view.prescription.issuer, limit.lower):
        return True
    if view.age is not None and _beyond(limit, view.age):
        return True
    return bool(limit.sex) and view.person is not None and view.person.sex != limit.sex


def _is_past_childbearing(view: View) -> bool:
    return view.age is not None and view.age >= _AFTER


_AFTER = 55
"""Years from which nobody is asked about the menopause any more."""


def _beyond(limit: ScopeLimit, age: int) -> bool:
    return (limit.lowest is not None and age < limit.lowest) or (
        limit.highest is not None and age > limit.highest
    )


def _refused(view: View, item: Item, listing: Listing, text: str, advice: str) -> Finding:
    return found(
        view,
        "refused",
        "limited_use",
        text,
        clause=_of_scope(listing),
        advice=advice,
        subject=item.subject,
        may_override=True,
    )


def _of_scope(listing: Listing) -> Clause:
    return Clause("国家医保药品目录", f"限定支付范围：{listing.scope}")


def _clause(condition: Condition, listing: Listing) -> Clause:
    return Clause(condition.source.clause.document, f"限定支付范围：{listing.scope}")
