"""The state of the world at the right of the bar: chips, then who is on duty and the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.tokens import SMALL
from ui.widgets.ink import CHIP_HEIGHT, RIGHT, Ink

if TYPE_CHECKING:
    from ui.items import Chip

_BETWEEN = 12


class WorldChips(QWidget):
    """As wide as its words; the entry field takes the rest of the bar."""

    def __init__(self, ink: Ink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ink = ink
        self.chips: tuple[Chip, ...] = ()
        self.duty = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def show_world(self, chips: tuple[Chip, ...], duty: str) -> None:
        """Show the chips, and who is on duty."""
        if (chips, duty) == (self.chips, self.duty):
            return
        self.chips, self.duty = chips, duty
        self.setAccessibleDescription("，".join([*(chip.text for chip in chips), duty]))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        chips = sum(self._ink.chip_width(chip.text) + _BETWEEN for chip in self.chips)
        return QSize(int(chips) + self._ink.width(self.duty, SMALL) + 4, 40)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = 0.0
        for chip in self.chips:
            top = (self.height() - CHIP_HEIGHT) / 2
            x += self._ink.chip(painter, x, top, chip.text, chip.tone) + _BETWEEN
        place = QRectF(x, 0, self.width() - x, self.height())
        self._ink.text(painter, place, self.duty, size=SMALL, tone="sub", flags=RIGHT)
        painter.end()
