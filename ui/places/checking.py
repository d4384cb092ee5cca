"""What the places for reconciliation and for tasks do. No Qt here."""

from __future__ import annotations

from typing import Protocol

from app.usecases.state import DayRow, Notice, TaskRow
from ui.desk import Desk
from ui.items import Page, Space
from ui.places.days_page import day_page, days_page, key_of, may_close
from ui.places.presenter import stepped
from ui.places.sync_page import said_page
from ui.places.tasks_page import act_words, task_page, tasks_page
from ui.problems import notice_of


class CheckView(Protocol):
    """A list, what is chosen of it, and one act on that."""

    def show_list(self, page: Page) -> None: ...
    def show_detail(self, page: Page, *, may_act: bool = True) -> None: ...
    def name_act(self, words: str, *, armed: bool = False) -> None: ...


class DaysPresenter:
    """Days by insurance; the act closes the chosen day, all its insurances."""

    def __init__(self, view: CheckView, desk: Desk) -> None:
        self._view, self._desk = view, desk
        self._rows: tuple[DayRow, ...] = ()
        self._chosen: str | None = None
        self._said: Page = ()
        self._closing = False

    def opened(self) -> None:
        """Ask for the days."""
        self._desk.ask(lambda counter: counter.days(), self._listed)

    def chosen(self, key: str) -> None:
        """Show one day."""
        self._chosen, self._said = key, ()
        self._show()

    def moved(self, step: int) -> None:
        """Choose the day so many lines further down."""
        key = stepped([key_of(row) for row in self._rows], self._chosen, step)
        if key is not None:
            self.chosen(key)

    def acted(self) -> None:
        """Close the chosen day."""
        row = self._row()
        if row is None or self._closing or not may_close(self._rows, row.day):
            return
        self._closing = True
        day = row.day
        self._show()
        self._desk.ask(lambda counter: counter.close_day(day), self._listed, self._failed)

    def undone(self) -> bool:
        """Take nothing back: a closed day is closed."""
        return False

    def _failed(self, trouble: BaseException) -> None:
        self._closing = False
        notice = notice_of(trouble)
        if notice is None:
            self._desk.troubled(trouble)
        else:
            self._said = (*said_page(notice), Space(12))
        self._show()

    def _listed(self, rows: tuple[DayRow, ...]) -> None:
        self._rows, self._closing = rows, False
        keys = [key_of(row) for row in rows]
        if self._chosen not in keys:
            self._chosen = keys[0] if keys else None
        self._show()

    def _row(self) -> DayRow | None:
        return next((row for row in self._rows if key_of(row) == self._chosen), None)

    def _show(self) -> None:
        row = self._row()
        may = row is not None and not self._closing and may_close(self._rows, row.day)
        self._view.show_list(days_page(self._rows, self._chosen))
        self._view.show_detail((*self._said, *day_page(row)), may_act=may)
        self._view.name_act("正在对账…" if self._closing else "日结  F12")


class TasksPresenter:
    """Tasks; the act says that the chosen one is seen to, and must be pressed twice."""

    def __init__(self, view: CheckView, desk: Desk) -> None:
        self._view, self._desk = view, desk
        self._rows: tuple[TaskRow, ...] = ()
        self._chosen: str | None = None
        self._armed = False
        self._said: Page = ()

    def opened(self) -> None:
        """Ask for the tasks."""
        self._desk.ask(lambda counter: counter.tasks(), self._listed)

    def chosen(self, id: str) -> None:
        """Show one task."""
        self._chosen, self._armed, self._said = id, False, ()
        self._show()

    def moved(self, step: int) -> None:
        """Choose the task so many lines further down."""
        key = stepped([row.id for row in _ordered(self._rows)], self._chosen, step)
        if key is not None:
            self.chosen(key)

    def acted(self) -> None:
        """Ask once more at the first press; say at the second that the task is seen to."""
        row = self._row()
        if row is None or row.done_at is not None:
            return
        if not self._armed:
            self._armed = True
            self._show()
            return
        self._armed = False
        id = row.id
        self._desk.ask(lambda counter: counter.finish_task(id), self._finished, self._failed)

    def undone(self) -> bool:
        """Take the first press back; tell whether there was one."""
        was, self._armed = self._armed, False
        if was:
            self._show()
        return was

    def _finished(self, rows: tuple[TaskRow, ...]) -> None:
        self._said = (*said_page(Notice("done", "已记入流水。")), Space(12))
        self._listed(rows)

    def _failed(self, trouble: BaseException) -> None:
        notice = notice_of(trouble)
        if notice is None:
            self._desk.troubled(trouble)
        else:
            self._said = (*said_page(notice), Space(12))
        self._show()

    def _listed(self, rows: tuple[TaskRow, ...]) -> None:
        self._rows = rows
        ids = [row.id for row in _ordered(rows)]
        if self._chosen not in ids:
            self._chosen, self._armed = (ids[0] if ids else None), False
        self._show()

    def _row(self) -> TaskRow | None:
        return next((row for row in self._rows if row.id == self._chosen), None)

    def _show(self) -> None:
        row = self._row()
        self._view.show_list(tasks_page(self._rows, self._chosen))
        may = row is not None and row.done_at is None
        self._view.show_detail((*self._said, *task_page(row)), may_act=may)
        self._view.name_act(act_words(row, armed=self._armed), armed=self._armed)


def _ordered(rows: tuple[TaskRow, ...]) -> list[TaskRow]:
    return sorted(rows, key=lambda row: row.done_at is not None)
