"""Whether the boxes are what was prescribed: by generic name, form and strength, with what differs said.

Source: 药品管理法 (2019) 第五十八条: what is prescribed is neither changed nor substituted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec.structs import replace

from engine.catalogue import Drug
from engine.codes import parse_national_code
from engine.knowledge.library import Identity, Knowledge
from engine.knowledge.strength import parse_count, parse_strength, same_strength
from engine.prescription import Finding, PrescribedLine, Prescription
from engine.prescription_use import line_for
from engine.review.facts import Facts, Item, View, found, prescription_of
from engine.sale import BasketLine, Draft


def boxes(view: View) -> Iterator[Finding]:
    """Yield what differs between basket and prescription, or that all is as prescribed."""
    differing = [finding for item in view.basket for finding in _box(view, item)]
    if view.basket and not any(finding.severity != "ok" for finding in differing):
        yield found(view, "ok", "drugs_as_prescribed", "药品和数量都在处方之内。")
    yield from differing


def with_prescribed_names(draft: Draft, knowledge: Knowledge, day: date) -> Draft:
    """Return ``draft`` with what the prescription calls those boxes whose code and name it does not have."""
    prescription = draft.prescription
    if prescription is None or all(_is_plain(prescription, line) for line in draft.lines):
        return draft
    items = View(Facts(day=day, draft=draft, knowledge=knowledge)).basket
    return replace(
        draft,
        lines=tuple(
            line
            if item.prescribed is None or _is_plain(prescription, line)
            else replace(line, prescribed_as=item.prescribed.name)
            for line, item in zip(draft.lines, items, strict=True)
        ),
    )


def _is_plain(prescription: Prescription, line: BasketLine) -> bool:
    return line_for(prescription.lines, line.drug.code, line.name_on_prescription) is not None


def _box(view: View, item: Item) -> Iterator[Finding]:
    drug, line = item.drug, item.line
    if drug is None or line is None:
        return
    if item.prescribed is None:
        yield _beside(view, item, drug)
        return
    if item.prescribed.drug != drug.code:
        yield from _differences(view, item, drug, item.prescribed)
    matching = [each for each in prescription_of(view).lines if _answers(view, each, item)]
    prescribed = sum(each.quantity for each in matching)
    lines = [each.line for each in view.basket if each.line and each.prescribed is item.prescribed]
    packs = sum(each.packs for each in lines)
    if packs > prescribed:
        held = f"{line.quantity} {line.unit}" if len(lines) == 1 else f"{packs} {drug.unit}"
        yield found(
            view,
            "refused",
            "more_than_prescribed",
            f"{item.name}处方开了 {prescribed} {drug.unit}，篮里有 {held}。请减到 {prescribed} {drug.unit}。",
            subject=item.subject,
        )


def _answers(view: View, line: PrescribedLine, item: Item) -> bool:
    return line is item.prescribed or line.drug == item.code or view.names(line, item.identity)


def _beside(view: View, item: Item, drug: Drug) -> Finding:
    if drug.prescription_only:
        text = f"处方上没有{item.name}，不能代替别的药卖。请从篮里拿掉，或补处方。"
        return found(view, "refused", "drug_not_prescribed", text, subject=item.subject)
    text = f"{item.name}不在处方上，是非处方药，可以另外买。请告诉参保人。"
    return found(view, "attention", "drug_beside_prescription", text, subject=item.subject)


def _differences(view: View, item: Item, drug: Drug, line: PrescribedLine) -> Iterator[Finding]:
    """Yield each way in which the box is not the one named: salt, form, strength, else the maker alone."""
    written = view.knowledge.identify(line.name, line.drug or "", line.form)
    known = [
        *_salt(view, item, written, line),
        *_form(view, item, drug, written, line),
        *_strength(view, item, drug, line),
        *_count(view, item, drug, line),
    ]
    if known:
        yield from known
    elif line.drug is not None and not (_comparable(drug, line) and (line.form or written.parts.form)):
        if _same_pack_kind(line.drug, drug.code):
            yield _maker(view, item)
        else:
            text = f"处方上的{item.name}是另一规格或厂家。请核对规格和用法再卖。"
            yield found(view, "attention", "another_pack", text, subject=item.subject)
    elif line.drug is not None:
        yield _maker(view, item)


def _maker(view: View, item: Item) -> Finding:
    text = f"{item.name}与处方是同一种药、同样的剂型和规格，只是另一厂家或包装。"
    return found(view, "ok", "another_maker", text, subject=item.subject)


def _salt(view: View, item: Item, written: Identity, line: PrescribedLine) -> Iterator[Finding]:
    ours, theirs = item.identity.parts, written.parts
    if theirs.base not in {ours.base, theirs.stem} and ours.base != ours.stem:
        text = f"处方写的是{line.name}，篮里是{item.name}：酸根（盐）不同，用量可能不同。"
        yield _another(view, item, "another_salt", text)


def _form(view: View, item: Item, drug: Drug, written: Identity, line: PrescribedLine) -> Iterator[Finding]:
    theirs = written.parts.form or line.form
    ours = item.identity.parts.form or drug.form
    if theirs and ours and _plain_form(theirs) != _plain_form(ours):
        text = f"处方写的是{theirs}，篮里的{item.name}是{ours}：剂型不同，吸收的快慢可能不同。"
        yield _another(view, item, "another_form", text)


def _strength(view: View, item: Item, drug: Drug, line: PrescribedLine) -> Iterator[Finding]:
    theirs = parse_strength(line.strength) if line.strength else None
    ours = parse_strength(drug.strength or drug.spec)
    if theirs is not None and ours is not None and not same_strength(theirs, ours):
        text = f"处方写的是{line.strength}，篮里的{item.name}是{drug.strength or drug.spec}：规格不同。"
        yield _another(view, item, "another_strength", text)


def _count(view: View, item: Item, drug: Drug, line: PrescribedLine) -> Iterator[Finding]:
    theirs, ours = parse_count(line.strength), parse_count(drug.spec)
    if theirs is not None and ours is not None and theirs != ours:
        text = f"处方写的是{line.strength}，篮里的{item.name}是{drug.spec}：每{drug.unit}的数量不同。"
        advice = f"请按用量和天数换算要几{drug.unit}，再改数量。"
        yield found(view, "attention", "another_count", text, advice=advice, subject=item.subject)


def _comparable(drug: Drug, line: PrescribedLine) -> bool:
    """Tell whether the strength of a box can be compared with the one prescribed."""
    if not line.strength:
        return False
    ours = drug.strength or drug.spec
    both = parse_strength(line.strength) is not None and parse_strength(ours) is not None
    return both or line.strength.replace(" ", "") == ours.replace(" ", "")


def _another(view: View, item: Item, code: str, text: str) -> Finding:
    advice = "请核对用法用量，必要时请医师更正后再卖。"
    return found(view, "attention", code, text, advice=advice, subject=item.subject)


def _plain_form(form: str) -> str:
    """Return a form without what a catalogue adds to it: 片剂 and 薄膜衣片 are 片."""
    return form.removeprefix("薄膜衣").removeprefix("硬").removesuffix("剂") or form


def _same_pack_kind(one: str, other: str) -> bool:
    """Tell whether two national codes name one drug in one form and pack, of whatever maker."""
    a, b = parse_national_code(one), parse_national_code(other)
    if a is None or b is None or not a.form:
        return False
    return (a.klass, a.name, a.form, a.pack) == (b.klass, b.name, b.form, b.pack)
