"""A page of items on a card: shows it, tells which row was pressed. It decides nothing.

An empty page needs neither items nor painters, so the first frame does not load them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from ui.tokens import PAD
from ui.widgets.ink import Ink

if TYPE_CHECKING:
    from ui.items import Page
    from ui.widgets.laid import LaidPage

_SAID = 60
"""Items of a page that its description holds."""


class Sheet(QWidget):
    """Shows one page; ``pressed`` gives the key of a row or tile."""

    pressed = Signal(str)

    def __init__(self, ink: Ink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ink = ink
        self.page: Page = ()
        self.roll: Scroll | None = None
        self._laid: LaidPage | None = None
        self._cut: list[tuple[QRectF, str]] = []
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_page(self, page: Page) -> None:
        """Show ``page``; the same page again costs nothing."""
        if page == self.page:
            return
        self.page = page
        self._laid = None
        self.setAccessibleDescription("，".join(self._said()))
        self.updateGeometry()
        self.update()
        if self.roll is not None:
            self.roll.fit()

    def words(self) -> list[str]:
        """Return all that is shown, in order."""
        from ui.items import words_of  # noqa: PLC0415 - not on the way to the first frame

        return words_of(self.page)

    def _said(self) -> list[str]:
        """Return what a screen reader says at once: nobody listens to five hundred rows."""
        from ui.items import words_of  # noqa: PLC0415 - not on the way to the first frame

        return words_of(self.page[:_SAID])

    def place_of(self, key: str) -> QPoint:
        """Return the middle of the row or tile with ``key``; raise KeyError where none is shown."""
        laid = self._laid_for(self.width())
        if laid is None:
            raise KeyError(key)
        return laid.middle_of(key)

    def whole_items(self, height: int) -> int:
        """Return how much of ``height`` shows whole items: nothing is cut in half at its end."""
        laid = self._laid_for(self.width())
        return laid.whole_items(height) if laid is not None else height

    def heightForWidth(self, width: int) -> int:
        laid = self._laid_for(width)
        return laid.height if laid is not None else 0

    def hasHeightForWidth(self) -> bool:
        return True

    def sizeHint(self) -> QSize:
        width = max(self.width(), 120)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        laid = self._laid_for(self.width())
        if laid is None:
            self._cut = []
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._cut = laid.paint(painter, event.rect())
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        key = self._laid.key_at(event.position().toPoint()) if self._laid is not None else None
        if key is None or event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
        else:
            self.pressed.emit(key)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            for place, text in self._cut:
                if place.contains(event.pos()):
                    QToolTip.showText(event.globalPos(), text, self)
                    return True
        return super().event(event)

    def _laid_for(self, width: int) -> LaidPage | None:
        """Return the page laid out; under a scroll bar the figures stay where they were without it."""
        if not self.page:
            return None
        inner = self.roll.width() - BAR_ROOM if self.roll is not None else width
        if self._laid is None or self._laid.width != inner:
            from ui.widgets.laid import LaidPage  # noqa: PLC0415 - not on the way to the first frame

            self._laid = LaidPage(self._ink, self.page, inner)
        return self._laid


BAR_ROOM = 12
"""What a scrolling sheet leaves free at the right: the bar, and a gap before it."""


class Scroll(QScrollArea):
    """A sheet that scrolls when it is longer than its card; keys reach it with Tab and move it."""

    def __init__(self, sheet: Sheet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setViewport(QWidget())  # Fills nothing; to ask for the first one loads all of QtWidgets.
        self.setWidget(sheet)
        sheet.roll = self
        sheet.setAutoFillBackground(False)
        self._sheet, self._below = sheet, 0

    def fit(self) -> None:
        """End what is seen between two items, so that a longer page shows no half of one."""
        below = self.height() - self._sheet.whole_items(self.height())
        if below != self._below:
            self._below = below
            self.setViewportMargins(0, 0, 0, below)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()


class Card(QFrame):
    """A white, round, one-line card with a sheet in it; more widgets may be added under the sheet."""

    def __init__(self, ink: Ink, *, scrolls: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.sheet = Sheet(ink)
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(PAD, 12, PAD - BAR_ROOM if scrolls else PAD, 12)
        self.box.setSpacing(8)
        self.roll = Scroll(self.sheet) if scrolls else None
        self._corner: QWidget | None = None
        self.box.addWidget(self.roll or self.sheet, 1 if scrolls else 0)

    def add(self, widget: QWidget) -> None:
        """Put ``widget`` under the sheet, flush with what the sheet shows."""
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, BAR_ROOM if self.roll is not None else 0, 0)
        row.addWidget(widget)
        self.box.addLayout(row)

    def set_corner(self, widget: QWidget) -> None:
        """Lay ``widget`` over the top right corner, beside the title that the page begins with."""
        self._corner = widget

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._corner is not None:
            self._corner.adjustSize()
            self._corner.move(self.width() - PAD - self._corner.width(), PAD)
            self._corner.raise_()

    def show_page(self, page: Page) -> None:
        """Show ``page`` in the card."""
        self.sheet.show_page(page)
