"""How each kind of item is measured and drawn on a card."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from ui.items import (
    Chips,
    Due,
    Head,
    Heading,
    Limit,
    Name,
    Note,
    Pair,
    Panel,
    Reason,
    Row,
    Rule,
    Space,
    Text,
    Tile,
    Tiles,
    Weight,
)
from ui.tokens import BODY, FIGURE, GRID, HEAD, LARGE, ROUND, SMALL, TINY
from ui.widgets.ink import CHIP_HEIGHT, MARK, MARK_TONE, RIGHT, TOP, Ink
from ui.widgets.table import paint_head, paint_row

_INDENT = MARK + 8
_LABEL, _AMOUNT = 92, 72
TILE_GAP = 2 * GRID


def measure(ink: Ink, item: Any, width: int) -> int:
    """Return the height of ``item`` on a card of ``width``."""
    return _MEASURE[type(item)](ink, item, width)


def paint(ink: Ink, painter: QPainter, item: Any, place: QRectF) -> bool:
    """Draw ``item`` in ``place``; tell whether words had to be cut."""
    return bool(_PAINT[type(item)](ink, painter, item, place))


def _text_height(ink: Ink, item: Text, width: int) -> int:
    if item.elide:
        return ink.metrics(item.size, item.weight).height()
    return ink.height(item.text, width - item.indent, item.size, item.weight)


def _paint_text(ink: Ink, painter: QPainter, item: Text, place: QRectF) -> bool:
    inner = place.adjusted(item.indent, 0, 0, 0)
    flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop if item.centred else TOP
    return ink.text(
        painter,
        inner,
        item.text,
        size=item.size,
        weight=item.weight,
        tone=item.tone,
        flags=flags,
        wrap=not item.elide,
    )


def _paint_heading(ink: Ink, painter: QPainter, item: Heading, place: QRectF) -> None:
    row = QRectF(place.x(), place.y(), place.width(), 18)
    ink.text(painter, row, item.text, size=SMALL, tone="sub")
    ink.text(painter, row, item.key, size=SMALL, tone="sub", flags=RIGHT)


def _paint_name(ink: Ink, painter: QPainter, item: Name, place: QRectF) -> bool:
    chips = sum(ink.chip_width(chip.text) + 4 for chip in item.chips)
    wide = min(ink.width(item.text, HEAD, 700), int(place.width()) - chips - 4)
    cut = ink.text(
        painter, QRectF(place.x(), place.y(), wide, place.height()), item.text, size=HEAD, weight=700
    )
    x = place.x() + wide + 8
    for chip in item.chips:
        x += ink.chip(painter, x, place.y() + (place.height() - CHIP_HEIGHT) / 2, chip.text, chip.tone) + 4
    return cut


def _flow(ink: Ink, item: Chips, width: float) -> list[tuple[float, float]]:
    """Return where each chip stands, wrapped."""
    places, x, y = [], 0.0, 0.0
    for chip in item.chips:
        wide = ink.chip_width(chip.text)
        if x and x + wide > width:
            x, y = 0.0, y + CHIP_HEIGHT + 4
        places.append((x, y))
        x += wide + 4
    return places


def _chips_height(ink: Ink, item: Chips, width: int) -> int:
    places = _flow(ink, item, width)
    return int(places[-1][1]) + CHIP_HEIGHT + _words_drop(ink, item, width) if places else 0


def _words_drop(ink: Ink, item: Chips, width: float) -> int:
    """Return the extra height that words need which find no room beside the chips."""
    if not item.words:
        return 0
    x = sum(ink.chip_width(chip.text) + 4 for chip in item.chips) + 4
    if x + ink.width(item.words, SMALL) <= width:
        return 0
    return 4 + ink.height(item.words, int(width), SMALL)


def _paint_chips(ink: Ink, painter: QPainter, item: Chips, place: QRectF) -> bool:
    end = place.x()
    for chip, (x, y) in zip(item.chips, _flow(ink, item, place.width()), strict=True):
        end = place.x() + x + ink.chip(painter, place.x() + x, place.y() + y, chip.text, chip.tone)
    if not item.words:
        return False
    drop = _words_drop(ink, item, place.width())
    if drop:
        under = QRectF(place.x(), place.bottom() - drop + 4, place.width(), drop)
        return ink.text(painter, under, item.words, size=SMALL, tone="sub", flags=TOP, wrap=True)
    beside = QRectF(end + 8, place.y(), place.right() - end - 8, CHIP_HEIGHT)
    return ink.text(painter, beside, item.words, size=SMALL, tone="sub")


def _paint_pair(ink: Ink, painter: QPainter, item: Pair, place: QRectF) -> bool:
    ink.text(painter, place, item.right, size=item.size, tone=item.tone, weight=item.weight, flags=RIGHT)
    room = place.width() - ink.width(item.right, item.size, item.weight) - 8
    left = QRectF(place.x(), place.y(), room, place.height())
    return ink.text(painter, left, item.left, size=min(item.size, BODY), tone=item.tone)


def _paint_due(ink: Ink, painter: QPainter, item: Due, place: QRectF) -> None:
    ink.text(painter, place, item.figure, size=FIGURE, weight=700, flags=RIGHT)
    label = QRectF(place.x(), place.bottom() - 28, place.width(), 20)
    ink.text(painter, label, item.label, size=BODY, weight=500)


def _paint_limit(ink: Ink, painter: QPainter, item: Limit, place: QRectF) -> bool:
    row = QRectF(place.x(), place.y(), place.width(), 18)
    ink.text(painter, row, item.value, size=SMALL, flags=RIGHT)
    row.setWidth(row.width() - ink.width(item.value, SMALL) - 8)
    cut = ink.text(painter, row, item.label, size=SMALL)
    track = QRectF(place.x(), place.y() + 22, place.width(), 6)
    ink.bar(painter, track, item.share, item.tone, track=True)
    return cut


def _paint_reason(ink: Ink, painter: QPainter, item: Reason, place: QRectF) -> bool:
    cut = ink.text(painter, QRectF(place.x(), place.y(), _LABEL - 4, place.height()), item.label, size=SMALL)
    ink.text(painter, place, item.figure, size=SMALL, flags=RIGHT)
    room = place.width() - _LABEL - _AMOUNT
    bar = QRectF(place.x() + _LABEL, place.y() + (place.height() - 10) / 2, room, 10)
    ink.bar(painter, bar, item.share, item.tone, track=False)
    return cut


def _note_height(ink: Ink, item: Note, width: int) -> int:
    words = ink.height(item.text, width - _INDENT, BODY)
    return max(MARK, words + _note_drop(ink, item, width)) + 6


def _note_beside(ink: Ink, item: Note, width: float) -> bool:
    return ink.width(item.text) + 8 + ink.width(item.source, SMALL) <= width - _INDENT


def _note_drop(ink: Ink, item: Note, width: float) -> int:
    if not item.source or _note_beside(ink, item, width):
        return 0
    return ink.height(item.source, int(width) - _INDENT, TINY) + 1


def _paint_note(ink: Ink, painter: QPainter, item: Note, place: QRectF) -> None:
    ink.mark(painter, place.x(), place.y() + 1, item.mark)
    words = place.adjusted(_INDENT, 0, 0, 0)
    ink.text(painter, words, item.text, flags=TOP, wrap=True)
    if not item.source:
        return
    if _note_beside(ink, item, place.width()):
        beside = words.adjusted(ink.width(item.text) + 8, 2, 0, 0)
        ink.text(painter, beside, item.source, size=SMALL, tone="sub", flags=TOP)
        return
    drop = _note_drop(ink, item, place.width())
    below = QRectF(words.x(), place.bottom() - 6 - drop + 1, words.width(), drop)
    ink.text(painter, below, item.source, size=TINY, tone="sub", flags=TOP, wrap=True)


_PANEL = 10


def _panel_parts(item: Panel) -> list[tuple[str, int, Weight]]:
    parts: list[tuple[str, int, Weight]] = [
        (item.title, BODY, 500),
        (item.text, SMALL, 400),
        (item.source, TINY, 400),
    ]
    return [part for part in parts if part[0]]


def _panel_height(ink: Ink, item: Panel, width: int) -> int:
    inner = width - 2 * _PANEL - _INDENT
    parts = _panel_parts(item)
    words = sum(ink.height(text, inner, size, weight) for text, size, weight in parts)
    return words + 4 * (len(parts) - 1) + 2 * _PANEL


def _paint_panel(ink: Ink, painter: QPainter, item: Panel, place: QRectF) -> None:
    tone = MARK_TONE[item.mark]
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink.ground_of(tone))
    painter.drawRoundedRect(place, 6, 6)
    painter.setBrush(ink.colour(tone))
    painter.drawRoundedRect(QRectF(place.x(), place.y(), 3, place.height()), 1.5, 1.5)
    ink.mark(painter, place.x() + _PANEL, place.y() + _PANEL + 1, item.mark)
    inner = place.adjusted(_PANEL + _INDENT, _PANEL, -_PANEL, 0)
    y = inner.y()
    for text, size, weight in _panel_parts(item):
        high = ink.height(text, int(inner.width()), size, weight)
        line = QRectF(inner.x(), y, inner.width(), high)
        shade = tone if text is item.title else "ink"
        ink.text(painter, line, text, size=size, weight=weight, tone=shade, flags=TOP, wrap=True)
        y += high + 4


def _tiles_height(ink: Ink, item: Tiles, width: int) -> int:
    wide = tile_width(item, width)
    return max(_tile_height(ink, tile, wide) for tile in item.tiles)


def tile_width(item: Tiles, width: float) -> int:
    """Return the width of each tile on a card of ``width``."""
    count = len(item.tiles)
    return int((width - TILE_GAP * (count - 1)) / count)


def _tile_height(ink: Ink, tile: Tile, wide: int) -> int:
    inner = wide - 24 - _right_width(ink, tile)
    return 16 + 20 + (2 + ink.height(tile.detail, inner, SMALL) if tile.detail else 4)


def _right_width(ink: Ink, tile: Tile) -> int:
    widest = max(ink.width(tile.figure), ink.width(tile.note, SMALL))
    return widest + 12 if widest else 0


def _paint_tiles(ink: Ink, painter: QPainter, item: Tiles, place: QRectF) -> bool:
    wide, cut = tile_width(item, place.width()), False
    for number, tile in enumerate(item.tiles):
        x = place.x() + number * (wide + TILE_GAP)
        cut |= _paint_tile(ink, painter, tile, QRectF(x, place.y(), wide, place.height()))
    return cut


def _paint_tile(ink: Ink, painter: QPainter, tile: Tile, place: QRectF) -> bool:
    painter.setBrush(ink.colour("mount_ground" if tile.selected else "card"))
    edge = "mount" if tile.selected else "line"
    painter.setPen(QPen(ink.colour(edge), 1) if tile.framed or tile.selected else Qt.PenStyle.NoPen)
    painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), ROUND - 2, ROUND - 2)
    inner = place.adjusted(12, 8, -12, -8)
    upper = QRectF(inner.x(), inner.y(), inner.width(), 20) if tile.note else inner
    ink.text(painter, upper, tile.figure, flags=RIGHT)
    lower = QRectF(inner.x(), inner.y() + 22, inner.width(), ink.height(tile.note, int(inner.width()), SMALL))
    ink.text(painter, lower, tile.note, size=SMALL, tone="sub", flags=RIGHT)
    inner.setWidth(inner.width() - _right_width(ink, tile))
    first = QRectF(inner.x(), inner.y(), inner.width(), 20)
    cut = ink.text(painter, first, tile.title, weight=500)
    below = inner.adjusted(0, 22, 0, 0)
    ink.text(painter, below, tile.detail, size=SMALL, tone="sub", flags=TOP, wrap=True)
    return cut


def _nothing(_ink: Ink, _painter: QPainter, _item: Any, _place: QRectF) -> None:
    pass


def _paint_rule(ink: Ink, painter: QPainter, _item: Rule, place: QRectF) -> None:
    ink.line(painter, place.x(), place.y() + place.height() // 2, place.width())


def _fixed(height: int) -> Callable[[Ink, Any, int], int]:
    return lambda _ink, _item, _width: height


_MEASURE: dict[type, Callable[[Ink, Any, int], int]] = {
    Text: _text_height,
    Heading: _fixed(26),
    Name: _fixed(32),
    Chips: _chips_height,
    Pair: lambda _ink, item, _width: 24 if item.size <= LARGE else 32,
    Due: _fixed(56),
    Limit: _fixed(36),
    Reason: _fixed(20),
    Note: _note_height,
    Panel: _panel_height,
    Rule: _fixed(13),
    Space: lambda _ink, item, _width: item.height,
    Head: _fixed(28),
    Row: lambda _ink, item, _width: item.height,
    Tiles: _tiles_height,
}
_PAINT: dict[type, Callable[[Ink, QPainter, Any, QRectF], bool | None]] = {
    Text: _paint_text,
    Heading: _paint_heading,
    Name: _paint_name,
    Chips: _paint_chips,
    Pair: _paint_pair,
    Due: _paint_due,
    Limit: _paint_limit,
    Reason: _paint_reason,
    Note: _paint_note,
    Panel: _paint_panel,
    Rule: _paint_rule,
    Space: _nothing,
    Head: paint_head,
    Row: paint_row,
    Tiles: _paint_tiles,
}
