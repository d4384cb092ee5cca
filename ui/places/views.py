"""The places beside the counter, as widgets. They show and signal; they decide nothing."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from ui.items import Page, Row
from ui.tokens import EDGE, GAP
from ui.widgets.ink import Ink
from ui.widgets.sheet import Card

_ROW = 40


class TwoCards(QWidget):
    """A list at the left, what is chosen of it at the right, at most one act in each."""

    pressed = Signal(str)
    list_act = Signal()
    detail_act = Signal()

    def __init__(
        self,
        ink: Ink,
        *,
        list_width: int = 0,
        detail_width: int = 0,
        list_button: str = "",
        detail_button: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._chosen: str | None = None
        box = QHBoxLayout(self)
        box.setContentsMargins(EDGE, GAP, EDGE, GAP)
        box.setSpacing(EDGE)
        self.list = Card(ink, scrolls=True)
        self.list.sheet.pressed.connect(self.pressed)
        self.list_button = QPushButton(list_button, self.list)
        self.list_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list_button.setVisible(bool(list_button))
        self.list.set_corner(self.list_button)
        self.list_button.clicked.connect(self.list_act)
        self.detail = Card(ink, scrolls=True)
        self.detail_button = QPushButton(detail_button, self.detail)
        self.detail_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.detail_button.setVisible(bool(detail_button))
        if detail_button:
            self.detail.add(self.detail_button)
        self.detail_button.clicked.connect(self.detail_act)
        if list_width:
            self.list.setFixedWidth(list_width)
        if detail_width:
            self.detail.setFixedWidth(detail_width)
        box.addWidget(self.list, 0 if list_width else 1)
        box.addWidget(self.detail, 0 if detail_width else 1)
        self.detail.setVisible(bool(detail_width or list_width))

    def show_list(self, page: Page) -> None:
        """Show the list, and bring another choice into sight."""
        self.list.show_page(page)
        chosen = next((item.key for item in page if isinstance(item, Row) and item.selected), None)
        if chosen is not None and chosen != self._chosen and self.list.roll is not None:
            self.list.roll.ensureVisible(0, self.list.sheet.place_of(chosen).y(), 0, _ROW)
        self._chosen = chosen

    def show_detail(self, page: Page, *, may_act: bool = True) -> None:
        """Show what is chosen."""
        self.detail.show_page(page)
        self.detail_button.setEnabled(may_act)

    def name_act(self, words: str, *, armed: bool = False) -> None:
        """Show what the act on the chosen one is; ``armed``: the next press does it."""
        button = self.detail_button
        button.setText(words)
        if bool(button.property("armed")) != armed:
            button.setProperty("armed", armed)
            button.style().unpolish(button)
            button.style().polish(button)
