"""The form of reasons: every question shown, chosen by keys, handed in whole; and what the card says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from app.usecases.signing_state import ReasonAsked, SigningShown
from engine.policy.answer import Clause
from engine.signoff import Override, SignOff
from tests.fakes.review_desk import facts
from ui.counter.prescription_page import signature
from ui.counter.signing import ReasonForm, SigningPresenter, reasons_page
from ui.items import Note, Option, words_of

AT = datetime(2026, 11, 22, 6, 31, tzinfo=UTC)
DOSE = ReasonAsked(
    code="dose_above_maximum",
    subject="A",
    text="氨氯地平一天共 20 mg，超过最大量 10 mg。",
    advice="请医师重新签字。",
    clause=Clause("药品管理法", "第五十八条"),
    reasons=("医师已在超剂量处重新签字", "医师已更正用量并重新签字"),
)
PAIR = replace(DOSE, code="interaction", subject="A|B", text="A 和 B 禁忌合用。", reasons=("医师已确认",))


class State:
    """As much of the counter's state as the presenter looks at."""

    def __init__(self, signing: SigningShown) -> None:
        self.signing, self.settled, self.draft = signing, None, facts().draft
        self.findings, self.answer = (), None


class Counter:
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        self.signed: list[tuple[Override, ...]] = []
        self.refused: list[str] = []

    def sign(self, overrides: tuple[Override, ...]) -> State:
        self.signed.append(overrides)
        return State(SigningShown())

    def refuse(self, reason: str) -> State:
        self.refused.append(reason)
        return State(SigningShown())

    def refusal_reasons(self) -> tuple[str, ...]:
        return ("处方过期或信息不全", "超剂量，医师未重新签字")


class Desk:
    """Asks at once."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter

    def ask(self, call: Any, done: Any, _failed: Any = None) -> None:
        done(call(self.counter))


class View:
    """Remembers what is open."""

    def __init__(self) -> None:
        self.form: ReasonForm | None = None

    def open_reasons(self, form: ReasonForm) -> None:
        self.form = form

    show_reasons = open_reasons

    def close_reasons(self) -> None:
        self.form = None


def opened(*asked: ReasonAsked) -> tuple[SigningPresenter, View, Counter]:
    counter, view = Counter(), View()
    presenter = SigningPresenter(view, Desk(counter), lambda _: None)  # type: ignore[arg-type]
    presenter.signed(State(SigningShown(needed=True, asked=asked)))  # type: ignore[arg-type]
    return presenter, view, counter


def test_where_nothing_has_to_be_reasoned_one_key_signs() -> None:
    _presenter, view, counter = opened()

    assert view.form is None
    assert counter.signed == [()]


def test_every_question_is_shown_with_its_section_and_its_reasons() -> None:
    _presenter, view, counter = opened(DOSE, PAIR)
    assert view.form is not None

    words = words_of(reasons_page(view.form))

    assert {DOSE.text, PAIR.text, DOSE.advice, "药品管理法 第五十八条", *DOSE.reasons, *PAIR.reasons} <= set(
        words
    )
    assert counter.signed == []


def test_the_number_keys_belong_to_one_question_and_go_on_to_the_next() -> None:
    presenter, view, _counter = opened(DOSE, PAIR)
    presenter.chosen(0, 1)
    assert view.form is not None

    options = [item for item in reasons_page(view.form) if isinstance(item, Option)]

    assert [(option.number, option.chosen) for option in options] == [("", False), ("", True), ("1", False)]
    assert not view.form.complete


def test_reasons_are_handed_in_whole_and_the_form_closes() -> None:
    presenter, view, counter = opened(DOSE, PAIR)
    presenter.chosen(0, 0)
    presenter.written(" 医师 电话确认 ")
    presenter.finished()

    assert counter.signed == [
        (
            Override(code=DOSE.code, subject="A", reason=DOSE.reasons[0]),
            Override(code=PAIR.code, subject="A|B", reason="医师 电话确认"),
        )
    ]
    assert view.form is None


def test_a_number_without_a_reason_and_empty_words_are_nothing() -> None:
    presenter, view, _counter = opened(PAIR)

    presenter.chosen(0, 7)
    presenter.written("   ")

    assert view.form == ReasonForm(asked=(PAIR,), given=("",))


def test_what_is_asked_no_more_goes_and_reasons_for_the_rest_stay() -> None:
    presenter, view, _counter = opened(DOSE, PAIR)
    presenter.chosen(1, 0)

    presenter.shown(State(SigningShown(needed=True, asked=(PAIR,))))  # type: ignore[arg-type]
    assert view.form == ReasonForm(asked=(PAIR,), given=(PAIR.reasons[0],))

    presenter.shown(State(SigningShown(needed=True)))  # type: ignore[arg-type]
    assert view.form is None


def test_a_refusal_asks_for_its_reason() -> None:
    presenter, view, counter = opened(PAIR)
    presenter.refused(State(SigningShown()))  # type: ignore[arg-type]
    assert view.form is not None
    assert view.form.refusing

    presenter.chosen(0, 1)
    presenter.finished()

    assert counter.refused == ["超剂量，医师未重新签字"]
    assert counter.signed == []


def card(signing: SigningShown) -> list[Note]:
    return [item for item in signature(State(signing)) if isinstance(item, Note)]  # type: ignore[arg-type]


def test_the_card_says_who_signed_and_when() -> None:
    signed = SignOff(pharmacist="李药师", licence="1", at=AT, covers="x")

    (note,) = card(SigningShown(needed=True, signed=signed))

    assert (note.mark, note.text) == ("signed", "李药师 审方通过 14:31")


def test_the_card_says_that_a_signature_is_void() -> None:
    signed = SignOff(pharmacist="李药师", licence="1", at=AT, covers="x")

    (note,) = card(SigningShown(needed=True, void=signed))

    assert note.mark == "attention"
    assert "已失效" in note.text
    assert "Ctrl S" in note.advice


def test_the_card_says_what_is_still_to_be_done() -> None:
    assert card(SigningShown(needed=True))[0].text == "还没有审方签字。"
    assert "1 条" in card(SigningShown(needed=True, asked=(DOSE,)))[0].text
    assert "不能放行" in card(SigningShown(needed=True, barring=("过期。",)))[0].text
    assert card(SigningShown()) == []
