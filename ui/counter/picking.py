"""Hits under the field for the diagnosis: typing offers them, Enter takes one, Esc leaves the text alone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from engine.prescription import Diagnosis
from ui.counter.diagnosis_page import being_typed, hits_page, with_picked
from ui.widgets.entry import Field
from ui.widgets.ink import Ink
from ui.widgets.sheet import Sheet

_PAUSE_MS = 60
_WIDTH, _EDGE = 440, 8
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
_TAKES = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class DiagnosisPicker(QObject):
    """Works one field: ``sought`` asks for hits of a text, ``taken`` says that one was put into the field."""

    sought = Signal(str)
    taken = Signal()

    def __init__(self, ink: Ink, field: Field, picked: tuple[Diagnosis, ...] = ()) -> None:
        super().__init__(field)
        self._ink, self._field = ink, field
        self._found: tuple[Diagnosis, ...] = ()
        self._picked = list(picked)
        self._at = 0
        self._unseen = False  # Something was typed, and nothing found of it was shown yet.
        self._frame: QFrame | None = None
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._seek)
        field.textEdited.connect(self._typed)
        field.installEventFilter(self)

    def picked(self) -> tuple[Diagnosis, ...]:
        """Return what was taken from the hits, whether or not it still stands in the field."""
        return tuple(self._picked)

    def is_open(self) -> bool:
        """Tell whether there are hits to take."""
        return bool(self._found)

    def show_found(self, text: str, found: tuple[Diagnosis, ...]) -> None:
        """Show hits of ``text``, unless something else stands there by now."""
        if text != being_typed(self._field.text()) or not self._field.hasFocus():
            return
        self._found, self._at, self._unseen = found, 0, False
        self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let arrows, Enter and Esc work the hits while they are shown; all else is the field's."""
        if event.type() == QEvent.Type.FocusOut:
            self._close()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if self._found:
                return self._pressed(Qt.Key(event.key()), event.modifiers())
            if self._is_too_early(event):
                self._pause.stop()
                self._seek()
                return True
        return super().eventFilter(watched, event)

    def _is_too_early(self, event: QKeyEvent) -> bool:
        """Tell whether Enter would leave ``gxy`` behind: once it shows what there is instead."""
        enter = event.key() in _TAKES and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        early = enter and self._unseen and not self._field.holds_scan()
        self._unseen = self._unseen and not enter
        return early

    def _pressed(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        if key in _STEPS:
            self._at = min(max(self._at + _STEPS[key], 0), len(self._found) - 1)
            self._show()
        elif key in _TAKES and not modifiers & Qt.KeyboardModifier.ControlModifier:
            self._take(self._at)
        elif key == Qt.Key.Key_Escape:
            self._close()
        else:
            return False
        return True

    def _typed(self) -> None:
        self._close()  # Hits of another text are not what Enter is to take.
        self._unseen = bool(being_typed(self._field.text()))
        self._pause.start()

    def _seek(self) -> None:
        text = being_typed(self._field.text())
        if text:
            self.sought.emit(text)

    def _take(self, at: int) -> None:
        chosen = self._found[at]
        self._picked.append(chosen)
        self._field.setText(with_picked(self._field.text(), chosen))
        self._close()
        self.taken.emit()

    def _close(self) -> None:
        self._found = ()
        if self._frame is not None:
            self._frame.hide()

    def _show(self) -> None:
        if not self._found:
            self._close()
            return
        frame, sheet = self._hits()
        sheet.show_page(hits_page(self._found, self._at))
        window = self._field.window()
        corner = self._field.mapTo(window, self._field.rect().bottomLeft())
        inner = 2 * _EDGE + 2
        frame.setGeometry(corner.x(), corner.y() + 5, _WIDTH, sheet.heightForWidth(_WIDTH - inner) + inner)
        frame.raise_()
        frame.show()

    def _hits(self) -> tuple[QFrame, Sheet]:
        if self._frame is None:
            window: QWidget = self._field.window()
            self._frame = frame = QFrame(window)
            frame.setObjectName("hits")
            frame.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            box = QVBoxLayout(frame)
            box.setContentsMargins(_EDGE, _EDGE, _EDGE, _EDGE)
            self._sheet = Sheet(self._ink)
            self._sheet.pressed.connect(lambda key: self._take(int(key)))
            box.addWidget(self._sheet)
            self.destroyed.connect(frame.deleteLater)
        return self._frame, self._sheet
