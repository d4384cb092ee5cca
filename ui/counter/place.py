"""The counter place's widgets. It shows and it signals; it decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ui.tokens import EDGE, GAP, HEAD, Tone
from ui.widgets.buttons import ActButton
from ui.widgets.entry import Field
from ui.widgets.ink import Ink
from ui.widgets.sheet import Card, Sheet

if TYPE_CHECKING:
    from ui.counter.presenter import CounterPages
    from ui.items import Page

LEFT, RIGHT = 280, 304
_CURSOR = 2
_FIELD_EDGE = 4  # A field's room beside its text, so that the change below it stands flush.


class CounterPlace(QWidget):
    """Person and prescription, basket, money and why, cash and the act."""

    acted = Signal()
    line_pressed = Signal(str)
    tour_pressed = Signal(str)
    tendered = Signal(str)
    prescribe_pressed = Signal()
    sign_pressed = Signal()
    scanned = Signal(str)
    cheaper_pressed = Signal(str)

    def __init__(self, ink: Ink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ink = ink
        self.pages: CounterPages | None = None
        self._form_open = False
        box = QHBoxLayout(self)
        box.setContentsMargins(EDGE, GAP, EDGE, GAP)
        box.setSpacing(EDGE)
        self.left = _column(LEFT)
        self.middle = _column(0)
        right = _column(RIGHT)
        box.addWidget(self.left)
        box.addWidget(self.middle, 1)
        box.addWidget(right)
        self._build_left()
        self._build_middle()
        self._build_right(right)

    def show_pages(self, pages: CounterPages) -> None:
        """Show everything of this moment."""
        self.pages = pages
        self._show_person(pages)
        self.prescription.show_page(pages.prescription)
        self.basket.show_page(pages.basket)
        self.money.show_page(pages.money)
        self.why.show_page(pages.why)
        self.show_notice(pages.notice)
        self.tour.setVisible(bool(pages.tour))
        self.tour.show_page(pages.tour)
        self.cash.show_pages(pages)
        self._show_signature(pages)
        self.act.setText(pages.act)
        self.act.setEnabled(pages.act_enabled)

    def show_notice(self, page: Page) -> None:
        """Show a notice under the basket; an empty page hides it."""
        self.notice.setVisible(bool(page))
        self.notice.show_page(page)

    def show_trouble(self, page: Page) -> None:
        """Show over the basket what is wrong with this till, for as long as it is; an empty page hides it."""
        self.trouble.setVisible(bool(page))
        self.trouble.show_page(page)

    def show_cheaper(self, page: Page) -> None:
        """Show cheaper lawful ways under the basket; an empty page hides the card."""
        self.cheaper.setVisible(bool(page))
        self.cheaper.show_page(page)

    def show_selected(self, key: str | None) -> None:
        """Bring the chosen line into sight."""
        if key is None or self.basket.roll is None:
            return
        try:
            middle = self.basket.sheet.place_of(key)
        except KeyError:
            return
        self.basket.roll.ensureVisible(0, middle.y(), 0, 40)

    def host_form(self, form: QWidget) -> None:
        """Show ``form`` in the prescription card, with all the height that the left column has."""
        self._hosting(True)
        self.prescription.box.insertWidget(0, form, 1)

    def drop_form(self, form: QWidget) -> None:
        """Take ``form`` out again."""
        self.prescription.box.removeWidget(form)
        form.hide()
        form.deleteLater()
        self._hosting(False)

    def _hosting(self, on: bool) -> None:
        self._form_open = on
        if self.prescription.roll is not None:
            self.prescription.roll.setVisible(not on)
        self.prescribe.setVisible(not on)
        if self.pages is not None:
            self._show_signature(self.pages)
            self._show_person(self.pages)

    def _show_signature(self, pages: CounterPages) -> None:
        """Show who signed, or the key that signs; it takes the place of the one that types a prescription."""
        self.signature.setVisible(bool(pages.signature) and not self._form_open)
        self.signature.show_page(pages.signature)
        self.sign.setVisible(pages.to_sign and not self._form_open)
        self.prescribe.setVisible(not pages.to_sign and not self._form_open)

    def _show_person(self, pages: CounterPages) -> None:
        self.person.show_page(pages.person_brief if self._form_open else pages.person)

    def _build_left(self) -> None:
        column = self.left.layout()
        assert isinstance(column, QVBoxLayout)
        self.person = Card(self._ink)
        self.prescription = Card(self._ink, scrolls=True)
        self.prescribe = QPushButton("录入纸质处方  Ctrl 2")
        self.prescribe.setProperty("role", "quiet")
        self.prescribe.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.prescribe.clicked.connect(self.prescribe_pressed)
        self.signature = Sheet(self._ink)  # Outside what scrolls: who signed is always in sight.
        self.signature.hide()
        self.prescription.add(self.signature)
        self.sign = QPushButton("审方签字  Ctrl S")
        self.sign.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.sign.clicked.connect(self.sign_pressed)
        self.sign.hide()
        self.prescription.add(self.sign)
        self.prescription.add(self.prescribe)
        column.addWidget(self.person)
        column.addWidget(self.prescription, 1)

    def _build_middle(self) -> None:
        column = self.middle.layout()
        assert isinstance(column, QVBoxLayout)
        self.basket = Card(self._ink, scrolls=True)
        self.basket.sheet.pressed.connect(self._pressed)
        self.notice = Sheet(self._ink)
        self.notice.setObjectName("notice")
        self.notice.hide()
        self.tour = Card(self._ink)
        self.tour.hide()
        self.tour.sheet.pressed.connect(self.tour_pressed)
        self.cheaper = Card(self._ink)
        self.cheaper.hide()
        self.cheaper.sheet.pressed.connect(self.cheaper_pressed)
        self.trouble = Sheet(self._ink)
        self.trouble.hide()
        column.addWidget(self.trouble)
        column.addWidget(self.basket, 1)
        column.addWidget(self.cheaper)
        column.addWidget(self.tour)
        column.addWidget(self.notice)

    def _build_right(self, right: QWidget) -> None:
        column = right.layout()
        assert isinstance(column, QVBoxLayout)
        self.money = Card(self._ink)
        self.why = Card(self._ink, scrolls=True)
        self.cash = Cash(self._ink)
        self.cash.tender.returnPressed.connect(lambda: self.tendered.emit(self.cash.tender.text()))
        self.cash.tender.scanned.connect(self.scanned)
        self.act = ActButton(self._ink, "F12")
        self.act.setText("结算并打印")
        self.act.setEnabled(False)
        self.act.clicked.connect(self.acted)
        column.addWidget(self.money)
        column.addWidget(self.why, 1)
        column.addWidget(self.cash)
        column.addWidget(self.act)

    def _pressed(self, key: str) -> None:
        if self.pages is not None and self.pages.selected is None and key.isdigit() and self._is_tour():
            self.tour_pressed.emit(key)
        else:
            self.line_pressed.emit(key)

    def _is_tour(self) -> bool:
        return self.pages is not None and not self.pages.cash_open and self.pages.act != "下一位"


class Cash(QFrame):
    """Cash handed over, and change."""

    def __init__(self, ink: Ink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        box = QGridLayout(self)
        box.setContentsMargins(EDGE, 6, EDGE - _FIELD_EDGE, 6)
        box.setSpacing(0)
        self._label = Sheet(ink)
        self._label.setFixedSize(96, 32)
        self.tender = Field("实收现金")
        self.tender.setObjectName("tender")
        self.tender.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.tender.setPlaceholderText("刚好")
        self.tender.setMaxLength(200)
        self.tender.setEnabled(False)
        # The field keeps room for its cursor behind what is typed, but none behind the placeholder.
        self.tender.textChanged.connect(
            lambda text: self.tender.setTextMargins(0, 0, -_CURSOR if text else 0, 0)
        )
        self.change = Sheet(ink)
        self.change.setFixedHeight(32)
        box.addWidget(self._label, 0, 0)
        box.addWidget(self.tender, 0, 1, 1, 2)
        box.setColumnMinimumWidth(2, _FIELD_EDGE)
        box.addWidget(self.change, 1, 0, 1, 2)

    def show_pages(self, pages: CounterPages) -> None:
        """Show what was handed over and what goes back."""
        from ui.items import Pair  # noqa: PLC0415 - not on the way to the first frame
        from ui.words import yuan  # noqa: PLC0415

        self._label.show_page((Pair(left="实收  Enter", right="", size=HEAD),))
        self.tender.setText(pages.tendered)
        self.tender.setEnabled(pages.cash_open)
        tone: Tone = "sub" if pages.change == yuan(0) else "ochre"
        if pages.change_label == "还差":
            tone = "red"
        self.change.show_page((Pair(left=pages.change_label, right=pages.change, size=HEAD, tone=tone),))


def _column(width: int) -> QWidget:
    widget = QWidget()
    if width:
        widget.setFixedWidth(width)
    box = QVBoxLayout(widget)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(GAP)
    return widget
