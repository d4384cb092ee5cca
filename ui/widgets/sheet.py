"""A page of items on a card: measures, draws, tells which row was pressed. It decides nothing."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from ui.items import Item, Page, Row, Tiles, words_of
from ui.tokens import PAD
from ui.widgets.ink import Ink
from ui.widgets.painters import TILE_GAP, measure, paint, tile_width


class Sheet(QWidget):
    """Shows one page; ``pressed`` gives the key of a row or tile."""

    pressed = Signal(str)

    def __init__(self, ink: Ink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ink = ink
        self.page: Page = ()
        self.roll: QScrollArea | None = None
        self._places: list[tuple[Item, int, int]] = []
        self._laid_for = -1
        self._cut: list[tuple[QRectF, str]] = []
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_page(self, page: Page) -> None:
        """Show ``page``; the same page again costs nothing."""
        if page == self.page:
            return
        self.page = page
        self._laid_for = -1
        self.setAccessibleDescription("，".join(words_of(page)))
        self.updateGeometry()
        self.update()

    def words(self) -> list[str]:
        """Return all that is shown, in order."""
        return words_of(self.page)

    def place_of(self, key: str) -> QPoint:
        """Return the middle of the row or tile with ``key``; raise KeyError where none is shown."""
        self._lay(self._inner(self.width()))
        for item, y, height in self._places:
            if isinstance(item, Row) and item.key == key:
                return QPoint(self.width() // 2, y + height // 2)
            if isinstance(item, Tiles):
                wide = tile_width(item, self._laid_for)
                for number, tile in enumerate(item.tiles):
                    if tile.key == key:
                        return QPoint(number * (wide + TILE_GAP) + wide // 2, y + height // 2)
        raise KeyError(key)

    def heightForWidth(self, width: int) -> int:
        self._lay(self._inner(width))
        return self._places[-1][1] + self._places[-1][2] if self._places else 0

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
        self._lay(self._inner(self.width()))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._cut.clear()
        for item, y, height in self._places:
            if y + height < event.rect().top() or y > event.rect().bottom():
                continue
            place = QRectF(0, y, self._laid_for, height)
            if paint(self._ink, painter, item, place):
                self._cut.append((place, "\n".join(words_of((item,)))))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        key = self._key_at(event.position().toPoint())
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

    def _inner(self, width: int) -> int:
        """Return the width to draw in: under a scroll bar the figures stay where they were without it."""
        return self.roll.width() - BAR_ROOM if self.roll is not None else width

    def _key_at(self, point: QPoint) -> str | None:
        for item, y, height in self._places:
            if not y <= point.y() < y + height:
                continue
            if isinstance(item, Row):
                return item.key or None
            if isinstance(item, Tiles):
                number = point.x() // (tile_width(item, self._laid_for) + TILE_GAP)
                return item.tiles[number].key if number < len(item.tiles) else None
        return None

    def _lay(self, width: int) -> None:
        if width == self._laid_for:
            return
        self._laid_for = width
        self._places = []
        y = 0
        for item in self.page:
            height = measure(self._ink, item, width)
            self._places.append((item, y, height))
            y += height


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
        self.setWidget(sheet)
        sheet.roll = self
        self.viewport().setAutoFillBackground(False)
        sheet.setAutoFillBackground(False)


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
        self.box.addWidget(self.roll or self.sheet, 1 if scrolls else 0)

    def add(self, widget: QWidget) -> None:
        """Put ``widget`` under the sheet, flush with what the sheet shows."""
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, BAR_ROOM if self.roll is not None else 0, 0)
        row.addWidget(widget)
        self.box.addLayout(row)

    def show_page(self, page: Page) -> None:
        """Show ``page`` in the card."""
        self.sheet.show_page(page)
