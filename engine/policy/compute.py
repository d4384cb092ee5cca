"""A claim computed: which pack is in force, what it refuses, what each settlement comes to and why."""

from __future__ import annotations

from collections.abc import Container, Sequence

from engine.money import Fen
from engine.policy import refusals
from engine.policy.answer import Answer, Refusal, Settlement, self_pay
from engine.policy.claim import Claim, Line, Patient, Provider
from engine.policy.messages import refusal_message
from engine.policy.missing import MissingParameter
from engine.policy.packs import Library, Pack
from engine.policy.ruling import Ruling
from engine.policy.settle import Books, settle, yuan

__all__ = ["MissingParameter", "answer_claim"]

_NONE: frozenset[str] = frozenset()


def answer_claim(library: Library, claim: Claim) -> Answer:
    """Return the answer to ``claim`` by the pack in force, every step cited.

    Raises MissingParameter where that pack needs a figure from the agency that the claim lacks.
    Source: contract/quote; resources/policies.
    """
    patient = claim.patient
    pack = library.in_force(patient.region, patient.insurance, claim.day)
    if pack is None:
        code = "no_policy_in_force"
        return _all_self_pay(None, claim, [Refusal(None, code, None, refusal_message(code))])
    ruling = ruling_of(pack, patient, claim.provider)
    found = refusals.whole_claim(ruling, claim)
    if found:
        return _all_self_pay(pack.id, claim, found)
    return _answer_lines(library, pack, ruling, claim)


def ruling_of(pack: Pack, patient: Patient, provider: Provider) -> Ruling:
    """Return what ``pack`` says to claims of such a patient at such a provider."""
    city = provider.region[:4]
    if city == patient.region[:4]:
        place = "local"
    elif patient.offsite_region is not None and city == patient.offsite_region[:4]:
        place = "offsite"
    else:
        place = "elsewhere"
    kind = provider.kind
    return pack.ruling(
        (
            place,
            kind,
            patient.insurance,
            patient.status,
            patient.groups & pack.groups_named if patient.groups else _NONE,
            kind == "primary" and patient.agreed_provider == provider.id,
            patient.filed_diseases & pack.filed_named if pack.filed_named else _NONE,
        )
    )


def _diseases(pack: Pack, claim: Claim) -> Container[str] | None:
    """Return the diseases that ``pack`` covers, None where it asks for none."""
    if not pack.by_disease or pack.diseases is not None:
        return pack.diseases
    if claim.parameters.disease_class is None:
        raise MissingParameter("parameters.disease_class")
    return claim.parameters.disease_class


def _answer_lines(library: Library, pack: Pack, ruling: Ruling, claim: Claim) -> Answer:
    diseases = _diseases(pack, claim)
    payable: dict[str | None, list[Line]] = {}
    refused: list[Line] = []
    found: list[Refusal] = []
    for line in claim.lines:
        of_line = refusals.of_line(ruling, line, claim, diseases, pack=pack, library=library)
        if of_line:
            found += of_line
            refused.append(line)
        else:
            payable.setdefault(line.disease if diseases is not None else None, []).append(line)
    books = Books(claim)
    settlements = [
        settle(pack, ruling, claim, disease=disease, lines=lines, books=books)
        for disease, lines in payable.items()
    ]
    if refused:
        settlements.append(_self_pay(refused, found[0]))
    return _sum(pack.id, settlements, found)


def _all_self_pay(pack_id: str | None, claim: Claim, found: Sequence[Refusal]) -> Answer:
    return _sum(pack_id, [_self_pay(claim.lines, found[0])], found)


def _self_pay(lines: Sequence[Line], refusal: Refusal) -> Settlement:
    """Return the settlement of ``lines``, none of which is paid, citing what ``refusal`` cites."""
    total: Fen = sum(line.quantity * line.unit_price for line in lines)
    text = f"以上药品 {yuan(total)} 元医保不支付，全部由个人承担。"
    return self_pay(tuple(line.id for line in lines), total, refusal.clause, text)


def _sum(pack_id: str | None, settlements: Sequence[Settlement], found: Sequence[Refusal]) -> Answer:
    total = fund = assistance = 0
    for settlement in settlements:
        total += settlement.total
        fund += settlement.fund
        assistance += settlement.assistance
    return Answer(
        policy=pack_id,
        settlements=tuple(settlements),
        refusals=tuple(found),
        total=total,
        fund=fund,
        assistance=assistance,
        patient=total - fund - assistance,
    )
