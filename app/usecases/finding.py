"""Finding drugs by what is typed: what this shop sells and what the prescription asks for come first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from app.storage import catalogue, items, runs
from app.storage.connection import Connection
from app.storage.search import Finder
from engine.catalogue import Drug
from engine.prescription import Prescription
from engine.scan import cleaned


class Seeker:
    """The index of drugs, and what this shop has and sold of them; for one thread, with its connections."""

    def __init__(self, books: Connection, drugs: Connection) -> None:
        self._books, self._drugs = books, drugs
        self._finder = Finder(drugs)
        self._weights: Mapping[str, int] = {}
        self._seen = (0, 0)

    def find(self, text: str, limit: int, prescription: Prescription | None = None) -> list[Drug]:
        """Return the drugs nearest to ``text``, first those that ``prescription`` asks for."""
        self._weigh()
        codes = self._finder.find(text, limit, sold=self._weights, asked=_asked(prescription))
        own = self._by_own_number(cleaned(text))
        if own is not None:
            codes = [own, *(code for code in codes if code != own)][:limit]
        return [items.with_shop_s_word(self._books, drug) for drug in catalogue.by_codes(self._drugs, codes)]

    def _weigh(self) -> None:
        """See anew what this shop sells, where more of it was sold or priced since the last look.

        A drug that the shop has a price for goes before those that it has not, if nobody has bought it yet.
        """
        seen = runs.full_runs(self._books), items.latest(self._books)
        if seen != self._seen:
            weights = Counter(dict.fromkeys(items.priced(self._books), 1))
            weights.update({code: 2 * sales for code, sales in runs.most_sold(self._books).items()})
            self._weights, self._seen = weights, seen

    def _by_own_number(self, text: str) -> str | None:
        """Return the drug that the shop knows by the very number or barcode ``text``."""
        return items.code_of_number(self._books, text) or items.code_of_barcode(self._books, text)


def _asked(prescription: Prescription | None) -> tuple[str, ...]:
    lines = prescription.lines if prescription else ()
    return tuple(dict.fromkeys(text for line in lines for text in (line.drug, line.name) if text))
