"""Whether more is taken a day than the label allows, all drugs with the ingredient together."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal

from engine.knowledge.entries import MostADay
from engine.knowledge.strength import Strength, daily_mg, parse_count, parse_strength, written_mg
from engine.prescription import Finding
from engine.review.facts import Item, View, found

_EXACT = Context(prec=28)
_GROWN = 14
"""Years up to which most labels give doses of their own."""


def doses(view: View) -> Iterator[Finding]:
    """Yield each ingredient of which more is prescribed a day than the label allows.

    Where the dose is written it is taken; else packs over days tell, and are only asked about.
    """
    written: dict[tuple[str, str], list[tuple[Item, Decimal]]] = {}
    for item in view.items:
        dosed = _written(view, item)
        for ingredient, mg in dosed.items():
            written.setdefault((ingredient, item.identity.route), []).append((item, mg))
        if not dosed:
            yield from _by_packs(view, item)
    yield from _of_a_child(view, [item for taken in written.values() for item, _mg in taken])
    for (ingredient, _route), taken in written.items():
        yield from _over(view, ingredient, taken)


def _of_a_child(view: View, dosed: list[Item]) -> Iterator[Finding]:
    """Yield that the largest amounts known are a grown-up's: a child's dose goes by its weight."""
    if view.age is None or view.age >= _GROWN or not dosed:
        return
    names = "、".join(dict.fromkeys(item.name for item in dosed))
    yield found(
        view,
        "attention",
        "child_dose",
        f"参保人 {view.age} 岁：本机只知道成人的最大量，{names}的儿童剂量没有核对。",
        advice="请按年龄和体重核对用法用量。",
    )


def days_in_packs(view: View, item: Item, packs: int) -> Decimal | None:
    """Return how many days so many packs last at the dose as prescribed; None where that cannot be told."""
    drug, dose = item.drug, item.prescribed.dose if item.prescribed else None
    count = (drug.pack_size or parse_count(drug.spec)) if drug else None
    if dose is None or count is None:
        return None
    in_a_unit = _in_a_unit(view, item, _strength(item))
    for ingredient, mg_a_day in _written(view, item).items():
        if mg_a_day and ingredient in in_a_unit:
            return _EXACT.divide(packs * count * in_a_unit[ingredient], mg_a_day)
    return None


def _over(view: View, ingredient: str, taken: list[tuple[Item, Decimal]]) -> Iterator[Finding]:
    most = view.knowledge.most_a_day(ingredient, taken[0][0].identity.route, view.age)
    total = sum((mg for _item, mg in taken), Decimal(0))
    if most is None or total <= most.mg:
        return
    names = "、".join(dict.fromkeys(item.name for item, _mg in taken))
    what = view.knowledge.name_of(ingredient)
    several = len(taken) > 1 or len(taken[0][0].identity.ingredients) > 1
    among = f"里的{what}" if several else ""
    subjects = tuple(dict.fromkeys(item.subject for item, _mg in taken))
    yield found(
        view,
        "refused",
        "dose_above_maximum",
        f"{names}{among}一天共 {written_mg(total)}，超过最大量 {written_mg(most.mg)}"
        f"{f'（{most.from_age} 岁以上）' if most.from_age else ''}。",
        clause=most.source.clause,
        advice=f"{_note(most)}请医师更正，或在超剂量处重新签字后再调配。",
        subject="|".join((*subjects, ingredient) if several else subjects),
        may_override=True,
    )


def _written(view: View, item: Item) -> dict[str, Decimal]:
    """Return milligrams a day of each ingredient by the dose as prescribed; empty where none can be told."""
    dose = item.prescribed.dose if item.prescribed else None
    if dose is None:
        return {}
    strength = _strength(item)
    found_mg: dict[str, Decimal] = {}
    for ingredient, unit_mg in _in_a_unit(view, item, strength).items():
        mg = daily_mg(dose, unit_mg, strength.ml if strength else None)
        if mg is not None:
            found_mg[ingredient] = mg
    if not found_mg and len(item.identity.ingredients) == 1:
        mg = daily_mg(dose, None)
        return {} if mg is None else {item.identity.ingredients[0]: mg}
    return found_mg


def _by_packs(view: View, item: Item) -> Iterator[Finding]:
    """Yield that so many packs for so few days come to more than the label allows, one pack less as well.

    A pack is not broken, so what remains of the last one is no overdose.
    """
    days, drug, line = view.days_of(item), item.drug, item.prescribed
    if days is None or line is None or drug is None:
        return
    count = drug.pack_size or parse_count(drug.spec)
    if count is None or line.quantity < 2:
        return
    for ingredient, unit_mg in _in_a_unit(view, item, _strength(item)).items():
        most = view.knowledge.most_a_day(ingredient, item.identity.route, view.age)
        if most is None or (line.quantity - 1) * count * unit_mg <= most.mg * days:
            continue
        yield found(
            view,
            "attention",
            "packs_above_maximum",
            f"{item.name}开了 {line.quantity} {drug.unit}（每{drug.unit} {count} {drug.pack_unit or '份'}）"
            f"用 {days} 天，平均一天会超过最大量 {written_mg(most.mg)}。",
            clause=most.source.clause,
            advice=f"{_note(most)}请核对用法用量和天数。",
            subject=item.subject,
        )
        return


def _note(most: MostADay) -> str:
    """Say what the figure alone does not: that it is a week's dose spread over its days."""
    return f"{most.source.note}。" if most.source.note else ""


def _strength(item: Item) -> Strength | None:
    """Return the strength: the box's, for that is what is taken; else the prescribed one."""
    drug = item.drug
    if drug is not None:
        return parse_strength(drug.strength or drug.spec)
    text = item.prescribed.strength if item.prescribed else ""
    return parse_strength(text) if text else None


def _in_a_unit(view: View, item: Item, strength: Strength | None) -> dict[str, Decimal]:
    """Return milligrams of each ingredient in a smallest unit, where name or strength tells them apart."""
    known = dict(view.knowledge.amounts(item.identity))
    ingredients = item.identity.ingredients
    if known or strength is None:
        return known
    if len(ingredients) == len(strength.mg):
        return dict(zip(ingredients, strength.mg, strict=True))
    return {}
