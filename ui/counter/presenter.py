"""What the counter place does. No Qt here: every line runs without a display."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from app.usecases.counter import Counter
from app.usecases.state import CounterState, Notice, TourStop
from ui.counter.basket_page import basket_page, next_stop_page
from ui.counter.money_page import full_price, money_page, why_page
from ui.counter.person_page import person_brief, person_page
from ui.counter.prescription_page import prescription_page, signature
from ui.desk import Desk
from ui.items import Mark, Page, Panel
from ui.words import yuan

Keys = tuple[tuple[str, str], ...]
_MARK: dict[str, Mark] = {"done": "ok", "info": "info", "attention": "attention", "refused": "refused"}
_REPRINT = ("Ctrl P", "重打上一张")


class CounterPages(Struct, frozen=True, kw_only=True):
    """All that the counter place shows at one moment, as words and figures."""

    person: Page
    person_brief: Page
    prescription: Page
    basket: Page
    money: Page
    why: Page
    notice: Page
    tour: Page
    act: str
    act_enabled: bool
    tendered: str
    change_label: str
    change: str
    cash_open: bool
    keys: Keys
    selected: str | None
    shop: str
    operator: str
    signature: Page = ()
    to_sign: bool = False


class CounterView(Protocol):
    """What the presenter needs of the window."""

    def show(self, pages: CounterPages) -> None: ...
    def show_notice(self, page: Page) -> None: ...
    def focus_tender(self) -> None: ...
    def list_drugs(self, words: str) -> None: ...


class CounterPresenter:
    """Turns keys, scans and presses into calls, and the states that come back into pages."""

    def __init__(self, view: CounterView, desk: Desk) -> None:
        self._view = view
        self._desk = desk
        self.tour: tuple[TourStop, ...] = ()
        self._trouble: Notice | None = None
        self._settling = False
        self._toured: int | None = None
        self.state: CounterState | None = None  # What is shown.

    def start(self) -> None:
        """Open the counter and show it."""
        self._ask_tour()
        self._step(lambda counter: counter.start())

    def refresh(self) -> None:
        """Show what the world did to the sale meanwhile; what was said to the person stays."""
        self._step(lambda counter: counter.refresh(), self._show)

    def entered(self, text: str) -> None:
        """Take what was scanned or typed; an empty field goes on to cash, or to the next customer."""
        if text.strip():
            self._step(lambda counter: counter.enter(text.strip()), self._show_entered)
        elif self.state is not None and self.state.settled is not None:
            self._step(lambda counter: counter.next_customer())
        elif self.state is not None and self.state.draft.lines:
            self._view.focus_tender()

    def chosen(self, key: str) -> None:
        """Take a hit of the search."""
        self._step(lambda counter: counter.choose(key))

    def toured(self, key: str) -> None:
        """Scan what stands on a card of the tour."""
        stop = self.tour[int(key)]
        self._toured = int(key)
        self._step(lambda counter: counter.demonstrate(stop))

    def selected(self, line: str | int) -> None:
        """Choose a line: by its key, or so many lines further down."""
        if isinstance(line, str):
            self._step(lambda counter: counter.select(line))
        else:
            self._step(lambda counter: _move(counter, line))

    def changed(self, boxes: int | None) -> None:
        """Add or take boxes of the chosen line; None takes it away, 0 sells it by pieces or whole again."""
        self._step(lambda counter: _change(counter, boxes))

    def tendered(self, text: str) -> None:
        """Take the cash handed over, as typed."""
        self._step(lambda counter: counter.tender(text))

    def acted(self, tendered: str = "") -> None:
        """Do the one big act: settle (``tendered`` is cash typed and not yet taken), or go on."""
        if self.state is None or self._settling:
            return
        if self.state.settled is not None:
            self._step(lambda counter: counter.next_customer())
        elif self.state.draft.lines:
            self._settling = True
            self._step(lambda counter: _settle(counter, tendered))

    def undone(self) -> None:
        """Take the last step back."""
        self._step(lambda counter: counter.undo())

    def show_trouble(self, notice: Notice) -> None:
        """Show a notice beside what is there; the person's next step clears it, no news from outside does."""
        self._trouble = notice
        self._settling = False
        if self.state is not None:
            self._show(self.state)
        else:
            self._view.show_notice(notice_page(notice))

    def show_state(self, state: CounterState) -> None:
        """Show the ``state`` that a step of the person came to."""
        self._trouble = None
        self._show(state)

    def _show_entered(self, state: CounterState) -> None:
        self.show_state(state)
        if state.notice is not None and state.notice.words:
            self._view.list_drugs(state.notice.words)

    def _show(self, state: CounterState) -> None:
        if state.settled is not None and (self.state is None or self.state.settled is None):
            self._toured = None
            self._ask_tour()  # A box is sold once: the next sale scans boxes of its own.
        self.state = state
        self._settling = False
        self._view.show(pages(state, self.tour, self._trouble or state.notice, self._toured))

    def _step(
        self,
        call: Callable[[Counter], CounterState],
        show: Callable[[CounterState], None] | None = None,
    ) -> None:
        self._desk.ask(call, show or self.show_state)

    def _ask_tour(self) -> None:
        self._desk.ask(lambda counter: counter.tour(), self._keep_tour)

    def _keep_tour(self, tour: tuple[TourStop, ...]) -> None:
        self.tour = tour


def _move(counter: Counter, steps: int) -> CounterState:
    state = counter.refresh()  # What lies there now: keys are pressed faster than the window shows it.
    ids = [line.id for line in state.draft.lines]
    if not ids:
        return state
    at = ids.index(state.selected) if state.selected in ids else -1
    return counter.select(ids[min(max(at + steps, 0), len(ids) - 1)])


def _change(counter: Counter, boxes: int | None) -> CounterState:
    state = counter.refresh()
    line = next((line for line in state.draft.lines if line.id == state.selected), None)
    if line is None:
        return state
    if boxes == 0:
        return counter.split(line.id)
    return counter.change_quantity(line.id, 0 if boxes is None else line.quantity + boxes)


def take_off(counter: Counter) -> CounterState:
    """Take the prescription off the counter; where there is none, the person."""
    there = counter.refresh().draft
    return counter.take_person_off() if there.prescription is None else counter.drop_prescription()


def _settle(counter: Counter, tendered: str) -> CounterState:
    if tendered:
        counter.tender(tendered)
    return counter.settle()


def pages(
    state: CounterState,
    tour: tuple[TourStop, ...] = (),
    notice: Notice | None = None,
    toured: int | None = None,
) -> CounterPages:
    """Return everything that the counter place shows of ``state``."""
    label, change = _change_words(state)
    return CounterPages(
        person=person_page(state),
        person_brief=person_brief(state),
        prescription=prescription_page(state),
        basket=basket_page(state, tour),
        money=money_page(state),
        why=why_page(state),
        notice=notice_page(notice),
        tour=next_stop_page(tour, toured, state),
        act=_act(state),
        act_enabled=bool(state.draft.lines) or state.settled is not None,
        tendered=yuan(state.draft.tendered) if state.draft.tendered is not None else "",
        change_label=label,
        change=change,
        cash_open=state.settled is None and bool(state.draft.lines),
        keys=_keys(state),
        selected=state.selected,
        shop=f"{state.store.name} · {int(state.store.till)} 号机",
        operator=state.operator,
        signature=signature(state),
        to_sign=_to_sign(state),
    )


def notice_page(notice: Notice | None) -> Page:
    """Return a notice as a tinted panel; nothing for None."""
    if notice is None:
        return ()
    return (Panel(mark=_MARK[notice.tone], title=notice.what, text=notice.advice),)


def _change_words(state: CounterState) -> tuple[str, str]:
    if state.settled is not None:
        return "找零", yuan(state.settled.change)
    if state.draft.tendered is None or state.answer is None:
        return "找零", yuan(0)
    change = state.draft.tendered - state.answer.patient
    return ("找零", yuan(change)) if change >= 0 else ("还差", yuan(-change))


def _act(state: CounterState) -> str:
    if state.settled is not None:
        return "下一位"
    if full_price(state) is not None:
        return "按全价结算"
    if state.claim is not None and state.answer is not None and not state.answer.fund:
        refused_whole = any(refusal.line is None for refusal in state.answer.refusals)
        return "按自费结算" if refused_whole else "结算并打印"
    return "结算并打印"


def _to_sign(state: CounterState) -> bool:
    """Tell whether a signature is wanted and may be given now."""
    signing = state.signing
    return state.settled is None and signing.needed and signing.signed is None and not signing.barring


def _keys(state: CounterState) -> Keys:
    if state.settled is not None:
        return (("F12", "下一位"), _REPRINT)
    if not state.draft.lines:
        start = (
            (("F1", "导览"), ("Ctrl 2", "录入处方"))
            if state.draft.person is None
            else (("Ctrl 2", "录入处方"),)
        )
        undo = (_drop_key(state), ("Esc", "撤一步")) if state.draft.person is not None else ()
        return (*start, *undo, _REPRINT)
    if state.signing.needed and state.signing.signed is None:
        return (
            ("↑ ↓", "选行"),
            ("+ −", "数量"),
            ("Del", "移除"),
            ("Ctrl 3", "售价"),
            _way_on(state),
            ("Ctrl R", "拒绝调配"),
            ("Esc", "撤一步"),
        )
    return (
        ("↑ ↓", "选行"),
        ("+ −", "数量"),
        ("Del", "移除"),
        ("Ctrl L", "拆零"),
        ("Ctrl 3", "售价"),
        ("Enter", "收现金"),
        ("Esc", "撤一步"),
        _REPRINT,
    )


def _way_on(state: CounterState) -> tuple[str, str]:
    """Return the key that leads on to a signature, or out of what nobody may sign."""
    if state.draft.prescription is None:
        return "Ctrl 2", "录入处方"
    return _drop_key(state) if state.signing.barring else ("Ctrl S", "审方签字")


def _drop_key(state: CounterState) -> tuple[str, str]:
    return "Ctrl 5", "撤下处方" if state.draft.prescription is not None else "撤下参保人"
