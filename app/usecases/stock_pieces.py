"""Split packs (拆零): a pack is opened with the sale that first takes pieces of it, and the record of
both."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.storage import stock, stock_boxes, stock_moves
from app.storage.connection import Connection
from app.storage.instants import to_text
from app.storage.stock_boxes import PiecesSold
from app.storage.stock_moves import Booking
from app.usecases.stock_counter import PieceUse
from engine.sale import Sale
from engine.stock import move
from engine.stock_boxes import Box

OPENED = "stock_opened"


def hand_out(db: Connection, sale: Sale, serial: int, uses: Iterable[PieceUse]) -> None:
    """Open what is to be opened, and take the pieces, in the transaction of ``sale`` and before its entry."""
    for use in uses:
        if use.opens:
            _open(db, use, sale.made_at)
        stock_boxes.take_pieces(
            db,
            PiecesSold(
                pack=use.pack.number,
                sale=serial,
                line=use.line,
                pieces=use.pieces,
                at=to_text(sale.made_at),
                who=sale.operator,
            ),
        )


def _open(db: Connection, use: PieceUse, at: datetime) -> None:
    pack = use.pack
    there = stock.one(db, pack.lot) if pack.lot is not None else None
    moves = (move("opened", there.lot, packs=1),) if there else ()
    boxes: tuple[Box, ...] = ()
    if there and pack.code and stock_boxes.box(db, pack.code):
        boxes = (Box(code=pack.code, drug=pack.drug, lot=there.lot.number, state="opened"),)
    booking = Booking(
        provider=pack.provider,
        who=pack.who,
        why=f"拆零，每盒 {pack.size}，追溯码 {pack.code or '无'}",
        moves=moves,
        boxes=boxes,
    )
    booked = stock_moves.book(db, OPENED, booking, at)
    stock_boxes.open_pack(db, pack, booked.journal)
