"""A page laid out for one width: where its items stand, how they are drawn, which of them was pressed."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QPainter

from ui.items import Head, Heading, Item, Option, Page, Row, Rule, Space, Tiles, words_of
from ui.widgets.ink import Ink
from ui.widgets.painters import TILE_GAP, measure, paint, tile_width

_BEGINNINGS = (Heading, Head, Space, Rule)  # Nothing ends with these; something follows them.


class LaidPage:
    """The items of ``page`` one under another, each with the height that ``width`` gives it."""

    def __init__(self, ink: Ink, page: Page, width: int) -> None:
        self._ink = ink
        self.width = width
        self._places: list[tuple[Item, int, int]] = []
        self.height = 0
        for item in page:
            height = measure(ink, item, width)
            self._places.append((item, self.height, height))
            self.height += height

    def whole_items(self, height: int) -> int:
        """Return how far the items reach that ``height`` shows whole; ``height`` where all of them are.

        An item that would leave more than half blank is rather cut: it may be the one that matters most.
        """
        ends = [
            y + high
            for item, y, high in self._places
            if y + high <= height and not isinstance(item, _BEGINNINGS)
        ]
        return ends[-1] if ends and self.height > height and ends[-1] * 2 > height else height

    def paint(self, painter: QPainter, dirty: QRect) -> list[tuple[QRectF, str]]:
        """Draw what lies in ``dirty``; return the place and the whole words of what had to be cut."""
        cut = []
        for item, y, height in self._places:
            if y + height < dirty.top() or y > dirty.bottom():
                continue
            place = QRectF(0, y, self.width, height)
            if paint(self._ink, painter, item, place):
                cut.append((place, "\n".join(words_of((item,)))))
        return cut

    def middle_of(self, key: str) -> QPoint:
        """Return the middle of the row or tile with ``key``; raise KeyError where none is shown."""
        for item, y, height in self._places:
            if isinstance(item, Row | Option) and item.key == key:
                return QPoint(self.width // 2, y + height // 2)
            if isinstance(item, Tiles):
                wide = tile_width(item, self.width)
                for number, tile in enumerate(item.tiles):
                    if tile.key == key:
                        return QPoint(number * (wide + TILE_GAP) + wide // 2, y + height // 2)
        raise KeyError(key)

    def key_at(self, point: QPoint) -> str | None:
        """Return the key of the row or tile at ``point``."""
        for item, y, height in self._places:
            if not y <= point.y() < y + height:
                continue
            if isinstance(item, Row | Option):
                return item.key or None
            if isinstance(item, Tiles):
                number = point.x() // (tile_width(item, self.width) + TILE_GAP)
                return item.tiles[number].key if number < len(item.tiles) else None
        return None
