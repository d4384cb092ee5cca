"""How a row of resources/demonstration is written: every key known, money as text, days counted back."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from engine.catalogue import PriceKind
from engine.policy.claim import Class, DiseaseClass, Group, Insurance, ProviderKind, Source, Status


class StoreRow(Struct, forbid_unknown_fields=True):
    """A shop."""

    id: str
    region: str
    region_name: str
    name: str
    till: str
    kind: ProviderKind = "retail_pharmacy"
    designated: bool = True
    listed: bool = False
    dual_channel: bool = False


class FilingRow(Struct, forbid_unknown_fields=True):
    """A disease filed ``days_ago``."""

    disease: str
    name: str
    days_ago: int
    code: str | None = None


class ParametersRow(Struct, forbid_unknown_fields=True):
    """The agency's figures for one person."""

    deductible: str | None = None
    annual_limit: str | None = None
    disease_class: dict[str, DiseaseClass] | None = None
    disease_limit: dict[str, str] | None = None
    pool_limit: str | None = None
    assistance_ratio: str | None = None


class PersonRow(Struct, forbid_unknown_fields=True):
    """An insured person; ``key`` is how other rows name them."""

    key: str
    psn_no: str
    name: str
    cert_no: str
    card_no: str
    voucher: str
    birth: date
    sex: str
    insurance: Insurance
    region: str
    region_name: str
    status: Status | None = None
    deductible_paid: str = "0"
    fund_paid: str = "0"
    ordinary_fund_paid: str = "0"
    ordinary_exhausted: bool = False
    fund_paid_class_b: str = "0"
    pool_fund_paid: str = "0"
    parameters: ParametersRow = msgspec.field(default_factory=ParametersRow)
    filings: tuple[FilingRow, ...] = ()
    groups: frozenset[Group] = frozenset()
    agreed_provider: str | None = None
    agreed_provider_name: str | None = None


DRUG_FLAGS = frozenset({"otc", "negotiated", "procured"})


class DrugRow(Struct, forbid_unknown_fields=True):
    """A line of drugs.csv, its columns in this order; ``key`` is how other rows name the drug.

    ``prices`` are tokens like ``agreed@4207=38.50``, ``regional`` like ``3306:0.03:22.40``.
    """

    key: str
    code: str
    generic_name: str
    pinyin: str
    form: str
    spec: str
    strength: str
    pack_size: Annotated[int, Meta(ge=1)]
    pack_unit: str
    unit: str
    maker: str
    approval: str
    price: str
    barcode: str
    trace_prefix: str
    klass: Class
    first_self_pay: str
    payment_standard: str
    diseases: str
    flags: str
    scope: str
    trade_name: str
    prices: str
    regional: str


class PriceSourceRow(Struct, forbid_unknown_fields=True):
    """Where prices of one kind in one region stand."""

    kind: PriceKind
    region: str
    document: str
    begins: date

    @property
    def written(self) -> str:
        return f"{self.kind}@{self.region}" if self.region else self.kind


class PrescribedLineRow(Struct, forbid_unknown_fields=True):
    """One drug prescribed, by key."""

    drug: str
    quantity: int
    disease: str | None = None


class PrescriptionRow(Struct, forbid_unknown_fields=True):
    """A prescription, good for ``valid_days`` with its day of issue."""

    number: str
    person: str
    source: Source
    issuer: str
    doctor: str
    diagnosis: str
    supply_days: int
    lines: tuple[PrescribedLineRow, ...]
    valid_days: int
    diseases: frozenset[str] = frozenset()
    issued_days_ago: int = 0
    issuer_designated: bool = True
    issuer_code: str = ""
    travel: bool = False
    confirmed: bool = False
    repeats: int = 0
    long_term: bool = False


class StopRow(Struct, forbid_unknown_fields=True):
    """One thing to scan: ``of`` is a key, or a prescription's number."""

    title: str
    detail: str
    scan: Literal["voucher", "card", "id", "prescription", "barcode", "trace"]
    of: str


class GroupRow(Struct, forbid_unknown_fields=True):
    """The stops for one person."""

    title: str
    store: str
    stops: tuple[StopRow, ...]
