"""What is left of the limits that bear on a person: for a lease that is asked for before any basket."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from engine.money import Fen
from engine.policy.claim import Accumulators, Claim, Parameters, Patient, Provider
from engine.policy.compute import ruling_of
from engine.policy.missing import MissingParameter
from engine.policy.packs import Library, Pack
from engine.policy.provisions import Limit
from engine.policy.settle import Books, pot_size, terms_of

_CLASS_B = frozenset({"fund_paid_class_b"})


class Room(Struct, frozen=True, kw_only=True):
    """What the fund may still pay, in fen; ``class_b`` for diseases of class B. None: no limit is known."""

    fund: Fen | None = None
    class_b: Fen | None = None


NO_ROOM = Room(fund=0, class_b=0)


def room_of(
    library: Library,
    *,
    day: date,
    patient: Patient,
    provider: Provider,
    accumulators: Accumulators,
    parameters: Parameters,
) -> Room:
    """Return the least of ``size - spent`` over the pots of the diseases filed, never below nothing.

    NO_ROOM where the fund pays nothing at all: no policy in force, not covered at this provider, or no
    disease filed that is covered. Source: contract/quote; the packs' ``limit`` provisions.
    """
    pack = library.in_force(patient.region, patient.insurance, day)
    if pack is None:
        return NO_ROOM
    claim = Claim(
        day=day,
        patient=patient,
        provider=provider,
        lines=(),
        accumulators=accumulators,
        parameters=parameters,
    )
    ruling = ruling_of(pack, claim.patient, claim.provider)
    if ruling.offsite_not_filed is not None or ruling.coverage is None or not ruling.coverage.value:
        return NO_ROOM
    diseases = _diseases(pack, claim)
    if not diseases:
        return NO_ROOM
    limits = [
        (limit, disease)
        for disease in diseases
        for limit, _clause in terms_of(pack, ruling, disease, parameters).limits
    ]
    fund = _least([each for each in limits if not _is_class_b(each[0])], claim)
    class_b = _least([each for each in limits if _is_class_b(each[0])], claim)
    classes = parameters.disease_class or {}
    if class_b is not None and all(disease and classes.get(disease) == "B" for disease in diseases):
        fund = class_b if fund is None else min(fund, class_b)
    if fund is not None:
        class_b = fund if class_b is None else min(fund, class_b)
    return Room(fund=fund, class_b=class_b)


def _diseases(pack: Pack, claim: Claim) -> list[str | None]:
    """Return the diseases that a settlement may be of; [None] where the pack does not ask for one."""
    if not pack.by_disease:
        return [None]
    covered = pack.diseases if pack.diseases is not None else claim.parameters.disease_class or {}
    return [disease for disease in sorted(claim.patient.filed_diseases) if disease in covered]


def _is_class_b(limit: Limit) -> bool:
    return _CLASS_B.issuperset(limit.counts)


def _least(limits: list[tuple[Limit, str | None]], claim: Claim) -> Fen | None:
    books, found = Books(claim), []
    for limit, disease in limits:
        try:
            size = pot_size(limit, disease, claim)
        except MissingParameter:
            continue  # Without its figure no settlement of the disease is possible either.
        if size is not None:
            found.append(max(0, size - books.spent(limit.counts)))
    return min(found, default=None)
