"""One request for settlement, as values: who, where, on what prescription, which lines."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

from msgspec import Struct

from engine.money import BasisPoints, Fen

Insurance: TypeAlias = Literal["resident", "employee"]
Status: TypeAlias = Literal["active", "retired"]
ProviderKind: TypeAlias = Literal["retail_pharmacy", "primary", "secondary", "tertiary"]
Source: TypeAlias = Literal["external", "electronic", "internet_hospital"]
Class: TypeAlias = Literal["A", "B", "C"]
DiseaseClass: TypeAlias = Literal["A", "B"]
Group: TypeAlias = Literal[
    "family_doctor_contract_last_year",
    "civil_affairs_hardship",
    "severe_disability",
    "priority_treatment_group",
    "medical_assistance",
]
ConcurrentBenefit: TypeAlias = Literal["ordinary_outpatient", "ltc_special_care"]


class Patient(Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """The insured person as the claim needs them; ``region`` is six digits (参保地)."""

    region: str
    insurance: Insurance
    status: Status | None = None
    filed_diseases: frozenset[str]
    groups: frozenset[Group] = frozenset()
    offsite_region: str | None = None
    agreed_provider: str | None = None
    referred: bool = False
    in_hospital: bool = False
    concurrent_benefits: frozenset[ConcurrentBenefit] = frozenset()


class Provider(Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Where the claim is made; ``listed`` means named for this benefit, service points included."""

    id: str
    region: str
    kind: ProviderKind
    designated: bool
    listed: bool = False
    dual_channel: bool = False


class ClaimPrescription(
    Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True, omit_defaults=True
):
    """What the law asks of a prescription; ``valid_until`` None means the day of issue."""

    source: Source
    issued: date
    issuer_designated: bool
    supply_days: int
    valid_until: date | None = None
    travel: bool = False
    confirmed: bool = False


class Accumulators(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """This insurance year's sums before the claim, in fen (contract/quote, Request)."""

    deductible_paid: Fen = 0
    fund_paid: Fen = 0
    ordinary_fund_paid: Fen = 0
    ordinary_exhausted: bool = False
    fund_paid_class_b: Fen = 0
    pool_fund_paid: Fen = 0


class Parameters(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Figures that a document leaves to the agency; None where the agency gave none."""

    deductible: Fen | None = None
    annual_limit: Fen | None = None
    disease_class: dict[str, DiseaseClass] | None = None
    disease_limit: dict[str, Fen] | None = None
    pool_limit: Fen | None = None
    assistance_ratio: BasisPoints | None = None


class Line(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One drug of the claim; prices per unit in fen, ``klass`` 甲 A, 乙 B, outside the catalogue C."""

    id: str
    drug: str
    quantity: int
    unit_price: Fen
    klass: Class
    in_scope: bool
    first_self_pay_bp: BasisPoints = 0
    payment_standard: Fen | None = None
    disease: str | None = None
    negotiated: bool = False


class Claim(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A whole claim; ``day`` is the day of settlement and picks the policy version."""

    day: date
    patient: Patient
    provider: Provider
    lines: tuple[Line, ...]
    prescription: ClaimPrescription | None = None
    accumulators: Accumulators = Accumulators()
    parameters: Parameters = Parameters()
