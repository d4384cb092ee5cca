"""The stock place's widgets: the list at the left, acts and forms at the right; deciding nothing."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ui.items import Page, Row
from ui.places.stock_forms import ACTS, FormSpec, Values
from ui.tokens import EDGE, GAP
from ui.widgets.entry import Field
from ui.widgets.ink import Ink
from ui.widgets.sheet import Card

_SIDE = 340
_LABEL = 64
_ROW = 40
_ABREAST = 3


class StockPlace(QWidget):
    """``acted`` names an act of the buttons; the form tells that it was filled in or handed in."""

    pressed = Signal(str)
    acted = Signal(str)
    finished = Signal()
    second_pressed = Signal()
    edited = Signal()
    scanned = Signal(str)
    left = Signal()
    filled = Signal()

    def __init__(self, ink: Ink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = Card(ink, scrolls=True)
        self.list.sheet.pressed.connect(self.pressed)
        self.form = Card(ink)
        self.side = Card(ink, scrolls=True)
        self._chosen: str | None = None
        self._spec: FormSpec | None = None
        self._fields: dict[str, Field] = {}
        self._choices: dict[str, QPushButton] = {}
        self._body: QWidget | None = None
        self._enter_taken = False
        self.main_button: QPushButton | None = None
        self.second_button: QPushButton | None = None
        box = QHBoxLayout(self)
        box.setContentsMargins(EDGE, GAP, EDGE, GAP)
        box.setSpacing(EDGE)
        side = QWidget()
        side.setFixedWidth(_SIDE)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.form)
        column.addWidget(self.side, 1)
        box.addWidget(self.list, 1)
        box.addWidget(side)

    def show_list(self, page: Page) -> None:
        """Show the list, and bring another choice into sight."""
        self.list.show_page(page)
        chosen = next((item.key for item in page if isinstance(item, Row) and item.selected), None)
        if chosen is not None and chosen != self._chosen and self.list.roll is not None:
            self.list.roll.ensureVisible(0, self.list.sheet.place_of(chosen).y(), 0, _ROW)
        self._chosen = chosen

    def show_side(self, page: Page) -> None:
        """Show the card under the form."""
        self.side.setVisible(bool(page))
        self.side.show_page(page)

    def show_form(self, spec: FormSpec) -> None:
        """Show the fields of ``spec``; the same one again stays as it is filled in."""
        if self._spec == spec:
            return
        self._spec = spec
        if self._body is not None:
            self.form.box.removeWidget(self._body)
            self._body.hide()
            self._body.deleteLater()
        self._fields, self._choices = {}, {}
        self.main_button = self.second_button = None
        self._body = body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        if spec.main or spec.fields:
            self._fill(column, spec)
        else:
            self._acts(column, spec)
        self.form.sheet.hide()
        self.form.box.addWidget(body)

    def put(self, values: Values, *, over: bool = True) -> None:
        """Put ``values`` into the fields, those left out stay; not ``over``: what is just being typed,
        too."""
        for key, text in values.items():
            field = self._fields.get(key)
            typing = field is not None and field.hasFocus() and field.isModified() and not over
            if field is not None and field.text() != text and not typing:
                field.setText(text)
                field.setCursorPosition(len(text))
            elif key == "choice" and text in self._choices:
                self._choices[text].setChecked(True)

    def values(self) -> Values:
        """Return what is typed."""
        values = {key: field.text() for key, field in self._fields.items()}
        chosen = next((key for key, button in self._choices.items() if button.isChecked()), None)
        return {**values, **({"choice": chosen} if chosen else {})}

    def name_second(self, words: str, *, armed: bool) -> None:
        """Show what the quieter act is; ``armed``: the next press does it."""
        button = self.second_button
        if button is None:
            return
        button.setText(words)
        if bool(button.property("armed")) != armed:
            button.setProperty("armed", armed)
            button.style().unpolish(button)
            button.style().polish(button)

    def focus_form(self) -> None:
        """Put the cursor into the first field that is empty, or the first."""
        fields = list(self._fields.values())
        if fields:
            field = next((each for each in fields if not each.text()), fields[0])
            field.setFocus()
            field.selectAll()

    def _fill(self, column: QVBoxLayout, spec: FormSpec) -> None:
        column.addWidget(QLabel(spec.title))
        if spec.note:
            note = QLabel(spec.note)
            note.setProperty("role", "sub")
            note.setWordWrap(True)
            column.addWidget(note)
        if spec.choices:
            column.addLayout(self._choose(spec))
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnMinimumWidth(0, _LABEL)
        for place, each in enumerate(spec.fields):
            label = QLabel(each.label)
            label.setProperty("role", "sub")
            field = Field(each.label)
            field.setPlaceholderText(each.hint)
            field.returnPressed.connect(lambda place=place: self._next(place))
            field.editingFinished.connect(self.edited)
            field.scanned.connect(self.scanned)
            label.setBuddy(field)
            grid.addWidget(label, place, 0)
            grid.addWidget(field, place, 1)
            self._fields[each.key] = field
        column.addLayout(grid)
        column.addLayout(self._ends(spec))

    def _choose(self, spec: FormSpec) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(4)
        for place, (key, words) in enumerate(spec.choices):
            button = _button(words, "choice")
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.toggled.connect(
                lambda on, button=button, words=words: button.setText(f"✓ {words}" if on else words)
            )
            self._choices[key] = button
            grid.addWidget(button, place // _ABREAST, place % _ABREAST)
        return grid

    def _ends(self, spec: FormSpec) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        back = _button("Esc", "quiet")
        back.setToolTip("回到库存；没记账的单子留着")
        back.clicked.connect(self.left)
        row.addWidget(back)
        if spec.second:
            self.second_button = _button(spec.second, "quiet")
            self.second_button.clicked.connect(self.second_pressed)
            row.addWidget(self.second_button, 1)
        self.main_button = _button(spec.main)
        self.main_button.clicked.connect(self.finished)
        row.addWidget(self.main_button, 1)
        return row

    def _acts(self, column: QVBoxLayout, spec: FormSpec) -> None:
        if spec.note:
            note = QLabel(spec.note)
            note.setProperty("role", "sub")
            note.setWordWrap(True)
            column.addWidget(note)
            back = _button("回到库存  Esc", "quiet")
            back.clicked.connect(self.left)
            column.addWidget(back)
            return
        grid = QGridLayout()
        grid.setSpacing(8)
        for place, (act, words) in enumerate(ACTS):
            button = _button(f"{words}  Ctrl {place + 1}", "plain")
            button.clicked.connect(lambda _=False, act=act: self.acted.emit(act))
            grid.addWidget(button, place // 2, place % 2, 1, 2 if place == len(ACTS) - 1 else 1)
        column.addLayout(grid)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._enter_taken and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._enter_taken = False  # It led to the next field, and means nothing more.
        else:
            super().keyPressEvent(event)

    def _next(self, place: int) -> None:
        self._enter_taken = True
        fields = list(self._fields.values())
        if place + 1 < len(fields):
            fields[place + 1].setFocus()
            fields[place + 1].selectAll()
        else:
            self.filled.emit()


def _button(words: str, role: str = "") -> QPushButton:
    button = QPushButton(words)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if role:
        button.setProperty("role", role)
    return button
