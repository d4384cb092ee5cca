"""The modes about what must not be sold, what may lack its code, and what comes back. No Qt here."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, Protocol, TypeVar

from app.usecases.state import Notice
from app.usecases.stock_state import BroughtBack, RecallRow, SoldLine, UncodedRow
from engine.scan import classify
from ui.items import Page
from ui.places.stock_forms import RECALL, RETURNS, UNCODED, Values
from ui.places.stock_presenter import Mode, Stage
from ui.places.stock_watch_page import recall_card, recalls_page, returns_card, returns_page, uncoded_page
from ui.places.sync_page import said_page


class _Numbered(Protocol):
    @property
    def number(self) -> int: ...


R = TypeVar("R", bound=_Numbered)


class _NumberedMode(Mode, Generic[R]):
    """Rows that each have a number, of which one is chosen."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._rows: tuple[R, ...] = ()
        self._number: int | None = None

    def chosen(self, key: str) -> None:
        """Show one row at length."""
        self._number = int(key)
        self._show()

    def keys(self) -> list[str]:
        """Return the rows' keys in order."""
        return [str(row.number) for row in self._rows]

    def choice(self) -> str | None:
        """Return the chosen row."""
        return str(self._number) if self._number is not None else None

    def _list(self, rows: tuple[R, ...]) -> None:
        self._rows = rows
        numbers = [row.number for row in rows]
        if self._number not in numbers:
            self._number = numbers[0] if numbers else None
        self._show()

    @abstractmethod
    def _show(self) -> None:
        """Show the list and the chosen row."""


class RecallMode(_NumberedMode[RecallRow]):
    """Recalls: one is begun with the form, the chosen one is lifted with its reason."""

    spec = RECALL
    confirms = "再按一次解除"

    def opened(self) -> None:
        """Ask for the recalls."""
        self._stage.view.put({"drug": "", "batch": "", "why": ""})
        self._stage.ask(lambda counter: counter.recalls(), self._list)

    def entered(self, text: str) -> None:
        """Put what was scanned into the form."""
        self._stage.view.put({"drug": text})
        self._stage.view.focus_form()

    def main(self, values: Values) -> None:
        """Stop the sale."""
        drug, batch, why = values.get("drug", ""), values.get("batch", ""), values.get("why", "")
        self._stage.ask(lambda counter: counter.recall(drug, batch, why), self._begun)

    def second(self, values: Values) -> None:
        """Lift the chosen recall."""
        number, why = self._number, values.get("why", "")
        if number is not None:
            self._stage.ask(lambda counter: counter.lift_recall(number, why), self._lifted)

    def _begun(self, rows: tuple[RecallRow, ...]) -> None:
        newest = max(rows, key=lambda row: row.number)
        self._number = newest.number
        self._stage.view.put({"drug": "", "batch": "", "why": ""})
        self._list(rows)
        what = f"{newest.name} {newest.batch or '全部批号'} 已停售。"
        self._stage.say(Notice("done", what, "把店里的撤下货架；按左边的名单通知参保人。"))

    def _lifted(self, rows: tuple[RecallRow, ...]) -> None:
        self._stage.view.put({"why": ""})
        self._list(rows)
        self._stage.say(Notice("done", "召回已解除，可以销售。"))

    def _show(self) -> None:
        row = next((each for each in self._rows if each.number == self._number), None)
        self._stage.view.show_list(recalls_page(self._rows, self._number))
        self._stage.show_side(recall_card(row))


class UncodedMode(_NumberedMode[UncodedRow]):
    """The uncoded list: a drug is put on it with the form, the chosen row is struck off."""

    spec = UNCODED
    confirms = "再按一次撤下"

    def opened(self) -> None:
        """Ask for the list."""
        self._stage.view.put({"drug": "", "until": "", "why": ""})
        self._stage.ask(lambda counter: counter.uncoded(), self._list)

    def entered(self, text: str) -> None:
        """Put what was scanned into the form."""
        self._stage.view.put({"drug": text})
        self._stage.view.focus_form()

    def main(self, values: Values) -> None:
        """Put a drug on the list."""
        drug, until, why = values.get("drug", ""), values.get("until", ""), values.get("why", "")
        self._stage.ask(lambda counter: counter.add_uncoded(drug, until, why), self._added)

    def second(self, values: Values) -> None:  # noqa: ARG002 - the row is chosen
        """Strike the chosen row off."""
        number = self._number
        if number is not None:
            self._stage.ask(lambda counter: counter.end_uncoded(number), self._list)

    def _added(self, rows: tuple[UncodedRow, ...]) -> None:
        self._stage.view.put({"drug": "", "until": "", "why": ""})
        self._number = max(row.number for row in rows)
        self._list(rows)
        self._stage.say(Notice("done", "已登记，到截止日以前可以不扫码结算。"))

    def _show(self) -> None:
        self._stage.view.show_list(uncoded_page(self._rows, self._number))
        self._stage.show_side(())


class ReturnMode(Mode):
    """What a customer brings back: found by its box or its receipt, set aside with a reason."""

    spec = RETURNS

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._rows: tuple[SoldLine, ...] = ()
        self._line: str | None = None
        self._codes: tuple[str, ...] = ()
        self._said: Page = ()

    def opened(self) -> None:
        """Begin with nothing."""
        self._rows, self._line, self._codes, self._said = (), None, (), ()
        self._stage.view.put({"quantity": "", "why": ""})
        self._show()

    def entered(self, text: str) -> None:
        """Find the sale of a box or of a receipt's number."""
        scan = classify(text)
        codes = (scan.value,) if scan.kind == "trace_code" else ()
        self._stage.ask(lambda counter: counter.sold_lines(text), lambda rows: self._found(rows, codes))

    def chosen(self, key: str) -> None:
        """Choose a line of the sale."""
        self._line = key
        self._show()

    def keys(self) -> list[str]:
        """Return the rows' keys in order."""
        return [row.line for row in self._rows]

    def choice(self) -> str | None:
        """Return the chosen row."""
        return self._line

    def main(self, values: Values) -> None:
        """Take it back."""
        row = next((each for each in self._rows if each.line == self._line), None)
        if row is None:
            self._stage.say(Notice("attention", "还没有选哪一笔销售。", "请扫退回的盒子或小票单号。"))
            return
        quantity = values.get("quantity", "").strip()
        back = BroughtBack(
            sale=row.sale,
            line=row.line,
            quantity=int(quantity) if quantity.isascii() and quantity.isdigit() else 0,
            why=values.get("why", ""),
            codes=self._codes,
        )
        self._stage.ask(lambda counter: counter.bring_back(back), self._taken)

    def _found(self, rows: tuple[SoldLine, ...], codes: tuple[str, ...]) -> None:
        same = bool(rows) and bool(self._rows) and rows[0].sale == self._rows[0].sale
        same = same and rows[0].line == self._line
        self._codes = tuple(dict.fromkeys((*self._codes, *codes))) if same else codes
        self._rows = rows
        self._line = rows[0].line if rows else None
        self._stage.view.put({"quantity": str(max(1, len(self._codes))) if rows else ""})
        none = Notice("attention", "本店没有卖过这一盒，也没有这个单号。", "请核对小票；别店卖的请到别店退。")
        self._said = () if rows else said_page(none)
        self._show()

    def _taken(self, rows: tuple[SoldLine, ...]) -> None:
        self._rows, self._codes = rows, ()
        self._stage.view.put({"quantity": "", "why": ""})
        self._said = said_page(Notice("done", "退药已登记，放到待处理区。", "由药师决定重新上架还是报损。"))
        self._show()

    def _show(self) -> None:
        self._stage.view.show_list(returns_page(self._rows, self._line, self._said))
        self._stage.show_side(returns_card())
