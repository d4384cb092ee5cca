"""The pharmacist's signature: what has to be reasoned first, chosen by keys, and the refusal. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from app.usecases.signing_state import ReasonAsked
from app.usecases.state import CounterState
from engine.signoff import Override
from ui.desk import Desk
from ui.items import Heading, Item, Note, Option, Page, Space, sub

_REFUSAL = ReasonAsked(
    code="", subject="", text="拒绝调配这张处方：记入流水，处方药撤下。", advice="", clause=None, reasons=()
)


class ReasonForm(Struct, frozen=True, kw_only=True):
    """The form at one moment: what is asked, the reasons so far, and which question the keys are for."""

    asked: tuple[ReasonAsked, ...]
    given: tuple[str, ...]
    current: int = 0
    refusing: bool = False

    @property
    def complete(self) -> bool:
        """Whether everything has its reason."""
        return all(self.given)


class SigningView(Protocol):
    """The form in the prescription card: it is opened, shows a page, and closes."""

    def open_reasons(self, form: ReasonForm) -> None: ...
    def show_reasons(self, form: ReasonForm) -> None: ...
    def close_reasons(self) -> None: ...


class SigningPresenter:
    """Signs at once where nothing has to be reasoned, else opens the form; hands in what was chosen."""

    def __init__(self, view: SigningView, desk: Desk, show_state: Callable[[CounterState], None]) -> None:
        self._view, self._desk, self._show_state = view, desk, show_state
        self.form: ReasonForm | None = None

    def signed(self, state: CounterState) -> None:
        """Sign, or go on with the form that is open; the counter says what is in the way."""
        if self.form is not None:
            self.finished()
        elif state.signing.asked and not state.signing.barring and state.signing.signed is None:
            self._open(ReasonForm(asked=state.signing.asked, given=("",) * len(state.signing.asked)))
        elif state.signing.signed is None:
            self._desk.ask(lambda counter: counter.sign(()), self._show_state)

    def refused(self, state: CounterState) -> None:
        """Ask why the prescription is refused; without one the counter says so."""
        if state.draft.prescription is None:
            self._desk.ask(lambda counter: counter.refuse(""), self._show_state)
        else:
            self._desk.ask(lambda counter: counter.refusal_reasons(), self._open_refusal)

    def chosen(self, question: int, reason: int) -> None:
        """Take one of the usual reasons, and go on to the next question."""
        form = self.form
        if form is not None and question < len(form.asked) and reason < len(form.asked[question].reasons):
            self._give(question, form.asked[question].reasons[reason])

    def written(self, text: str) -> None:
        """Take a reason in the pharmacist's own words for the question that the keys are for."""
        if self.form is not None and text.strip():
            self._give(self.form.current, " ".join(text.split()))

    def moved(self, steps: int) -> None:
        """Turn the keys to another question."""
        form = self.form
        if form is not None:
            self._show(replace(form, current=min(max(form.current + steps, 0), len(form.asked) - 1)))

    def finished(self) -> None:
        """Hand in; where a reason is missing the counter says so, and the form stays."""
        form = self.form
        if form is None:
            return
        if form.refusing:
            self._desk.ask(lambda counter: counter.refuse(form.given[0]), self._taken)
        else:
            overrides = tuple(
                Override(code=each.code, subject=each.subject, reason=reason)
                for each, reason in zip(form.asked, form.given, strict=True)
            )
            self._desk.ask(lambda counter: counter.sign(overrides), self._taken)

    def closed(self) -> None:
        """Put the form away; nothing is signed."""
        if self.form is not None:
            self.form = None
            self._view.close_reasons()

    def shown(self, state: CounterState) -> None:
        """Follow what is on the desk: reasons for what is still asked stay, what is asked no more goes."""
        form = self.form
        if form is None:
            return
        if form.refusing:
            if state.draft.prescription is None:
                self.closed()
        elif not state.signing.asked or state.signing.barring or state.settled is not None:
            self.closed()
        elif state.signing.asked != form.asked:
            given = {
                (each.code, each.subject): reason for each, reason in zip(form.asked, form.given, strict=True)
            }
            asked = state.signing.asked
            reasons = tuple(given.get((each.code, each.subject), "") for each in asked)
            self._show(ReasonForm(asked=asked, given=reasons, current=_next(reasons, -1)))

    def _open_refusal(self, reasons: tuple[str, ...]) -> None:
        self.closed()
        self._open(ReasonForm(asked=(replace(_REFUSAL, reasons=reasons),), given=("",), refusing=True))

    def _open(self, form: ReasonForm) -> None:
        self.form = form
        self._view.open_reasons(form)

    def _give(self, question: int, reason: str) -> None:
        form = self.form
        if form is None:
            return
        given = (*form.given[:question], reason, *form.given[question + 1 :])
        self._show(replace(form, given=given, current=_next(given, question)))

    def _show(self, form: ReasonForm) -> None:
        self.form = form
        self._view.show_reasons(form)

    def _taken(self, state: CounterState) -> None:
        self.closed()
        self._show_state(state)


def reasons_page(form: ReasonForm) -> Page:
    """Return every question with its reasons; the number keys belong to the one that bears numbers."""
    title = (
        "拒绝调配：理由" if form.refusing else f"放行理由 {sum(map(bool, form.given))} / {len(form.asked)}"
    )
    page: list[Item] = [Heading(title, "按数字选")]
    for number, (asked, given) in enumerate(zip(form.asked, form.given, strict=True)):
        where = f"{asked.clause.document} {asked.clause.section}" if asked.clause else ""
        page.append(Note("ok" if given else "refused", asked.text, where, asked.advice))
        page += _options(number, asked, given, turned=number == form.current)
        page.append(Space(8))
    if form.complete:
        page.append(sub("理由齐全，按 Ctrl Enter。"))
    return tuple(page)


def _options(number: int, asked: ReasonAsked, given: str, *, turned: bool) -> list[Item]:
    options: list[Item] = [
        Option(
            key=f"{number}:{place}",
            number=str(place + 1) if turned else "",
            text=reason,
            chosen=reason == given,
        )
        for place, reason in enumerate(asked.reasons)
    ]
    if given and given not in asked.reasons:
        options.append(Option(key=f"{number}:", number="", text=given, chosen=True))
    return options


def _next(given: tuple[str, ...], after: int) -> int:
    """Return the next question without a reason, from ``after`` on and round; else the last one answered."""
    order = [*range(after + 1, len(given)), *range(after + 1)]
    return next((place for place in order if not given[place]), max(after, 0))
