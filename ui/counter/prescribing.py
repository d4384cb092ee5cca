"""The entry of a paper prescription: what the form offers, and its findings before the sale. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from app.errors import UserError
from app.usecases.counter import Counter
from app.usecases.state import CounterState, Notice, PaperPrescription
from engine.diseases import NAMES
from engine.prescription import Diagnosis, Finding, Prescription
from ui.counter.prescription_page import notes
from ui.desk import Desk
from ui.items import Page, sub

_COMMON = ("hypertension", "diabetes")


class FormView(Protocol):
    """The form: it is opened with what is known already, shows findings, and closes."""

    def open_form(self, form: PaperPrescription, diseases: dict[str, str], *, of_a_man: bool) -> None: ...
    def show_findings(self, page: Page) -> None: ...
    def show_diagnoses(self, text: str, found: tuple[Diagnosis, ...]) -> None: ...
    def close_form(self) -> None: ...


class PrescriptionPresenter:
    """Opens the form, has each edit checked (the latest wins), and hands the prescription in."""

    def __init__(self, view: FormView, desk: Desk, show_state: Callable[[CounterState], None]) -> None:
        self._view = view
        self._desk = desk
        self._show_state = show_state
        self._edits = 0

    def opened(self, state: CounterState) -> None:
        """Open the form with the paper on the desk in it, else with today's date and the basket's drugs."""
        here, person = state.draft.prescription, state.draft.person
        form = _typed(here) if here is not None and _is_paper(here) else _blank(state)
        of_a_man = person is not None and person.sex == "男"
        self._view.open_form(form, _choices(state), of_a_man=of_a_man)

    def edited(self, form: PaperPrescription) -> None:
        """Have the form checked as it stands now."""
        self._edits += 1
        edit = self._edits
        self._desk.ask(lambda counter: _check(counter, form), lambda found: self._checked(edit, found))

    def sought(self, text: str) -> None:
        """Look for diagnoses that match ``text``, what is being typed of the diagnosis."""
        self._desk.ask(
            lambda counter: counter.find_diagnoses(text),
            lambda found: self._view.show_diagnoses(text, found),
        )

    def finished(self, form: PaperPrescription) -> None:
        """Hand the prescription in; on trouble the form stays open with what was typed."""
        self._edits += 1
        self._desk.ask(lambda counter: counter.prescribe(form), self._taken)

    def _checked(self, edit: int, found: tuple[Finding, ...] | Notice) -> None:
        if edit != self._edits:
            return
        if isinstance(found, Notice):
            self._view.show_findings((sub(f"{found.what}{found.advice}"),))
        else:
            self._view.show_findings(notes(found))

    def _taken(self, state: CounterState) -> None:
        self._view.close_form()
        self._show_state(state)


def _check(counter: Counter, form: PaperPrescription) -> tuple[Finding, ...] | Notice:
    # A half-typed form is no trouble: what is still missing is said in the form, not as a notice.
    try:
        return counter.check_prescription(form)
    except UserError as trouble:
        return Notice(tone="info", what=trouble.what, advice=trouble.advice)


def _blank(state: CounterState) -> PaperPrescription:
    lines = tuple((line.drug.generic_name, str(line.quantity), "") for line in state.draft.lines)
    return PaperPrescription(
        number="",
        source="external",
        issuer="",
        issuer_designated=True,
        doctor="",
        diagnosis="",
        diseases=frozenset(),
        issued=state.day.isoformat(),
        valid_until="",
        supply_days="",
        travel=False,
        confirmed=False,
        lines=lines or (("", "1", ""),),
    )


def _is_paper(prescription: Prescription) -> bool:
    return prescription.source == "external" and prescription.psn_no is None


def _typed(prescription: Prescription) -> PaperPrescription:
    """Return a prescription as it would be typed: one slip is mended without typing all of it again."""
    until = prescription.valid_until
    return PaperPrescription(
        number=prescription.number,
        source=prescription.source,
        issuer=prescription.issuer,
        issuer_designated=prescription.issuer_designated,
        doctor=prescription.doctor,
        diagnosis=prescription.diagnosis,
        diseases=prescription.diseases,
        issued=prescription.issued.isoformat(),
        valid_until=until.isoformat() if until else "",
        supply_days=str(prescription.supply_days),
        travel=prescription.travel,
        confirmed=prescription.confirmed,
        lines=tuple((line.name, str(line.quantity), line.usage) for line in prescription.lines),
        diagnoses=tuple(each for each in prescription.diagnoses if each.code),
        long_term=prescription.long_term,
        pregnant=prescription.pregnant,
        breastfeeding=prescription.breastfeeding,
        allergies="、".join(prescription.allergies),
    )


def _choices(state: CounterState) -> dict[str, str]:
    person = state.draft.person
    choices = {filing.disease: filing.name for filing in person.filings} if person else {}
    for key in _COMMON:
        choices.setdefault(key, NAMES[key])
    return choices
