"""Builds the places beside the counter when they are first opened, and tells each what was asked of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from app.usecases.state import CounterState
from ui.counter.presenter import CounterPresenter
from ui.desk import Desk
from ui.window import Window

Keys = tuple[tuple[str, str], ...]
_BACK, _CHOOSE = ("Esc", "回到收银"), ("↑ ↓", "选行")
KEYS: dict[str, Keys] = {
    "prescriptions": (_CHOOSE, ("F12", "放到柜台、上报或打印"), _BACK),
    "tasks": (_CHOOSE, ("F12 两次", "办好了"), _BACK),
    "sales": (_CHOOSE, ("F12", "补打这一张"), _BACK),
    "days": (_CHOOSE, ("F12", "日结"), _BACK),
    "sync": (
        ("F12", "立即同步"),
        ("Ctrl 1", "导出"),
        ("Ctrl 2", "导入"),
        ("Ctrl 3", "出行准备"),
        ("Ctrl 4", "备份"),
        ("Ctrl 5", "登记"),
        _BACK,
    ),
    "stock": (_CHOOSE, ("F12", "入库"), ("Ctrl 1 至 7", "右边各项"), _BACK),
    "policy": (_CHOOSE, _BACK),
    "help": (_BACK,),
}
STOCK_KEYS: dict[str, Keys] = {
    "receive": (
        ("Enter", "填这一行"),
        _CHOOSE,
        ("+", "另一批"),
        ("Del", "去掉这一行"),
        ("F12", "整单入库"),
        ("Esc", "先放着"),
    ),
    "count": (("Enter", "输数量"), _CHOOSE, ("F12", "盘点记账"), ("Esc", "先放着")),
    "change": (("Enter", "填数量和原因"), _CHOOSE, ("F12", "记账"), ("Esc", "回到库存")),
    "recall": (("Enter", "填表"), _CHOOSE, ("F12", "停售并召回"), ("Esc", "回到库存")),
    "uncoded": (("Enter", "填表"), _CHOOSE, ("F12", "登记"), ("Esc", "回到库存")),
    "returns": (("Enter", "填数量和原因"), _CHOOSE, ("F12", "登记退药"), ("Esc", "回到库存")),
    "opened": (_CHOOSE, ("Esc", "回到库存")),
}
_REFRESHED = ("prescriptions", "tasks", "sales", "days", "sync")


class PlaceHost:
    """The places by name; a place that is not built yet is asked nothing."""

    def __init__(self, window: Window, desk: Desk, counter: CounterPresenter) -> None:
        self._window, self._desk, self._counter = window, desk, counter
        self._presenters: dict[str, Any] = {}
        self.chooser: Any = None
        self.keys_changed: Callable[[], None] = lambda: None
        self.builders: dict[str, Callable[[], QWidget]] = {
            "prescriptions": self._prescriptions,
            "tasks": self._tasks,
            "sales": self._sales,
            "days": self._days,
            "sync": self._sync,
            "stock": self._stock,
            "policy": self._policy,
            "catalogue": self._catalogue,
            "help": self._help,
        }

    def opened(self, name: str) -> None:
        """Ask a place for what it shows, now that it is opened."""
        self.undone(name)
        self._presenters[name].opened()

    def refreshed(self, name: str) -> None:
        """Ask an open place again, because the world has changed."""
        if name in _REFRESHED and name in self._presenters:
            self._presenters[name].opened()

    def entered(self, name: str, text: str) -> bool:
        """Give a place what was scanned or typed; tell whether it takes such."""
        take = getattr(self._presenters.get(name), "entered", None)
        if take is not None:
            take(text)
        return take is not None

    def typed(self, name: str, text: str) -> bool:
        """Give a place what is being typed; tell whether it takes such."""
        take = getattr(self._presenters.get(name), "typed", None)
        if take is not None:
            take(text)
        return take is not None

    def keys(self, name: str) -> Keys | None:
        """Return what may be pressed in a place; None for the counter, which says so itself."""
        if name == "catalogue" and name in self._presenters:
            said: Keys = self._presenters[name].keys
            return said
        if name == "sync" and name in self._presenters:
            form: Any = self._window.place("sync")
            keys: Keys | None = getattr(form.forms.currentWidget(), "keys", None)
            return keys or KEYS[name]
        if name == "stock" and name in self._presenters:
            return STOCK_KEYS.get(self._presenters[name].mode, KEYS[name])
        return KEYS.get(name)

    def moved(self, name: str, step: int) -> None:
        """Choose the row so many lines further down."""
        move = getattr(self._presenters.get(name), "moved", None)
        if move is not None:
            move(step)

    def lined(self, name: str, act: str) -> None:
        """Do what a key asks for of the chosen row, where the place has such."""
        change = getattr(self._presenters.get(name), "lined", None)
        if change is not None:
            change(act)

    def acted(self, name: str) -> bool:
        """Do the place's own act; tell whether it has one."""
        if name == "sync":
            self._sync_main()
            return True
        act = getattr(self._presenters.get(name), "acted", None)
        if act is not None:
            act()
        return act is not None

    def undone(self, name: str) -> bool:
        """Take back what was begun in the place; tell whether anything was."""
        undo = getattr(self._presenters.get(name), "undone", None)
        return bool(undo is not None and undo())

    def controlled(self, name: str, number: int) -> bool:
        """Do the act of Ctrl and ``number``; tell whether the place has one."""
        if name == "stock":
            turned: bool = self._presenters[name].controlled(number)
            self._say_keys()
            return turned
        if name == "catalogue":
            self._presenters[name].controlled(number)
            return True
        if name != "sync":
            return False
        from ui.places.sync_view import ACTS  # noqa: PLC0415 - built already

        if number <= len(ACTS):
            self._sync_act(ACTS[number - 1][0])
        return True

    def _prescriptions(self) -> QWidget:
        from ui.places.prescriptions_presenter import PrescriptionsPresenter  # noqa: PLC0415
        from ui.places.views import TwoCards  # noqa: PLC0415

        view = TwoCards(self._window.ink, detail_width=400, detail_button="F12")
        presenter = PrescriptionsPresenter(view, self._desk, self._taken, self._counter.refresh)
        return self._joined("prescriptions", view, presenter)

    def _taken(self, state: CounterState) -> None:
        """Go back to the counter, where the prescription lies now, or where it is said why not."""
        self._counter.show_state(state)
        self._window.open_place("counter")

    def _tasks(self) -> QWidget:
        from ui.places.checking import TasksPresenter  # noqa: PLC0415 - a place is built when first opened
        from ui.places.views import TwoCards  # noqa: PLC0415

        view = TwoCards(self._window.ink, detail_width=400, detail_button="F12")
        return self._joined("tasks", view, TasksPresenter(view, self._desk))

    def _days(self) -> QWidget:
        from ui.places.checking import DaysPresenter  # noqa: PLC0415
        from ui.places.views import TwoCards  # noqa: PLC0415

        view = TwoCards(self._window.ink, detail_width=360, detail_button="日结  F12")
        return self._joined("days", view, DaysPresenter(view, self._desk))

    def _joined(self, name: str, view: Any, presenter: Any) -> QWidget:
        self._presenters[name] = presenter
        view.pressed.connect(presenter.chosen)
        view.detail_act.connect(presenter.acted)
        widget: QWidget = view
        return widget

    def _sales(self) -> QWidget:
        from ui.places.presenter import SalesPresenter  # noqa: PLC0415
        from ui.places.views import TwoCards  # noqa: PLC0415

        view = TwoCards(self._window.ink, detail_width=340, detail_button="补打这一张  F12")
        return self._joined("sales", view, SalesPresenter(view, self._desk))

    def _policy(self) -> QWidget:
        from ui.places.presenter import PolicyPresenter  # noqa: PLC0415
        from ui.places.views import TwoCards  # noqa: PLC0415

        view = TwoCards(self._window.ink, list_width=548)
        self._presenters["policy"] = presenter = PolicyPresenter(view, self._desk)
        view.pressed.connect(presenter.chosen)
        return view

    def _catalogue(self) -> QWidget:
        from ui.places.catalogue_presenter import CataloguePresenter  # noqa: PLC0415
        from ui.places.catalogue_view import CataloguePlace  # noqa: PLC0415
        from ui.places.choosing import CatalogueAsk, Chooser  # noqa: PLC0415

        view = CataloguePlace(self._window.ink)
        self.chooser = self.chooser or Chooser(self._window)
        presenter = CataloguePresenter(view, self._desk, CatalogueAsk(lambda: self.chooser))
        presenter.keys_changed = self._say_keys
        view.ticked.connect(presenter.ticked)
        return self._joined("catalogue", view, presenter)

    def _help(self) -> QWidget:
        from ui.places.presenter import HelpPresenter  # noqa: PLC0415
        from ui.places.views import TwoCards  # noqa: PLC0415

        view = TwoCards(self._window.ink)
        self._presenters["help"] = HelpPresenter(view, lambda: self._counter.tour)
        view.pressed.connect(self._toured)
        return view

    def _toured(self, key: str) -> None:
        self._window.open_place("counter")
        self._counter.toured(key)

    def _sync(self) -> QWidget:
        from ui.places.choosing import Chooser  # noqa: PLC0415
        from ui.places.sync_presenter import SyncPresenter  # noqa: PLC0415
        from ui.places.sync_view import SyncPlace  # noqa: PLC0415

        view = SyncPlace(self._window.ink)
        self.chooser = self.chooser or Chooser(self._window)
        self._presenters["sync"] = presenter = SyncPresenter(view, self._desk)
        view.acted.connect(self._sync_act)
        view.people_edited.connect(presenter.people_edited)
        view.trip_started.connect(presenter.trip_started)
        view.trip_exported.connect(
            lambda people, until: self.chooser.folder(
                "申请写到哪里（选 U 盘）", lambda folder: presenter.trip_started(people, until, folder)
            )
        )
        view.enrolled.connect(presenter.enrolled)
        view.form_turned.connect(self._say_keys)
        view.form_closed.connect(self._window.entry.setFocus)
        view.list_wanted.connect(lambda: self._choose_list(presenter.list_chosen))
        return view

    def _stock(self) -> QWidget:
        from ui.places.stock_modes import all_modes  # noqa: PLC0415
        from ui.places.stock_presenter import StockPresenter  # noqa: PLC0415
        from ui.places.stock_view import StockPlace  # noqa: PLC0415

        view = StockPlace(self._window.ink)
        self._presenters["stock"] = presenter = StockPresenter(view, self._desk, all_modes)
        view.pressed.connect(presenter.chosen)
        view.finished.connect(presenter.acted)
        view.second_pressed.connect(presenter.second)
        view.edited.connect(presenter.changed)
        view.scanned.connect(presenter.entered)
        view.acted.connect(presenter.go)
        view.left.connect(presenter.undone)
        view.filled.connect(self._window.entry.setFocus)
        presenter.turned = self._turned
        return view

    def _turned(self) -> None:
        """Another form is open: its keys are shown, and what is scanned goes to the field again."""
        self._window.entry.setFocus()
        self._say_keys()

    def _say_keys(self) -> None:
        self.keys_changed()

    def _choose_list(self, chosen: Callable[[str], None]) -> None:
        from ui.places.choosing import LISTS  # noqa: PLC0415

        self.chooser.file("选出行名单", LISTS, chosen)

    def _sync_main(self) -> None:
        """Do what the open form is for; with none open deliver."""
        view: Any = self._window.place("sync")
        form = view.forms.currentWidget()
        finish = getattr(form, "finish", None)
        if finish is not None:
            finish()
        else:
            self._sync_act("deliver")

    def _sync_act(self, act: str) -> None:
        from ui.places.choosing import BUNDLES  # noqa: PLC0415

        presenter = self._presenters["sync"]
        if presenter.busy:
            return
        acts: dict[str, Callable[[], None]] = {
            "deliver": presenter.delivered,
            "export": lambda: self.chooser.folder("导出到哪里（选 U 盘）", presenter.exported),
            "import": lambda: self.chooser.file("导入哪个文件（在 U 盘上）", BUNDLES, presenter.imported),
            "trip": presenter.trip_opened,
            "backup": presenter.backed_up,
            "enrol": presenter.enrolment_opened,
        }
        acts[act]()
