"""What the person had before, here and elsewhere: still in hand, handed out already, fetched all over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from engine.knowledge.entries import RepeatRule
from engine.policy.answer import Clause
from engine.prescription import Finding
from engine.review.facts import InUse, Item, View, found, said


def still_in_hand(view: View) -> Iterator[Finding]:
    """Yield each drug that the person should still have, and whether the new supply is too much on top."""
    for item in view.items:
        left = view.left_of(item)
        if left is None:
            continue
        days, most = view.days_of(item), _most_days(view)
        if days is not None and left.left + days > most:
            yield found(
                view,
                "refused",
                "supply_stocked_up",
                f"{_had(view, item, left)}加上这次的 {days} 天共 {left.left + days} 天，超过 {most} 天。",
                clause=_supply_clause(view),
                advice=f"{_age(view)}确有需要的，请核实后说明理由。",
                subject=item.subject,
                may_override=True,
            )
        else:
            text = f"{_had(view, item, left)}{_age(view)}"
            yield found(view, "attention", "dispensed_recently", text, subject=item.subject)


def several_places(view: View) -> Iterator[Finding]:
    """Yield each drug that was fetched at several places within a short time.

    Source: the rule of the person's region where there is one (聊城 第二十五条), else the nation's.
    """
    rule = _repeat_rule(view)
    if rule is None:
        return
    since = view.day - timedelta(days=rule.days)
    for item in view.items:
        places = {
            each.provider
            for each in view.facts.history
            if each.day >= since
            and view.knowledge.identify(each.name, each.drug, each.form).key == item.identity.key
        } | {view.facts.provider}
        if len(places) >= rule.places:
            yield found(
                view,
                "attention",
                "several_places",
                f"{item.name}在 {rule.days} 天内已在 {len(places) - 1} 家别的药店配过，"
                f"连本店 {len(places)} 处。",
                clause=rule.source.clause,
                advice="请问清用途，防止重复取药。",
                subject=item.subject,
            )


def _repeat_rule(view: View) -> RepeatRule | None:
    region = view.person.region if view.person else ""
    rules: tuple[RepeatRule, ...] = view.knowledge.facts("repeat")
    fitting = [rule for rule in rules if region.startswith(rule.region)]
    return max(fitting, key=lambda rule: len(rule.region), default=None)


def _most_days(view: View) -> int:
    asked = view.facts.asked
    if asked is not None and asked.most_days is not None:
        return asked.most_days
    return view.knowledge.figure("long_term", "longest").number


def _supply_clause(view: View) -> Clause:
    asked = view.facts.asked
    if asked is not None and asked.supply is not None:
        return asked.supply
    return view.knowledge.figure("long_term", "longest").source.clause


def _had(view: View, item: Item, left: InUse) -> str:
    passed = (view.day - left.last.day).days
    where = "本店" if left.last.here else "别的药店"
    when = f"{passed} 天前" if passed else "今天"
    return f"{item.name}{when}在{where}配过 {left.last.quantity} 份，按疗程还可用约 {left.left} 天。"


def _age(view: View) -> str:
    """Say how old the knowledge of other shops is: what is not known may have been dispensed all the same."""
    until = view.facts.told_until
    if until is None:
        return "别店的配药记录本机没有，请问一下参保人。"
    days = (view.day - until).days
    if days <= 0:
        return "请核对是否重复配药。"
    return f"别店的记录截至 {said(until)}，已 {days} 天，请问一下参保人。"
