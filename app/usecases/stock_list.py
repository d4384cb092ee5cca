"""The stock as it is: by drug and lot, what expires soon, where a scanned box is, which packs are opened."""

from __future__ import annotations

import re
from datetime import date

from app.storage import sales, stock, stock_boxes, stock_moves
from app.storage.instants import from_text
from app.usecases import shelf, trace_codes
from app.usecases.desk import Desk
from app.usecases.notice import Notice
from app.usecases.stock_book import lot_of, rules, shop
from app.usecases.stock_state import LotCard, LotRow, LotState, MoveShown, OpenedRow, StockList
from engine.catalogue import Drug
from engine.scan import classify
from engine.stock import Balance, OnHand, is_expired
from engine.stock_boxes import Box, where

MOST_ROWS = 500
MOST_PACKS = 200
_URGENT: dict[LotState, int] = {"expired": 0, "recalled": 1, "near": 2, "fit": 3}
_STATE_WORDS: dict[LotState, str] = {"expired": "过期", "recalled": "召回", "near": "近效期", "fit": ""}
"""By these words, too, the list is narrowed down."""

_WITHIN = re.compile(r"([0-9]{1,4})天").fullmatch


def list_stock(desk: Desk, words: str) -> StockList:
    """Return the stock that ``words`` name, all of it for none; a scanned box says where it is."""
    day, near_days = desk.today(), rules(desk).near_expiry_days
    names: dict[str, Drug | None] = {}
    rows = [row_of(desk, each, day, near_days, names) for each in stock.all_of(desk.db, shop(desk))]
    rows.sort(key=_urgency)
    scan = classify(words) if words.strip() else None
    about, kept = None, rows
    if scan is not None and scan.kind == "trace_code":
        box = stock_boxes.box(desk.db, scan.value)
        about = _about(desk, scan.value, box)
        kept = [row for row in rows if box is not None and row.lot == box.lot]
    elif scan is not None:
        kept = _named(rows, scan.value, names)
    return StockList(
        rows=tuple(kept[:MOST_ROWS]),
        words=words.strip(),
        lots=len(rows),
        near=sum(row.state == "near" for row in rows),
        expired=sum(row.state == "expired" for row in rows),
        recalled=sum(row.state == "recalled" for row in rows),
        held=sum(bool(row.held) for row in rows),
        near_days=near_days,
        about=about,
    )


def _urgency(row: LotRow) -> tuple[int, int]:
    """What asks for a person stands first, the most urgent of it before the rest."""
    return _URGENT[row.state], (row.days or 0) if row.state != "fit" else 0


def _named(rows: list[LotRow], words: str, names: dict[str, Drug | None]) -> list[LotRow]:
    """Return the rows that ``words`` name; ``90天`` those that expire within as many days, soonest first."""
    within = _WITHIN(words.replace(" ", ""))
    if within is None:
        return [row for row in rows if _fits(row, words, names.get(row.drug))]
    due = [row for row in rows if row.days is not None and row.days <= int(within[1])]
    return sorted(due, key=lambda row: (row.days or 0, row.name))


def row_of(
    desk: Desk, each: OnHand, day: date, near_days: int, names: dict[str, Drug | None] | None = None
) -> LotRow:
    """Return a lot as the lists show it; ``names`` keeps drugs that were looked up."""
    lot, known = each.lot, names if names is not None else {}
    if lot.drug not in known:
        known[lot.drug] = shelf.by_code(desk, lot.drug)
    drug = known[lot.drug]
    days = (lot.expires - day).days if lot.expires else None
    return LotRow(
        lot=lot.number,
        drug=lot.drug,
        name=lot.name,
        spec=drug.spec if drug else "",
        maker=drug.maker if drug else "",
        batch=lot.batch,
        expires=lot.expires,
        days=days,
        packs=each.balance.packs,
        pieces=each.balance.pieces,
        held=each.balance.held,
        size=lot.size,
        unit=drug.unit if drug else "盒",
        piece_unit=(drug.pack_unit if drug else "") or "片",
        state=_state(each, day, days, near_days),
        supplier=lot.supplier,
        received=lot.received,
    )


def _state(each: OnHand, day: date, days: int | None, near_days: int) -> LotState:
    if is_expired(each.lot, day):
        return "expired"
    if each.recalled:
        return "recalled"
    return "near" if days is not None and days <= near_days else "fit"


def _fits(row: LotRow, words: str, drug: Drug | None) -> bool:
    known = (drug.pinyin, drug.barcode or "", drug.trade_name or "") if drug else ()
    known = (*known, _STATE_WORDS[row.state], "待处理" if row.held else "")
    text = " ".join((row.name, row.spec, row.batch, row.maker, row.drug, row.supplier, *known)).lower()
    return all(word in text for word in words.lower().split())


def _about(desk: Desk, code: str, box: Box | None) -> Notice:
    tail = f"追溯码尾号 {code[-4:]} 的这一盒"
    if box is None:
        sold = stock_boxes.sold_as_unknown(desk.db, code)
        if sold is None:
            return Notice(
                "attention", f"{tail}没有入库记录，也没有卖过。", "请核对来源；确是本店的，请补登入库。"
            )
        return Notice("info", f"{tail}没有入库记录，已在第 {sold} 号销售中卖出。")
    there = stock.one(desk.db, box.lot)
    batch = f"批号 {there.lot.batch}，" if there else ""
    number = sales.number_of(desk.db, box.sale) if box.state in ("sold", "returned") and box.sale else None
    by = f"（第 {number} 号销售）" if number else ""
    return Notice("info", f"{tail}：{batch}{where(box.state)}{by}。")


def card_of(desk: Desk, number: int) -> LotCard:
    """Return one lot at length; raise LotUnknown."""
    there = lot_of(desk, number)
    moves = stock_moves.of_lot(desk.db, number)
    kept = Balance()
    for each in moves:
        kept = Balance(
            packs=kept.packs + each.move.packs,
            pieces=kept.pieces + each.move.pieces,
            held=kept.held + each.move.held,
        )
    boxes = stock_boxes.on_shelf(desk.db, number)
    return LotCard(
        row=row_of(desk, there, desk.today(), rules(desk).near_expiry_days),
        note=there.lot.note,
        cost=there.lot.cost,
        made=there.lot.made,
        moves=tuple(
            MoveShown(
                at=each.at,
                kind=each.move.kind,
                packs=each.move.packs,
                pieces=each.move.pieces,
                held=each.move.held,
                who=each.who,
                why=each.why,
            )
            for each in reversed(moves)
        ),
        sold=kept.packs - there.balance.packs,
        boxes=tuple(boxes),
        unnamed=max(0, len(boxes) - there.balance.packs),
    )


def list_opened(desk: Desk) -> tuple[OpenedRow, ...]:
    """Return the record of split packs, the newest first."""
    return tuple(_opened(desk, pack) for pack in stock_boxes.opened_of(desk.db, shop(desk), MOST_PACKS))


def _opened(desk: Desk, pack: stock_boxes.OpenedPack) -> OpenedRow:
    there = stock.one(desk.db, pack.lot) if pack.lot is not None else None
    drug = shelf.by_code(desk, pack.drug)
    name = there.lot.name if there else drug.generic_name if drug else pack.drug
    return OpenedRow(
        name=name,
        batch=there.lot.batch if there else "",
        expires=there.lot.expires if there else None,
        code=pack.code or "",
        size=pack.size,
        left=pack.left,
        unit=(drug.pack_unit if drug else "") or "片",
        at=from_text(pack.at),
        who=pack.who,
        sold=tuple(
            (sales.number_of(desk.db, each.sale) or "", from_text(each.at), each.pieces, each.who)
            for each in stock_boxes.pieces_of(desk.db, pack.number)
        ),
    )


def drug_named(desk: Desk, text: str) -> Drug | None:
    """Return the one drug that a code, a barcode, a box or words mean; None for none and for several."""
    scan = classify(text)
    if scan.kind == "barcode":
        return shelf.by_barcode(desk, scan.value)
    if scan.kind == "drug_code":
        return shelf.by_code(desk, scan.value)
    if scan.kind == "trace_code":
        return trace_codes.drug_of_box(desk, scan.value)
    known = shelf.by_code(desk, text.strip())
    if known is not None:
        return known
    found = desk.seeker.find(scan.value, 2)
    exact = [each for each in found if each.generic_name == text.strip()]
    return exact[0] if len(exact) == 1 else found[0] if len(found) == 1 else None
