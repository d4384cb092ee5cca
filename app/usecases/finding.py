"""Finding drugs by what is typed: what this shop sells and what the prescription asks for come first."""

from __future__ import annotations

from collections.abc import Mapping

from app.storage import catalogue, runs
from app.storage.connection import Connection
from app.storage.search import Finder
from app.usecases import shelf
from engine.catalogue import Drug
from engine.prescription import Prescription


class Seeker:
    """The index of drugs, and what this shop sold of them; one worker thread's, with its connections."""

    def __init__(self, books: Connection, drugs: Connection) -> None:
        self._books, self._drugs = books, drugs
        self._finder = Finder(drugs)
        self._sold: Mapping[str, int] = {}
        self._runs = 0

    def find(self, text: str, limit: int, prescription: Prescription | None = None) -> list[Drug]:
        """Return the drugs nearest to ``text``, first those that ``prescription`` asks for."""
        full = runs.full_runs(self._books)
        if full != self._runs:
            self._sold, self._runs = runs.most_sold(self._books), full
        codes = self._finder.find(text, limit, sold=self._sold, asked=_asked(prescription))
        return [shelf.with_shop_s_word(self._books, drug) for drug in catalogue.by_codes(self._drugs, codes)]


def _asked(prescription: Prescription | None) -> tuple[str, ...]:
    lines = prescription.lines if prescription else ()
    return tuple(dict.fromkeys(text for line in lines for text in (line.drug, line.name) if text))
