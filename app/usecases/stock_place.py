"""The stock at the counter's door: each method one act of a person, done by the module named for it."""

from __future__ import annotations

from app.usecases import (
    basket,
    recall_stock,
    receive_stock,
    return_stock,
    stock_changes,
    stock_list,
    stocktake,
)
from app.usecases.door import Door
from app.usecases.state import CounterState
from app.usecases.stock_state import (
    BroughtBack,
    Count,
    Delivery,
    LineEntry,
    LotCard,
    LotChange,
    OpenedRow,
    RecallRow,
    SoldLine,
    StockList,
    UncodedRow,
)


class StockShelves(Door):
    """The part of ``app.usecases.stock_state.StockWork`` about the shelves; it works at the shared desk."""

    def stock(self, words: str) -> StockList:
        return stock_list.list_stock(self._desk, words)

    def lot(self, lot: int) -> LotCard:
        return stock_list.card_of(self._desk, lot)

    def change_lot(self, change: LotChange) -> LotCard:
        return stock_changes.change_lot(self._desk, change)

    def opened_packs(self) -> tuple[OpenedRow, ...]:
        return stock_list.list_opened(self._desk)

    def split(self, line_id: str) -> CounterState:
        """Sell a line by pieces, or whole again."""
        self._desk.begin_act()
        basket.split(self._desk, line_id)
        return self._done()


class StockReceiving(Door):
    """The part about deliveries."""

    def delivery(self) -> Delivery:
        return receive_stock.delivery(self._desk)

    def head_delivery(self, supplier: str, note: str) -> Delivery:
        return receive_stock.head(self._desk, supplier, note)

    def scan_delivery(self, text: str) -> Delivery:
        return receive_stock.scan(self._desk, text)

    def choose_delivery(self, key: str) -> Delivery:
        return receive_stock.choose(self._desk, key)

    def change_delivery(self, key: str, entry: LineEntry) -> Delivery:
        return receive_stock.change(self._desk, key, entry)

    def another_batch(self, key: str) -> Delivery:
        return receive_stock.another_batch(self._desk, key)

    def drop_delivery_line(self, key: str) -> Delivery:
        return receive_stock.drop_line(self._desk, key)

    def book_delivery(self) -> Delivery:
        return receive_stock.book_delivery(self._desk)

    def give_up_delivery(self) -> Delivery:
        return receive_stock.give_up(self._desk)


class StockCounting(Door):
    """The part about stocktakes."""

    def count(self) -> Count:
        return stocktake.count(self._desk)

    def scan_count(self, text: str) -> Count:
        return stocktake.scan(self._desk, text)

    def choose_count(self, lot: int) -> Count:
        return stocktake.choose(self._desk, lot)

    def set_count(self, lot: int, packs: str, pieces: str) -> Count:
        return stocktake.set_count(self._desk, lot, packs, pieces)

    def book_count(self, why: str) -> Count:
        return stocktake.book_count(self._desk, why)

    def give_up_count(self) -> Count:
        return stocktake.give_up(self._desk)


class StockWatching(Door):
    """The part about recalls, the uncoded list, and what customers bring back."""

    def recalls(self) -> tuple[RecallRow, ...]:
        return recall_stock.list_recalls(self._desk)

    def recall(self, drug: str, batch: str, why: str) -> tuple[RecallRow, ...]:
        return recall_stock.recall(self._desk, drug, batch, why)

    def lift_recall(self, number: int, why: str) -> tuple[RecallRow, ...]:
        return recall_stock.lift(self._desk, number, why)

    def uncoded(self) -> tuple[UncodedRow, ...]:
        return recall_stock.list_uncoded(self._desk)

    def add_uncoded(self, drug: str, until: str, why: str) -> tuple[UncodedRow, ...]:
        return recall_stock.add_uncoded(self._desk, drug, until, why)

    def end_uncoded(self, number: int) -> tuple[UncodedRow, ...]:
        return recall_stock.end_uncoded(self._desk, number)

    def sold_lines(self, text: str) -> tuple[SoldLine, ...]:
        return return_stock.sold_lines(self._desk, text)

    def bring_back(self, back: BroughtBack) -> tuple[SoldLine, ...]:
        return return_stock.bring_back(self._desk, back)


class StockDoor(StockShelves, StockReceiving, StockCounting, StockWatching):
    """All that is done with stock."""
