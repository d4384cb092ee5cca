"""Things to press that are drawn by hand: the one big act, and the places of the rail."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from ui.tokens import BODY, HEAD, ROUND, SMALL
from ui.widgets.ink import CENTRE, LEFT, Ink

_HALF = 2


class ActButton(QAbstractButton):
    """The one big act of this moment, with its key."""

    def __init__(self, ink: Ink, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ink, self._key = ink, key
        self.setObjectName("act")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(56)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(200, 56)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's
        ink, painter = self._ink, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        enabled = self.isEnabled()
        painter.setBrush(ink.colour("mount" if enabled else "line"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(QRectF(self.rect()), ROUND, ROUND)
        if self.hasFocus() or self.isDown():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(ink.colour("on_mount"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(4, 4, -4, -4), 5, 5)
        tone = "on_mount" if enabled else "sub"
        words, key = ink.width(self.text(), HEAD, 700), ink.width(self._key, SMALL)
        x = (self.width() - words - 12 - key) / _HALF
        ink.text(painter, QRectF(x, 0, words + 2, 56), self.text(), size=HEAD, weight=700, tone=tone)
        ink.text(painter, QRectF(x + words + 12, 0, key + 2, 56), self._key, size=SMALL, tone=tone)
        painter.end()


class PlaceButton(QAbstractButton):
    """A place of the rail: its name and its key; the open one is marked by a bar, not by colour alone."""

    def __init__(self, ink: Ink, name: str, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ink, self._key = ink, key
        self.setText(name)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(71, 56)
        self.setAccessibleName(f"{name} {key}")

    def sizeHint(self) -> QSize:
        return QSize(71, 56)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's
        ink, painter = self._ink, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = self.isChecked()
        if chosen:
            painter.fillRect(self.rect(), ink.colour("mount_ground"))
            painter.fillRect(QRectF(0, 0, 3, 56), ink.colour("mount"))
        if self.hasFocus():
            painter.setPen(QPen(ink.colour("mount"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(4, 2, -2, -2), 5, 5)
        name = QRectF(0, 8, 71, 22)
        ink.text(
            painter,
            name,
            self.text(),
            size=BODY,
            weight=700 if chosen else 400,
            tone="mount" if chosen else "ink",
            flags=CENTRE,
        )
        key_tone = "mount" if chosen else "sub"
        ink.text(painter, QRectF(0, 29, 71, 18), self._key, size=SMALL, tone=key_tone, flags=CENTRE)
        painter.end()


class Foot(QWidget):
    """The keys of this moment at the left, the state of chain and policy at the right."""

    def __init__(self, ink: Ink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ink = ink
        self.keys: tuple[tuple[str, str], ...] = ()
        self.state = ""
        self.setFixedHeight(32)

    def show_keys(self, keys: tuple[tuple[str, str], ...]) -> None:
        """Show what may be pressed now."""
        if keys != self.keys:
            self.keys = keys
            self.update()

    def show_state(self, text: str) -> None:
        """Show chain and policy."""
        if text != self.state:
            self.state = text
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's
        ink, painter = self._ink, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), ink.colour("card"))
        ink.line(painter, 0, 0, self.width())
        x = 16.0
        for key, words in self.keys:
            x = self._key(painter, x, key, words)
        place = QRectF(x, 0, self.width() - x - 16, 32)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        ink.text(painter, place, self.state, size=SMALL, tone="sub", flags=flags)
        painter.end()

    def _key(self, painter: QPainter, x: float, key: str, words: str) -> float:
        ink = self._ink
        wide = ink.width(key, SMALL) + 12
        cap = QRectF(x + 0.5, 6.5, wide, 19)
        painter.setPen(QPen(ink.colour("line"), 1))
        painter.setBrush(ink.colour("ground"))
        painter.drawRoundedRect(cap, 4, 4)
        ink.text(painter, cap, key, size=SMALL, flags=CENTRE)
        run = ink.width(words, SMALL)
        ink.text(painter, QRectF(x + wide + 7, 0, run + 2, 32), words, size=SMALL, tone="sub", flags=LEFT)
        return x + wide + run + 29
