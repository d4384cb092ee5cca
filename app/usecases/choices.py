"""The hits under the entry field: what tells one pack from another, as it is on this day."""

from __future__ import annotations

from app.usecases.desk import Desk
from app.usecases.show import open_store
from app.usecases.state import Choice
from engine.catalogue import Drug
from engine.policy.claim import Class, Insurance
from engine.prescription import Prescription

MOST_CHOICES = 12
_ANY: tuple[Insurance | None, ...] = (None, "employee", "resident")


def search(desk: Desk, text: str) -> tuple[Choice, ...]:
    """Return drugs that match what is being typed, nearest first."""
    prescription = desk.draft.prescription
    return tuple(
        Choice(
            key=drug.code,
            title=f"{drug.generic_name} {drug.spec}".strip(),
            detail=" · ".join(part for part in (drug.form, drug.maker, drug.trade_name) if part),
            price=drug.price,
            klass=_class(desk, drug),
            prescription_only=drug.prescription_only,
            asked=prescription is not None and is_asked(prescription, drug),
        )
        for drug in desk.seeker.find(text, MOST_CHOICES, prescription)
    )


def is_asked(prescription: Prescription, drug: Drug) -> bool:
    """Tell whether a line of ``prescription`` is for this very drug, or for its generic name."""
    return any(drug.code == line.drug or drug.generic_name == line.name for line in prescription.lines)


def _class(desk: Desk, drug: Drug) -> Class:
    """Return the class on the day where the person is insured, or where the shop is while there is nobody."""
    person = desk.draft.person
    region, kinds = (
        (person.region, (person.insurance,)) if person else (open_store(desk).provider.region, _ANY)
    )
    classes = (desk.law.listing_on(drug, desk.today(), region, kind).klass for kind in kinds)
    return min(classes)  # A before B before what is not listed.
