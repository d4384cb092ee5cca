"""The form of reasons inside the prescription card: options by number, a field for other words, buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ui.counter.signing import ReasonForm, reasons_page
from ui.widgets.entry import Field
from ui.widgets.ink import Ink
from ui.widgets.sheet import BAR_ROOM, Scroll, Sheet

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class ReasonWidget(QWidget):
    """Shows the form and tells what was chosen; it decides nothing."""

    chosen = Signal(int, int)
    written = Signal(str)
    moved = Signal(int)
    finished = Signal()
    closed = Signal()
    scanned = Signal(str)

    def __init__(self, ink: Ink, form: ReasonForm, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        self.sheet = Sheet(ink)
        self.sheet.pressed.connect(self._pressed)
        box.addWidget(Scroll(self.sheet), 1)
        self.other = Field("其他理由")
        self.other.setPlaceholderText("其他理由，Enter 采用")
        self.other.setMaxLength(200)
        self.other.scanned.connect(self.scanned)
        below = QVBoxLayout()
        below.setContentsMargins(0, 0, BAR_ROOM, 0)  # Flush with what the sheet shows beside its bar.
        below.setSpacing(8)
        below.addWidget(self.other)
        below.addLayout(self._buttons(form))
        box.addLayout(below)
        self.show_form(form)

    def show_form(self, form: ReasonForm) -> None:
        """Show what is asked and what was chosen; the question that the keys are for comes into sight."""
        self._form = form
        self.sheet.show_page(reasons_page(form))
        self.done.setEnabled(form.complete)
        roll = self.sheet.roll
        if roll is not None and form.asked[form.current].reasons:
            roll.ensureVisible(0, self.sheet.place_of(f"{form.current}:0").y(), 0, 80)

    def begin(self) -> None:
        """Let the number keys land here."""
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, digit = Qt.Key(event.key()), event.text()
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if key in _ENTER and control:
            self.finished.emit()
        elif key in _ENTER:
            self._take_words()
        elif key == Qt.Key.Key_Escape:
            self.closed.emit()
        elif key in _STEPS:
            self.moved.emit(_STEPS[key])
        elif not control and digit.isdigit() and digit != "0" and not self.other.hasFocus():
            self.chosen.emit(self._form.current, int(digit) - 1)
        else:
            super().keyPressEvent(event)

    def _take_words(self) -> None:
        if self.other.text().strip():
            self.written.emit(self.other.text())
            self.other.clear()
        self.setFocus()

    def _pressed(self, key: str) -> None:
        question, _, reason = key.partition(":")
        if reason:
            self.chosen.emit(int(question), int(reason))

    def _buttons(self, form: ReasonForm) -> QHBoxLayout:
        box = QHBoxLayout()
        box.setSpacing(8)
        self.done = QPushButton("拒绝  Ctrl Enter" if form.refusing else "签字  Ctrl Enter")
        self.done.clicked.connect(self.finished)
        close = QPushButton("放弃  Esc")
        close.setProperty("role", "quiet")
        close.clicked.connect(self.closed)
        box.addWidget(close)
        box.addWidget(self.done, 1)
        return box
