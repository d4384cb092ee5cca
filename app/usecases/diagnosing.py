"""Diagnoses on a prescription: found while one types, and known again by their names."""

from __future__ import annotations

from app.storage import diagnoses
from app.usecases.desk import Desk
from app.usecases.door import Door
from app.usecases.state import PaperPrescription
from engine.prescription import Diagnosis

MOST_DIAGNOSES = 6


class DiagnosingDoor(Door):
    """The part of the counter that finds diagnoses."""

    def find_diagnoses(self, text: str) -> tuple[Diagnosis, ...]:
        return tuple(self._desk.picker.find(text, MOST_DIAGNOSES))


def known(desk: Desk, form: PaperPrescription, name: str) -> Diagnosis | None:
    """Return what ``name`` in the form means: the one picked there, else the only one of that name."""
    picked = next((each for each in form.diagnoses if each.name == name), None)
    return picked or diagnoses.named(desk.catalogue, name)
