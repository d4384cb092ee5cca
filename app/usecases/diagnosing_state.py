"""The door through which a window looks for diagnoses."""

from __future__ import annotations

from typing import Protocol

from engine.prescription import Diagnosis


class Diagnosing(Protocol):
    """Diagnoses by ICD-10, for the form of a paper prescription."""

    def find_diagnoses(self, text: str) -> tuple[Diagnosis, ...]: ...
