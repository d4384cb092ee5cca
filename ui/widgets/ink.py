"""Fonts, colours and the few strokes that everything in the window is drawn with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from ui.tokens import BODY, FAMILY, GRID, SMALL, TINY, Palette, Tone

if TYPE_CHECKING:
    from ui.items import Mark, Weight

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter
TOP = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
WRAP = int(Qt.TextFlag.TextWordWrap)
CHIP_HEIGHT = 22
MARK = 18

MARK_TONE: dict[Mark, Tone] = {
    "ok": "mount",
    "info": "sea",
    "attention": "ochre",
    "refused": "red",
    "signed": "mount",
}
_STROKES: dict[Mark, tuple[tuple[tuple[float, float], ...], ...]] = {
    "ok": (((5.5, 9.5), (8, 12), (12.5, 6)),),
    "info": (((9, 8), (9, 13)), ((9, 5), (9, 5.1))),
    "attention": (((9, 4.8), (9, 10.2)), ((9, 13), (9, 13.1))),
    "refused": (((6, 6), (12, 12)), ((12, 6), (6, 12))),
}


class Ink:
    """Draws with one palette; fonts and metrics are made once for each size and weight."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self._fonts: dict[tuple[int, int], tuple[QFont, QFontMetrics]] = {}
        self._colours: dict[str, QColor] = {}

    def font(self, size: int = BODY, weight: Weight = 400) -> QFont:
        """Return the font of ``size`` pixels."""
        return self._face(size, weight)[0]

    def metrics(self, size: int = BODY, weight: Weight = 400) -> QFontMetrics:
        """Return what measures the font of ``size`` pixels."""
        return self._face(size, weight)[1]

    def colour(self, name: str) -> QColor:
        """Return a colour of the table by its name there."""
        found = self._colours.get(name)
        if found is None:
            found = self._colours[name] = QColor(getattr(self.palette, name))
        return found

    def ground_of(self, tone: Tone) -> QColor:
        """Return the colour that lies under text of ``tone``."""
        return self.colour("ground" if tone in ("ink", "sub") else f"{tone}_ground")

    def height(self, text: str, width: int, size: int = BODY, weight: Weight = 400) -> int:
        """Return how high ``text`` stands when wrapped to ``width``."""
        return self.metrics(size, weight).boundingRect(0, 0, width, 10_000, WRAP, text).height()

    def width(self, text: str, size: int = BODY, weight: Weight = 400) -> int:
        """Return how wide ``text`` runs."""
        return self.metrics(size, weight).horizontalAdvance(text)

    def text(
        self,
        painter: QPainter,
        place: QRectF,
        text: str,
        *,
        size: int = BODY,
        weight: Weight = 400,
        tone: str = "ink",
        flags: Qt.AlignmentFlag = LEFT,
        wrap: bool = False,
    ) -> bool:
        """Draw ``text`` in ``place`` and tell whether it had to be cut."""
        font, metrics = self._face(size, weight)
        painter.setFont(font)
        painter.setPen(self.colour(tone))
        shown = text
        if not wrap:
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(place.width()) + 1)
        painter.drawText(place, int(flags.value) | (WRAP if wrap else 0), shown)
        return shown != text

    def chip_width(self, text: str) -> int:
        """Return the width of a chip with ``text``."""
        return self.width(text, SMALL) + 4 * GRID

    def chip(
        self, painter: QPainter, x: float, y: float, text: str, tone: Tone, *, on_row: bool = False
    ) -> float:
        """Draw a chip with its top left corner there, set off a chosen row; return its width."""
        width = self.chip_width(text)
        place = QRectF(x, y, width, CHIP_HEIGHT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour("card") if on_row else self.ground_of(tone))
        painter.drawRoundedRect(place, CHIP_HEIGHT / 2, CHIP_HEIGHT / 2)
        self.text(painter, place, text, size=SMALL, tone=tone, flags=CENTRE)
        return width

    def bar(self, painter: QPainter, place: QRectF, share: int, tone: str, *, track: bool) -> None:
        """Draw a bar filled to ``share`` per ten thousand; nothing at all is still a hair line."""
        painter.setPen(Qt.PenStyle.NoPen)
        if track:
            painter.setBrush(self.colour("line"))
            painter.drawRoundedRect(place, 2, 2)
        filled = place.width() * min(max(share, 0), 10_000) / 10_000
        painter.setBrush(self.colour(tone if filled else "line"))
        if filled or not track:
            painter.drawRoundedRect(QRectF(place.x(), place.y(), max(filled, 1), place.height()), 2, 2)

    def mark(self, painter: QPainter, x: float, y: float, mark: Mark) -> None:
        """Draw ✓, !, ✕ or 签 in its circle; strokes by hand, because the font lacks ✕."""
        tone = MARK_TONE[mark]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.ground_of(tone))
        painter.drawEllipse(QRectF(x, y, MARK, MARK))
        if mark == "signed":
            self.text(painter, QRectF(x, y, MARK, MARK), "签", size=TINY, weight=500, tone=tone, flags=CENTRE)
            return
        pen = QPen(self.colour(tone), 1.8)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        for stroke in _STROKES[mark]:
            points = [QPointF(x + across, y + down) for across, down in stroke]
            painter.drawPolyline(points)

    def line(self, painter: QPainter, x: float, y: float, width: float) -> None:
        """Draw a line across."""
        painter.fillRect(QRectF(x, y, width, 1), self.colour("line"))

    def _face(self, size: int, weight: int) -> tuple[QFont, QFontMetrics]:
        found = self._fonts.get((size, weight))
        if found is None:
            font = QFont(FAMILY)
            font.setPixelSize(size)
            font.setWeight(QFont.Weight(weight))
            found = self._fonts[size, weight] = (font, QFontMetrics(font))
        return found
