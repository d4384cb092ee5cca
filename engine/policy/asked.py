"""What the law asks of a prescription before anything is settled: until when it is good, for how long."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from engine.policy.answer import Clause
from engine.policy.claim import ClaimPrescription, Patient, Provider
from engine.policy.compute import ruling_of
from engine.policy.packs import Library
from engine.policy.provisions import standing
from engine.policy.refusals import last_good_day, longest_supply


class Asked(Struct, frozen=True, kw_only=True):
    """``last_day`` is the last on which the prescription may be used. ``most_days`` is None where no policy
    of the person's limits the supply; ``most_words`` says it as people do."""

    last_day: date
    good_for: Clause
    most_days: int | None = None
    most_words: str = ""
    supply: Clause | None = None


def asked_of(
    library: Library, patient: Patient | None, provider: Provider, prescription: ClaimPrescription, day: date
) -> Asked:
    """Return what is asked of ``prescription`` on ``day``, of this patient (None: nobody is known yet)."""
    good_for = standing(library.nationwide, {"source": prescription.source})[0]
    last_day = date.fromordinal(last_good_day(good_for.value, prescription))
    asked = Asked(last_day=last_day, good_for=good_for.clause)
    pack = library.in_force(patient.region, patient.insurance, day) if patient else None
    if patient is None or pack is None:
        return asked
    terms = ruling_of(pack, patient, provider).supply_terms(prescription.travel)
    if terms is None:
        return asked
    most, words = longest_supply(terms.supply, prescription.issued)
    return Asked(
        last_day=last_day,
        good_for=good_for.clause,
        most_days=most,
        most_words=words,
        supply=terms.provision.clause,
    )
