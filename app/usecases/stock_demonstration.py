"""Fills the demonstration's shelves when it is first opened, by the acts that a pharmacist would do."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.clock import Clock
from app.storage import stock, stock_watch
from app.usecases import recall_stock, receive_stock, shelf
from app.usecases.desk import Desk
from app.usecases.stock_book import shop
from app.usecases.stock_state import LineEntry
from engine.demonstration_stock import DemonstrationStock, StockDelivery, StockLine


class _Earlier:
    """A clock so many days behind: what was received long ago was received then."""

    def __init__(self, clock: Clock, days: int) -> None:
        self._clock, self._back = clock, timedelta(days=days)

    def now(self) -> datetime:
        return self._clock.now() - self._back


def fill_shelves(desk: Desk, wanted: DemonstrationStock, provider: str) -> bool:
    """Receive what is ``wanted`` in the shop ``provider``; tell whether it is there now, by this or before.

    False: the shop is not open, or the agency has not told of all the drugs yet; then nothing was done.
    """
    if desk.store is None or desk.store.provider.id != provider:
        return False
    if stock.anything_received(desk.db, provider):
        return True
    codes = {line.drug for each in wanted.deliveries for line in each.lines}
    if any(shelf.by_code(desk, code) is None for code in codes):
        return False
    if stock_watch.draft(desk.db, shop(desk), receive_stock.KIND) is not None:
        return False  # Somebody is receiving something of their own.
    clock = desk.clock
    try:
        for each in wanted.deliveries:
            desk.clock = _Earlier(clock, each.days_ago)
            _receive(desk, each, clock.now())
    finally:
        desk.clock = clock
    for recall in wanted.recalls:
        recall_stock.recall(desk, recall.drug, recall.batch, recall.why)
    return True


def _receive(desk: Desk, delivery: StockDelivery, opened: datetime) -> None:
    receive_stock.head(desk, delivery.supplier, delivery.note)
    for place, line in enumerate(delivery.lines, 1):
        for scan in _scans(desk, line):
            receive_stock.scan(desk, scan)
        ends = (opened + timedelta(days=line.expires_in_days)).date()
        entry = LineEntry(batch=line.batch, expires=ends.isoformat(), made="", packs=str(line.packs), cost="")
        receive_stock.change(desk, str(place), entry)
    receive_stock.book_delivery(desk)


def _scans(desk: Desk, line: StockLine) -> list[str]:
    """Return what is scanned of a line: its boxes' codes, else the pack's own code."""
    drug = shelf.by_code(desk, line.drug)
    if drug is None or drug.trace_prefix is None or not line.boxes:
        return [line.drug]
    return [f"{drug.trace_prefix}{serial:013d}" for serial in range(1, line.boxes + 1)]
