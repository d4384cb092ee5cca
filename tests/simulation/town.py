"""The small world that every run begins with: its law, shops, people and boxes.

The law is that of a real pack (Ezhou: a deductible, one ratio, one yearly limit), and all prices are whole
tens of yuan, so that the simulator can reckon a year by itself without any rule of rounding.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path

from agency.law import Law, read_law
from agency.resources import read_texts
from app.storage import catalogue
from app.storage.connection import Connection, transaction
from app.usecases.law import LibraryLaw
from engine.catalogue import Drug, Listing
from engine.equivalents_file import load_sameness
from engine.ids import resident_check
from engine.person import Person, Snapshot
from engine.policy.claim import Accumulators, Parameters, Provider
from engine.policy.packs import load_library
from engine.prescription import PrescribedLine, Prescription
from engine.price_file import load_price_rules
from engine.ranges_file import load_ranges
from engine.sale import Store

REGION = "420704"
LISTED_SINCE = date(2020, 1, 1)
RATIO = {"active": 6_000, "retired": 6_800}
YEAR_LIMIT, DEDUCTIBLE = 40_000, 10_000
SHOPS = 3
PEOPLE = 4


def shelves() -> Connection:
    """Return a catalogue of the town's drugs, in memory."""
    made = catalogue.open_catalogue(Path(":memory:"), bytes(32))
    with transaction(made):
        catalogue.save(made, drugs())
    return made


@cache
def packs() -> dict[str, str]:
    """Return the texts of the law as shipped."""
    return read_texts("policies")


@cache
def agency_law(changed: bool = False) -> Law:
    """Return the agency's law; ``changed``: with better ratios, as a document that reaches back says."""
    return read_law(_changed(packs()) if changed else packs(), read_texts("ranges"))


@cache
def till_law(changed: bool = False) -> LibraryLaw:
    """Return the tills' law; they learn of a changed one later than the agency."""
    library = load_library(_changed(packs()) if changed else packs())
    return LibraryLaw(
        library,
        load_ranges(read_texts("ranges"), library),
        load_price_rules(read_texts("pricing")),
        load_sameness("equivalents.toml", read_texts("equivalents")["equivalents.toml"]),
    )


def ratio(person: Person, changed: bool = False) -> int:
    """Return what the fund pays, in basis points, by the simulator's own reading of the law."""
    return RATIO[person.status or "active"] + (1_000 if changed else 0)


def _changed(texts: dict[str, str]) -> dict[str, str]:
    pack = texts["ezhou-2023.toml"]
    return {
        **texts,
        "ezhou-2023.toml": pack.replace('"0.60"', '"0.70"').replace('"0.68"', '"0.78"'),
    }


@cache
def stores() -> tuple[Store, ...]:
    """Return the shops, one till each."""
    return tuple(
        Store(
            provider=Provider(
                id=f"P4207{place:07d}", region=REGION, kind="retail_pharmacy", designated=True, listed=True
            ),
            name=f"模拟药店 {place}",
            till="01",
            region_name="鄂州市鄂城区",
        )
        for place in range(1, SHOPS + 1)
    )


@cache
def people(year: int) -> tuple[Person, ...]:
    """Return the insured people, with nothing paid in ``year`` yet."""
    return tuple(_person(place, year) for place in range(1, PEOPLE + 1))


def _person(place: int, year: int) -> Person:
    stem = f"4207041956041{place % 10}998"
    limit = YEAR_LIMIT if place % 2 else 2 * YEAR_LIMIT
    return Person(
        psn_no=f"99420704{place:012d}",
        name=f"人{place}甲",
        cert_no=stem + resident_check(stem),
        card_no=f"Y420704{place:02d}",
        birth=date(1956, 4, 10 + place % 10),
        sex="女",
        insurance="employee",
        status="retired" if place % 3 == 0 else "active",
        region=REGION,
        region_name="鄂州市鄂城区",
        snapshot=Snapshot(
            as_of=datetime.fromisoformat(f"{year}-01-01T00:00:00+00:00"),
            year=year,
            accumulators=Accumulators(),
            parameters=Parameters(deductible=DEDUCTIBLE, annual_limit=limit),
        ),
    )


@cache
def drugs() -> tuple[Drug, ...]:
    """Return what the shops sell: two drugs of class A, one of B with a tenth to pay first, one unlisted."""
    return (
        _drug(1, 4_000, "A"),
        _drug(2, 9_000, "A"),
        _drug(3, 6_000, "B"),
        _drug(4, 2_000, None),
    )


def _drug(place: int, price: int, klass: str | None) -> Drug:
    row = Listing(
        begins=LISTED_SINCE,
        ends=None,
        klass="B" if klass == "B" else "A",
        first_self_pay_bp=1_000 if klass == "B" else 0,
    )
    return Drug(
        code=f"XSIM0{place}A001A0101090000{place}",
        generic_name=f"模拟药{place}",
        form="片剂",
        spec="10mg×28片",
        maker="模拟药业",
        approval=f"国药准字H0000000{place}",
        price=price,
        barcode=None,
        trace_prefix=f"899010{place}",
        prescription_only=klass is not None,
        listings=(row,) if klass else (),
    )


def box(drug: int, serial: int) -> str:
    """Return the trace code of a box."""
    return f"899010{drug}{serial:013d}"


def prescription(person: Person, day: date) -> Prescription:
    """Return a prescription of ``day`` for whatever is sold."""
    return Prescription(
        number=f"SIM{person.psn_no[-4:]}{day:%Y%m%d}",
        source="external",
        issuer="模拟卫生院",
        issuer_designated=True,
        doctor="模拟医师",
        diagnosis="高血压病",
        issued=day,
        supply_days=28,
        lines=tuple(PrescribedLine(name=drug.generic_name, quantity=99, drug=drug.code) for drug in drugs()),
        psn_no=person.psn_no,
    )
