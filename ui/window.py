"""The one window: bar, rail, places, foot; every key of the program is named here. It only signals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ui.counter.place import CounterPlace
from ui.tokens import EDGE, GRID, SMALL
from ui.widgets.bar import WorldChips
from ui.widgets.buttons import Foot, PlaceButton
from ui.widgets.entry import Entry
from ui.widgets.ink import Ink
from ui.widgets.sheet import Sheet

if TYPE_CHECKING:
    from ui.items import Chip, Page

PLACES = (
    ("counter", "收银", "F2"),
    ("prescriptions", "处方", "F3"),
    ("sales", "销售", "F4"),
    ("stock", "库存", "F5"),
    ("tasks", "待办", "F6"),
    ("days", "对账", "F7"),
    ("sync", "同步", "F8"),
    ("policy", "政策", "F9"),
    ("catalogue", "目录", "F10"),
)
HELP = ("help", "帮助", "F1")
_HINTS = {"stock": "扫药盒、追溯码，或输药名、批号"}
"""What the field is for where it is not the counter's."""

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_SEARCH_MS = 60
_SHOP_WIDTH = 260
_KEYS = {
    Qt.Key.Key_F1: "place:help",
    Qt.Key.Key_F2: "place:counter",
    Qt.Key.Key_F3: "place:prescriptions",
    Qt.Key.Key_F4: "place:sales",
    Qt.Key.Key_F5: "place:stock",
    Qt.Key.Key_F6: "place:tasks",
    Qt.Key.Key_F7: "place:days",
    Qt.Key.Key_F8: "place:sync",
    Qt.Key.Key_F9: "place:policy",
    Qt.Key.Key_F10: "place:catalogue",
    Qt.Key.Key_F12: "act",
    Qt.Key.Key_Escape: "undo",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
    Qt.Key.Key_Delete: "remove",
}
_CONTROL = {
    Qt.Key.Key_P: "reprint",
    Qt.Key.Key_S: "sign",
    Qt.Key.Key_R: "refuse",
    Qt.Key.Key_1: "control:1",
    Qt.Key.Key_2: "control:2",
    Qt.Key.Key_3: "control:3",
    Qt.Key.Key_4: "control:4",
    Qt.Key.Key_5: "control:5",
    Qt.Key.Key_6: "control:6",
    Qt.Key.Key_7: "control:7",
    Qt.Key.Key_L: "split",
}


class Window(QWidget):
    """Bar, rail, stack of places, foot. ``acted`` names what a key or press asks for."""

    acted = Signal(str)
    entered = Signal(str)
    typed = Signal(str)
    hit_pressed = Signal(str)
    place_opened = Signal(str)
    closing = Signal()
    painted = Signal()

    def __init__(self, ink: Ink) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle("山药")
        self.ink = ink
        self.builders: dict[str, Callable[[], QWidget]] = {}
        self._built: dict[str, QWidget] = {}
        self.counter = CounterPlace(ink)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.counter)
        self._built["counter"] = self.counter
        self.foot = Foot(ink)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self._bar())
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._rail())
        middle.addWidget(self.stack, 1)
        box.addLayout(middle, 1)
        box.addWidget(self.foot)
        self._hits()
        self.resize(1366, 768)
        self.entry.setFocus()

    def show_shop(self, shop: str) -> None:
        """Show the name of the shop and its till."""
        metrics = self.ink.metrics(SMALL)
        self.shop.setText(metrics.elidedText(shop, Qt.TextElideMode.ElideMiddle, _SHOP_WIDTH))
        self.shop.setToolTip(shop)

    def show_world(self, chips: tuple[Chip, ...], duty: str, foot: str) -> None:
        """Show the state of the world in bar and foot."""
        self.chips.show_world(chips, duty)
        self.foot.show_state(foot)

    def show_hits(self, page: Page) -> None:
        """Show hits under the entry field; none hides them."""
        self.hits_sheet.show_page(page)
        if page:
            self._place_hits()
            self.hits.raise_()
        self.hits.setVisible(bool(page))

    def open_place(self, name: str) -> None:
        """Open a place of the rail; it is built when it is first opened."""
        if name not in self._built:
            widget = self.builders[name]()
            self._built[name] = widget
            self.stack.addWidget(widget)
        self.stack.setCurrentWidget(self._built[name])
        self.rail[name].setChecked(True)
        self.entry.show_hint(_HINTS.get(name, ""))
        self.entry.setFocus()
        self.place_opened.emit(name)

    def place(self, name: str) -> QWidget:
        """Return a place that has been built; raise KeyError for another."""
        return self._built[name]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take what no widget wanted: keys of the program, and letters, which belong to the entry field."""
        key = Qt.Key(event.key())
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        act = _CONTROL.get(key) if control else _KEYS.get(key)
        if act is not None:
            self._act(act)
        elif not control and event.text().isprintable() and event.text():
            self.entry.setFocus()
            self.entry.keyPressEvent(event)
        elif key in _ENTER and isinstance(self.focusWidget(), QAbstractButton):
            self._press_focused()
        elif key in _ENTER and not self.entry.hasFocus():
            self.entry.setFocus()  # With the focus, the field heard the key itself before it came here.
            self.entry.returnPressed.emit()
        else:
            super().keyPressEvent(event)

    def _press_focused(self) -> None:
        button = self.focusWidget()
        assert isinstance(button, QAbstractButton)
        button.click()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.painted.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.hits.isVisible():
            self._place_hits()

    def event(self, event: QEvent) -> bool:
        # An input method composes in the widget that has the focus: give it the field before it starts.
        if event.type() == QEvent.Type.WindowActivate and not isinstance(self.focusWidget(), QLineEdit):
            self.entry.setFocus()
        return super().event(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)

    def _act(self, act: str) -> None:
        if act.startswith("place:"):
            self.open_place(act.removeprefix("place:"))
        else:
            self.acted.emit(act)

    def _bar(self) -> QWidget:
        bar = QFrame()
        bar.setObjectName("bar")
        bar.setFixedHeight(56)
        box = QHBoxLayout(bar)
        box.setContentsMargins(EDGE, 0, EDGE, 0)
        box.setSpacing(2 * GRID)
        name = QLabel("山药")
        name.setProperty("role", "name")
        self.shop = QLabel("")
        self.shop.setProperty("role", "sub")
        self.entry = Entry(self.ink)
        self.entry.setMinimumWidth(320)
        self._pause = QTimer(self, singleShot=True, interval=_SEARCH_MS)
        self._pause.timeout.connect(lambda: self.typed.emit(self.entry.text()))
        self.entry.textEdited.connect(lambda _: self._pause.start())
        self.entry.returnPressed.connect(self._entered)
        self.entry.acted.connect(self._act)
        self.chips = WorldChips(self.ink)
        for widget, gap in ((name, 0), (self.shop, 16), (self.entry, 16), (self.chips, 0)):
            box.addWidget(widget, 1 if widget is self.entry else 0)
            box.addSpacing(gap - 2 * GRID if gap else 0)
        return bar

    def _rail(self) -> QWidget:
        rail = QFrame()
        rail.setObjectName("rail")
        rail.setFixedWidth(72)
        box = QVBoxLayout(rail)
        box.setContentsMargins(0, 8, 0, 8)
        box.setSpacing(0)
        self.rail: dict[str, PlaceButton] = {}
        for name, words, key in (*PLACES, HELP):
            button = PlaceButton(self.ink, words, key)
            button.clicked.connect(lambda _=False, name=name: self.open_place(name))
            self.rail[name] = button
            if name == "help":
                box.addStretch(1)
            box.addWidget(button)
        self.rail["counter"].setChecked(True)
        return rail

    def _hits(self) -> None:
        self.hits = QFrame(self)
        self.hits.setObjectName("hits")
        box = QVBoxLayout(self.hits)
        box.setContentsMargins(8, 8, 8, 8)
        self.hits_sheet = Sheet(self.ink)
        self.hits_sheet.pressed.connect(self.hit_pressed)
        box.addWidget(self.hits_sheet)
        self.hits.hide()

    def _place_hits(self) -> None:
        corner = self.entry.mapTo(self, self.entry.rect().bottomLeft())
        width = self.entry.width()
        height = self.hits_sheet.heightForWidth(width - 18) + 18
        self.hits.setGeometry(corner.x(), corner.y() + 5, width, height)

    def _entered(self) -> None:
        self._pause.stop()
        text = self.entry.text()
        self.entered.emit(text)
        self.entry.clear()
