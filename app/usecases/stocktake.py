"""A stocktake: what is on the shelf is counted lot by lot, and the differences are booked as one.

Only what was counted is booked. The books are looked at again when it is booked, so that what was sold
meanwhile is no difference. Where every pack that is there was scanned, the boxes of the lot that were not
seen are missing from then on: they went by their barcode alone, or otherwise.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from app.storage import stock, stock_boxes, stock_watch
from app.storage.connection import transaction
from app.storage.stock_moves import Booked, Booking
from app.usecases.desk import Desk
from app.usecases.notice import Notice, Tone
from app.usecases.stock_book import Telling, book, drug_of, lot_of, rules, shop
from app.usecases.stock_errors import LotUnknown, StockUnclear
from app.usecases.stock_list import drug_named, row_of
from app.usecases.stock_state import Count, CountLine
from engine.protocol.stock import count_input
from engine.scan import classify
from engine.stock import Counted, Move, OnHand, differences
from engine.stock_boxes import Box, BoxState, where

KIND = "count"
MOST = 99_999
_CENT = Decimal("0.01")


class _Counted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was counted of a lot.

    ``before`` is what the books said of it when its count began, ``boxes`` how many were known on the shelf.
    """

    lot: int
    packs: int
    pieces: int = 0
    codes: tuple[str, ...] = ()
    before: tuple[int, int] = (0, 0)
    boxes: int = 0


class _Draft(Struct, frozen=True, kw_only=True, omit_defaults=True):
    counted: tuple[_Counted, ...] = ()
    chosen: int | None = None


_DECODE = msgspec.json.Decoder(_Draft).decode


def count(desk: Desk) -> Count:
    """Return the stocktake on the desk: every lot that is there, and what was counted of it so far."""
    return _shown(desk, _draft(desk), None)


def scan(desk: Desk, text: str) -> Count:
    """Count a box by its trace code, or one more pack by its barcode; a bare number sets the chosen lot."""
    there, read = _draft(desk), classify(text)
    if read.kind == "trace_code":
        return _count_box(desk, there, read.value)
    if read.kind == "words" and read.value.isascii() and read.value.isdigit() and there.chosen is not None:
        return set_count(desk, there.chosen, read.value, "")
    drug = drug_named(desk, text)
    lots = stock.of_drug(desk.db, shop(desk), drug.code) if drug else []
    lots = [each for each in lots if each.balance.packs or each.balance.pieces] or lots[-1:]
    if drug is None or not lots:
        return _said(
            desk, there, "attention", f"「{read.value[:40]}」账上没有，没有计数。", "确是本店的，请补登入库。"
        )
    chosen = next((each for each in lots if each.lot.number == there.chosen), None)
    if chosen is None and len(lots) > 1:
        there = replace(there, chosen=lots[0].lot.number)
        said = f"{drug.generic_name}有 {len(lots)} 批，没有计数。"
        return _said(desk, there, "info", said, "请按盒上的批号用 ↑ ↓ 选好，再扫一次。")
    return _add(desk, there, chosen or lots[0], ())


def choose(desk: Desk, lot: int) -> Count:
    """Choose the lot that is counted."""
    lot_of(desk, lot)
    return _keep(desk, replace(_draft(desk), chosen=lot), None)


def set_count(desk: Desk, lot: int, packs: str, pieces: str) -> Count:
    """Set what was counted of a lot, as typed; nothing typed for packs takes the count back."""
    there, held = _draft(desk), lot_of(desk, lot)
    others = tuple(each for each in there.counted if each.lot != lot)
    if not packs.strip() and not pieces.strip():
        return _keep(desk, _Draft(counted=others, chosen=lot), None)
    numbers = [text.strip() or "0" for text in (packs, pieces)]
    if not all(text.isascii() and text.isdigit() and int(text) <= MOST for text in numbers):
        return _said(desk, there, "attention", f"数量应是 0 到 {MOST} 的整数，没有改动。")
    before = next((each for each in there.counted if each.lot == lot), None)
    # What is typed is there now: the books are compared as of now, whenever the first box was scanned.
    counted = replace(
        _begun(desk, held),
        packs=int(numbers[0]),
        pieces=int(numbers[1]),
        codes=_still_there(desk, held, before.codes) if before else (),
    )
    return _keep(desk, _Draft(counted=(*others, counted), chosen=lot), None)


def give_up(desk: Desk) -> Count:
    """Throw the count away; nothing of it was booked."""
    with transaction(desk.db):
        stock_watch.drop_draft(desk.db, shop(desk), KIND)
    return _shown(desk, _Draft(), Notice("info", "这次盘点已放弃，没有记账。"))


def book_count(desk: Desk, why: str) -> Count:
    """Book what was counted: a movement for each difference, 3501 for each lot counted; raise
    StockUnclear."""
    there = _draft(desk)
    if not there.counted:
        raise StockUnclear(problem="还没有数任何一批。")
    lots = stock.several(desk.db, (each.lot for each in there.counted))
    moves: list[Move] = []
    boxes: list[Box] = []
    tell: list[Telling] = []
    for each in there.counted:
        held = lots.get(each.lot)
        if held is None:
            raise LotUnknown()
        left, turned = _found(desk, held, each)
        moves += differences(held.lot, held.balance, left)
        boxes += turned
        tell.append(_telling(desk, held, left, why.strip()))
    if moves and not why.strip():
        raise StockUnclear(problem=f"有 {len({each.lot for each in moves})} 批账实不符，还没有写原因。")
    booking = Booking(
        provider=shop(desk),
        who=desk.settings.operator,
        why=why.strip(),
        moves=tuple(moves),
        boxes=tuple(boxes),
    )
    book(
        desk,
        "stock_counted",
        booking,
        tell,
        also=lambda _booked: stock_watch.drop_draft(desk.db, shop(desk), KIND),
    )
    off = len({each.lot for each in moves})
    what = f"盘点已记账：数了 {len(there.counted)} 批，{f'{off} 批有差异' if off else '账实相符'}。"
    missing = sum(box.state == "missing" for box in boxes)
    advice = f"有码的盒里 {missing} 盒没有见到，已记下；再扫到它们会提示。" if missing else ""
    return _shown(desk, _Draft(), Notice("done", what, advice))


def _begun(desk: Desk, held: OnHand) -> _Counted:
    known = stock_boxes.on_shelf(desk.db, held.lot.number)
    there = (held.balance.packs, held.balance.pieces)
    return _Counted(lot=held.lot.number, packs=0, before=there, boxes=len(known))


def _still_there(desk: Desk, held: OnHand, codes: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the counted boxes that were not sold since; one that was missing is there again."""
    known = {
        *stock_boxes.on_shelf(desk.db, held.lot.number),
        *stock_boxes.in_state(desk.db, held.lot.number, "missing"),
    }
    return tuple(code for code in codes if code in known)


def _found(desk: Desk, held: OnHand, counted: _Counted) -> tuple[Counted, list[Box]]:
    """Return what is there now by what was counted, and the boxes that it found or missed.

    What was sold since it was counted is no difference. Where every pack was scanned, a box that was sold
    before its scan is none either.
    """
    sold_packs = counted.before[0] - held.balance.packs
    sold_pieces = counted.before[1] - held.balance.pieces
    known = set(stock_boxes.on_shelf(desk.db, held.lot.number))
    seen = set(_still_there(desk, held, counted.codes))
    packs = counted.packs - sold_packs
    if counted.packs == len(counted.codes):
        packs = len(seen) - max(0, sold_packs - (counted.boxes - len(known)))
    packs = max(0, packs)
    unseen = known - seen if packs == len(seen) else set()
    turned: tuple[tuple[set[str], BoxState], ...] = ((seen - known, "shelf"), (unseen, "missing"))
    boxes = [
        Box(code=code, drug=held.lot.drug, lot=held.lot.number, state=state, sale=_sale_of(desk, code))
        for codes, state in turned
        for code in sorted(codes)
    ]
    left = Counted(lot=counted.lot, packs=packs, pieces=max(0, counted.pieces - sold_pieces))
    return left, boxes


def _sale_of(desk: Desk, code: str) -> int | None:
    box = stock_boxes.box(desk.db, code)
    return box.sale if box else None


def _telling(desk: Desk, held: OnHand, counted: Counted, why: str) -> Telling:
    drug, region, day = drug_of(desk, held.lot), rules(desk), desk.today()
    size = Decimal(held.lot.size)
    whole = Decimal(counted.packs * held.lot.size + counted.pieces)
    packs = _portion(whole, size)

    def tell(number: str, _booked: Booked) -> tuple[str, str]:
        text = count_input(number, held.lot, drug, day=day, packs=packs, no_batch=region.no_batch, why=why)
        return "3501", text

    return tell


def _portion(whole: Decimal, size: Decimal) -> Decimal:
    """Return pieces as packs with two decimals (inv_cnt is N16,2), half a hundredth up."""
    return (whole / size).quantize(_CENT, ROUND_HALF_UP)


def _count_box(desk: Desk, there: _Draft, code: str) -> Count:
    box, tail = stock_boxes.box(desk.db, code), code[-4:]
    if any(code in each.codes for each in there.counted):
        return _said(desk, there, "attention", f"追溯码尾号 {tail} 的这一盒已经数过。", "请扫下一盒。")
    if box is None:
        drug = drug_named(desk, code)
        if drug is not None and stock.of_drug(desk.db, shop(desk), drug.code):
            return scan(desk, drug.barcode or drug.code)
        said = f"追溯码尾号 {tail} 的这一盒没有入库记录，没有计数。"
        return _said(desk, there, "attention", said, "请核对来源，补登入库后再数。")
    if box.state not in ("shelf", "missing"):
        said = f"追溯码尾号 {tail} 的这一盒账上{where(box.state)}，没有计数。"
        return _said(desk, there, "attention", said, "请放在一边，盘点后由药师处理。")
    held = stock.one(desk.db, box.lot)
    if held is None:
        raise LotUnknown()
    return _add(desk, there, held, (code,))


def _add(desk: Desk, there: _Draft, held: OnHand, codes: tuple[str, ...]) -> Count:
    lot = held.lot.number
    before = next((each for each in there.counted if each.lot == lot), None)
    counted = before or _begun(desk, held)
    counted = replace(counted, packs=min(MOST, counted.packs + 1), codes=(*counted.codes, *codes))
    others = tuple(each for each in there.counted if each.lot != lot)
    said = Notice("info", f"{held.lot.name} 批号 {held.lot.batch}：数到第 {counted.packs} 盒。")
    if counted.before[0] != held.balance.packs and counted.packs != len(counted.codes):
        what = f"数{held.lot.name}批号 {held.lot.batch} 时账上又变了：数到第 {counted.packs} 盒。"
        said = Notice("attention", what, "数完请再看一遍架上，直接输入总数。")
    return _keep(desk, _Draft(counted=(*others, counted), chosen=lot), said)


def _draft(desk: Desk) -> _Draft:
    kept = stock_watch.draft(desk.db, shop(desk), KIND)
    return _DECODE(kept) if kept else _Draft()


def _said(desk: Desk, there: _Draft, tone: Tone, what: str, advice: str = "") -> Count:
    return _keep(desk, there, Notice(tone, what, advice))


def _keep(desk: Desk, there: _Draft, said: Notice | None) -> Count:
    with transaction(desk.db):
        stock_watch.put_draft(desk.db, shop(desk), KIND, msgspec.json.encode(there).decode())
    return _shown(desk, there, said)


def _shown(desk: Desk, there: _Draft, said: Notice | None) -> Count:
    day, near = desk.today(), rules(desk).near_expiry_days
    counted = {each.lot: each for each in there.counted}
    lots = {each.lot.number: each for each in stock.all_of(desk.db, shop(desk))}
    lots |= {number: held for number, held in stock.several(desk.db, counted).items() if number not in lots}
    lines = []
    for number, held in lots.items():
        mine = counted.get(number)
        lines.append(
            CountLine(
                row=row_of(desk, held, day, near),
                packs=mine.packs if mine else None,
                pieces=mine.pieces if mine else None,
                codes=mine.codes if mine else (),
            )
        )
    return Count(lines=tuple(lines), chosen=there.chosen, said=said)
