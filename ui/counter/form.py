"""The entry form of a paper prescription, inside the prescription card. It shows and signals."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.usecases.state import PaperPrescription
from ui.counter.picking import DiagnosisPicker
from ui.items import Heading, Page
from ui.widgets.entry import Field
from ui.widgets.ink import Ink
from ui.widgets.sheet import BAR_ROOM, Scroll, Sheet

_CHECK_MS = 250
_BELOW_LINES = 200  # Rows that hold nothing take no room: space for more drugs than any prescription has.
_FINDINGS = (
    100  # The height for findings: two are seen at once, the gravest first; eight rows stand above them.
)


class PrescriptionForm(QWidget):
    """Fields in two columns, ticks, lines of drugs, findings, and two buttons."""

    edited = Signal(object)
    finished = Signal(object)
    closed = Signal()
    scanned = Signal(str)

    def __init__(
        self,
        ink: Ink,
        form: PaperPrescription,
        diseases: dict[str, str],
        *,
        of_a_man: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._ink, self._form = ink, form
        self._of_a_man = of_a_man
        self._lines: list[tuple[Field, Field, Field]] = []
        self._ticks: dict[str, QPushButton] = {}
        self._pause = QTimer(self, singleShot=True, interval=_CHECK_MS)
        self._pause.timeout.connect(lambda: self.edited.emit(self.form()))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, BAR_ROOM, 0)
        box.setSpacing(8)
        heading = Sheet(ink)
        heading.show_page((Heading("录入纸质处方", "Enter 下一格"),))
        heading.setFixedHeight(22)
        box.addWidget(heading)
        self._roll = self._fields(diseases)
        box.addWidget(self._roll, 1)
        box.addWidget(self._findings(ink))
        box.addLayout(self._buttons())
        self._pause.start()

    def form(self) -> PaperPrescription:
        """Return what is typed, as typed."""
        return PaperPrescription(
            number=self.number.text(),
            source=self._form.source,
            issuer=self.issuer.text(),
            issuer_designated=self.designated.isChecked(),
            doctor=self.doctor.text(),
            diagnosis=self.diagnosis.text(),
            diseases=frozenset(key for key, tick in self._ticks.items() if tick.isChecked()),
            issued=self.issued.text(),
            valid_until=self.valid_until.text(),
            supply_days=self.days.text(),
            travel=self.travel.isChecked(),
            confirmed=self.confirmed.isChecked(),
            diagnoses=self.diagnoses.picked(),
            long_term=self.long_term.isChecked(),
            pregnant=self.pregnant.isChecked(),
            breastfeeding=self.breastfeeding.isChecked(),
            allergies=self.allergies.text(),
            lines=tuple(
                (name.text(), packs.text(), usage.text())
                for name, packs, usage in self._lines
                if name.text().strip()
            ),
        )

    def show_findings(self, page: Page) -> None:
        """Show what review finds in the form as it stands."""
        self.findings.show_page(page)

    def begin(self) -> None:
        """Put the cursor into the first field."""
        self.number.setFocus()
        # The scroll bar comes after the fields were laid out, and takes from their width.
        QTimer.singleShot(0, self, self._lay_out_again)

    def _lay_out_again(self) -> None:
        self._grid.invalidate()
        self._grid.activate()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.finished.emit(self.form())
        elif enter:
            self._go_on()
        elif event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _go_on(self) -> None:
        """Turn to the next field, and bring it into sight: the roll does that for Tab alone."""
        self.focusNextChild()
        here = self.focusWidget()
        if here is not None and self._roll.isAncestorOf(here):
            self._roll.ensureWidgetVisible(here, 0, 8)

    def _fields(self, diseases: dict[str, str]) -> QScrollArea:
        inside = QWidget()
        self._grid = grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 4, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        grid.setColumnMinimumWidth(0, 40)
        grid.setColumnMinimumWidth(2, 28)
        grid.setColumnStretch(1, 3)
        grid.setColumnStretch(3, 2)
        form = self._form
        self.number = self._field("编号", form.number, 0, 0, 3)
        self.issuer = self._field("机构", form.issuer, 1, 0, 3)
        self.designated = _tick("定点机构", form.issuer_designated)
        self.travel = _tick("外出备药", form.travel)
        self.confirmed = _tick("已核验", form.confirmed)
        self._tick_row(2, [self.designated, self.travel, self.confirmed])
        self.doctor = self._field("医师", form.doctor, 3, 0)
        self.days = self._field("天数", form.supply_days, 3, 2)
        self.diagnosis = self._field("诊断", form.diagnosis, 4, 0, 3)
        self.diagnosis.setPlaceholderText("名称、拼音或 ICD-10")
        self.diagnoses = DiagnosisPicker(self._ink, self.diagnosis, form.diagnoses)
        self.diagnoses.taken.connect(self._pause.start)
        self._ticks = {key: _tick(name, key in form.diseases) for key, name in diseases.items()}
        ticks = list(self._ticks.values())
        for number in range(0, len(ticks), 2):
            self._tick_row(5 + number // 2, ticks[number : number + 2])
        row = 5 + (len(ticks) + 1) // 2
        self.issued = self._field("开具", form.issued, row, 0, 3)
        self.valid_until = self._field("有效至", form.valid_until, row + 1, 0, 3)
        self.valid_until.setPlaceholderText("未注明则当日有效")
        self._states(row + 2)
        for line in form.lines:
            self._add_line(*line)
        self._finish_fields(row + _BELOW_LINES)
        return _scrolled(inside)

    def _states(self, row: int) -> None:
        """Add what the paper says of the person: who may not take a drug depends on it."""
        form = self._form
        self.long_term = _tick("长期处方", form.long_term)
        self.pregnant = _tick("怀孕", form.pregnant)
        self.breastfeeding = _tick("哺乳", form.breastfeeding)
        hers = [] if self._of_a_man else [self.pregnant, self.breastfeeding]
        self._tick_row(row, [self.long_term, *hers])
        self.allergies = self._field("过敏", form.allergies, row + 1, 0, 3)
        self.allergies.setPlaceholderText("处方写着的，没有就留空")

    def _findings(self, ink: Ink) -> Scroll:
        self.findings = Sheet(ink)
        area = Scroll(self.findings)
        area.setFixedHeight(_FINDINGS)
        return area

    def _finish_fields(self, row: int) -> None:
        more = QPushButton("再加一种药")
        more.setProperty("role", "quiet")
        more.clicked.connect(lambda: self._add_line("", "1", "").setFocus())
        self._grid.addWidget(more, row, 0, 1, 4)
        self._grid.setRowStretch(row + 2, 1)

    def _add_line(self, name: str, packs: str, usage: str) -> Field:
        row = 11 + 2 * len(self._lines) + (len(self._ticks) + 1) // 2
        drug = self._field("药品", name, row, 0)
        count = self._field("盒数", packs, row, 2)
        taken = self._field("用法", usage, row + 1, 0, 3)
        taken.setPlaceholderText("如 5mg 每日1次，1片 bid")
        self._lines.append((drug, count, taken))
        return drug

    def _field(self, name: str, text: str, row: int, column: int, span: int = 1) -> Field:
        label = QLabel(name)
        label.setProperty("role", "sub")
        field = Field(name)
        field.setText(text)
        field.setCursorPosition(0)
        field.textEdited.connect(lambda _: self._pause.start())
        field.scanned.connect(self.scanned)
        label.setBuddy(field)
        self._grid.addWidget(label, row, column)
        self._grid.addWidget(field, row, column + 1, 1, span)
        return field

    def _tick_row(self, row: int, ticks: list[QPushButton]) -> None:
        box = QHBoxLayout()
        box.setSpacing(4)
        for tick in ticks:
            tick.toggled.connect(lambda _: self._pause.start())
            box.addWidget(tick, 1)
        self._grid.addLayout(box, row, 0, 1, 4)

    def _buttons(self) -> QHBoxLayout:
        box = QHBoxLayout()
        box.setSpacing(8)
        done = QPushButton("录入  Ctrl Enter")
        done.clicked.connect(lambda: self.finished.emit(self.form()))
        close = QPushButton("放弃  Esc")
        close.setProperty("role", "quiet")
        close.clicked.connect(self.closed)
        box.addWidget(close)
        box.addWidget(done, 1)
        return box


def _tick(name: str, on: bool) -> QPushButton:
    """Return a tick: chosen is said by ✓, not by colour alone."""
    button = QPushButton()
    button.setProperty("role", "choice")
    button.setCheckable(True)
    button.setChecked(on)
    button.setAccessibleName(name)

    def say(checked: bool) -> None:
        button.setText(f"✓ {name}" if checked else name)

    button.toggled.connect(say)
    say(on)
    return button


def _scrolled(inside: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inside)
    area.viewport().setAutoFillBackground(False)
    inside.setAutoFillBackground(False)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
