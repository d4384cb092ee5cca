"""The sync place's widgets: messages at the left, this till and its acts at the right; deciding nothing."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ui.items import Page
from ui.tokens import EDGE, GAP
from ui.widgets.entry import Field
from ui.widgets.ink import Ink
from ui.widgets.sheet import Card

_SIDE = 340
_COUNT_MS = 250
_LIST = 144  # Six lines of the list, none cut in half.
ACTS = (
    ("export", "导出到 U 盘"),
    ("import", "从 U 盘导入"),
    ("trip", "出行准备"),
    ("backup", "立即备份"),
    ("enrol", "登记本机"),
)
"""The acts in the order of their keys, Ctrl 1 and on."""


class SyncPlace(QWidget):
    """``acted`` names an act; the forms tell what was typed."""

    acted = Signal(str)
    people_edited = Signal(str)
    trip_started = Signal(str, str)
    trip_exported = Signal(str, str)
    enrolled = Signal(str)
    list_wanted = Signal()
    form_closed = Signal()
    form_turned = Signal()

    def __init__(self, ink: Ink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = Card(ink, scrolls=True)
        self.till = Card(ink)
        self.side = Card(ink, scrolls=True)
        self.forms = QStackedWidget()
        self.trip = TripForm()
        self.enrolment = CodeForm()
        for form in (self._buttons(), self.trip, self.enrolment):
            self.forms.addWidget(form)
        self.till.add(self.forms)
        self.trip.finished.connect(self.trip_started)
        self.trip.exported.connect(self.trip_exported)
        self.trip.edited.connect(self.people_edited)
        self.trip.list_wanted.connect(self.list_wanted)
        self.trip.closed.connect(self.close_form)
        self.enrolment.finished.connect(self.enrolled)
        self.enrolment.closed.connect(self.close_form)
        self._lay_out()
        self._fit()

    def show_list(self, page: Page) -> None:
        """Show the messages."""
        self.list.show_page(page)

    def show_till(self, page: Page) -> None:
        """Show what this till is to the agency."""
        self.till.show_page(page)

    def show_side(self, page: Page) -> None:
        """Show what an act came to, and the leases."""
        self.side.show_page(page)

    def set_busy(self, busy: bool) -> None:
        """Let no other act begin while one is being done."""
        self.forms.setEnabled(not busy)

    def open_trip(self, until: str) -> None:
        """Open the list of people for a trip."""
        if not self.trip.until.text():
            self.trip.until.setText(until)
        self._turn_to(self.trip)
        self.trip.people.setFocus()

    def put_people(self, text: str) -> None:
        """Put a list that was read into the form."""
        self.trip.people.setPlainText(text)

    def show_people(self, words: str) -> None:
        """Show how many people the list holds."""
        self.trip.count.setText(words or TripForm.HINT)

    def open_enrolment(self) -> None:
        """Open the field for the one-time code."""
        self.enrolment.code.clear()
        self._turn_to(self.enrolment)
        self.enrolment.code.setFocus()

    def close_form(self) -> bool:
        """Go back to the acts; tell whether a form was open."""
        was = self.forms.currentIndex() != 0
        if was:
            self.trip.people.clear()
            self.trip.until.clear()
            self._turn_to(self.forms.widget(0))
            self.form_closed.emit()
        return was

    def _turn_to(self, form: QWidget | None) -> None:
        if form is not None:
            self.forms.setCurrentWidget(form)
            self._fit()
            self.form_turned.emit()

    def _fit(self) -> None:
        """Give the card the height of the form that is open, not of the highest."""
        form = self.forms.currentWidget()
        if form is not None:
            self.forms.setFixedHeight(form.sizeHint().height())

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self._fit()  # Buttons know their height once the style sheet has reached them.

    def _lay_out(self) -> None:
        box = QHBoxLayout(self)
        box.setContentsMargins(EDGE, GAP, EDGE, GAP)
        box.setSpacing(EDGE)
        side = QWidget()
        side.setFixedWidth(_SIDE)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.till)
        column.addWidget(self.side, 1)
        box.addWidget(self.list, 1)
        box.addWidget(side)

    def _buttons(self) -> QWidget:
        widget = QWidget()
        grid = QGridLayout(widget)
        grid.setContentsMargins(0, 4, 0, 0)
        grid.setSpacing(8)
        deliver = _button("立即同步  F12")
        deliver.clicked.connect(lambda: self.acted.emit("deliver"))
        grid.addWidget(deliver, 0, 0, 1, 2)
        for number, (act, words) in enumerate(ACTS):
            button = _button(f"{words}  Ctrl {number + 1}")
            button.setProperty("role", "plain")
            button.clicked.connect(lambda _=False, act=act: self.acted.emit(act))
            last = number == len(ACTS) - 1
            grid.addWidget(button, 1 + number // 2, 0 if last else number % 2, 1, 2 if last else 1)
        return widget


class TripForm(QWidget):
    """Who goes on the list of a trip, and until when."""

    HINT = "粘贴身份证号，一行一人；也可以逐张刷卡。"
    finished = Signal(str, str)
    exported = Signal(str, str)
    edited = Signal(str)
    list_wanted = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.people = QPlainTextEdit()
        self.people.setAccessibleName("出行名单")
        self.people.setTabChangesFocus(True)
        self.people.setFixedHeight(_LIST)
        self.count = _note(self.HINT)
        self.until = Field("用到哪一天")
        choose = _button("选名单文件")
        choose.setProperty("role", "quiet")
        choose.clicked.connect(self.list_wanted)
        self._pause = QTimer(self, singleShot=True, interval=_COUNT_MS)
        self._pause.timeout.connect(lambda: self.edited.emit(self.people.toPlainText()))
        self.people.textChanged.connect(self._pause.start)
        self.until.returnPressed.connect(self.finish)
        box = _column(self)
        box.addWidget(_title("出行准备"))
        box.addWidget(self.people)
        box.addWidget(self.count)
        by_stick = _button("写到 U 盘申请")
        by_stick.setProperty("role", "quiet")
        by_stick.setToolTip("没有网络时：把申请带到医保中心，带回来的文件用「从 U 盘导入」")
        by_stick.clicked.connect(lambda: self.exported.emit(self.people.toPlainText(), self.until.text()))
        files = QHBoxLayout()
        files.setSpacing(8)
        files.addWidget(choose, 1)
        files.addWidget(by_stick, 1)
        box.addLayout(files)
        row = QHBoxLayout()
        row.addWidget(_note("用到"))
        row.addWidget(self.until, 1)
        box.addLayout(row)
        box.addLayout(_ends(self.closed, "开始准备  F12", self.finish))

    keys = (("F12", "开始准备"), ("Esc", "放弃"))

    def finish(self) -> None:
        """Hand the list in."""
        self.finished.emit(self.people.toPlainText(), self.until.text())


class CodeForm(QWidget):
    """The one-time code that enrols this till."""

    finished = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.code = Field("一次性登记码")
        self.code.setPlaceholderText("一次性登记码")
        self.code.returnPressed.connect(self.finish)
        self.code.scanned.connect(self.finished)
        box = _column(self)
        box.addWidget(_title("登记本机"))
        box.addWidget(_note("登记码向医保中心要，只能用一次。登记后，这台机器才能取得额度。"))
        box.addWidget(self.code)
        box.addLayout(_ends(self.closed, "登记  F12", self.finish))

    keys = (("F12", "登记"), ("Esc", "放弃"))

    def finish(self) -> None:
        """Hand the code in."""
        self.finished.emit(self.code.text())


def _column(widget: QWidget) -> QVBoxLayout:
    box = QVBoxLayout(widget)
    box.setContentsMargins(0, 4, 0, 0)
    box.setSpacing(8)
    return box


def _button(words: str) -> QPushButton:
    button = QPushButton(words)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _title(words: str) -> QLabel:
    return QLabel(words)


def _note(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "sub")
    label.setWordWrap(len(words) > len("一次性登记码"))
    return label


def _ends(closed: object, words: str, finish: object) -> QHBoxLayout:
    box = QHBoxLayout()
    box.setSpacing(8)
    close = _button("放弃  Esc")
    close.setProperty("role", "quiet")
    close.clicked.connect(closed)
    done = _button(words)
    done.clicked.connect(finish)
    box.addWidget(close)
    box.addWidget(done, 1)
    return box
