"""Invented people, drugs, prescriptions and shops in any number, each a demonstration's one under numbers of
its own: resident ids and barcodes with true check digits, filings and sums as the demonstration has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from msgspec.structs import replace

from app.resources import resource
from engine.catalogue import Drug
from engine.demonstration import Demonstration, parse_demonstration
from engine.ids import gs1_check, resident_check
from engine.person import Person
from engine.prescription import Prescription
from engine.sale import Store

HOME = "330681"
"""The region of the demonstration's first shop: its people are insured where they buy."""


@cache
def demonstration(now: datetime) -> Demonstration:
    """Return the demonstration as it stands ``now``."""
    files = resource("demonstration").iterdir()
    return parse_demonstration({file.name: file.read_text(encoding="utf-8") for file in files}, now)


def people(count: int, now: datetime, region: str = HOME) -> list[Person]:
    """Return ``count`` people insured in ``region``, with the filings of the demonstration's people there."""
    kinds = [person for person in demonstration(now).people if person.region == region]
    return [_person(kinds[number % len(kinds)], number) for number in range(1, count + 1)]


def _person(kind: Person, number: int) -> Person:
    seventeen = (
        f"{kind.cert_no[:6]}{kind.birth.year - 1 - number // 999:04d}{kind.cert_no[10:14]}{number % 999:03d}"
    )
    return replace(
        kind,
        psn_no=f"98{kind.region}{number:012d}",
        cert_no=seventeen + resident_check(seventeen),
        card_no=f"Z{number:07d}X",
        birth=kind.birth.replace(year=kind.birth.year - 1 - number // 999),
    )


def drugs(count: int, now: datetime) -> list[Drug]:
    """Return ``count`` drugs like the demonstration's, and none of them one of those."""
    kinds = demonstration(now).drugs
    return [_drug(kinds[number % len(kinds)], number) for number in range(1, count + 1)]


def _drug(kind: Drug, number: int) -> Drug:
    body = f"698{number:09d}"
    return replace(
        kind,
        code=f"{kind.code[:9]}{number:08d}{kind.code[17:]}",
        maker=f"演示{number}制药有限公司",
        barcode=body + gs1_check(body),
        trace_prefix=f"87{number:05d}",
    )


def prescriptions(whose: Sequence[Person], now: datetime) -> list[Prescription]:
    """Return one electronic prescription for each of ``whose``, as the demonstration has for their kind."""
    kinds = {each.psn_no: each for each in demonstration(now).prescriptions}
    kind_of = {(each.region, each.name): each.psn_no for each in demonstration(now).people}
    made = []
    for number, person in enumerate(whose, 1):
        kind = kinds[kind_of[person.region, person.name]]
        made.append(replace(kind, number=f"{person.region}Z{number:020d}", psn_no=person.psn_no))
    return made


def stores(count: int, now: datetime, region: str = HOME) -> list[Store]:
    """Return ``count`` shops of ``region``, each like the demonstration's there."""
    kind = next(each for each in demonstration(now).stores if each.provider.region == region)
    return [
        replace(
            kind,
            provider=replace(kind.provider, id=f"P{region}{number:05d}"),
            name=f"演示第{number}药店",
        )
        for number in range(10_001, 10_001 + count)
    ]
