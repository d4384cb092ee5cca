"""Puts the form of reasons into the prescription card and takes it out again; built when first asked for."""

from __future__ import annotations

from app.usecases.state import CounterState
from ui.counter.presenter import CounterPresenter
from ui.counter.reasons import ReasonWidget
from ui.counter.signing import ReasonForm, SigningPresenter
from ui.desk import Desk
from ui.window import Window


class SigningHost:
    """The signature's part of the prescription card."""

    def __init__(self, window: Window, desk: Desk, counter: CounterPresenter) -> None:
        self._window, self._counter = window, counter
        self.presenter = SigningPresenter(self, desk, counter.show_state)
        self.widget: ReasonWidget | None = None

    def sign(self, state: CounterState) -> None:
        """Sign what is on the desk, or ask for reasons."""
        self.presenter.signed(state)

    def refuse(self, state: CounterState) -> None:
        """Ask why the prescription is refused."""
        self.presenter.refused(state)

    def shown(self, state: CounterState) -> None:
        """Follow what is on the desk."""
        self.presenter.shown(state)

    def open_reasons(self, form: ReasonForm) -> None:
        """Show the form in the card."""
        self.widget = widget = ReasonWidget(self._window.ink, form)
        widget.chosen.connect(self.presenter.chosen)
        widget.written.connect(self.presenter.written)
        widget.moved.connect(self.presenter.moved)
        widget.finished.connect(self.presenter.finished)
        widget.closed.connect(self.presenter.closed)
        widget.scanned.connect(self._scanned)
        self._window.counter.host_form(widget)
        widget.begin()

    def show_reasons(self, form: ReasonForm) -> None:
        """Show the form as it is now."""
        if self.widget is not None:
            self.widget.show_form(form)

    def close_reasons(self) -> None:
        """Take the form away."""
        if self.widget is not None:
            self._window.counter.drop_form(self.widget)
            self.widget = None
        self._window.entry.setFocus()

    def _scanned(self, code: str) -> None:
        self._window.entry.setFocus()
        self._counter.entered(code)
