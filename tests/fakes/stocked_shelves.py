"""A shop whose shelves are filled through the use cases, as a pharmacist would fill them."""

from __future__ import annotations

from msgspec import Raw

from app.storage import outbox, sales, stock
from app.usecases.stock_state import LineEntry
from app.usecases.till import Till
from engine.catalogue import Drug
from engine.protocol.stock import StockRecord, read_records
from engine.sale import Sale
from engine.stock import OnHand
from tests.fakes.fake_counter import Bench

SHOP = "P33068100001"


def receive(
    till: Till,
    drug: Drug,
    batch: str,
    expires: str,
    *,
    packs: int = 0,
    codes: tuple[str, ...] = (),
    note: str = "SH-1",
) -> None:
    """Book one batch of ``drug``: by the codes of its boxes, or by count."""
    till.head_delivery("浙江演示医药有限公司", note)
    for code in codes:
        till.scan_delivery(code)
    if not codes:
        till.scan_delivery(drug.barcode or drug.code)
    key = till.delivery().chosen or ""
    entry = LineEntry(batch=batch, expires=expires, made="", packs=str(packs or len(codes)), cost="8.20")
    till.change_delivery(key, entry)
    booked = till.book_delivery()
    assert booked.said is not None
    assert booked.said.tone == "done"


def free_drug(bench: Bench) -> Drug:
    """Return a drug of the demonstration that needs no prescription."""
    return next(drug for drug in bench.demonstration.drugs if not drug.prescription_only and drug.barcode)


def box(drug: Drug, serial: int) -> str:
    """Return the trace code of a box of ``drug``."""
    return f"{drug.trace_prefix}{serial:013d}"


def lots(bench: Bench, drug: Drug) -> list[OnHand]:
    """Return the lots of ``drug`` in the shop that is open."""
    return stock.of_drug(bench.db, SHOP, drug.code)


def left(bench: Bench, drug: Drug) -> dict[str, tuple[int, int, int]]:
    """Return by batch what is left of ``drug``: packs, pieces, held."""
    return {
        each.lot.batch: (each.balance.packs, each.balance.pieces, each.balance.held)
        for each in lots(bench, drug)
    }


def buy(bench: Bench, *scans: str) -> str:
    """Sell what is scanned to the next customer; return the sale's number."""
    bench.till.next_customer()
    for each in scans:
        bench.till.enter(each)
    settled = bench.settle().settled
    assert settled is not None
    return settled.number


def sale_of(bench: Bench, number: str) -> Sale:
    """Return the whole sale with a printed ``number``."""
    index = sales.index_of(bench.db, number)
    assert index is not None
    return sales.read(bench.db, index.journal)


def told(bench: Bench) -> tuple[str, StockRecord]:
    """Return the newest message: its transaction, and the one record in it."""
    message = outbox.recent(bench.db, 1)[0]
    return message.infno, read_records(message.infno, Raw(outbox.text_of(bench.db, message).encode()))[0]
