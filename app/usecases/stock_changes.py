"""What goes otherwise than by a sale: lost, damaged, expired, sent back, set aside, released, taken back."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from app.storage import stock_boxes, stock_moves
from app.storage.stock_moves import Booked, Booking, MoveRow
from app.usecases.desk import Desk
from app.usecases.stock_book import Telling, book, drug_of, lot_of, record_number, rules, shop
from app.usecases.stock_errors import BoxesNeeded, NotEnoughStock, StockUnclear
from app.usecases.stock_list import card_of
from app.usecases.stock_state import LotCard, LotChange
from engine.protocol.stock import change_input, deletion_input, sent_back_input, shares
from engine.stock import Move, OnHand, move
from engine.stock_boxes import Box, BoxState

_LOSSES = ("lost", "damaged", "expired")
_STATE: dict[str, BoxState] = {
    "lost": "written_off",
    "damaged": "written_off",
    "expired": "written_off",
    "sent_back": "sent_back",
    "set_aside": "returned",
    "released": "shelf",
    "taken_back": "taken_back",
}
_TEN_THOUSANDTH = Decimal("0.0001")
_NEEDS_REASON = ("lost", "damaged", "sent_back", "released", "taken_back")


def change_lot(desk: Desk, change: LotChange) -> LotCard:
    """Book a change of a lot and return its card as it is then.

    Raises LotUnknown, StockUnclear, NotEnoughStock, and BoxesNeeded where it is not clear which boxes go.
    """
    there = lot_of(desk, change.lot)
    if change.kind == "taken_back":
        _take_back(desk, there, change)
        return card_of(desk, change.lot)
    if change.packs < 0 or change.pieces < 0 or change.packs + change.pieces == 0:
        raise StockUnclear(problem="数量要大于零。")
    if change.kind in _NEEDS_REASON and not change.why.strip():
        asked = "随货退货单或发票号" if change.kind == "sent_back" else "原因"
        raise StockUnclear(problem=f"还没有写{asked}。")
    if change.kind == "expired" and (there.lot.expires is None or desk.today() <= there.lot.expires):
        raise StockUnclear(problem="这一批还没有过期，请选别的原因。")
    if change.kind == "released" and (there.recalled or _is_past(desk, there)):
        raise StockUnclear(problem="这一批已召回或过期，不能再上架，请报损或退给供应商。")
    moved = move(change.kind, there.lot, packs=change.packs, pieces=change.pieces, from_held=change.from_held)
    if not _is_there(there, moved):
        raise NotEnoughStock(name=there.lot.name, batch=there.lot.batch or "（无）")
    boxes = _boxes(desk, there, change)
    booking = Booking(
        provider=shop(desk),
        who=desk.settings.operator,
        why=change.why.strip(),
        moves=(moved,),
        boxes=tuple(boxes),
    )
    codes = tuple(each.code for each in boxes)
    book(desk, f"stock_{change.kind}", booking, _telling(desk, there, change, codes))
    return card_of(desk, change.lot)


def _is_past(desk: Desk, there: OnHand) -> bool:
    return there.lot.expires is not None and desk.today() > there.lot.expires


def _is_there(there: OnHand, moved: Move) -> bool:
    left = there.balance
    return min(left.packs + moved.packs, left.pieces + moved.pieces, left.held + moved.held) >= 0


def _boxes(desk: Desk, there: OnHand, change: LotChange) -> list[Box]:
    """Return the boxes that go, in their new state: those named, or all where the lot is used up by it.

    Raises BoxesNeeded where every pack has a code and only some go.
    """
    held = change.from_held or change.kind == "released"
    known = (
        stock_boxes.in_state(desk.db, there.lot.number, "returned")
        if held
        else stock_boxes.on_shelf(desk.db, there.lot.number)
    )
    packs = there.balance.held // there.lot.size if held else there.balance.packs
    if change.codes:
        strange = [code for code in change.codes if code not in known]
        if strange or len(change.codes) > change.packs:
            raise StockUnclear(
                problem=f"追溯码尾号 {(strange or change.codes)[0][-4:]} 不在这一批要动的盒里。"
            )
        chosen = list(change.codes)
    elif change.packs == packs and len(known) <= packs:
        chosen = known
    elif packs - len(known) >= change.packs:
        chosen = []
    else:
        raise BoxesNeeded(count=change.packs)
    state = _STATE[change.kind]
    sales = {code: serial for code, serial in _came_from(desk, chosen).items()}
    return [
        Box(code=code, drug=there.lot.drug, lot=there.lot.number, state=state, sale=sales.get(code))
        for code in chosen
    ]


def _came_from(desk: Desk, codes: list[str]) -> dict[str, int]:
    found = (stock_boxes.box(desk.db, code) for code in codes)
    return {each.code: each.sale for each in found if each is not None and each.sale is not None}


def _telling(desk: Desk, there: OnHand, change: LotChange, codes: tuple[str, ...]) -> list[Telling]:
    """Return the messages of a change: 3502 for what is lost, 3504 for what went back, none for the shelf."""
    drug, region, now = drug_of(desk, there.lot), rules(desk), desk.now()
    who, why = desk.settings.operator, change.why.strip()
    if change.kind == "sent_back":
        count = _in_packs(change, there)

        def sent(number: str, _booked: Booked) -> tuple[str, str]:
            text = sent_back_input(
                number,
                there.lot,
                drug,
                count=count,
                at=now,
                who=who,
                invoice=why,
                no_batch=region.no_batch,
            )
            return "3504", text

        return [sent]
    if change.kind not in _LOSSES:
        return []
    kind = change.kind
    packs = shares(change.packs, codes, code_list=region.code_list) if change.packs else []
    parts = [(count, boxes, False) for count, boxes in packs]
    parts += [(change.pieces, (), True)] if change.pieces else []

    def lost(count: int, boxes: tuple[str, ...], split: bool) -> Callable[[str, Booked], tuple[str, str]]:
        def tell(number: str, _booked: Booked) -> tuple[str, str]:
            text = change_input(
                number,
                there.lot,
                drug,
                kind,  # type: ignore[arg-type]
                count=Decimal(count),
                at=now,
                who=who,
                why=why,
                codes=boxes,
                split=split,
                code_list=region.code_list,
            )
            return "3502", text

        return tell

    return [lost(count, boxes, split) for count, boxes, split in parts]


def _in_packs(change: LotChange, there: OnHand) -> Decimal:
    """Return what goes in packs, pieces as a part of one (purc_retn_cnt is N16,4)."""
    whole = change.packs + Decimal(change.pieces) / there.lot.size
    return whole if not change.pieces else whole.quantize(_TEN_THOUSANDTH, ROUND_HALF_UP)


def _take_back(desk: Desk, there: OnHand, change: LotChange) -> None:
    """Correct a delivery that was booked wrongly: all of it goes, by a movement that names it, told by
    3507."""
    received = stock_moves.received_in(desk.db, there.lot.number)
    if not change.why.strip():
        raise StockUnclear(problem="还没有写哪里记错了。")
    if received is None or there.balance.packs != received.move.packs or there.balance.held:
        raise StockUnclear(problem="这一批已经动用，不能整批更正。请用盘点记差异。")
    packs = received.move.packs
    boxes = tuple(
        Box(code=code, drug=there.lot.drug, lot=there.lot.number, state="taken_back")
        for code in stock_boxes.on_shelf(desk.db, there.lot.number)
    )
    booking = Booking(
        provider=shop(desk),
        who=desk.settings.operator,
        why=change.why.strip(),
        moves=(move("taken_back", there.lot, packs=packs),),
        boxes=boxes,
        names=received.number,
    )
    told = record_number(desk, received.journal, _place(desk, received))
    book(desk, "stock_taken_back", booking, [lambda _number, _booked: ("3507", deletion_input(told, "3503"))])


def _place(desk: Desk, received: MoveRow) -> int:
    """Return which record of its delivery a lot was told by, counted from 1."""
    return stock_moves.place_in_entry(desk.db, received)
