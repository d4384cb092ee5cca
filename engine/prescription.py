"""A prescription as the counter holds it, and what review finds in it before the sale."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from engine.policy.answer import Clause
from engine.policy.claim import ClaimPrescription, Source

Severity: TypeAlias = Literal["ok", "attention", "refused"]


class Dose(Struct, frozen=True, kw_only=True):
    """How a drug is taken: ``amount`` of ``unit`` each time, ``per_day`` times a day (0.5: every other)."""

    amount: Decimal
    unit: str
    per_day: Decimal


class PrescribedLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One drug prescribed; ``quantity`` counts packs. ``drug`` is None where only a name was written.

    ``days`` None: the prescription's own days of supply; ``usage`` is the usage as written.
    """

    name: str
    quantity: int
    drug: str | None = None
    disease: str | None = None
    form: str = ""
    strength: str = ""
    dose: Dose | None = None
    days: int | None = None
    usage: str = ""


class Diagnosis(Struct, frozen=True):
    """A diagnosis with its ICD-10 code (insurance version); the code is empty where only a name is known."""

    code: str
    name: str


class Seal(Struct, frozen=True, kw_only=True):
    """An electronic prescription as the platform signed it: the JSON text, and the signature in base64."""

    body: str
    signature: str


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
    diagnoses: tuple[Diagnosis, ...] = ()
    department: str = ""
    doctor_title: str = ""
    pregnant: bool = False
    breastfeeding: bool = False
    allergies: tuple[str, ...] = ()
    long_term: bool = False  # A long prescription (长期处方).
    seal: Seal | None = None
    download_id: str | None = None  # What it was downloaded with (epc_token or auth_rxno), for 7206.
    issuer_code: str = ""  # The provider number of the issuer, where it is known.
    valid_end: datetime | None = None  # As delivered, to the second; ``valid_until`` is its day.
    repeats: int = 0  # How often it may be dispensed again after the first time,
    repeated: int = 0  # how often that was done before it came here,
    interval_days: int = 0  # and the least number of days from one time to the next.


class Finding(Struct, frozen=True):
    """Something that review found: a value, never raised; all of them are listed.

    ``clause`` is the document and section it rests on, ``advice`` what to do where ``text`` does not say it.
    ``subject`` tells findings of one code apart (a drug's code, or two). Under one that ``bars`` nothing is
    sold, prescription drug or not; one that ``may_override`` can be passed by a pharmacist who names a
    reason.
    """

    severity: Severity
    code: str
    text: str
    clause: Clause | None = None
    advice: str = ""
    subject: str = ""
    may_override: bool = False
    bars: bool = False


def is_from_platform(prescription: Prescription) -> bool:
    """Tell whether it came from a prescription platform, which hears what becomes of it (7204, 7206)."""
    return prescription.seal is not None or prescription.download_id is not None


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
