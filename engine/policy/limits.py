"""The limits that bear on a claim and what is used of them, for the bars beside the person's name."""

from __future__ import annotations

from msgspec import Struct

from engine.money import Fen
from engine.policy.claim import Claim
from engine.policy.compute import ruling_of
from engine.policy.missing import MissingParameter
from engine.policy.packs import Library, Pack
from engine.policy.provisions import Limit
from engine.policy.ruling import Terms
from engine.policy.settle import Books, pot_size, terms_of


class LimitUse(Struct, frozen=True):
    """One limit of the year, and what the accumulators say is used of it, in fen."""

    label: str
    used: Fen
    limit: Fen


def limits_of(library: Library, claim: Claim) -> tuple[LimitUse, ...]:
    """Return deductible and limits for the diseases of ``claim``, before it; none without a figure."""
    pack = library.in_force(claim.patient.region, claim.patient.insurance, claim.day)
    if pack is None:
        return ()
    ruling = ruling_of(pack, claim.patient, claim.provider)
    if ruling.offsite_not_filed is not None or ruling.coverage is None or not ruling.coverage.value:
        return ()  # Nothing is covered here, so there are no terms to speak of.
    found: dict[LimitUse, None] = {}
    for disease in dict.fromkeys(line.disease for line in claim.lines):
        if _covered(pack, claim, disease):
            terms = terms_of(pack, ruling, disease if pack.by_disease else None, claim.parameters)
            found.update(dict.fromkeys(_uses(terms, disease, claim)))
    return tuple(found)


def _covered(pack: Pack, claim: Claim, disease: str | None) -> bool:
    if not pack.by_disease:
        return True
    covered = pack.diseases if pack.diseases is not None else claim.parameters.disease_class or {}
    return disease in covered


def _uses(terms: Terms, disease: str | None, claim: Claim) -> list[LimitUse]:
    books, uses = Books(claim), []
    threshold = terms.deductible.fen
    if threshold is None:
        threshold = claim.parameters.deductible or 0
    if threshold:
        uses.append(LimitUse("起付标准", min(books.deductible_paid, threshold), threshold))
    for limit, _clause in terms.limits:
        try:
            size = pot_size(limit, disease, claim)
        except MissingParameter:
            continue
        if size is not None:
            uses.append(LimitUse(_label(limit), min(books.spent(limit.counts), size), size))
    return uses


def _label(limit: Limit) -> str:
    if limit.disease_limits:
        return "乙类病种限额"
    return "基金年度限额" if limit.amount and limit.amount.parameter == "pool_limit" else "年度限额"
