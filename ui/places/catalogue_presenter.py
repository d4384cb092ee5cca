"""What the catalogue's place does: files in, questions answered, columns named, reports read. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from app.usecases.importing_state import Asking, CatalogueState, ImportState, KindRow, Mapping, Report
from app.usecases.state import Notice
from ui.desk import Desk
from ui.items import Page, Space
from ui.places.catalogue_page import (
    asking_page,
    done_page,
    empty_page,
    fields_page,
    kinds_page,
    mapping_page,
    report_page,
    running_page,
    trouble_page,
)
from ui.places.presenter import stepped
from ui.places.sync_page import said_page
from ui.problems import notice_of

_AS_FILES = ("national", "list", "slices", "procured", "prices", "shop", "ranges", "diagnoses", "1301")
_IMPORT = "导入文件  F12"
Keys = tuple[tuple[str, str], ...]
_BACK = ("Esc", "回到收银")
_SHOP, _NAME = "shop", ("Ctrl 3", "重新对照列名")
_CHOOSE, _DROP = ("↑ ↓", "选"), ("Ctrl 3", "放弃")
KEYS: dict[str, Keys] = {
    "report": (_CHOOSE, ("F12", "导入文件"), ("Ctrl 1", "从医保中心更新"), ("Ctrl 2", "导出清单"), _BACK),
    "running": (("F12 两次", "停下导入"), _BACK),
    "asking": (_CHOOSE, ("F12", "确定"), _DROP, _BACK),
    "mapping": (
        _CHOOSE,
        ("Ctrl 1", "换下一种"),
        ("Ctrl 2", "不用这列"),
        ("F12", "照这样导入"),
        _DROP,
        _BACK,
    ),
}
_FIRST, _SECOND, _THIRD = 1, 2, 3  # Of the keys with Ctrl.


class CatalogueView(Protocol):
    """The kinds at the left, what is chosen or under way at the right, one act; ticks while it runs."""

    def show_list(self, page: Page) -> None: ...
    def show_detail(self, page: Page, *, may_act: bool = True) -> None: ...
    def show_under(self, page: Page) -> None: ...
    def name_act(self, words: str, *, armed: bool = False) -> None: ...
    def set_ticking(self, ticking: bool) -> None: ...
    def keep_in_sight(self, key: str) -> None: ...


class Ask(Protocol):
    """Asks the person for a file or a folder."""

    def file(self, chosen: Callable[[str], None]) -> None: ...
    def folder(self, chosen: Callable[[str], None]) -> None: ...


class CataloguePresenter:
    """One thing at the right at a time: a report, an import under way, a question, a file's columns."""

    def __init__(self, view: CatalogueView, desk: Desk, ask: Ask) -> None:
        self._view, self._desk, self._ask = view, desk, ask
        self.keys_changed: Callable[[], None] = lambda: None
        self._state: CatalogueState | None = None
        self._importing = ImportState()
        self._chosen: str | None = None
        self._report: Report | None = None
        self._said: Page = ()
        self._place = 0  # Of the answer or column chosen.
        self._fields: tuple[str, ...] = ()
        self._armed = False

    @property
    def mode(self) -> str:
        """What is at the right: report, running, asking or mapping."""
        if self._importing.underway is not None:
            return "running"
        if self._importing.asking is not None:
            return "asking"
        return "mapping" if self._importing.mapping is not None else "report"

    @property
    def keys(self) -> Keys:
        """What may be pressed now."""
        keys = KEYS[self.mode]
        return (*keys[:-1], _NAME, keys[-1]) if self.mode == "report" and self._chosen == _SHOP else keys

    def opened(self) -> None:
        """Ask what the catalogue holds and how importing stands."""
        self._view.show_list(kinds_page(self._state, self._chosen))
        self._desk.ask(lambda counter: counter.catalogue(), self._listed)

    def ticked(self) -> None:
        """Ask how far the import is."""
        self._desk.ask(lambda counter: counter.import_state(), self._heard)

    def chosen(self, key: str) -> None:
        """Take what was pressed: a kind, an answer, a column, what a column is, a kind to try."""
        what, mark, name = key.partition(":")
        if not mark:
            self._choose_kind(key)
        elif what == "answer":
            self._answer(name)
        elif what == "column":
            self._place = int(name)
            self._show()
        elif what == "field":
            self._set_field(name)
        elif what == "kind" and self._importing.path:
            path = self._importing.path
            self._start(lambda counter: counter.take_file(path, name))

    def moved(self, step: int) -> None:
        """Choose the kind, answer or column so many further down."""
        asking, mapping = self._importing.asking, self._importing.mapping
        if asking is not None:
            self._place = min(max(self._place + step, 0), len(asking.choices) - 1)
        elif mapping is not None:
            self._place = min(max(self._place + step, 0), len(mapping.columns) - 1)
            self._show()
            self._view.keep_in_sight(f"column:{self._place}")
            return
        elif self._state is not None and self.mode == "report":
            key = stepped([row.kind for row in self._state.kinds], self._chosen, step)
            if key is not None:
                self._choose_kind(key)
            return
        self._show()

    def acted(self) -> None:
        """Do what F12 is for: choose a file, stop at the second press, answer, import with these columns."""
        importing = self._importing
        if importing.underway is not None:
            self._stop()
        elif importing.asking is not None:
            self._answer(importing.asking.choices[self._place][0])
        elif importing.mapping is not None:
            self._import_mapped()
        else:
            self._ask.file(self.file_chosen)

    def controlled(self, number: int) -> None:
        """Do the act of Ctrl and ``number``."""
        if number == _THIRD and self.mode in ("asking", "mapping"):
            self._desk.ask(lambda counter: counter.stop_import(), self._heard)
        elif self._importing.mapping is not None and number in (_FIRST, _SECOND):
            self._set_field(self._next_field(self._importing.mapping) if number == _FIRST else "")
        elif self.mode == "report" and number == _FIRST:
            self._start(lambda counter: counter.fetch_catalogue())
        elif self.mode == "report" and number == _THIRD and self._chosen == _SHOP:
            self._ask.file(self.columns_chosen)
        elif self.mode == "report" and number == _SECOND and self._report is not None:
            self._ask.folder(self.folder_chosen)

    def undone(self) -> bool:
        """Take the first press of two back; a question waits for its answer, whatever is served meanwhile."""
        was, self._armed = self._armed, False
        if was:
            self._show()
        return was

    def _next_field(self, mapping: Mapping) -> str:
        names = [field for field, _words in mapping.fields]
        here = self._fields[self._place]
        return names[(names.index(here) + 1) % len(names)] if here in names else names[0]

    def file_chosen(self, path: str) -> None:
        """Import the file at ``path``."""
        self._start(lambda counter: counter.take_file(path))

    def columns_chosen(self, path: str) -> None:
        """Show the columns of the shop's table at ``path``, to say anew what they are."""
        self._start(lambda counter: counter.name_columns(path))

    def folder_chosen(self, folder: str) -> None:
        """Write the report that is shown into ``folder``."""
        report = self._report
        if report is not None and report.kind.run:
            run = report.kind.run
            self._desk.ask(
                lambda counter: counter.write_import_report(run, folder), self._written, self._failed
            )

    def _written(self, path: str) -> None:
        self._say(Notice("done", "清单已写好。", path))

    def _choose_kind(self, kind: str) -> None:
        if self._state is None or self.mode != "report" or not kind:
            return
        self._chosen, self._said = kind, ()
        self._importing = ImportState()
        self._view.show_list(kinds_page(self._state, kind))
        self._read_report()

    def _read_report(self) -> None:
        row = self._row()
        if row is None or not row.run:
            self._report = Report(kind=row) if row is not None else None
            self._show()
            return
        run = row.run
        self._desk.ask(lambda counter: counter.import_report(run), self._reported)

    def _reported(self, report: Report) -> None:
        self._report = report
        self._show()

    def _answer(self, option: str) -> None:
        self._start(lambda counter: counter.answer_import(option))

    def _stop(self) -> None:
        if not self._armed:
            self._armed = True
            self._show()
            return
        self._armed = False
        self._desk.ask(lambda counter: counter.stop_import(), self._heard)

    def _import_mapped(self) -> None:
        told = tuple((field, str(place + 1)) for place, field in enumerate(self._fields) if field)
        self._start(lambda counter: counter.map_columns(told))

    def _set_field(self, field: str) -> None:
        """Say what the chosen column is; another column that was it is that no more."""
        others = ["" if each == field else each for each in self._fields]
        others[self._place] = field
        self._fields = tuple(others)
        self._show()

    def _start(self, call: Callable[..., ImportState]) -> None:
        self._said, self._armed = (), False
        self._desk.ask(call, self._heard, self._failed)

    def _listed(self, state: CatalogueState) -> None:
        self._state = state
        if self._row() is None and state.kinds:
            self._chosen = state.kinds[0].kind
        self._view.show_list(kinds_page(state, self._chosen))
        self._heard(state.importing)
        self._read_report()

    def _heard(self, importing: ImportState) -> None:
        before, self._importing = self._importing, importing
        self._view.set_ticking(importing.underway is not None)
        if importing.underway is None:
            self._armed = False
        if importing.mapping is not None and importing.mapping != before.mapping:
            self._place = 0
            self._fields = tuple(column.field for column in importing.mapping.columns)
        if importing.asking is not None and importing.asking != before.asking:
            self._place = 0
        if importing.finished is not None and before.finished is None and before.underway is not None:
            self._chosen = importing.finished
            self._desk.ask(lambda counter: counter.catalogue(), self._done)
            return
        self._show()

    def _done(self, state: CatalogueState) -> None:
        self._state = state
        self._view.show_list(kinds_page(state, self._chosen))
        row = self._row()
        if row is not None:
            self._said = done_page(row, again=self._importing.again)
        self._read_report()

    def _row(self) -> KindRow | None:
        rows = self._state.kinds if self._state is not None else ()
        return next((row for row in rows if row.kind == self._chosen), None)

    def _failed(self, trouble: BaseException) -> None:
        notice = notice_of(trouble)
        if notice is None:
            self._desk.troubled(trouble)
        else:
            self._say(notice)

    def _say(self, notice: Notice) -> None:
        self._said = (*said_page(notice), Space(12))
        self._show()

    def _show(self) -> None:
        importing = self._importing
        under: Page = ()
        words, armed = _IMPORT, False
        if importing.underway is not None:
            page = running_page(importing.underway, self._titles())
            words = "再按一次，确认停下" if self._armed else "停下  F12"
            armed = self._armed
        elif importing.asking is not None:
            page, words = self._asked(importing.asking)
        elif importing.mapping is not None:
            page, under, words = self._mapped(importing.mapping)
        elif importing.trouble is not None:
            page = self._troubled(importing.trouble, importing.path)
        elif self._said or (self._report is not None and self._report.kind.at is not None):
            page = report_page(self._report, self._said) if self._report is not None else self._said
        else:
            page = empty_page() if self._is_empty() or self._report is None else report_page(self._report)
        self._view.show_detail(page)
        self._view.show_under(under)
        self._view.name_act(words, armed=armed)
        self.keys_changed()

    def _asked(self, asking: Asking) -> tuple[Page, str]:
        return asking_page(asking, self._place), "确定  F12"

    def _mapped(self, mapping: Mapping) -> tuple[Page, Page, str]:
        page = mapping_page(mapping, self._fields, self._place)
        return page, fields_page(mapping, self._fields, self._place), "照这样导入  F12"

    def _troubled(self, trouble: tuple[str, str], path: str) -> Page:
        titles = self._titles()
        kinds = tuple((kind, titles[kind]) for kind in _AS_FILES if kind in titles) if path else ()
        return trouble_page(*trouble, kinds)

    def _titles(self) -> dict[str, str]:
        return {row.kind: row.title for row in self._state.kinds} if self._state else {}

    def _is_empty(self) -> bool:
        return self._state is None or all(row.at is None for row in self._state.kinds)
