"""Stock at the counter: which lots a sale is taken from, what must not be sold, which pack is opened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from app import errors
from app.storage import runs, sales, stock, stock_boxes, stock_watch
from app.storage.connection import Connection
from app.storage.instants import to_text
from app.storage.stock_boxes import OpenedPack
from app.usecases import trace_codes
from app.usecases.desk import Desk
from app.usecases.stock_errors import PackEmptied
from engine.catalogue import Drug
from engine.prescription import Finding
from engine.sale import BasketLine, Draft, Sale, Store
from engine.stock import Allocation, LotUse, OnHand, allocate, is_expired, is_fit, use_of
from engine.stock_boxes import Box, why_not_sold


class PieceUse(Struct, frozen=True, kw_only=True):
    """What a line of pieces takes: out of ``pack``, which is opened with this sale where it ``opens``."""

    line: str
    pack: OpenedPack
    opens: bool
    pieces: int


class Taken(Struct, frozen=True):
    """A draft with its lots, and what it takes out of opened packs."""

    draft: Draft
    pieces: tuple[PieceUse, ...] = ()


def take(desk: Desk, store: Store, draft: Draft) -> Taken:
    """Return ``draft`` with the lots that each line is taken from, as the sale will record them.

    Raises PackEmptied where an opened pack holds too little, and TraceCodeSold for a pack that was sold
    whole.
    """
    lines: list[BasketLine] = []
    pieces: list[PieceUse] = []
    taken: dict[int, int] = {}
    for line in draft.lines:
        there = _less(stock.of_drug(desk.db, store.provider.id, line.drug.code), taken)
        if line.split:
            use = _pack_for(desk, store, line, there, len(pieces))
            pieces.append(use)
            lot = next((each.lot for each in there if each.lot.number == use.pack.lot), None)
            lots: tuple[LotUse, ...] = (use_of(lot, line.quantity),) if lot else ()
            if use.opens and lot:
                taken[lot.number] = taken.get(lot.number, 0) + 1
        else:
            boxes = stock_boxes.lots_of(desk.db, line.trace_codes)
            lots = allocate(there, line.quantity, desk.today(), boxes).uses if there else ()
            for each in lots:
                taken[each.lot] = taken.get(each.lot, 0) + each.quantity
        lines.append(replace(line, lots=lots))
    return Taken(replace(draft, lines=tuple(lines)), tuple(pieces))


def _less(there: list[OnHand], taken: dict[int, int]) -> list[OnHand]:
    """Return lots less what earlier lines of the same sale take: a drug may be sold whole and by pieces."""
    return [
        replace(
            each,
            balance=replace(each.balance, packs=each.balance.packs - taken.get(each.lot.number, 0)),
        )
        for each in there
    ]


def _pack_for(desk: Desk, store: Store, line: BasketLine, there: list[OnHand], opening: int) -> PieceUse:
    """Return the pack that a line of pieces comes from: the scanned one, else an opened one, else a new
    one."""
    code = line.trace_codes[0] if line.trace_codes else None
    pack = _opened_for(desk, store.provider.id, line, there)
    if pack is not None:
        if pack.left < line.quantity:
            raise PackEmptied(
                name=line.drug.generic_name, left=pack.left, wanted=line.quantity, unit=line.unit
            )
        return PieceUse(line=line.id, pack=pack, opens=False, pieces=line.quantity)
    if code is not None and (sold := _sold_before(desk.db, code)) is not None:
        raise errors.TraceCodeSold(code=code, number=sold)
    size = line.drug.pack_size or 1
    if size < line.quantity:
        raise PackEmptied(name=line.drug.generic_name, left=size, wanted=line.quantity, unit=line.unit)
    boxes = stock_boxes.lots_of(desk.db, [code] if code else [])
    uses = allocate(there, 1, desk.today(), boxes).uses
    new = OpenedPack(
        number=stock_boxes.next_pack(desk.db) + opening,
        provider=store.provider.id,
        drug=line.drug.code,
        lot=uses[0].lot if uses else None,
        code=code,
        size=size,
        gone=0,
        at=to_text(desk.now()),
        who=desk.settings.operator,
    )
    return PieceUse(line=line.id, pack=new, opens=True, pieces=line.quantity)


def _opened_for(desk: Desk, provider: str, line: BasketLine, there: list[OnHand]) -> OpenedPack | None:
    """Return the opened pack that a line of pieces comes from: the scanned one, whatever it is, else the
    first fit one that holds enough; None where a pack is to be opened."""
    if line.trace_codes:
        return stock_boxes.opened_by_code(desk.db, line.trace_codes[0])
    bad = {each.lot.number for each in there if not is_fit(each, desk.today())}
    packs = stock_boxes.opened(desk.db, provider, line.drug.code)
    return next((each for each in packs if each.left >= line.quantity and each.lot not in bad), None)


def packs_to_sell(desk: Desk, store: Store, drug: str) -> int | None:
    """Return how many packs of ``drug`` may be sold today; None where none was ever received."""
    there = stock.of_drug(desk.db, store.provider.id, drug)
    return sum(each.balance.packs for each in there if is_fit(each, desk.today())) if there else None


def check_boxes(db: Connection, sale: Sale) -> None:
    """Raise TraceCodeSold for a box that was sold before, unless it came back and was released since."""
    codes = sales.trace_codes(sale)
    if runs.sold(db, codes) is None:
        return
    for code in codes:
        number = _sold_before(db, code)
        if number is not None:
            raise errors.TraceCodeSold(code=code, number=number)


def sold_before(db: Connection, code: str) -> str | None:
    """Return the number of the sale that handed out a box which may not be sold again; None for none."""
    return _sold_before(db, code)


def _sold_before(db: Connection, code: str) -> str | None:
    sold = runs.sold(db, [code])
    if sold is None:
        return None
    return None if stock_boxes.released(db, [code]).get(code) == sales.serial_of(sold[1]) else sold[1]


def refusal(desk: Desk, code: str) -> tuple[str, str] | None:
    """Return why the box with ``code`` is not put into the basket, and what to do; None where it may be."""
    box = stock_boxes.box(desk.db, code)
    there = stock.one(desk.db, box.lot) if box else None
    if box is None or there is None:
        return None
    return why_not_sold(box, there.lot, recalled=there.recalled, day=desk.today())


def found(desk: Desk, draft: Draft) -> list[Finding]:
    """Return what the shelves say of the basket: what must not be sold, and what does not tally."""
    store = desk.store
    if store is None:
        return []
    of_lines = [each for line in draft.lines for each in _of_line(desk, store.provider.id, line, draft)]
    return [*of_lines, *trace_codes.wanted(desk, store, draft)]


def _of_line(desk: Desk, provider: str, line: BasketLine, draft: Draft) -> Iterator[Finding]:
    drug, day = line.drug, desk.today()
    there = stock.of_drug(desk.db, provider, drug.code)
    batches = stock_watch.in_force(desk.db, drug.code)
    if "" in batches:
        yield _barring(
            "stock_recalled",
            drug,
            f"{drug.generic_name}已全部召回，不能卖。",
            "请撤下这一行，把药放到待处理区。",
        )
        return
    if not there:
        for batch in batches:
            text = f"{drug.generic_name}批号 {batch} 已召回。请核对盒上的批号，是这一批的不能卖。"
            yield Finding("attention", "stock_recalled", text, subject=drug.code)
        return
    pack = _opened_for(desk, provider, line, there) if line.split else None
    yield from _bad_boxes(desk, drug, there, _boxes_of(desk, line, pack))
    boxes = stock_boxes.lots_of(desk.db, line.trace_codes)
    allocation = Allocation((), 0) if pack else allocate(there, line.packs, day, boxes)
    yield from _lacking(drug, there, allocation, line, day)
    yield from _unknown_boxes(desk, drug, there, line, boxes)
    yield from _soon(drug, allocation, draft, day)


def _boxes_of(desk: Desk, line: BasketLine, pack: OpenedPack | None) -> list[Box]:
    """Return the boxes of a line that came in; the pack that it takes pieces of may have come by count."""
    known = [box for code in line.trace_codes if (box := stock_boxes.box(desk.db, code)) is not None]
    if not known and pack is not None and pack.lot is not None:
        return [Box(code=pack.code or "", drug=pack.drug, lot=pack.lot, state="opened")]
    return known


def _bad_boxes(desk: Desk, drug: Drug, there: list[OnHand], boxes: list[Box]) -> Iterator[Finding]:
    """Bar what the very boxes are not to be sold for; wonder at one that the books say is gone."""
    lots, day = {each.lot.number: each for each in there}, desk.today()
    for box in boxes:
        held = lots.get(box.lot)
        if held is None:
            continue
        why = why_not_sold(box, held.lot, recalled=held.recalled, day=day)
        if why is not None:
            code = "stock_recalled" if held.recalled else "stock_expired"
            code = "box_barred" if is_fit(held, day) else code
            yield _barring(code, drug, f"{drug.generic_name}：{why[0]}", why[1])
        elif box.state == "missing" or (box.state == "shelf" and not held.balance.packs):
            gone = "盘点时没有见到" if box.state == "missing" else "按账应已卖出（没有扫码）"
            text = f"{drug.generic_name}追溯码尾号 {box.code[-4:]} 的这一盒{gone}。"
            advice = "请核对来源：退回的先登记退药，回流的不能卖；确在架上的可以卖，随后盘点。"
            yield Finding("attention", "box_gone", f"{text}{advice}", subject=drug.code)


def _lacking(
    drug: Drug, there: list[OnHand], allocation: Allocation, line: BasketLine, day: date
) -> Iterator[Finding]:
    if not allocation.lacking:
        return
    fit = line.packs - allocation.lacking
    bad = [
        each
        for each in there
        if (each.balance.packs or (line.split and each.balance.pieces)) and not is_fit(each, day)
    ]
    if bad:
        expired = any(is_expired(each.lot, day) for each in bad)
        named = "、".join(f"{each.lot.batch or '无批号'}" for each in bad)
        why = "过期" if expired else "召回"
        text = f"{drug.generic_name}账上能卖的只有 {fit} {drug.unit}，其余批号 {named} 已{why}，不能卖。"
        code = "stock_expired" if expired else "stock_recalled"
        yield _barring(
            code, drug, text, f"请减到 {fit} {drug.unit}，或先入库新的一批。" if fit else "请撤下这一行。"
        )
        return
    less = f"{drug.generic_name}账上只有 {fit} {drug.unit}，篮里有 {line.packs} {drug.unit}。"
    text = f"{less}可以卖，请随后盘点或补登入库。"
    yield Finding("attention", "stock_short", text, subject=drug.code)


def _unknown_boxes(
    desk: Desk, drug: Drug, there: list[OnHand], line: BasketLine, boxes: dict[str, int]
) -> Iterator[Finding]:
    """Tell of a box that never came in, where every pack on the shelf is known by its code."""
    unknown = [code for code in line.trace_codes if code not in boxes]
    if not unknown or line.split:
        return
    full = [each for each in there if each.balance.packs]
    uncoded = sum(
        max(0, each.balance.packs - len(stock_boxes.on_shelf(desk.db, each.lot.number))) for each in full
    )
    if uncoded >= len(unknown):
        return
    text = f"{drug.generic_name}追溯码尾号 {unknown[0][-4:]} 的这一盒没有入库记录。请核对来源，再补登入库。"
    yield Finding("attention", "box_unknown", text, subject=drug.code)


def _soon(drug: Drug, allocation: Allocation, draft: Draft, day: date) -> Iterator[Finding]:
    days = draft.prescription.supply_days if draft.prescription else 0
    ends = day + timedelta(days=days)
    due = [use for use in allocation.uses if days and use.expires is not None and use.expires < ends]
    if due:
        text = (
            f"{drug.generic_name}先出的一批（批号 {due[0].batch}）{due[0].expires} 到期，处方要用 {days} 天。"
            "请换一批，或告诉参保人先用完它。"
        )
        yield Finding("attention", "expires_within_supply", text, subject=drug.code)


def _barring(code: str, drug: Drug, text: str, advice: str) -> Finding:
    return Finding("refused", code, f"{text}{advice}", subject=drug.code, bars=True)
