"""What lies on a pharmacist's desk, built in a line: drugs, people, prescriptions, history."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from msgspec.structs import replace

from engine.catalogue import Drug, Listing
from engine.person import Person, Snapshot, as_patient
from engine.policy.answer import Answer
from engine.policy.asked import asked_of
from engine.policy.claim import Provider
from engine.policy.compute import answer_claim
from engine.policy.packs import Library
from engine.prescription import Diagnosis, Dose, Finding, PrescribedLine, Prescription, as_claimed
from engine.review import Dispensing, Facts, review
from engine.sale import BasketLine, Draft, make_claim
from tests.fakes import fake_counter
from tests.fakes.signing import knowledge

DAY = date(2026, 11, 22)
SHOP = Provider(
    id="P33068100001",
    region="330681",
    kind="retail_pharmacy",
    designated=True,
    listed=True,
    dual_channel=True,
)


@cache
def library() -> Library:
    """Return the law as shipped."""
    return fake_counter.library()


def drug(name: str, spec: str = "5mg×28片", form: str = "片剂", **more: Any) -> Drug:
    """Return a box; its code is made from its name, so that the name alone tells what it is."""
    given: dict[str, Any] = {
        "code": f"SHOP-{name}-{spec}",
        "maker": "甲厂",
        "approval": "国药准字H99990001",
        "price": 1000,
        "listings": (Listing(begins=date(2020, 1, 1), ends=None, klass="A"),),
    }
    return Drug(generic_name=name, form=form, spec=spec, **{**given, **more})


def person(sex: str = "男", age: int = 60, region: str = "330681", **more: Any) -> Person:
    """Return somebody of that sex and age."""
    given: dict[str, Any] = {"insurance": "resident", "status": None}
    return Person(
        psn_no="99330681000000000099",
        name="测试人",
        cert_no="330681196001010011",
        card_no=None,
        birth=DAY.replace(year=DAY.year - age),
        sex=sex,
        region=region,
        region_name="某地",
        snapshot=Snapshot(as_of=fake_counter.NOW, year=DAY.year),
        **{**given, **more},
    )


def prescribed(name: str, quantity: int = 9, dose: str = "", **more: Any) -> PrescribedLine:
    """Return a prescribed line; ``dose`` is written as ``5 mg 2`` (amount, unit, times a day)."""
    taken = None
    if dose:
        amount, unit, times = dose.split()
        taken = Dose(amount=Decimal(amount), unit=unit, per_day=Decimal(times))
    return PrescribedLine(name=name, quantity=quantity, dose=taken, **more)


def prescription(*lines: PrescribedLine, days: int = 7, **more: Any) -> Prescription:
    """Return a prescription of today for the person of these tests."""
    given: dict[str, Any] = {
        "number": "RX1",
        "source": "electronic",
        "issuer": "某医院",
        "issuer_designated": True,
        "doctor": "某医师",
        "diagnosis": "高血压病",
        "issued": DAY,
        "valid_until": DAY + timedelta(days=2),
        "psn_no": "99330681000000000099",
    }
    return Prescription(supply_days=days, lines=lines, **{**given, **more})


def basket(*drugs: Drug, quantity: int = 1) -> tuple[BasketLine, ...]:
    """Return lines of one box each, or so many."""
    return tuple(
        BasketLine(id=str(place), drug=each, quantity=quantity, unit_price=each.price or 0)
        for place, each in enumerate(drugs, 1)
    )


def had(name: str, days_ago: int, days: int | None = 28, **more: Any) -> Dispensing:
    """Return something handed out before, elsewhere where nothing else is said."""
    given: dict[str, Any] = {"quantity": 1, "provider": "P33068100077", "here": False}
    day = DAY - timedelta(days=days_ago)
    return Dispensing(day=day, drug="", name=name, days=days, **{**given, **more})


def facts(
    *drugs: Drug,
    lines: tuple[PrescribedLine, ...] | None = None,
    whose: Person | None = None,
    written: Prescription | None = None,
    quantity: int = 1,
    shop: Provider = SHOP,
    **more: Any,
) -> Facts:
    """Return what a review of these boxes looks at; each is prescribed by its name, or as ``lines`` say."""
    named = tuple(prescribed(each.generic_name) for each in drugs) if lines is None else lines
    draft = Draft(
        person=whose or person(),
        prescription=written or prescription(*named),
        lines=basket(*drugs, quantity=quantity),
    )
    return facts_of(draft, shop=shop, **more)


def facts_of(draft: Draft, *, day: date = DAY, shop: Provider = SHOP, **more: Any) -> Facts:
    """Return what a review of ``draft`` looks at, the share computed by the law as shipped."""
    asked = None
    if draft.prescription is not None:
        patient = as_patient(draft.person, day) if draft.person else None
        asked = asked_of(library(), patient, shop, as_claimed(draft.prescription), day)
    given: dict[str, Any] = {
        "asked": asked,
        "answer": _answer(draft, shop, day),
        "provider": shop.id,
        "region": shop.region,
        "dual_channel": shop.dual_channel,
    }
    return Facts(day=day, draft=draft, knowledge=knowledge(), **{**given, **more})


def _answer(draft: Draft, shop: Provider, day: date) -> Answer | None:
    if draft.person is None or not draft.lines:
        return None
    return answer_claim(library(), make_claim(draft, shop, draft.person.snapshot.accumulators, day))


def found(reviewed: Facts, code: str) -> list[Finding]:
    """Return the findings of ``code``."""
    return [each for each in review(reviewed) if each.code == code]


def the(reviewed: Facts, code: str) -> Finding:
    """Return the one finding of ``code``."""
    (finding,) = found(reviewed, code)
    return finding


def codes(reviewed: Facts) -> set[str]:
    """Return the codes of all findings."""
    return {each.code for each in review(reviewed)}


def with_icd(written: Prescription, *diagnoses: tuple[str, str]) -> Prescription:
    """Return the prescription with coded diagnoses."""
    return replace(written, diagnoses=tuple(Diagnosis(code, name) for code, name in diagnoses))
