"""What the place for prescriptions does. No Qt here."""

from __future__ import annotations

from collections.abc import Callable

from app.usecases.prescriptions_state import RxRow
from app.usecases.state import CounterState, Notice
from ui.desk import Desk
from ui.items import Page, Space
from ui.places.checking import CheckView
from ui.places.prescriptions_page import act_words, prescription_page, prescriptions_page
from ui.places.presenter import stepped
from ui.places.sync_page import said_page
from ui.problems import notice_of


class PrescriptionsPresenter:
    """Prescriptions; the act puts the chosen one on the counter, reports it (pressed twice), or prints."""

    def __init__(
        self,
        view: CheckView,
        desk: Desk,
        taken: Callable[[CounterState], None],
        changed: Callable[[], None],
    ) -> None:
        self._view, self._desk, self._taken, self._changed = view, desk, taken, changed
        self._rows: tuple[RxRow, ...] = ()
        self._chosen: str | None = None
        self._armed = False
        self._said: Page = ()

    def opened(self) -> None:
        """Ask for the prescriptions."""
        self._desk.ask(lambda counter: counter.prescriptions(), self._listed)

    def chosen(self, key: str) -> None:
        """Show one prescription."""
        self._chosen, self._armed, self._said = key, False, ()
        self._show()

    def moved(self, step: int) -> None:
        """Choose the prescription so many lines further down."""
        key = stepped([row.key for row in self._rows], self._chosen, step)
        if key is not None:
            self.chosen(key)

    def acted(self) -> None:
        """Do the act of the chosen prescription; a report is asked for once more at the first press."""
        row = self._row()
        if row is None or row.act == "none":
            return
        if row.act == "report" and not self._armed:
            self._armed = True
            self._show()
            return
        self._armed = False
        key = row.key
        if row.act == "take":
            self._desk.ask(lambda counter: counter.take_prescription(key), self._taken, self._failed)
        elif row.act == "report":
            self._desk.ask(lambda counter: counter.report_refusal(key), self._reported, self._failed)
        else:
            self._desk.ask(lambda counter: counter.print_refusal(key), self._printed, self._failed)

    def undone(self) -> bool:
        """Take the first press back; tell whether there was one."""
        was, self._armed = self._armed, False
        if was:
            self._show()
        return was

    def _reported(self, rows: tuple[RxRow, ...]) -> None:
        self._say(Notice("done", "已拒绝并上报，记入流水。", "联网后自动送达；反馈单再按 F12 打印。"))
        self._listed(rows)
        self._changed()

    def _printed(self, place: str) -> None:
        self._say(Notice("done", "反馈单已打印。", f"文件在 {place}"))
        self._show()

    def _failed(self, trouble: BaseException) -> None:
        notice = notice_of(trouble)
        if notice is None:
            self._desk.troubled(trouble)
        else:
            self._say(notice)
        self._show()

    def _say(self, notice: Notice) -> None:
        self._said = (*said_page(notice), Space(12))

    def _listed(self, rows: tuple[RxRow, ...]) -> None:
        self._rows = rows
        keys = [row.key for row in rows]
        if self._chosen not in keys:
            self._chosen, self._armed = (keys[0] if keys else None), False
        self._show()

    def _row(self) -> RxRow | None:
        return next((row for row in self._rows if row.key == self._chosen), None)

    def _show(self) -> None:
        row = self._row()
        self._view.show_list(prescriptions_page(self._rows, self._chosen))
        self._view.show_detail(
            (*self._said, *prescription_page(row)), may_act=row is not None and row.act != "none"
        )
        self._view.name_act(act_words(row, armed=self._armed), armed=self._armed)
