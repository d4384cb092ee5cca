"""The review of a prescription as it is seen: every severity, reasons by keys, signed, void, refused."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from counter_window import CounterWindow
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from engine.prescription import Dose, PrescribedLine
from ui.items import words_of
from ui.tokens import DARK, LIGHT

SHAOXING = 0
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(name="window", params=["light", "dark"])
def _window(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CounterWindow]:
    window = CounterWindow(tmp_path, palette=DARK if request.param == "dark" else LIGHT)
    window.suffix = "" if request.param == "light" else "-dark"
    yield window
    window.close()


def prescribe(
    window: CounterWindow, *more: PrescribedLine, dose: str = "", allergies: tuple[str, ...] = ()
) -> None:
    """Let the doctor have written this as well, and show it."""
    bench = window.answer()

    def change() -> None:
        draft = bench.desk.draft
        assert draft.prescription is not None
        lines = list(draft.prescription.lines)
        if dose:
            taken = Dose(amount=Decimal(dose), unit="片", per_day=Decimal(1))
            lines[0] = replace(lines[0], dose=taken)
        written = replace(draft.prescription, lines=(*lines, *more), allergies=allergies)
        bench.desk.change(replace(draft, prescription=written))

    window.program.background.run(change, lambda _: None, lambda _: None)
    window.program.presenter.refresh()
    window.settle()


def dangerous(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    prescribe(
        window,
        PrescribedLine(name="马来酸依那普利片", quantity=1),
        PrescribedLine(name="螺内酯片", quantity=1),
        PrescribedLine(name="氯化钾缓释片", quantity=1),
        dose="4",
        allergies=("普利类",),
    )


def form_words(window: CounterWindow) -> str:
    widget = window.program.signing.widget
    assert widget is not None
    return "\n".join(words_of(widget.sheet.page))


def test_what_review_finds_is_shown_with_section_and_advice(window: CounterWindow) -> None:
    dangerous(window)
    window.picture("review")

    words = window.words()
    assert "禁忌合用" in words
    assert "请医师更正，或在超剂量处重新签字后再调配。" in words
    assert "3 条要说明理由才能放行" in words


def test_an_unsigned_sale_is_not_settled_by_f12(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.key(Qt.Key.Key_F12)
    window.picture("unsigned")

    assert window.state().settled is None
    assert "还没有药师审方签字" in window.words()
    assert "按 Ctrl S 签字" in window.words()
    assert window.window.counter.sign.isVisible()


def test_one_key_signs_what_has_nothing_to_pass(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.key(Qt.Key.Key_S, CONTROL)
    window.picture("signed")

    assert "李药师 审方通过" in window.words()
    assert not window.window.counter.sign.isVisible()
    window.key(Qt.Key.Key_F12)
    assert window.state().settled is not None


def test_reasons_are_chosen_by_number_or_written(window: CounterWindow) -> None:
    dangerous(window)
    window.key(Qt.Key.Key_S, CONTROL)
    window.picture("reasons")
    widget = window.program.signing.widget
    assert widget is not None
    assert not widget.done.isEnabled()
    questions = len(window.state().signing.asked)
    assert questions >= 3

    window.key(Qt.Key.Key_1)
    widget.other.setFocus()
    window.keys("医师电话确认")
    window.key(Qt.Key.Key_Return)
    assert QApplication.focusWidget() is widget
    for _ in range(questions - 2):
        window.key(Qt.Key.Key_2)
    window.picture("reasons-given")
    assert "医师电话确认" in form_words(window)
    assert widget.done.isEnabled()

    window.key(Qt.Key.Key_Return, CONTROL)
    assert window.program.signing.widget is None
    window.picture("signed-with-reasons")
    assert f"{questions} 条说明理由放行" in window.words()


def test_a_change_voids_the_signature_in_sight(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.key(Qt.Key.Key_S, CONTROL)
    window.key(Qt.Key.Key_Delete)
    window.picture("signature-void")

    assert "签字已失效" in window.words()
    assert window.window.counter.sign.isVisible()


def test_what_nobody_may_pass_leaves_only_the_refusal(window: CounterWindow) -> None:
    window.tour(SHAOXING, 6)
    window.key(Qt.Key.Key_Plus, times=4)
    assert not window.window.counter.sign.isVisible()
    window.key(Qt.Key.Key_S, CONTROL)
    window.picture("cannot-be-signed")
    assert "不能签字放行" in window.words()

    window.key(Qt.Key.Key_R, CONTROL)
    window.picture("refusing")
    assert "处方不真实或被改动" in form_words(window)
    window.key(Qt.Key.Key_3)
    window.key(Qt.Key.Key_Return, CONTROL)
    window.picture("refused-prescription")

    assert "已拒绝调配，记入流水第 1 条" in window.words()
    assert window.state().draft.prescription is None


def test_escape_puts_the_form_away_and_a_scan_goes_to_the_counter(window: CounterWindow) -> None:
    dangerous(window)
    window.key(Qt.Key.Key_S, CONTROL)
    window.key(Qt.Key.Key_Escape)

    assert window.program.signing.widget is None
    assert window.state().signing.signed is None
    assert window.state().draft.prescription is not None


def test_a_dose_above_the_maximum_on_paper_is_found_and_mended_without_typing_all_again(
    window: CounterWindow,
) -> None:
    window.tour(SHAOXING, 6)
    typed = {"编号": "P-20", "机构": "某卫生院", "医师": "某医师", "诊断": "高血压病", "天数": "28"}
    typed |= {"用法": "20mg 每日1次", "过敏": "青霉素"}
    type_paper(window, typed)
    window.picture("paper-dose")
    window.key(Qt.Key.Key_Return, CONTROL)
    window.settle()
    assert "一天共 20 mg，超过最大量 10 mg" in window.words()

    form = type_paper(window, {"用法": "5mg qd"})
    assert (form["编号"].text(), form["过敏"].text()) == ("P-20", "青霉素")
    window.key(Qt.Key.Key_Return, CONTROL)
    window.settle()
    assert "超过最大量" not in window.words()


def type_paper(window: CounterWindow, typed: dict[str, str]) -> dict[str, QLineEdit]:
    """Open the form of a paper prescription and type into its fields, of drugs into the first one's."""
    window.key(Qt.Key.Key_2, CONTROL)
    form = window.program.form.form
    assert form is not None
    fields: dict[str, QLineEdit] = {}
    for field in form.findChildren(QLineEdit):
        fields.setdefault(field.accessibleName(), field)
    for name, text in typed.items():
        fields[name].setText(text)
    while not fields["用法"].hasFocus():
        window.key(Qt.Key.Key_Return)
    assert not fields["用法"].visibleRegion().isEmpty()  # Enter brings a field into sight.
    form.edited.emit(form.form())
    window.settle()
    return fields
