"""The insured person as the counter knows them, and how old that knowledge is."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from engine.policy.claim import Accumulators, ConcurrentBenefit, Group, Insurance, Parameters, Patient, Status

EndedWhy: TypeAlias = Literal["died", "moved"]

_LONGEST_NAME = 50
_NUMBER = re.compile(r"[0-9]{15,18}[Xx]?").fullmatch


class Filing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A chronic disease filed (备案) for the person; ``code`` is the national M code where there is one."""

    disease: str
    name: str
    begins: date
    code: str | None = None
    ends: date | None = None  # Inclusive.


class Snapshot(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The agency's sums of one insurance year, true at ``as_of`` (an aware instant)."""

    as_of: datetime
    year: int
    accumulators: Accumulators = Accumulators()
    parameters: Parameters = Parameters()
    benefit: str = ""  # Whose sums these are; empty where no policy is in force.


class Person(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``psn_no`` is the agency's number; ``cert_no`` the resident id; regions are six digits."""

    psn_no: str
    name: str
    cert_no: str
    card_no: str | None
    birth: date
    sex: str  # 男 or 女.
    insurance: Insurance
    status: Status | None
    region: str
    region_name: str
    snapshot: Snapshot
    filings: tuple[Filing, ...] = ()
    groups: frozenset[Group] = frozenset()
    offsite_region: str | None = None
    agreed_provider: str | None = None
    agreed_provider_name: str | None = None
    referred: bool = False
    in_hospital: bool = False
    concurrent_benefits: frozenset[ConcurrentBenefit] = frozenset()
    ended: date | None = None  # The last day on which they are insured here,
    ended_why: EndedWhy | None = None  # and why it is the last.


def diseases_filed_on(person: Person, day: date) -> frozenset[str]:
    """Return the keys of the diseases filed for ``person`` and in force on ``day``."""
    return frozenset(
        filing.disease
        for filing in person.filings
        if filing.begins <= day and (filing.ends is None or day <= filing.ends)
    )


def as_patient(person: Person, day: date) -> Patient:
    """Return ``person`` as the policy engine sees them on ``day``."""
    return Patient(
        region=person.region,
        insurance=person.insurance,
        status=person.status,
        filed_diseases=diseases_filed_on(person, day),
        groups=person.groups,
        offsite_region=person.offsite_region,
        agreed_provider=person.agreed_provider,
        referred=person.referred,
        in_hospital=person.in_hospital,
        concurrent_benefits=person.concurrent_benefits,
    )


class Buyer(Struct, frozen=True, kw_only=True):
    """Somebody who is registered for what the law registers and shows no insurance: name and resident id."""

    name: str
    cert_no: str


def read_buyer(text: str) -> Buyer | None:
    """Return the buyer that ``text`` names, typed as name and id; None where it does not look like that.

    Whether the number is a resident id is still to be seen.
    """
    name, _, number = " ".join(unicodedata.normalize("NFKC", text).split()).rpartition(" ")
    sound = bool(name) and len(name) <= _LONGEST_NAME and not any(each.isdigit() for each in name)
    return Buyer(name=name, cert_no=number.upper()) if sound and _NUMBER(number) else None


def masked_name(name: str) -> str:
    """Return ``name`` with all but the first and last character hidden: 王芳 is 王＊, 王小芳 is 王＊芳."""
    if len(name) <= 1:
        return name
    if len(name) == 2:
        return name[0] + "＊"
    return name[0] + "＊" * (len(name) - 2) + name[-1]


def masked_id(number: str) -> str:
    """Return a card or id number with its middle hidden: 3306＊＊＊＊1424."""
    return number if len(number) <= 8 else f"{number[:4]}＊＊＊＊{number[-4:]}"
