"""A receipt as a PDF for 80 mm roll paper: embedded Chinese font, Code 128 of the sale's number at the foot.

The same receipt gives the same bytes. reportlab is imported when the first paper is made, not before.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

from msgspec import Struct

from app.resources import resource
from engine.receipt import Receipt, Row, Weight
from engine.typeset import wrap

_DOT = 72 / 203
"""One dot of a 203 dpi receipt printer, in points; the bars stand on whole dots."""
_MM = 72 / 25.4
_WIDTH = round(80 * _MM / _DOT) * _DOT
_MARGIN = 32 * _DOT
_ROOM = _WIDTH - 2 * _MARGIN
_GAP = 2 * _MM
_TOP = 5 * _MM
_BAR_DOTS, _QUIET_MODULES = 96, 10


class _Face(Struct, frozen=True):
    font: str
    size: float
    leading: float


_REGULAR, _BOLD = "NotoSansSC-Regular", "NotoSansSC-Bold"
_FACES: dict[Weight, _Face] = {
    "title": _Face(_BOLD, 11, 15.5),
    "strong": _Face(_BOLD, 8.5, 12),
    "normal": _Face(_REGULAR, 8.5, 12),
    "small": _Face(_REGULAR, 7, 9.8),
    "code": _Face(_REGULAR, 7, 9.8),
}
_CODE_DOTS, _CODE_QUIET = 4, 4
"""A QR code's modules in dots, and the modules that must stay white around it."""


class _Canvas(Protocol):
    """The part of a reportlab canvas that a receipt is drawn with."""

    def setFont(self, font: str, size: float) -> None: ...
    def drawString(self, x: float, y: float, text: str) -> None: ...
    def drawRightString(self, x: float, y: float, text: str) -> None: ...
    def drawCentredString(self, x: float, y: float, text: str) -> None: ...
    def line(self, x1: float, y1: float, x2: float, y2: float) -> None: ...
    def rect(self, x: float, y: float, width: float, height: float, *, stroke: int, fill: int) -> None: ...


class _Line(Struct, frozen=True):
    """One line of a row as it will stand: ``below`` is from the top of the paper to its baseline."""

    face: _Face
    left: str
    right: str
    centred: bool
    below: float
    rule: float | None  # Where a line crosses the paper before it.
    code: bool = False  # A QR code of ``left``; ``below`` is then its upper edge.


def receipt_pdf(receipt: Receipt) -> bytes:
    """Return ``receipt`` as a PDF of one page, 80 mm wide and as high as its rows need."""
    register_fonts()
    lines, used = _set(receipt.rows)
    height = _on_dots(used + 3 * _MM + _BAR_DOTS * _DOT + 5 * _MM + _TOP)
    target = io.BytesIO()
    canvas = _new_canvas(target, height, receipt.number)
    for line in lines:
        _draw(canvas, line, height)
    _draw_barcode(canvas, receipt.number, height - _on_dots(used + 3 * _MM))
    canvas.showPage()
    canvas.save()
    return target.getvalue()


@cache
def register_fonts() -> None:
    """Make the program's font known to reportlab, once a run; takes a tenth of a second for each weight."""
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415

    for name in (_REGULAR, _BOLD):
        pdfmetrics.registerFont(TTFont(name, str(resource(f"fonts/{name}.ttf"))))


def code128_modules(number: str) -> str:
    """Return the Code 128 of ``number`` as modules, "1" a bar and "0" a space."""
    from barcode.codex import Code128  # noqa: PLC0415

    return str(Code128(number).build()[0])


def qr_modules(text: str) -> tuple[str, ...]:
    """Return the QR code of ``text`` as rows of modules, "1" dark and "0" white."""
    from reportlab.graphics.barcode.qr import QrCodeWidget  # noqa: PLC0415

    code = QrCodeWidget(text, barLevel="M").qr
    code.make()
    return tuple("".join("1" if dark else "0" for dark in row) for row in code.modules)


def _new_canvas(target: io.BytesIO, height: float, number: str) -> Any:
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    # ``invariant`` leaves the clock out of the file.
    canvas = Canvas(target, pagesize=(_WIDTH, height), invariant=1, pageCompression=1)
    canvas.setTitle(number)
    canvas.setLineWidth(0.5)
    return canvas


def _set(rows: tuple[Row, ...]) -> tuple[list[_Line], float]:
    """Return the lines of ``rows``, and how far down the paper they reach."""
    lines: list[_Line] = []
    below = _TOP
    for row in rows:
        face = _FACES[row.weight]
        rule = None
        if row.weight == "code":
            top = _on_dots(below + _CODE_QUIET * _CODE_DOTS * _DOT)
            lines.append(_Line(face, row.left, "", True, top, None, code=True))
            below = top + (len(qr_modules(row.left)) + _CODE_QUIET) * _CODE_DOTS * _DOT
            continue
        if row.rule_above:
            rule, below = below + 3, below + 6
        for left, right in _wrapped(row, face):
            below += face.leading
            baseline = below - (face.leading - face.size) / 2 - face.size * 0.12
            lines.append(_Line(face, left, right, row.weight == "title" and not row.right, baseline, rule))
            rule = None
    return lines, below


def _wrapped(row: Row, face: _Face) -> list[tuple[str, str]]:
    width = _width_of(face)
    room = _ROOM - (width(row.right) + _GAP if row.right else 0)
    if row.right and room < _ROOM / 4:
        return [*((line, "") for line in wrap(row.left, lambda text: width(text) <= _ROOM)), ("", row.right)]
    *before, last = wrap(row.left, lambda text: width(text) <= room)
    return [*((line, "") for line in before), (last, row.right)]


@cache
def _width_of(face: _Face) -> Callable[[str], float]:
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415

    return lambda text: stringWidth(text, face.font, face.size)


def _draw(canvas: _Canvas, line: _Line, height: float) -> None:
    if line.code:
        _draw_code(canvas, line, height)
        return
    if line.rule is not None:
        canvas.line(_MARGIN, height - line.rule, _WIDTH - _MARGIN, height - line.rule)
    canvas.setFont(line.face.font, line.face.size)
    y = height - line.below
    if line.centred:
        canvas.drawCentredString(_WIDTH / 2, y, line.left)
        return
    canvas.drawString(_MARGIN, y, line.left)
    if line.right:
        canvas.drawRightString(_WIDTH - _MARGIN, y, line.right)


def _draw_code(canvas: _Canvas, line: _Line, height: float) -> None:
    modules, side = qr_modules(line.left), _CODE_DOTS * _DOT
    x, top = _on_dots((_WIDTH - len(modules) * side) / 2), _on_dots(height - line.below)
    for place, row in enumerate(modules, start=1):
        for begin, end in _bars(row):
            canvas.rect(x + begin * side, top - place * side, (end - begin) * side, side, stroke=0, fill=1)


def _draw_barcode(canvas: _Canvas, number: str, top: float) -> None:
    modules = code128_modules(number)
    # Bars of three dots where they fit, else of two: a scanner reads both, and three survive a worn head.
    dots = 3 if (len(modules) + 2 * _QUIET_MODULES) * 3 * _DOT <= _WIDTH else 2
    x = _on_dots((_WIDTH - len(modules) * dots * _DOT) / 2)
    bottom = top - _BAR_DOTS * _DOT
    for begin, end in _bars(modules):
        left = x + begin * dots * _DOT
        canvas.rect(left, bottom, (end - begin) * dots * _DOT, _BAR_DOTS * _DOT, stroke=0, fill=1)
    canvas.setFont(_REGULAR, 8.5)
    canvas.drawCentredString(_WIDTH / 2, bottom - 11, number)


def _bars(modules: str) -> list[tuple[int, int]]:
    """Return where each bar begins and ends; modules side by side are one, lest a hairline split them."""
    edges = [i for i in range(len(modules) + 1) if f"0{modules}0"[i] != f"0{modules}0"[i + 1]]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _on_dots(points: float) -> float:
    return round(points / _DOT) * _DOT
