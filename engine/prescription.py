"""A prescription as the counter holds it, and what review finds in it before the sale."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

from msgspec import Struct

from engine.policy.answer import Clause
from engine.policy.claim import ClaimPrescription, Source

Severity: TypeAlias = Literal["ok", "attention", "refused"]


class PrescribedLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One drug prescribed; ``quantity`` counts packs. ``drug`` is None where only a name was written."""

    name: str
    quantity: int
    drug: str | None = None
    disease: str | None = None


class Prescription(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Paper or electronic; ``diagnosis`` as written, ``diseases`` the chronic disease keys it stands for."""

    number: str
    source: Source
    issuer: str
    issuer_designated: bool
    doctor: str
    diagnosis: str
    issued: date
    supply_days: int
    lines: tuple[PrescribedLine, ...]
    valid_until: date | None = None
    diseases: frozenset[str] = frozenset()
    travel: bool = False
    confirmed: bool = False
    psn_no: str | None = None  # Whom an electronic prescription was issued to; None on paper.


class Finding(Struct, frozen=True):
    """Something that review found: a value, never raised; all of them are listed."""

    severity: Severity
    code: str
    text: str
    clause: Clause | None = None


def as_claimed(prescription: Prescription) -> ClaimPrescription:
    """Return what the policy engine asks of ``prescription``."""
    return ClaimPrescription(
        source=prescription.source,
        issued=prescription.issued,
        issuer_designated=prescription.issuer_designated,
        supply_days=prescription.supply_days,
        valid_until=prescription.valid_until,
        travel=prescription.travel,
        confirmed=prescription.confirmed,
    )
