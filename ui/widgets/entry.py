"""The one field that takes everything, the fields of forms, and how a scan is told from typing."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from ui.tokens import BODY
from ui.widgets.ink import RIGHT, Ink

SCAN_LEAST = 8
"""Fewer characters than this in a burst may be a person's; no code is that short."""

SCAN_GAP_MS = 35
"""The longest pause between two characters of a scan; the fastest typist leaves about 80."""

_HINT = "扫社保卡、医保码、药盒、追溯码、处方，或输拼音"
_WHEN_EMPTY = {
    Qt.Key.Key_Plus: "more",
    Qt.Key.Key_Equal: "more",
    Qt.Key.Key_Minus: "fewer",
    Qt.Key.Key_Delete: "remove",
}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_CONTROL = Qt.KeyboardModifier.ControlModifier
_ALWAYS = {Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down"}


class Field(QLineEdit):
    """A field of a form. A scan that lands here is put back out of it and handed on by ``scanned``."""

    scanned = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._since = QElapsedTimer()
        self._burst = ""
        self._before = ""

    def holds_scan(self) -> bool:
        """Tell whether what was typed last, and just now, came from a scanner."""
        return len(self._burst) >= SCAN_LEAST and self._burst.isascii() and self._in_time()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            if self.holds_scan():
                code, self._burst = self._burst, ""
                self.setText(self._before)
                self.scanned.emit(code)
                return
        elif event.text().isprintable() and event.text() and not event.modifiers() & _CONTROL:
            if not self._in_time():
                self._burst, self._before = "", self.text()
            self._burst += event.text()
            self._since.start()
        super().keyPressEvent(event)

    def _in_time(self) -> bool:
        return self._since.isValid() and self._since.elapsed() <= SCAN_GAP_MS


class Entry(Field):
    """The field of the bar; ``acted`` tells of keys that mean the basket and not the text.

    Of a scan behind something typed only the scan is taken.
    """

    acted = Signal(str)

    def __init__(self, ink: Ink, parent: QWidget | None = None) -> None:
        super().__init__("录入", parent)
        self._ink = ink
        self._hint = _HINT
        self.setObjectName("entry")
        self.setAccessibleDescription(_HINT)
        self.setMaxLength(200)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def show_hint(self, hint: str) -> None:
        """Say what may be scanned here; nothing said is the counter's own."""
        self._hint = hint or _HINT
        self.setAccessibleDescription(self._hint)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _ENTER:
            if self.holds_scan() and self.text() == self._before + self._burst:
                self.setText(self._burst)
            self._burst = self._before = ""  # What comes next is a code of its own.
        act = _ALWAYS.get(key) or (None if self.text() else _WHEN_EMPTY.get(key))
        if act is None:
            super().keyPressEvent(event)
        else:
            self.acted.emit(act)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        ink = self._ink
        room = self.width() - 32 - ink.width(self.text()) - 24
        if room < ink.width(self._hint):
            return
        painter = QPainter(self)
        place = QRectF(16, 0, self.width() - 32, self.height())
        ink.text(painter, place, self._hint, size=BODY, tone="sub", flags=RIGHT)
        painter.end()
