"""What every part of the counter's door has in common: ``Till`` is the sum of them."""

from __future__ import annotations

from app.usecases.desk import Desk
from app.usecases.show import ask_agency, show
from app.usecases.state import CounterState


class Door:
    """A part of the counter's door: each public method is one act of a person, done at the shared desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def _done(self) -> CounterState:
        """Return what an act came to: the agency is asked beside it where the claim is another one now."""
        ask_agency(self._desk)
        return show(self._desk)
