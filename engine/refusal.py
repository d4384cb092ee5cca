"""A prescription that a pharmacist refused: what the agency and the institution are told of it.

Which findings oblige a shop to report, to whom and by which clause is knowledge.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from engine.policy.answer import Clause
from engine.prescription import Prescription

ALTERED = "signature_altered"
"""The finding that a prescription is not as its platform signed it."""


class Reported(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finding as it is reported: its own clause, and the clause by which it has to be reported."""

    code: str
    text: str
    clause: Clause | None = None
    duty: Clause | None = None


class RefusalReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refusal as the journal keeps it. ``id`` is the shop's number of it; ``who`` is a masked name."""

    id: str
    at: datetime
    provider: str
    shop: str
    by: str
    licence: str
    who: str
    prescription: Prescription
    found: tuple[Reported, ...]
    to: tuple[str, ...]
    electronic: bool = False

    @property
    def is_owed(self) -> bool:
        """Whether a clause asks for the report; else the platform is told of a review that did not pass."""
        return any(each.duty is not None for each in self.found)
