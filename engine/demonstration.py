"""The demonstration: invented shops, people, drugs and prescriptions, and the tour through them.

Reads the texts of resources/demonstration; every day in them counts from the ``now`` that is handed in, so
that the demonstration never grows old. Nothing here is ever mixed into a real shop's books.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec import Struct

from engine.calendar import business_day, insurance_year
from engine.catalogue import Drug
from engine.demonstration_drugs import FILE as DRUGS
from engine.demonstration_drugs import read_drugs
from engine.demonstration_forms import (
    GroupRow,
    ParametersRow,
    PersonRow,
    PrescriptionRow,
    PriceSourceRow,
    StopRow,
    StoreRow,
)
from engine.ids import is_resident_id
from engine.money import BasisPoints, Fen, parse_ratio, parse_yuan
from engine.person import Filing, Person, Snapshot
from engine.policy.claim import Accumulators, Parameters, Provider
from engine.prescription import PrescribedLine, Prescription
from engine.sale import Store

_T = TypeVar("_T")


class Stop(Struct, frozen=True, kw_only=True):
    """Something that the tour scans at a click; ``store`` is the provider id of the shop it needs."""

    group: str
    title: str
    detail: str
    code: str
    store: str


class Demonstration(Struct, frozen=True, kw_only=True):
    """All of it; ``vouchers`` maps an electronic voucher's code to the agency's number of its person."""

    stores: tuple[Store, ...]
    people: tuple[Person, ...]
    vouchers: dict[str, str]
    drugs: tuple[Drug, ...]
    prescriptions: tuple[Prescription, ...]
    tour: tuple[Stop, ...]


def parse_demonstration(texts: Mapping[str, str], now: datetime) -> Demonstration:
    """Return the demonstration of ``texts`` (``stores.toml``, ``drugs.csv``, …) as it stands ``now``.

    ``now`` is aware. The trace codes of the tour hold ``now``, so that parsing again gives fresh boxes.
    Raises ValueError that names the file and the place of what is wrong in it.
    """
    day = business_day(now)
    stores = _rows(texts, "stores.toml", "store", StoreRow, _as_store)
    raw_people = _rows(texts, "people.toml", "person", PersonRow, _checked_person)
    sources = _rows(texts, "price_sources.toml", "source", PriceSourceRow, lambda raw: raw)
    people = {raw.key: _as_person(raw, now) for raw in raw_people}
    drugs = read_drugs(texts.get(DRUGS, ""), {source.written: source for source in sources})
    vouchers = {raw.key: raw.voucher for raw in raw_people}
    prescriptions = _rows(
        texts,
        "prescriptions.toml",
        "prescription",
        PrescriptionRow,
        lambda raw: _as_prescription(raw, people, drugs, day),
    )
    codes = _Codes(people, vouchers, drugs, {each.number for each in prescriptions}, now)
    tour = _rows(texts, "tour.toml", "group", GroupRow, lambda raw: _as_stops(raw, codes, stores))
    return Demonstration(
        stores=stores,
        people=tuple(people.values()),
        vouchers={vouchers[key]: person.psn_no for key, person in people.items()},
        drugs=tuple(drugs.values()),
        prescriptions=prescriptions,
        tour=tuple(stop for stops in tour for stop in stops),
    )


_Raw = TypeVar("_Raw")


def _rows(
    texts: Mapping[str, str], file: str, table: str, form: type[_Raw], make: Callable[[_Raw], _T]
) -> tuple[_T, ...]:
    """Return what ``make`` makes of each row; KeyError and ValueError become a ValueError with the place."""
    try:
        rows = tomllib.loads(texts[file])[table]
    except (KeyError, tomllib.TOMLDecodeError) as trouble:
        raise ValueError(f"{file}: {trouble}") from trouble
    made = []
    for number, row in enumerate(rows, 1):
        try:
            made.append(make(msgspec.convert(row, form)))
        except (KeyError, ValueError, msgspec.ValidationError) as trouble:
            raise ValueError(f"{file}: {table} {number}: {trouble}") from trouble
    return tuple(made)


def _as_store(raw: StoreRow) -> Store:
    provider = Provider(
        id=raw.id,
        region=raw.region,
        kind=raw.kind,
        designated=raw.designated,
        listed=raw.listed,
        dual_channel=raw.dual_channel,
    )
    return Store(provider=provider, name=raw.name, till=raw.till, region_name=raw.region_name)


def _checked_person(raw: PersonRow) -> PersonRow:
    if not is_resident_id(raw.cert_no) or raw.cert_no[6:14] != raw.birth.strftime("%Y%m%d"):
        raise ValueError(f"not a resident id of that birthday: {raw.cert_no}")
    return raw


def _as_person(raw: PersonRow, now: datetime) -> Person:
    day = business_day(now)
    filings = tuple(
        Filing(disease=f.disease, name=f.name, begins=day - timedelta(days=f.days_ago), code=f.code)
        for f in raw.filings
    )
    accumulators = Accumulators(
        deductible_paid=parse_yuan(raw.deductible_paid),
        fund_paid=parse_yuan(raw.fund_paid),
        ordinary_fund_paid=parse_yuan(raw.ordinary_fund_paid),
        ordinary_exhausted=raw.ordinary_exhausted,
        fund_paid_class_b=parse_yuan(raw.fund_paid_class_b),
        pool_fund_paid=parse_yuan(raw.pool_fund_paid),
    )
    snapshot = Snapshot(
        as_of=now,
        year=insurance_year(day),
        accumulators=accumulators,
        parameters=_as_parameters(raw.parameters),
    )
    return Person(
        psn_no=raw.psn_no,
        name=raw.name,
        cert_no=raw.cert_no,
        card_no=raw.card_no,
        birth=raw.birth,
        sex=raw.sex,
        insurance=raw.insurance,
        status=raw.status,
        region=raw.region,
        region_name=raw.region_name,
        snapshot=snapshot,
        filings=filings,
        groups=raw.groups,
        agreed_provider=raw.agreed_provider,
        agreed_provider_name=raw.agreed_provider_name,
    )


def _as_parameters(raw: ParametersRow) -> Parameters:
    limits = raw.disease_limit
    return Parameters(
        deductible=_fen(raw.deductible),
        annual_limit=_fen(raw.annual_limit),
        disease_class=raw.disease_class,
        disease_limit=None if limits is None else {key: parse_yuan(text) for key, text in limits.items()},
        pool_limit=_fen(raw.pool_limit),
        assistance_ratio=_ratio(raw.assistance_ratio),
    )


def _fen(text: str | None) -> Fen | None:
    return None if text is None else parse_yuan(text)


def _ratio(text: str | None) -> BasisPoints | None:
    return None if text is None else parse_ratio(text)


def _as_prescription(
    raw: PrescriptionRow, people: Mapping[str, Person], drugs: Mapping[str, Drug], day: date
) -> Prescription:
    issued = day - timedelta(days=raw.issued_days_ago)
    return Prescription(
        number=raw.number,
        source=raw.source,
        issuer=raw.issuer,
        issuer_designated=raw.issuer_designated,
        doctor=raw.doctor,
        diagnosis=raw.diagnosis,
        issued=issued,
        supply_days=raw.supply_days,
        lines=tuple(
            PrescribedLine(
                name=drugs[line.drug].generic_name,
                quantity=line.quantity,
                drug=drugs[line.drug].code,
                disease=line.disease,
            )
            for line in raw.lines
        ),
        valid_until=issued + timedelta(days=raw.valid_days - 1),
        diseases=raw.diseases,
        travel=raw.travel,
        confirmed=raw.confirmed,
        psn_no=people[raw.person].psn_no,
        issuer_code=raw.issuer_code,
        repeats=raw.repeats,
        long_term=raw.long_term,
    )


class _Codes:
    """Finds the code that a stop of the tour scans."""

    def __init__(
        self,
        people: Mapping[str, Person],
        vouchers: Mapping[str, str],
        drugs: Mapping[str, Drug],
        prescriptions: set[str],
        now: datetime,
    ) -> None:
        self._people, self._vouchers, self._drugs = people, vouchers, drugs
        self._prescriptions = {number: number for number in prescriptions}
        self._begins = int(now.timestamp()) % 10**10
        self._boxes = 0

    def find(self, stop: StopRow) -> str:
        match stop.scan:
            case "voucher":
                return self._vouchers[stop.of]
            case "card":
                return self._people[stop.of].card_no or ""
            case "id":
                return self._people[stop.of].cert_no
            case "prescription":
                return self._prescriptions[stop.of]
            case "barcode":
                return self._drugs[stop.of].barcode or ""
            case "trace":
                return f"{self._drugs[stop.of].trace_prefix}{self._begins:010d}{self._next_box():03d}"

    def _next_box(self) -> int:
        # Each box is its own, in every shop: a till refuses a trace code that it has sold.
        self._boxes += 1
        return self._boxes


def _as_stops(raw: GroupRow, codes: _Codes, stores: tuple[Store, ...]) -> tuple[Stop, ...]:
    if raw.store not in {store.provider.id for store in stores}:
        raise ValueError(f"no such shop: {raw.store}")
    return tuple(
        Stop(group=raw.title, title=stop.title, detail=stop.detail, code=codes.find(stop), store=raw.store)
        for stop in raw.stops
    )
