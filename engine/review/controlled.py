"""Drugs that the law hands over in its own way: compounds of ephedrine, psychotropic and other drugs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from engine.knowledge.entries import EphedrineRule, SpecialRule
from engine.knowledge.library import concerns
from engine.knowledge.strength import parse_strength
from engine.prescription import Finding
from engine.review.facts import Item, View, found

_ADULT = 18


def ephedrine(view: View) -> Iterator[Finding]:
    """Yield what stops a sale of ephedrine compounds: too many packs, nobody registered, no prescription.

    Source: the notice of 2012-09 on compounds of ephedrine. Prescribed packs are sold as prescribed; the
    sale's own record, with the person, drug, packs, maker and batch, is the register (专册登记).
    """
    rules: tuple[EphedrineRule, ...] = view.knowledge.facts("ephedrine")
    for rule in rules:
        held = [item for item in view.basket if concerns(rule.group, item.identity)]
        free = [item for item in held if not _on_prescription(item)]
        if held:
            yield from _registered(view, rule, held)
            yield from _without_prescription(view, rule, free)
            yield from _packs(view, rule, free)
            yield from _again(view, rule, held)


def _on_prescription(item: Item) -> bool:
    return item.prescribed is not None


def _registered(view: View, rule: EphedrineRule, held: list[Item]) -> Iterator[Finding]:
    clause, names = rule.source.clause, _names(held)
    if view.person is None and view.draft.buyer is None:
        text = f"{names}含麻黄碱，购买人没有登记。"
        advice = "请扫社保卡或医保电子凭证；没有参保的，在录入格输入「姓名 身份证号」登记后再卖。"
        yield found(
            view, "refused", "ephedrine_not_registered", text, clause=clause, advice=advice, bars=True
        )
    else:
        text = f"{names}含麻黄碱，购买人的姓名和身份证号随这笔销售登记。"
        yield found(view, "ok", "ephedrine_registered", text, clause=clause)


def _without_prescription(view: View, rule: EphedrineRule, free: list[Item]) -> Iterator[Finding]:
    for item in free:
        mg = _most_in_a_unit(view, rule, item)
        if mg is not None and mg > rule.rx_above_mg:
            yield found(
                view,
                "refused",
                "ephedrine_needs_prescription",
                f"{item.name}一个单位含麻黄碱类 {mg} mg，超过 {rule.rx_above_mg} mg，要凭处方。",
                clause=rule.source.clause,
                advice="请扫处方，或按 Ctrl 2 录入；没有处方请撤下这种药。",
                subject=item.subject,
                bars=True,
            )


def _packs(view: View, rule: EphedrineRule, free: list[Item]) -> Iterator[Finding]:
    count = sum(item.line.packs for item in free if item.line)
    if count > rule.packs:
        yield found(
            view,
            "refused",
            "ephedrine_too_many",
            f"含麻黄碱的药一次最多卖 {rule.packs} 个最小包装，篮里有 {count} 个（{_names(free)}）。",
            clause=rule.source.clause,
            advice=f"请减到 {rule.packs} 个。",
            bars=True,
        )


def _again(view: View, rule: EphedrineRule, held: list[Item]) -> Iterator[Finding]:
    since = view.day - timedelta(days=rule.again_days)
    before = [
        each
        for each in view.facts.history
        if each.day >= since
        and concerns(rule.group, view.knowledge.identify(each.name, each.drug, each.form))
    ]
    if before:
        yield found(
            view,
            "attention",
            "ephedrine_again",
            f"{rule.again_days} 天内已买过 {len(before)} 次含麻黄碱的药（{_names(held)}）。",
            clause=rule.source.clause,
            advice="超过正常医疗需要的，请不要卖，并报告药监和公安部门。",
        )


def _most_in_a_unit(view: View, rule: EphedrineRule, item: Item) -> Decimal | None:
    known = view.knowledge.amounts(item.identity)
    amounts = [mg for id, mg in known.items() if _is_one(view, rule, id)]
    if not amounts and item.drug is not None and len(item.identity.ingredients) == 1:
        strength = parse_strength(item.drug.strength or item.drug.spec)
        amounts = list(strength.mg[:1]) if strength else []
    return max(amounts, default=None)


def _is_one(view: View, rule: EphedrineRule, ingredient: str) -> bool:
    name = view.knowledge.name_of(ingredient)
    return concerns(rule.group, view.knowledge.identify(name))


def special(view: View) -> Iterator[Finding]:
    """Yield what is asked of psychotropic and other specially controlled drugs that a shop may sell."""
    rules: tuple[SpecialRule, ...] = view.knowledge.facts("special")
    for rule in rules:
        for item in view.basket:
            if concerns(rule.group, item.identity):
                yield from _special(view, rule, item)


def _special(view: View, rule: SpecialRule, item: Item) -> Iterator[Finding]:
    days = view.days_of(item)
    if rule.adults_only and view.age is not None and view.age < _ADULT:
        text = f"{item.name}是{rule.name}，不得卖给未成年人；参保人 {view.age} 岁。"
        yield found(
            view,
            "refused",
            "special_minor",
            text,
            clause=rule.source.clause,
            advice="不能交给未成年人；由监护人来买的，请登记监护人。",
            subject=item.subject,
            may_override=True,
        )
    if days is not None and days > rule.days:
        text = f"{item.name}是{rule.name}，一张处方一般不超过 {rule.days} 天，处方开了 {days} 天。"
        yield found(
            view,
            "refused",
            "special_supply",
            text,
            advice="请医师注明理由或重新开具。",
            subject=item.subject,
            may_override=True,
        )
    yield found(
        view,
        "attention",
        "special_drug",
        f"{item.name}是{rule.name}：{rule.why}。",
        clause=rule.source.clause,
        advice="请专册登记，处方单独保存。",
        subject=item.subject,
    )


def _names(items: list[Item]) -> str:
    return "、".join(dict.fromkeys(item.name for item in items))
