"""A pharmacist's review of a sale, signed: what was checked, what was passed in spite of a finding, and why.

Source: 处方管理办法 第三十七条 (四查十对); 药品管理法 (2019) 第五十八条.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from engine.prescription import Finding, Prescription


class Override(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finding that the pharmacist passed, named by its code and subject, and the reason given.

    ``text`` is what the finding said that day: knowledge changes, and the journal is read years later.
    """

    code: str
    subject: str
    reason: str
    text: str = ""


class SignOff(Struct, frozen=True, kw_only=True):
    """Who reviewed, with which licence, when; ``covers`` is the digest of what was reviewed.

    A sale that no longer has this digest is not signed.
    """

    pharmacist: str
    licence: str
    at: datetime
    covers: str
    overrides: tuple[Override, ...] = ()


class PrescriptionRefused(Struct, frozen=True, kw_only=True):
    """A prescription that a pharmacist refused to dispense, as the journal keeps it.

    ``findings`` are those that spoke against it, ``reportable`` the codes of those that have to be reported
    to the institution and the agency; ``person`` is the agency's number, None where nobody was known.
    """

    prescription: Prescription
    person: str | None
    provider: str
    pharmacist: str
    licence: str
    at: datetime
    reason: str
    findings: tuple[Finding, ...] = ()
    reportable: tuple[str, ...] = ()
