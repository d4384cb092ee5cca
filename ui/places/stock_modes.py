"""The modes about the shelves: the list, a lot that is changed, the record of split packs. No Qt here."""

from __future__ import annotations

from typing import get_args

from app.usecases.state import Notice
from app.usecases.stock_state import ChangeKind, LotCard, LotChange, OpenedRow, StockList
from engine.scan import classify
from ui.places.stock_desk_modes import CountMode, ReceiveMode
from ui.places.stock_forms import CHANGE, OPENED, SHELF, Values
from ui.places.stock_page import KIND, lot_page, opened_card, opened_page, stock_page
from ui.places.stock_presenter import Mode, Stage
from ui.places.stock_watch_modes import RecallMode, ReturnMode, UncodedMode
from ui.words import joined

_HELD = "held_"
"""Choices that begin so are about what is set aside, though the lot has more on the shelf."""

_KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)


def all_modes(stage: Stage) -> dict[str, Mode]:
    """Return every mode of the place by its name."""
    shelf = ShelfMode(stage)
    modes: tuple[Mode, ...] = (
        shelf,
        ReceiveMode(stage),
        CountMode(stage),
        ChangeMode(stage, shelf),
        RecallMode(stage),
        UncodedMode(stage),
        ReturnMode(stage),
        OpenedMode(stage),
    )
    return {mode.spec.name: mode for mode in modes}


class ShelfMode(Mode):
    """All lots, narrowed down by what is typed; a scanned box says where it is."""

    spec = SHELF

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._listed: StockList | None = None
        self._words = ""
        self.lot: int | None = None
        self.card: LotCard | None = None

    def opened(self) -> None:
        """Ask for the stock."""
        self._ask()

    def entered(self, text: str) -> None:
        """Narrow the list down, or look a box up."""
        self._words = text
        self._ask()

    def typed(self, text: str) -> None:
        """Narrow the list down as one types; a code is waited for to its end."""
        if classify(text).kind in ("words", "unknown") and len(text) < _LONGEST:
            self._words = text
            self._ask()

    def chosen(self, key: str) -> None:
        """Show a lot at length."""
        self.lot = int(key)
        self._show()
        number = self.lot
        self._stage.ask(lambda counter: counter.lot(number), self._show_card)

    def keys(self) -> list[str]:
        """Return the rows' keys in order."""
        return [str(row.lot) for row in self._listed.rows] if self._listed else []

    def choice(self) -> str | None:
        """Return the chosen row."""
        return str(self.lot) if self.lot is not None else None

    def main(self, values: Values) -> None:  # noqa: ARG002 - the list has no form
        """Receive: what a shelf is for."""
        self._stage.go("receive")

    def cleared(self) -> bool:
        """Show all of it again; tell whether it was narrowed down."""
        was, self._words = bool(self._words), ""
        if was:
            self._ask()
        return was

    def _ask(self) -> None:
        words = self._words
        self._stage.ask(lambda counter: counter.stock(words), self._list)

    def _list(self, listed: StockList) -> None:
        self._listed = listed
        lots = [row.lot for row in listed.rows]
        if self.lot not in lots:
            self.lot = lots[0] if lots else None
        self._show()
        if self.lot is None:
            self.card = None
            self._stage.show_side(lot_page(None))
        else:
            number = self.lot
            self._stage.ask(lambda counter: counter.lot(number), self._show_card)

    def _show(self) -> None:
        if self._listed is not None:
            self._stage.view.show_list(stock_page(self._listed, self.lot))

    def _show_card(self, card: LotCard) -> None:
        self.card = card
        self._stage.show_side(lot_page(card))


_LONGEST = 12
"""Characters of typed words; more comes from a scanner, and is waited for to its end."""


class ChangeMode(Mode):
    """One lot, changed otherwise than by a sale; boxes are scanned into it."""

    spec = CHANGE

    def __init__(self, stage: Stage, shelf: ShelfMode) -> None:
        self._stage, self._shelf = stage, shelf
        self._codes: tuple[str, ...] = ()
        self._listed: StockList | None = None

    def opened(self) -> None:
        """Begin with the lot that is chosen on the shelf."""
        self._codes = ()
        self._stage.view.put({"choice": "damaged", "packs": "", "pieces": "", "why": ""})
        self._stage.ask(lambda counter: counter.stock(""), self._list)

    def entered(self, text: str) -> None:
        """Take a scanned box among those that go; words look for a lot."""
        scan = classify(text)
        if scan.kind != "trace_code":
            self._stage.ask(lambda counter: counter.stock(text), self._list)
        elif scan.value in self._codes:
            self._stage.say(Notice("attention", "这一盒已经在内。", "请扫下一盒。"))
        else:
            self._stage.ask(
                lambda counter: counter.stock(scan.value), lambda listed: self._take(listed, scan.value)
            )

    def chosen(self, key: str) -> None:
        """Change another lot."""
        self._codes = ()
        self._shelf.lot = int(key)
        self._show()

    def keys(self) -> list[str]:
        """Return the rows' keys in order."""
        return [str(row.lot) for row in self._listed.rows] if self._listed else []

    def choice(self) -> str | None:
        """Return the chosen row."""
        return self._shelf.choice()

    def main(self, values: Values) -> None:
        """Book the change."""
        lot, choice = self._shelf.lot, values.get("choice", "")
        kind = next((each for each in _KINDS if each == choice.removeprefix(_HELD)), None)
        if lot is None or kind is None:
            self._stage.say(Notice("attention", "还没有选哪一批。", "用 ↑ ↓ 选一批，或扫一盒。"))
            return
        held = choice.startswith(_HELD) or self._is_held()
        change = LotChange(
            kind=kind,
            lot=lot,
            packs=_number(values, "packs") or len(self._codes),
            pieces=_number(values, "pieces"),
            why=values.get("why", "").strip(),
            codes=self._codes,
            from_held=held and kind in ("damaged", "lost", "expired", "sent_back"),
        )
        self._stage.ask(lambda counter: counter.change_lot(change), lambda card: self._done(change, card))

    def _is_held(self) -> bool:
        """Tell whether the lot has nothing on the shelf, only what is set aside: then that is meant."""
        card = self._shelf.card
        return card is not None and not card.row.packs and not card.row.pieces and bool(card.row.held)

    def _take(self, listed: StockList, code: str) -> None:
        if not listed.rows:
            self._stage.say(listed.about)
            return
        lot = listed.rows[0].lot
        self._codes = (*self._codes, code) if lot == self._shelf.lot else (code,)
        self._shelf.lot = lot
        self._stage.view.put({"packs": str(len(self._codes))})
        tails = "、".join(f"…{each[-4:]}" for each in self._codes)
        self._stage.say(Notice("info", f"要处理 {len(self._codes)} 盒：{tails}。"))
        self._show()

    def _list(self, listed: StockList) -> None:
        self._listed = listed
        lots = [row.lot for row in listed.rows]
        if self._shelf.lot not in lots:
            self._shelf.lot = lots[0] if lots else None
        self._show()

    def _show(self) -> None:
        if self._listed is not None:
            self._stage.view.show_list(stock_page(self._listed, self._shelf.lot))
        lot = self._shelf.lot
        if lot is not None:
            self._stage.ask(lambda counter: counter.lot(lot), self._show_card)

    def _show_card(self, card: LotCard) -> None:
        self._shelf.card = card
        self._stage.show_side(lot_page(card))

    def _done(self, change: LotChange, card: LotCard) -> None:
        row = card.row
        amount = joined(
            f"{change.packs} {row.unit}" if change.packs else "",
            f"{change.pieces} {row.piece_unit}" if change.pieces else "",
        )
        self.opened()
        what = f"{row.name} 批号 {row.batch}：{KIND[change.kind]} {amount}，已记账。"
        self._stage.say(Notice("done", what.replace(" ，", "，")))


class OpenedMode(Mode):
    """The record of split packs."""

    spec = OPENED

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._rows: tuple[OpenedRow, ...] = ()
        self._at: int | None = None

    def opened(self) -> None:
        """Ask for the record."""
        self._stage.ask(lambda counter: counter.opened_packs(), self._list)

    def entered(self, text: str) -> None:
        """Find the pack with a scanned code."""
        found = [place for place, row in enumerate(self._rows) if row.code == classify(text).value]
        if found:
            self.chosen(str(found[0]))
        else:
            self._stage.say(Notice("info", "这一盒没有拆过。"))

    def chosen(self, key: str) -> None:
        """Show one pack."""
        self._at = int(key)
        self._show()

    def keys(self) -> list[str]:
        """Return the rows' keys in order."""
        return [str(place) for place in range(len(self._rows))]

    def choice(self) -> str | None:
        """Return the chosen row."""
        return str(self._at) if self._at is not None else None

    def _list(self, rows: tuple[OpenedRow, ...]) -> None:
        self._rows = rows
        self._at = 0 if rows else None
        self._show()

    def _show(self) -> None:
        self._stage.view.show_list(opened_page(self._rows, self._at))
        self._stage.show_side(opened_card(self._rows[self._at] if self._at is not None else None))


def _number(values: Values, key: str) -> int:
    text = values.get(key, "").strip()
    return int(text) if text.isascii() and text.isdigit() else 0
