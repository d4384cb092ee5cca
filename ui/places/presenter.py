"""What the places beside the counter do. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from app.usecases.state import Notice, PolicyCard, SaleRow, Settled, TourStop
from engine.receipt import Receipt
from ui.desk import Desk
from ui.items import Page, Space
from ui.places.records import policies_page, policy_page, receipt_page, sales_page, tour_page
from ui.places.sync_page import said_page
from ui.problems import notice_of


class ListView(Protocol):
    """A list and what is chosen of it."""

    def show_list(self, page: Page) -> None: ...
    def show_detail(self, page: Page, *, may_act: bool = True) -> None: ...


def stepped(keys: list[str], chosen: str | None, step: int) -> str | None:
    """Return the key ``step`` further down than the chosen one; None where the list is empty."""
    if not keys:
        return None
    at = keys.index(chosen) if chosen in keys else -1
    return keys[min(max(at + step, 0), len(keys) - 1)]


class SalesPresenter:
    """Today's sales, their receipts, and reprints; what a reprint came to stands over the receipt."""

    def __init__(self, view: ListView, desk: Desk) -> None:
        self._view, self._desk = view, desk
        self._rows: tuple[SaleRow, ...] = ()
        self._chosen: str | None = None
        self._said: Page = ()

    def opened(self) -> None:
        """Ask for today's sales; the latest is chosen."""
        self._desk.ask(lambda counter: counter.sales(None), self._listed)

    def chosen(self, number: str) -> None:
        """Show the receipt of a sale."""
        if number != self._chosen:
            self._said = ()
        self._chosen = number
        self._view.show_list(sales_page(self._rows, number))
        self._desk.ask(lambda counter: counter.receipt(number), self._show_receipt)

    def moved(self, step: int) -> None:
        """Choose the sale so many lines further down."""
        number = stepped([row.number for row in self._rows], self._chosen, step)
        if number is not None:
            self.chosen(number)

    def acted(self) -> None:
        """Print a copy of the chosen sale."""
        number = self._chosen
        if number is not None:
            self._desk.ask(lambda counter: counter.reprint(number), self._printed, self._failed)

    def _listed(self, rows: tuple[SaleRow, ...]) -> None:
        self._rows = rows
        numbers = [row.number for row in rows]
        if self._chosen not in numbers:
            self._chosen = numbers[0] if numbers else None
        self._view.show_list(sales_page(rows, self._chosen))
        if self._chosen is None:
            self._view.show_detail(receipt_page(None), may_act=False)
        else:
            self.chosen(self._chosen)

    def _show_receipt(self, receipt: Receipt) -> None:
        self._view.show_detail((*self._said, *receipt_page(receipt)))

    def _printed(self, settled: Settled) -> None:
        self._say(reprinted_notice(settled))

    def _failed(self, trouble: BaseException) -> None:
        notice = notice_of(trouble)
        if notice is None:
            self._desk.troubled(trouble)
        else:
            self._say(notice)

    def _say(self, notice: Notice) -> None:
        self._said = (*said_page(notice), Space(12))
        self.opened()


def reprinted_notice(settled: Settled) -> Notice:
    """Return what a reprint came to."""
    where = f"文件在 {settled.pdf_path}" if settled.pdf_path else "小票上注明了补打。"
    return Notice(tone="done", what=f"第 {settled.number} 号小票已补打。", advice=where)


class PolicyPresenter:
    """The packs and one of them at length."""

    def __init__(self, view: ListView, desk: Desk) -> None:
        self._view, self._desk = view, desk
        self._cards: tuple[PolicyCard, ...] = ()
        self._chosen: str | None = None

    def opened(self) -> None:
        """Ask for the packs."""
        self._desk.ask(lambda counter: counter.policies(), self._listed)

    def chosen(self, key: str) -> None:
        """Show one pack."""
        self._chosen = key
        card = next((one for one in self._cards if one.id == key), None)
        self._view.show_list(policies_page(self._cards, key))
        self._view.show_detail(policy_page(card))

    def moved(self, step: int) -> None:
        """Choose the pack so many further down."""
        key = stepped([card.id for card in self._cards], self._chosen, step)
        if key is not None:
            self.chosen(key)

    def _listed(self, cards: tuple[PolicyCard, ...]) -> None:
        self._cards = cards
        if cards:
            self.chosen(cards[0].id)
        else:
            self._view.show_list(policies_page((), None))


class HelpPresenter:
    """The keys, and the tour as it stands now."""

    def __init__(self, view: ListView, tour: Callable[[], tuple[TourStop, ...]]) -> None:
        self._view, self._tour = view, tour

    def opened(self) -> None:
        """Show keys and tour."""
        self._view.show_list(tour_page(self._tour()))
