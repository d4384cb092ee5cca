"""The catalogue's widgets: kinds at the left, a report or an import at the right; deciding nothing."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.items import Page
from ui.places.views import TwoCards
from ui.widgets.ink import Ink
from ui.widgets.sheet import BAR_ROOM, Sheet

_LIST = 428
_TICK_MS = 250
_ROW = 40


class CataloguePlace(TwoCards):
    """Two cards, and a sheet under the right one; ``ticked`` while an import runs."""

    ticked = Signal()

    def __init__(self, ink: Ink, parent: QWidget | None = None) -> None:
        super().__init__(ink, list_width=_LIST, detail_button="导入文件  F12", parent=parent)
        self.detail.sheet.pressed.connect(self.pressed)
        self.under = Sheet(ink)
        self.under.pressed.connect(self.pressed)
        self.under.hide()
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, BAR_ROOM, 0)
        row.addWidget(self.under)
        self.detail.box.insertLayout(1, row)
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self.ticked)

    def show_under(self, page: Page) -> None:
        """Show what belongs to the chosen row of the right card; nothing hides it."""
        self.under.show_page(page)
        self.under.setVisible(bool(page))

    def set_ticking(self, ticking: bool) -> None:
        """Ask again and again how far an import is, or no more."""
        if ticking != self._timer.isActive():
            if ticking:
                self._timer.start()
            else:
                self._timer.stop()

    def keep_in_sight(self, key: str) -> None:
        """Scroll to a row of the right card."""
        roll = self.detail.roll
        if roll is not None:
            roll.ensureVisible(0, self.detail.sheet.place_of(key).y(), 0, _ROW)
