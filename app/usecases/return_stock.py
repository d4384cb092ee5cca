"""What a customer brings back: set aside, told by 3506, never straight to the shelf.

The money is another matter: a settlement is reversed by itself. Source: 药品经营质量管理规范 (not confirmed
here): what was sold is not taken back but for its quality; what is taken back lies apart until a pharmacist
decides.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from app.storage import runs, sales, stock_boxes, stock_returns
from app.storage.stock_moves import Booked, Booking
from app.usecases.desk import Desk
from app.usecases.stock_book import Telling, book, lot_of, rules, shop
from app.usecases.stock_errors import NothingReturned
from app.usecases.stock_state import BroughtBack, SoldLine
from engine.person import masked_name
from engine.protocol.stock import shares
from engine.protocol.stock_sales import came_back_input
from engine.sale import BasketLine, Sale
from engine.scan import classify
from engine.stock import Lot, Move, move, use_of
from engine.stock_boxes import Box


class _Back(Struct, frozen=True, kw_only=True):
    """What is brought back of one line."""

    sale: Sale
    serial: int
    line: BasketLine
    quantity: int
    codes: tuple[str, ...]


class _Part(Struct, frozen=True, kw_only=True):
    """What is of one lot of it; ``lot`` None: of no known one."""

    lot: Lot | None
    quantity: int
    codes: tuple[str, ...] = ()


def sold_lines(desk: Desk, text: str) -> tuple[SoldLine, ...]:
    """Return the lines of the sale that a receipt's number, or a scanned box, means; none for no such
    sale."""
    scan = classify(text)
    if scan.kind == "trace_code":
        serial = runs.last_sale_of(desk.db, scan.value)
        index = sales.index_of(desk.db, str(serial)) if serial is not None else None
    else:
        index = sales.index_of(desk.db, text.strip())
    if index is None:
        return ()
    sale = sales.read(desk.db, index.journal)
    if sale.store.provider.id != shop(desk):
        return ()
    lines = _shown(desk, sale, index.serial)
    if scan.kind == "trace_code":
        lines = [line for line in lines if scan.value in line.codes]
    return tuple(lines)


def bring_back(desk: Desk, asked: BroughtBack) -> tuple[SoldLine, ...]:
    """Take back what is asked of a line of a sale; return the sale's lines as they stand then.

    Raises NothingReturned where nothing of it can be taken back.
    """
    back, why = _checked(desk, asked), asked.why.strip()
    parts = _parts(desk, back)
    booking = Booking(
        provider=shop(desk),
        who=desk.settings.operator,
        why=why,
        moves=tuple(_move(back, part.lot, part.quantity) for part in parts if part.lot),
        boxes=tuple(
            Box(code=code, drug=back.line.drug.code, lot=part.lot.number, state="returned", sale=back.serial)
            for part in parts
            if part.lot
            for code in part.codes
        ),
        sale=back.sale.number,
    )

    def keep(booked: Booked) -> None:
        for part in parts:
            came = stock_returns.CameBack(
                sale=back.serial,
                line=back.line.id,
                quantity=part.quantity,
                lot=part.lot.number if part.lot else None,
                at=desk.now(),
                who=desk.settings.operator,
            )
            stock_returns.put(desk.db, came, booked.journal)

    now, code_list = desk.now(), rules(desk).code_list
    tell = [
        _telling(desk, back, _Part(lot=part.lot, quantity=count, codes=codes), why, now)
        for part in parts
        for count, codes in shares(part.quantity, part.codes, code_list=code_list)
    ]
    book(desk, "stock_came_back", booking, tell, also=keep)
    return tuple(_shown(desk, back.sale, back.serial))


def _checked(desk: Desk, asked: BroughtBack) -> _Back:
    line, quantity, codes = asked.line, asked.quantity, asked.codes
    index = sales.index_of(desk.db, asked.sale)
    if index is None:
        raise NothingReturned(problem=f"没有第 {asked.sale} 号销售。")
    sale = sales.read(desk.db, index.journal)
    sold = next((each for each in sale.draft.lines if each.id == line), None)
    if sold is None:
        raise NothingReturned(problem="这笔销售里没有这一行。")
    left = sold.quantity - stock_returns.returned(desk.db, index.serial, line)
    if not 0 < quantity <= left:
        raise NothingReturned(problem=f"这一行还能退 {left} {sold.unit}。")
    if not asked.why.strip():
        raise NothingReturned(problem="还没有写退药的原因。")
    known = () if sold.split else sold.trace_codes
    out = tuple(code for code in known if not _is_back(desk, code, index.serial))
    if len(out) == quantity and not codes:
        codes = out
    if any(code not in out for code in codes) or len(codes) > quantity:
        raise NothingReturned(problem="扫的盒不是这笔销售卖出的那一盒。")
    if len(codes) < min(quantity, len(out) - (left - quantity)):
        raise NothingReturned(problem="这种药每盒有追溯码，请扫退回的那一盒。")
    return _Back(sale=sale, serial=index.serial, line=sold, quantity=quantity, codes=codes)


def _is_back(desk: Desk, code: str, serial: int) -> bool:
    box = stock_boxes.box(desk.db, code)
    return box is not None and box.sale == serial and box.state != "sold"


def _parts(desk: Desk, back: _Back) -> list[_Part]:
    """Divide what comes back among the lots that it is of: a box knows its own, the rest is of those that the
    line was taken from and that have not come back yet."""
    before = stock_returns.returned_by_lot(desk.db, back.serial, back.line.id)
    left = {use.lot: use.quantity - before.get(use.lot, 0) for use in back.line.lots}
    codes: dict[int | None, list[str]] = {}
    for code in back.codes:
        codes.setdefault(_lot_of_box(desk, back.line, code), []).append(code)
    counts: dict[int | None, int] = {lot: len(named) for lot, named in codes.items()}
    rest = back.quantity - len(back.codes)
    for lot, some in left.items():
        taken = min(rest, max(0, some - counts.get(lot, 0)))
        counts[lot] = counts.get(lot, 0) + taken
        rest -= taken
    counts[None] = counts.get(None, 0) + rest
    return [
        _Part(lot=lot_of(desk, lot).lot if lot else None, quantity=count, codes=tuple(codes.get(lot, ())))
        for lot, count in counts.items()
        if count
    ]


def _lot_of_box(desk: Desk, line: BasketLine, code: str) -> int | None:
    box = stock_boxes.box(desk.db, code)
    if box is not None:
        return box.lot
    of_code = [use.lot for use in line.lots if code in use.codes]
    return of_code[0] if of_code else line.lots[0].lot if len(line.lots) == 1 else None


def _move(back: _Back, lot: Lot, quantity: int) -> Move:
    packs, pieces = (0, quantity) if back.line.split else (quantity, 0)
    return move("came_back", lot, packs=packs, pieces=pieces)


def _telling(desk: Desk, back: _Back, part: _Part, why: str, at: datetime) -> Telling:
    setl_id = stock_returns.setl_id_of(desk.db, back.sale, back.line.id)

    def tell(number: str, _booked: Booked) -> tuple[str, str]:
        text = came_back_input(
            number,
            back.sale,
            back.line,
            use_of(part.lot, part.quantity) if part.lot else None,
            count=part.quantity,
            at=at,
            who=desk.settings.operator,
            why=why,
            codes=part.codes,
            setl_id=setl_id,
            rules=rules(desk),
        )
        return "3506", text

    return tell


def _shown(desk: Desk, sale: Sale, serial: int) -> list[SoldLine]:
    who = masked_name(sale.draft.person.name) if sale.draft.person else "自费顾客"
    return [
        SoldLine(
            sale=sale.number,
            line=line.id,
            name=line.drug.generic_name,
            spec=line.drug.spec,
            unit=line.unit,
            quantity=line.quantity,
            left=line.quantity - stock_returns.returned(desk.db, serial, line.id),
            batch="、".join(dict.fromkeys(use.batch for use in line.lots)),
            codes=() if line.split else line.trace_codes,
            at=sale.made_at,
            who=who,
        )
        for line in sale.draft.lines
    ]
