"""Booking stock: the movement, its journal entry and what the agency is told of it, in one durable step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.stock_rules import rules_of
from app.storage import device, outbox, stock, stock_moves
from app.storage.connection import transaction
from app.storage.outbox import Message
from app.storage.stock_moves import Booked, Booking
from app.usecases import shelf
from app.usecases.desk import Desk
from app.usecases.show import open_store
from app.usecases.stock_errors import LotUnknown, NotEnoughStock
from engine.catalogue import Drug
from engine.protocol.envelope import QUERY_SERIALS, message_id
from engine.stock import Lot, NotOnHand, OnHand
from engine.stock_rules import StockRules

Telling = Callable[[str, Booked], tuple[str, str]]
"""Makes a message of its record's number: the transaction and its input."""


def book(
    desk: Desk,
    kind: str,
    booking: Booking,
    tell: Sequence[Telling] = (),
    also: Callable[[Booked], None] = lambda _booked: None,
) -> Booked:
    """Write a booking with its messages, and what ``also`` writes with it; raise NotEnoughStock.

    Nothing of it is there without the rest, whatever happens meanwhile.
    """
    now, store = desk.now(), open_store(desk)
    try:
        with transaction(desk.db):
            booked = stock_moves.book(desk.db, kind, booking, now)
            also(booked)
            for place, each in enumerate(tell, 1):
                infno, text = each(record_number(desk, booked.journal, place), booked)
                serial = (outbox.last_number(desk.db) + 1) % QUERY_SERIALS
                id_ = message_id(store.provider.id, now, serial)
                outbox.put(
                    desk.db,
                    Message(id=id_, infno=infno, provider=store.provider.id, made_at=now, input=text),
                )
    except NotOnHand as error:
        lot = booking.moves[0].lot if booking.moves else 0
        there = stock.one(desk.db, lot)
        name, batch = (there.lot.name, there.lot.batch) if there else ("", "")
        raise NotEnoughStock(name=name, batch=batch or "（无）") from error
    desk.courier.poke()
    return booked


def record_number(desk: Desk, journal: int, place: int) -> str:
    """Return the shop's own number of a record (fixmedins_bchno): till, epoch, journal entry, place in it.

    The epoch is the entry's own: what was told before a backup was put back keeps its number.
    """
    return f"M{open_store(desk).till}.{device.epoch_at(desk.db, journal)}-{journal}-{place}"


def shop(desk: Desk) -> str:
    """Return whose stock it is."""
    return open_store(desk).provider.id


def rules(desk: Desk) -> StockRules:
    """Return what the shop's region asks."""
    return rules_of(open_store(desk).provider.region)


def lot_of(desk: Desk, number: int) -> OnHand:
    """Return a lot of the open shop; raise LotUnknown."""
    there = stock.one(desk.db, number)
    if there is None or stock.shop_of(desk.db, number) != shop(desk):
        raise LotUnknown()
    return there


def drug_of(desk: Desk, lot: Lot) -> Drug:
    """Return the drug of a lot; of one that has left the catalogue, what the lot itself knows."""
    known = shelf.by_code(desk, lot.drug)
    return known or Drug(
        code=lot.drug, generic_name=lot.name, form="", spec="", maker="", approval="", pack_size=lot.size
    )
