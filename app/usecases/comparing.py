"""The counter's part about cheaper lawful ways; it works at the shared desk."""

from __future__ import annotations

from app.usecases import cheaper
from app.usecases.cheaper_state import CheaperWays
from app.usecases.door import Door
from app.usecases.state import CounterState


class ComparingDoor(Door):
    """``app.usecases.cheaper_state.Comparing`` says what each act promises."""

    def cheaper(self) -> CheaperWays:
        """Return how the patient would pay less for what is on the desk now."""
        return cheaper.cheaper(self._desk)

    def take_cheaper(self, key: str) -> CounterState:
        """Put an equivalent in its line's place, as the pharmacist and the patient chose."""
        self._desk.begin_act()
        cheaper.take(self._desk, key)
        return self._done()
