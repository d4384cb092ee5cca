"""Puts the prescription form into the counter place and takes it out again; built when first asked for."""

from __future__ import annotations

from app.usecases.state import CounterState, PaperPrescription
from engine.prescription import Diagnosis
from ui.counter.form import PrescriptionForm
from ui.counter.prescribing import PrescriptionPresenter
from ui.counter.presenter import CounterPresenter
from ui.desk import Desk
from ui.items import Page
from ui.window import Window


class FormHost:
    """The prescription card's two faces: what is known, and the form."""

    def __init__(self, window: Window, desk: Desk, counter: CounterPresenter) -> None:
        self._window = window
        self._presenter = PrescriptionPresenter(self, desk, counter.show_state)
        self._counter = counter
        self.form: PrescriptionForm | None = None

    def open(self, state: CounterState) -> None:
        """Open the form, or go back into the one that is open."""
        if self.form is not None:
            self.form.begin()
        else:
            self._presenter.opened(state)

    def open_form(self, form: PaperPrescription, diseases: dict[str, str], *, of_a_man: bool) -> None:
        """Show the form in the card; the person's card shrinks to a line meanwhile."""
        place = self._window.counter
        self.form = widget = PrescriptionForm(self._window.ink, form, diseases, of_a_man=of_a_man)
        widget.edited.connect(self._presenter.edited)
        widget.finished.connect(self._presenter.finished)
        widget.closed.connect(self.close_form)
        widget.diagnoses.sought.connect(self._presenter.sought)
        widget.scanned.connect(self._scanned)
        place.host_form(widget)
        widget.begin()

    def show_findings(self, page: Page) -> None:
        """Show findings in the form."""
        if self.form is not None:
            self.form.show_findings(page)

    def show_diagnoses(self, text: str, found: tuple[Diagnosis, ...]) -> None:
        """Show diagnoses under their field."""
        if self.form is not None:
            self.form.diagnoses.show_found(text, found)

    def close_form(self) -> None:
        """Take the form away."""
        if self.form is not None:
            self._window.counter.drop_form(self.form)
            self.form = None
        self._window.entry.setFocus()

    def _scanned(self, code: str) -> None:
        self._window.entry.setFocus()
        self._counter.entered(code)
