"""What a shop does with its stock between sales: deliveries, returns, losses, counts; and what must hold.

Reckoned from the journal's entries one after another, never from the tables that keep the balances.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw

from app.storage import journal, outbox, stock
from app.storage.stock_moves import Booking
from app.usecases.stock_state import BroughtBack, LineEntry, LotChange
from engine.protocol.stock import DELETION, SALES, STOCK, read_deletion, read_records
from engine.sale import Sale
from engine.stock import Balance, Move, NotOnHand, after

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

_BOOKING = msgspec.json.Decoder(Booking).decode
_SALE = msgspec.json.Decoder(Sale).decode
_TOLD = ("stock_received", "stock_damaged", "stock_came_back", "stock_counted")
_MANY = 1_000_000


def receive(machine: Machine, codes: list[str], note: str, dice: Random) -> None:
    """Book a delivery of boxes, and of some packs beside them that nobody scanned."""
    till = machine.till
    if dice.random() < 0.2:
        till.give_up_delivery()
    till.head_delivery("模拟医药公司", note)
    for code in codes:
        till.scan_delivery(code)
    for line in till.delivery().lines:
        packs = str(len(line.codes) + dice.randrange(3))
        till.change_delivery(
            line.key, LineEntry(batch=note, expires="2030-05", made="", packs=packs, cost="")
        )
    if dice.random() < 0.9:  # Else it lies on the desk until the next one.
        till.book_delivery()


def tend(machine: Machine, dice: Random) -> None:
    """Do one thing with what is there."""
    till, lots = machine.till, [row for row in machine.till.stock("").rows if not row.name.startswith("?")]
    what = dice.choice(("back", "back", "release", "release", "lose", "apart", "count", "wrong"))
    if what == "back":
        sold = [row.number for row in till.sales(None)]
        for line in till.sold_lines(dice.choice(sold)) if sold else ():
            till.bring_back(
                BroughtBack(sale=line.sale, line=line.line, quantity=1, why="拿错了", codes=line.codes[:1])
            )
        return
    if not lots:
        return
    row = dice.choice(lots)
    boxes = till.lot(row.lot).boxes
    if what == "count":
        for code in boxes[dice.randrange(2) :]:
            till.scan_count(code)
        till.book_count("盘点")
    elif what == "wrong":
        till.change_lot(LotChange(kind="taken_back", lot=row.lot, why="记错了"))
    elif what == "release":
        till.change_lot(LotChange(kind="released", lot=row.lot, packs=row.held, why="药师核对无误"))
    else:
        kind = "damaged" if what == "lose" else "set_aside"
        till.change_lot(LotChange(kind=kind, lot=row.lot, packs=1, why="破损", codes=boxes[:1]))  # type: ignore[arg-type]


def books_hold(machine: Machine) -> Iterator[str]:
    """Yield where a lot came to less than nothing or to another balance, and what box was sold twice."""
    balances: dict[int, Balance] = {}
    sold: set[str] = set()
    for entry in journal.read(machine.db, 0, _MANY):
        if entry.kind == "sale":
            sale = _SALE(entry.body)
            codes = [code for line in sale.draft.lines for code in line.trace_codes]
            yield from (f"S8: {machine.name} sold the box {code} twice" for code in codes if code in sold)
            sold |= set(codes)
            moves = [
                Move(kind="sold", lot=use.lot, packs=-use.quantity)
                for line in sale.draft.lines
                for use in line.lots
            ]
        elif entry.kind.startswith("stock_"):
            booking = _BOOKING(entry.body)
            moves = list(booking.moves)
            if entry.kind == "stock_released":
                sold -= {box.code for box in booking.boxes}
        else:
            continue
        for moved in moves:
            try:
                balances[moved.lot] = after(balances.get(moved.lot, Balance()), moved)
            except NotOnHand as fault:
                yield f"stock: {machine.name}, entry {entry.number}: {fault}"
    there = {number: held.balance for number, held in stock.several(machine.db, balances).items()}
    if there != balances:
        yield f"stock: {machine.name} has {there}, its entries come to {balances}"


def agency_knows(world: World, machine: Machine) -> Iterator[str]:
    """Yield which record of a movement the agency does not hold, or otherwise than it was told."""
    held = {
        (number, infno): (drug, count, deleted is not None)
        for number, infno, drug, count, deleted in world.office.rows(
            "SELECT number, infno, drug, count, deleted_at FROM stock_record WHERE provider = ?",
            (machine.provider,),
        )
    }
    deleted: set[str] = set()
    told: dict[tuple[str, str], tuple[str, str]] = {}
    for message in outbox.numbered(machine.db, 1, _MANY):
        if message.infno not in STOCK:
            continue
        raw = Raw(outbox.text_of(machine.db, message).encode())
        if message.infno == DELETION:
            deleted.add(read_deletion(raw).fixmedins_bchno)
            continue
        for record in read_records(message.infno, raw):
            key = (record.number, message.infno)
            if key in told:
                yield f"stock: {machine.name} told the record {record.number} twice"
            told[key] = (record.drug, str(record.count))
    entries = {int(number.split("-")[1]) for number, infno in told if infno not in SALES}
    for entry in journal.read(machine.db, 0, _MANY):
        if entry.kind in _TOLD and entry.number not in entries:
            yield f"stock: {machine.name} told nobody of entry {entry.number}, {entry.kind}"
    for (number, infno), (drug, count) in told.items():
        if held.get((number, infno)) != (drug, count, number in deleted):
            yield f"stock: {machine.name} {infno} {number} is {held.get((number, infno))} at the agency"
