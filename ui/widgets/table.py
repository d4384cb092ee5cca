"""How the head and the rows of a table are drawn."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from ui.items import Cell, Column, Head, Row
from ui.tokens import SMALL
from ui.widgets.ink import CHIP_HEIGHT, LEFT, RIGHT, TOP, Ink

_CELL_EDGE = 8


def columns_of(item: Head | Row, width: float) -> list[tuple[float, float]]:
    """Return left edge and width of each column; more room where a figure is followed by words."""
    gaps = [_gap(one, following) for one, following in pairwise(item.columns)]
    inner = width - 2 * _CELL_EDGE - sum(gaps)
    fixed = sum(column.width for column in item.columns)
    open_width = (inner - fixed) / max(1, sum(not column.width for column in item.columns))
    edges, x = [], float(_CELL_EDGE)
    for column, gap in zip(item.columns, [*gaps, 0], strict=True):
        wide = column.width or open_width
        edges.append((x, wide))
        x += wide + gap
    return edges


def _gap(column: Column, following: Column) -> int:
    return 20 if column.right and not following.right else 8


def paint_head(ink: Ink, painter: QPainter, item: Head, place: QRectF) -> None:
    """Draw the titles of the columns over a line."""
    for column, (x, wide) in zip(item.columns, columns_of(item, place.width()), strict=True):
        flags = RIGHT if column.right else LEFT
        cell = QRectF(place.x() + x, place.y(), wide, place.height() - 8)
        ink.text(painter, cell, column.title, size=SMALL, tone="sub", flags=flags)
    ink.line(painter, place.x(), place.bottom() - 1, place.width())


def paint_row(ink: Ink, painter: QPainter, item: Row, place: QRectF) -> bool:
    """Draw the cells over a line, the chosen row on its ground; tell whether words had to be cut."""
    if item.selected:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink.colour("mount_ground"))
        painter.drawRoundedRect(place.adjusted(0, 1, 0, -2), 4, 4)
        painter.setBrush(ink.colour("mount"))
        painter.drawRoundedRect(QRectF(place.x(), place.y() + 1, 3, place.height() - 3), 1.5, 1.5)
    cut = False
    for number, (x, wide) in enumerate(columns_of(item, place.width())):
        cell = QRectF(place.x() + x, place.y(), wide, place.height() - 1)
        cut |= _paint_cell(ink, painter, item, number, cell)
    ink.line(painter, place.x(), place.bottom() - 1, place.width())
    return cut


def _paint_cell(ink: Ink, painter: QPainter, row: Row, number: int, place: QRectF) -> bool:
    cell = row.cells[number]
    flags = RIGHT if row.columns[number].right else LEFT
    two_lines = any(other.under for other in row.cells)
    first = QRectF(place.x(), place.y() + 9, place.width(), 22) if two_lines else place
    if cell.wrap:
        return _paint_wrapped(ink, painter, cell, place)
    if cell.chip:
        wide = ink.chip_width(cell.text)
        x = first.right() - wide if row.columns[number].right else first.x()
        ink.chip(
            painter,
            x,
            first.y() + (first.height() - CHIP_HEIGHT) / 2,
            cell.text,
            cell.tone,
            on_row=row.selected,
        )
        return _paint_under(ink, painter, row, number, place)
    cut = ink.text(painter, first, cell.text, size=cell.size, tone=cell.tone, flags=flags)
    return cut | _paint_under(ink, painter, row, number, place)


def _paint_wrapped(ink: Ink, painter: QPainter, cell: Cell, place: QRectF) -> bool:
    """Begin at the height of the first lines beside it; what runs out of the row is cut."""
    line = ink.metrics(cell.size).height()
    words = place.adjusted(0, 9 + (22 - line) / 2, 0, 0)
    ink.text(painter, words, cell.text, size=cell.size, tone=cell.tone, flags=TOP, wrap=True)
    return ink.height(cell.text, int(words.width()), cell.size) > words.height()


def _paint_under(ink: Ink, painter: QPainter, row: Row, number: int, place: QRectF) -> bool:
    cell, right = row.cells[number], row.columns[number].right
    if not cell.under:
        return False
    room = 0 if right else _room_beside(row, number)
    second = QRectF(place.x(), place.y() + 31, place.width() + room, 18)
    flags = RIGHT if right else LEFT
    return ink.text(painter, second, cell.under, size=SMALL, tone=cell.under_tone, flags=flags)


def _room_beside(row: Row, number: int) -> int:
    """Return how far the second line may run on under the columns that have none."""
    room = 0
    for column, cell in zip(row.columns[number + 1 :], row.cells[number + 1 :], strict=True):
        if cell.under or cell.wrap:
            break
        room += column.width + 8
    return max(0, room - 16)
