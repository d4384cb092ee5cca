"""The card of cheaper lawful ways: found after the totals are painted, chosen with Ctrl 4 or a press."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from app.usecases.cheaper_state import CheaperWay, CheaperWays
from app.usecases.state import CounterState
from engine.money import format_percent
from engine.policy.claim import ProviderKind
from ui.desk import Desk
from ui.items import Cell, Column, Heading, Item, Page, Row
from ui.words import clause, joined, yuan

_COLUMNS = (Column("", 0), Column("", 116, right=True))
_HEIGHT = 52
_PLACES: dict[ProviderKind, str] = {
    "primary": "基层医疗机构（卫生院、社区卫生服务中心）",
    "secondary": "二级医院",
    "tertiary": "三级医院",
}


class CheaperView(Protocol):
    """Where the ways are shown; an empty page hides the card."""

    def show_cheaper(self, page: Page) -> None: ...
    def compare_soon(self) -> None: ...


class CheaperPresenter:
    """Keeps the ways of the sale that is shown, and which of them is chosen."""

    def __init__(self, view: CheaperView, desk: Desk, show_state: Callable[[CounterState], None]) -> None:
        self._view, self._desk, self._show_state = view, desk, show_state
        self._state: CounterState | None = None
        self.ways: tuple[CheaperWay, ...] = ()
        self._at: int | None = None

    def shown(self, state: CounterState) -> None:
        """Take note of what the window shows now; the ways of another sale are looked for after a pause."""
        before, self._state = self._state, state
        if state.settled is not None or not state.draft.lines:
            self._show(())
        elif before is None or _sums(before) != _sums(state):
            self._at = None
            self._view.compare_soon()

    def due(self) -> None:
        """Look for the ways of what is shown, now that nothing was scanned for a moment."""
        if self._state is not None and self._state.settled is None:
            self._desk.ask(lambda counter: counter.cheaper(), self._found)

    def chosen_next(self) -> None:
        """Choose the first way, or the one after the chosen one."""
        if self.ways:
            self._at = 0 if self._at is None else (self._at + 1) % len(self.ways)
            self._view.show_cheaper(self._page())

    def moved(self, steps: int) -> bool:
        """Choose the way above or below; tell whether one is chosen at all."""
        if self._at is None:
            return False
        self._at = min(max(self._at + steps, 0), len(self.ways) - 1)
        self._view.show_cheaper(self._page())
        return True

    def taken(self) -> bool:
        """Take the chosen way; tell whether there was one."""
        if self._at is None:
            return False
        self.pressed(self.ways[self._at].key)
        return True

    def pressed(self, key: str) -> None:
        """Take the way with ``key``."""
        self._at = None
        self._desk.ask(lambda counter: counter.take_cheaper(key), self._show_state)

    def closed(self) -> bool:
        """Leave the ways as they are; tell whether one was chosen."""
        if self._at is None:
            return False
        self._at = None
        self._view.show_cheaper(self._page())
        return True

    def _found(self, found: CheaperWays) -> None:
        state = self._state
        if state is not None and state.settled is None and found.draft == state.draft:
            self._show(found.ways)

    def _show(self, ways: tuple[CheaperWay, ...]) -> None:
        if ways != self.ways:
            self.ways, self._at = ways, None
        self._view.show_cheaper(self._page())

    def _page(self) -> Page:
        return cheaper_page(self.ways, self._at)


def cheaper_page(ways: tuple[CheaperWay, ...], chosen: int | None = None) -> Page:
    """Return the ways with what the patient saves by each; nothing where there are none."""
    if not ways:
        return ()
    key = "Ctrl 4" if chosen is None else "Enter 采用，Esc 不换"
    rows: list[Item] = [
        Row(
            key=way.key,
            columns=_COLUMNS,
            cells=(
                Cell(text=_title(way), under=_detail(way)),
                Cell(text=f"患者少付 {yuan(way.saving)}", under=f"应收 {yuan(way.patient)}", tone="mount"),
            ),
            selected=number == chosen,
            height=_HEIGHT,
        )
        for number, way in enumerate(ways)
    ]
    return (Heading("更省的合规选择", key), *rows)


def _title(way: CheaperWay) -> str:
    if way.kind == "drug":
        won = "（集采中选）" if way.procured else " "
        return f"{way.name}{won}{way.spec}，{yuan(way.price)} × {way.packs} {way.unit}"
    place = way.name or (_PLACES[way.provider] if way.provider else "")
    back = f"回{way.region}，" if way.region else ""
    paid = f"，基金付 {format_percent(way.ratio_bp)}" if way.ratio_bp is not None else ""
    return f"同一处方{back}在{place}配药{paid}"


def _detail(way: CheaperWay) -> str:
    if way.kind == "drug":
        return joined(_in_shop(way), way.maker, f"换下第 {way.row} 行", clause(way.clause))
    return joined("按同样的价格算", clause(way.clause))


def _in_shop(way: CheaperWay) -> str:
    if way.there is None:
        return ""
    return f"本店有 {way.there} {way.unit}" if way.there else "本店没有了"


def _sums(state: CounterState) -> object:
    return state.draft.person, state.draft.prescription, state.draft.lines, state.answer
