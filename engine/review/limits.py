"""Who may not take it: sex, age, pregnancy, breastfeeding, allergy."""

from __future__ import annotations

from collections.abc import Iterator

from engine.knowledge.entries import AgeLimit, SexLimit, StateLimit
from engine.knowledge.library import concerns
from engine.policy.answer import Clause
from engine.prescription import Finding, Severity
from engine.review.facts import Item, View, found

_CHILDBEARING = range(15, 50)
"""Years in which a woman is asked, where nobody wrote it down."""
_DENIED = ("无", "否认", "没有", "未发现")
"""How an allergy is written that there is none of: 否认青霉素过敏史."""
_CONFIRM = "请与医师确认，医师更正或重新签字后才能调配。"
_ASK = "请核对处方，必要时与医师确认。"


def limits(view: View) -> Iterator[Finding]:
    """Yield each drug that this person should not take."""
    for item in view.items:
        yield from _sex(view, item)
        yield from _age(view, item)
        yield from _allergy(view, item)
    yield from _states(view)


def _sex(view: View, item: Item) -> Iterator[Finding]:
    if view.person is None:
        return
    told: list[SexLimit] = [
        limit
        for limit in view.knowledge.facts("sex")
        if limit.only != view.person.sex and concerns(limit.group, item.identity)
    ]
    limit = min(told, key=_lightness, default=None)
    if limit is not None:
        only = "只" if limit.severity == "refused" else "一般只"
        text = f"{item.name}{only}给{limit.only}性用：{limit.why}。参保人是{view.person.sex}性。"
        yield _limit(
            view,
            item,
            "sex_mismatch",
            limit.severity,
            text,
            clause=view.knowledge.cited(limit.source, item.identity),
        )


def _age(view: View, item: Item) -> Iterator[Finding]:
    if view.age is None:
        return
    told: list[AgeLimit] = [
        limit
        for limit in view.knowledge.facts("age")
        if _outside(limit, view.age) and concerns(limit.group, item.identity)
    ]
    limit = min(told, key=_lightness, default=None)
    if limit is not None:
        text = f"{item.name}：{limit.why}。参保人 {view.age} 岁。"
        yield _limit(
            view,
            item,
            "age_mismatch",
            limit.severity,
            text,
            clause=view.knowledge.cited(limit.source, item.identity),
        )


def _outside(limit: AgeLimit, age: int) -> bool:
    return (limit.lowest is not None and age < limit.lowest) or (
        limit.highest is not None and age > limit.highest
    )


def _states(view: View) -> Iterator[Finding]:
    prescription = view.prescription
    pregnant = prescription is not None and prescription.pregnant
    breastfeeding = prescription is not None and prescription.breastfeeding
    for state, family, words in (
        (pregnant, "pregnancy", "孕妇"),
        (breastfeeding, "breastfeeding", "哺乳期妇女"),
    ):
        for item in view.items if state else ():
            limit = _state_limit(view, item, family)
            if limit is not None:
                text = f"{words}不宜用{item.name}：{limit.why}。"
                yield _limit(
                    view,
                    item,
                    family,
                    limit.severity,
                    text,
                    clause=view.knowledge.cited(limit.source, item.identity),
                )
    if not pregnant and not breastfeeding:
        yield from _ask(view)


def _ask(view: View) -> Iterator[Finding]:
    """Yield one question about all drugs that would be refused to a pregnant woman."""
    person, age = view.person, view.age
    if person is None or person.sex != "女" or age not in _CHILDBEARING:
        return
    grave = [
        (item, limit)
        for item in view.items
        if (limit := _state_limit(view, item, "pregnancy")) is not None and limit.severity == "refused"
    ]
    if grave:
        names = "、".join(item.name for item, _ in grave)
        first, limit = grave[0]
        yield found(
            view,
            "attention",
            "ask_pregnancy",
            f"{names}孕妇禁用。",
            clause=view.knowledge.cited(limit.source, first.identity),
            advice="请问一下是否怀孕或准备怀孕。",
        )


def _state_limit(view: View, item: Item, family: str) -> StateLimit | None:
    fitting = [limit for limit in view.knowledge.facts(family) if concerns(limit.group, item.identity)]
    return min(fitting, key=_lightness, default=None)


def _lightness(limit: AgeLimit | SexLimit | StateLimit) -> bool:
    """Rank the gravest of several limits first: a compound falls under those of all that it contains."""
    return limit.severity != "refused"


def _allergy(view: View, item: Item) -> Iterator[Finding]:
    told = view.prescription.allergies if view.prescription else ()
    for written in told:
        if written.startswith(_DENIED):
            continue
        if _names_it(view, written, item):
            text = f"处方写着过敏「{written}」，{item.name}就是或含有它。"
            yield _limit(view, item, "allergy", "refused", text, clause=None)
            return
        for allergy in view.knowledge.facts("allergy"):
            if not any(word in written for word in allergy.words):
                continue
            if allergy.of & item.identity.groups:
                text = f"处方写着过敏「{written}」，{item.name}属于{allergy.name}一类。"
                yield _limit(view, item, "allergy", "refused", text, clause=allergy.source.clause)
                return
            if allergy.cross & item.identity.groups:
                text = f"处方写着过敏「{written}」，{item.name}可能交叉过敏。"
                yield _limit(view, item, "allergy_may_cross", "attention", text, clause=allergy.source.clause)
                return


def _names_it(view: View, written: str, item: Item) -> bool:
    names = [view.knowledge.name_of(each) for each in item.identity.ingredients]
    return any(name in written for name in [*names, item.identity.parts.stem])


def _limit(
    view: View, item: Item, code: str, severity: Severity, text: str, *, clause: Clause | None
) -> Finding:
    grave = severity == "refused"
    return found(
        view,
        severity,
        code,
        text,
        clause=clause,
        advice=_CONFIRM if grave else _ASK,
        subject=item.subject,
        may_override=grave,
    )
