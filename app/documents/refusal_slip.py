"""The slip by which a shop tells an institution that its prescription was refused: one A5 page, as PDF.

The person is named as the screen names them, masked; the same report gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from app.documents.pdf import register_fonts
from engine.calendar import CHINA
from engine.policy.answer import Clause
from engine.prescription import Prescription
from engine.refusal import RefusalReport
from engine.typeset import wrap

_MM = 72 / 25.4
_WIDTH, _HEIGHT = 148 * _MM, 210 * _MM
_MARGIN, _LABEL = 14 * _MM, 24 * _MM
_ROOM = _WIDTH - 2 * _MARGIN
_REGULAR, _BOLD = "NotoSansSC-Regular", "NotoSansSC-Bold"
_TITLE, _BODY, _SMALL = 15, 9.5, 7.5
_LEADING = 1.5
_FOOT = 74 * _MM
"""Above it the last point is written; what has no room is counted."""

_SOURCE = {"external": "外配处方（纸质）", "electronic": "电子处方", "internet_hospital": "互联网医院处方"}


class _Pen:
    """Writes down the page from its top."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._y = _HEIGHT - _MARGIN

    def title(self, text: str, below: str) -> None:
        """Write the head of the page."""
        self._y -= _TITLE
        self._text(_WIDTH / 2, text, _BOLD, _TITLE, centred=True)
        self._y -= _BODY * 1.8
        self._text(_WIDTH / 2, below, _REGULAR, _SMALL, centred=True)
        self._y -= _BODY * 0.9
        self.rule()

    def field(self, label: str, text: str) -> None:
        """Write a label and what belongs to it, wrapped beside it."""
        if not text:
            return
        for place, line in enumerate(_wrapped(text, _REGULAR, _BODY, _ROOM - _LABEL)):
            self._y -= _BODY * _LEADING
            if place == 0:
                self._text(_MARGIN, label, _REGULAR, _SMALL)
            self._text(_MARGIN + _LABEL, line, _REGULAR, _BODY)
        self._y -= 2

    def heading(self, text: str) -> None:
        """Write the title of a part."""
        self._y -= _BODY * 2.1
        self._text(_MARGIN, text, _BOLD, _BODY)

    def item(self, text: str, under: str = "") -> None:
        """Write a point, and in small where the law says it."""
        for place, line in enumerate(_wrapped(text, _REGULAR, _BODY, _ROOM - 4 * _MM)):
            self._y -= _BODY * _LEADING
            if place == 0:
                self._text(_MARGIN, "·", _BOLD, _BODY)
            self._text(_MARGIN + 4 * _MM, line, _REGULAR, _BODY)
        for line in _wrapped(under, _REGULAR, _SMALL, _ROOM - 4 * _MM) if under else ():
            self._y -= _SMALL * _LEADING
            self._text(_MARGIN + 4 * _MM, line, _REGULAR, _SMALL)

    def items(self, points: Sequence[tuple[str, str]], *, until: float = _FOOT) -> None:
        """Write points with what stands under them, as many as there is room for above ``until``."""
        for place, (text, under) in enumerate(points):
            if self._y < until:
                self.item(f"另有 {len(points) - place} 项，见处方原件和上报记录。")
                return
            self.item(text, under)

    def rule(self) -> None:
        """Draw a line across the page."""
        self._canvas.line(_MARGIN, self._y, _WIDTH - _MARGIN, self._y)

    def signatures(self, left: str, right: str) -> None:
        """Write where two people sign, at the foot."""
        self._y = _MARGIN + 14 * _MM
        self.rule()
        self._y -= 7 * _MM
        self._text(_MARGIN, left, _REGULAR, _BODY)
        self._text(_MARGIN + _ROOM / 2 + 4 * _MM, right, _REGULAR, _BODY)

    def _text(self, x: float, text: str, font: str, size: float, *, centred: bool = False) -> None:
        self._canvas.setFont(font, size)
        draw = self._canvas.drawCentredString if centred else self._canvas.drawString
        draw(x, self._y, text)


class _Sheet(Struct, frozen=True):
    canvas: Any
    target: io.BytesIO


def refusal_slip(report: RefusalReport) -> bytes:
    """Return the slip of ``report`` as a PDF of one A5 page."""
    register_fonts()
    sheet = _new_sheet(report)
    pen = _Pen(sheet.canvas)
    prescription = report.prescription
    at = report.at.astimezone(CHINA)
    pen.title("处方拒付反馈单", f"编号 {report.id}　　{at:%Y-%m-%d %H:%M}")
    pen.field(
        "致",
        f"{prescription.issuer}" + (f"（{prescription.issuer_code}）" if prescription.issuer_code else ""),
    )
    pen.field("药店", f"{report.shop}（{report.provider}）")
    pen.field("处方号", f"{prescription.number}　{_SOURCE[prescription.source]}")
    pen.field("参保人", report.who)
    doctor = " ".join(each for each in (prescription.department, prescription.doctor) if each)
    pen.field("科室、医师", doctor)
    pen.field("诊断", prescription.diagnosis)
    pen.field("开具日期", f"{prescription.issued.isoformat()}，用量 {prescription.supply_days} 天")
    pen.heading("处方药品")
    pen.items([(name, "") for name in _drugs(prescription)], until=_HEIGHT / 2)
    pen.heading("拒绝的原因")
    pen.items([(each.text, _said(each.clause, each.duty)) for each in report.found])
    pen.heading("请贵机构")
    others = "、".join(each for each in report.to if not each.startswith("开方"))
    also = f"；本店已同时告知{others}" if others else ""
    pen.item(f"核对上述问题，更正处方或书面说明，并告知参保人{also}。")
    licence = f"（{report.licence}）" if report.licence else ""
    pen.signatures(f"药师：{report.by}{licence}", "机构签收：　　　　　　　日期：")
    sheet.canvas.showPage()
    sheet.canvas.save()
    return sheet.target.getvalue()


def _new_sheet(report: RefusalReport) -> _Sheet:
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    target = io.BytesIO()
    # ``invariant`` leaves the clock out of the file.
    canvas = Canvas(target, pagesize=(_WIDTH, _HEIGHT), invariant=1, pageCompression=1)
    canvas.setTitle(report.id)
    canvas.setLineWidth(0.5)
    return _Sheet(canvas, target)


def _drugs(prescription: Prescription) -> list[str]:
    named = []
    for line in prescription.lines:
        parts = (line.name, line.form, line.strength, f"{line.quantity} 盒", line.usage)
        named.append(" ".join(each for each in parts if each))
    return named


def _said(*clauses: Clause | None) -> str:
    return "；".join(dict.fromkeys(f"{each.document} {each.section}" for each in clauses if each is not None))


def _wrapped(text: str, font: str, size: float, room: float) -> list[str]:
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415

    return list(wrap(text, lambda line: stringWidth(line, font, size) <= room))
