"""Cheaper lawful ways for the sale on the desk: equivalents, and the same prescription elsewhere.

Each is quoted again by the same law with the line (or the provider) replaced, so that the saving is exact:
deductible, limits and payment standards are in it. The pharmacist and the patient decide.
"""

from __future__ import annotations

from msgspec.structs import replace

from app.usecases import shelf, stock_counter
from app.usecases.cheaper_state import CheaperWay, CheaperWays
from app.usecases.desk import Desk
from app.usecases.law import MissingFigure
from app.usecases.quote import Quote, quote
from app.usecases.show import find, open_store
from engine.catalogue import Drug, Listing, price_on
from engine.equivalents import Equivalent, equivalents
from engine.money import format_yuan
from engine.person import Person
from engine.policy.answer import Answer, Clause
from engine.policy.claim import Insurance, Provider, ProviderKind
from engine.review import bars
from engine.sale import BasketLine, Draft, insured_settlements, replace_drug

MOST_CANDIDATES = 32
"""Packs of one ingredient that are looked at, the cheapest ones on sale here."""
MOST_QUOTED = 6
"""Equivalents of one line that are quoted: those that cost least in all."""
MOST_LINES = 12
_MOST_WAYS = 2
_ELSEWHERE: tuple[ProviderKind, ...] = ("primary", "secondary", "tertiary")


def cheaper(desk: Desk) -> CheaperWays:
    """Return the ways by which the patient pays less for what is on the desk; none once it is settled."""
    draft = desk.draft
    if desk.settled is not None or not draft.lines:
        return CheaperWays(draft)
    quoted = quote(desk, open_store(desk), draft)
    if quoted is None or not quoted.answer.patient:
        return CheaperWays(draft)
    found = [way for line in draft.lines[:MOST_LINES] for way in _of_line(desk, draft, line, quoted)]
    # What is not in the shop saves nobody anything today.
    found.sort(key=lambda way: (way.there == 0, -way.saving, way.key))
    return CheaperWays(draft, (*_sellable(desk, draft, found), *_elsewhere(desk, draft, quoted)))


def take(desk: Desk, key: str) -> None:
    """Do what the pharmacist chose; what is gone by now is said, and nothing is changed."""
    way = next((each for each in cheaper(desk).ways if each.key == key), None)
    if way is None:
        desk.say("attention", "购物篮已经变了，没有替换。", "请看现在列出的选择。")
        return
    if way.kind == "place":
        said = f"同一处方换个地方配药，患者少付 {format_yuan(way.saving)} 元（同样的价格）。"
        desk.say("info", said, "请告诉参保人；不在这里配的，不要结算，按 Esc 撤回。")
        return
    drug = shelf.by_code(desk, way.key.partition(":")[2])
    if drug is not None:
        desk.change(replace_drug(desk.draft, way.line, drug, way.packs))
        desk.selected = way.line
        said = (
            f"已换成{drug.generic_name} {drug.spec}（{drug.maker}），患者少付 {format_yuan(way.saving)} 元。"
        )
        desk.say("done", said, "请向参保人说明，扫新药盒的追溯码；按 Esc 换回来。")


def _of_line(desk: Desk, draft: Draft, line: BasketLine, quoted: Quote) -> list[CheaperWay]:
    """Return the equivalents of one line that save something, each quoted in its place."""
    if line.split:
        return []
    there = {each.drug.code for each in draft.lines}
    candidates = [
        drug
        for drug in shelf.of_same_ingredient(desk, line.drug.code, MOST_CANDIDATES)
        if drug.code not in there
    ]
    matching = equivalents(
        line,
        candidates,
        prescription=draft.prescription,
        rows={drug.code: _row(desk, draft, drug) for drug in candidates},
        same=desk.law.same,
    )
    ways = []
    for each in matching[:MOST_QUOTED]:
        changed = quote(desk, open_store(desk), replace_drug(draft, line.id, each.drug, each.packs))
        if changed is not None and changed.answer.patient < quoted.answer.patient:
            ways.append(_way(desk, line, each, quoted.answer, changed.answer))
    return ways


def _row(desk: Desk, draft: Draft, drug: Drug) -> Listing:
    """Return the listing that counts for the buyer; a pack with a winner's price in force here has won."""
    row = _listed(desk, draft, drug)
    won = price_on(drug, "procurement", desk.today(), open_store(desk).provider.region) is not None
    return replace(row, procured=True) if won else row


def _listed(desk: Desk, draft: Draft, drug: Drug) -> Listing:
    """Return the row in force for the buyer; for somebody unknown that of either insurance."""
    person, day = draft.person, desk.today()
    if person is not None:
        return desk.law.listing_on(drug, day, person.region, person.insurance)
    kinds: tuple[Insurance | None, ...] = (None, "employee", "resident")
    rows = [desk.law.listing_on(drug, day, open_store(desk).provider.region, kind) for kind in kinds]
    return next((row for row in rows if row.klass != "C"), rows[0])


def _way(desk: Desk, line: BasketLine, each: Equivalent, now: Answer, then: Answer) -> CheaperWay:
    drug = each.drug
    return CheaperWay(
        key=f"{line.id}:{drug.code}",
        kind="drug",
        saving=now.patient - then.patient,
        patient=then.patient,
        line=line.id,
        name=drug.generic_name,
        spec=drug.spec,
        maker=drug.maker,
        unit=drug.unit,
        price=drug.price or 0,
        packs=each.packs,
        there=stock_counter.packs_to_sell(desk, open_store(desk), drug.code),
        procured=each.procured,
        row=1 + [each.id for each in desk.draft.lines].index(line.id),
        clause=desk.law.same.basis,
    )


def _sellable(desk: Desk, draft: Draft, ways: list[CheaperWay]) -> list[CheaperWay]:
    """Return the best way of each of the first lines, without those under which nothing could be sold."""
    barred_now = _barring(desk, draft)
    kept: dict[str, CheaperWay] = {}
    for way in ways:
        if len(kept) == _MOST_WAYS:
            break
        drug = shelf.by_code(desk, way.key.partition(":")[2]) if way.line not in kept else None
        if drug is not None and _barring(desk, replace_drug(draft, way.line, drug, way.packs)) <= barred_now:
            kept[way.line] = way
    return list(kept.values())


def _barring(desk: Desk, draft: Draft) -> set[str]:
    """Return the codes of the findings under which ``draft`` is not sold."""
    findings = find(desk, draft, quote(desk, open_store(desk), draft))
    return {each.code for each in (*bars(findings), *(one for one in findings if one.bars))}


def _elsewhere(desk: Desk, draft: Draft, quoted: Quote) -> list[CheaperWay]:
    """Return the same prescription at that kind of provider where the patient pays least, at these prices."""
    person, claim = draft.person, quoted.claim
    if person is None or claim is None or draft.prescription is None or quoted.floor or quoted.missing:
        return []
    ways = []
    for kind in _ELSEWHERE:
        answer = desk.law.answer(replace(claim, provider=_provider(person, kind)))
        if isinstance(answer, MissingFigure) or answer.patient >= quoted.answer.patient:
            continue
        paid = {each.ratio_bp for each in insured_settlements(answer)}
        ways.append(
            CheaperWay(
                key=f"place:{kind}",
                kind="place",
                saving=quoted.answer.patient - answer.patient,
                patient=answer.patient,
                name=(person.agreed_provider_name or "") if kind == "primary" else "",
                region=person.region_name if _is_away(desk, person) else "",
                provider=kind,
                ratio_bp=paid.pop() if len(paid) == 1 else None,
                clause=_clause(answer),
            )
        )
    return sorted(ways, key=lambda way: -way.saving)[:1]


def _provider(person: Person, kind: ProviderKind) -> Provider:
    """Return a designated provider of ``kind`` where the person is insured; the agreed one, if there is."""
    return Provider(
        id=(person.agreed_provider or "") if kind == "primary" else "",
        region=person.region,
        kind=kind,
        designated=True,
        listed=True,
    )


def _is_away(desk: Desk, person: Person) -> bool:
    return open_store(desk).provider.region[:4] != person.region[:4]


def _clause(answer: Answer) -> Clause | None:
    """Return where the fund's share there stands."""
    steps = (step for each in insured_settlements(answer) for step in each.steps)
    return next((step.clause for step in steps if step.rule == "fund_share"), None)
