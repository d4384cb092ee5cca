"""What a pack says to one kind of claim, looked up once and kept: conditions are finite, claims are not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from engine.money import BasisPoints, format_percent
from engine.policy.answer import Clause
from engine.policy.provisions import (
    Amount,
    Assistance,
    GoodFor,
    Limit,
    Provision,
    Situation,
    Supply,
    standing,
)

Key: TypeAlias = tuple[str, str, str, str | None, frozenset[str], bool, frozenset[str]]
"""Place, kind of provider, insurance, status, the groups and filed diseases that the pack names, agreed."""

Families: TypeAlias = Mapping[tuple[str, str], list[Provision]]
"""The provisions of a pack under the readings taken, by family and subject."""


class PrescriptionTerms(Struct, frozen=True, gc=False):
    """What is asked of a prescription of one source; None where nothing is."""

    accepted: frozenset[str]
    sources: Provision | None
    issuer: Provision | None
    confirmed: Provision | None
    good_for: GoodFor
    good_for_clause: Clause


class SupplyTerms(Struct, frozen=True, gc=False):
    """The longest supply, and who says so."""

    supply: Supply
    provision: Provision


class Terms(Struct, frozen=True, gc=False):
    """By what a settlement is computed."""

    ratio_bp: BasisPoints
    percent: str
    ratio_clause: Clause
    deductible: Amount
    deductible_clause: Clause
    limits: tuple[tuple[Limit, Clause], ...]
    adds_to: tuple[str, ...]
    assistance: Assistance | None
    assistance_clause: Clause | None
    over_standard_clause: Clause
    first_self_pay_clause: Clause


class Ruling:
    """All that a pack says to the claims of one ``key``; answers by source and by disease are kept too."""

    def __init__(self, families: Families, national: Iterable[Provision], key: Key) -> None:
        place, kind, insurance, status, groups, agreed, filed = key
        self._families = families
        self._national = tuple(national)
        self._situation: dict[str, object] = {
            "place": place,
            "kind": kind,
            "insurance": insurance,
            "status": status,
            "groups": groups,
            "agreed": agreed,
            "filed": filed,
        }
        self._prescriptions: dict[str, PrescriptionTerms] = {}
        self._supplies: dict[bool, SupplyTerms | None] = {}
        self._terms: dict[tuple[str | None, str | None], Terms] = {}
        self.designated = self._asked("designated")
        self.offsite_not_filed = self._answer("basis", "offsite_not_filed") if place == "elsewhere" else None
        self.coverage = None if place == "elsewhere" else self._answer("coverage")
        self.listed = self._asked("listed")
        self.agreed_or_referred = self._asked("agreed_or_referred")
        self.referred = self._asked("referred")
        self.dual_channel = self._asked("dual_channel")
        self.not_in_hospital = self._asked("not_in_hospital")
        self.no_ordinary_outpatient = self._asked("no_ordinary_outpatient")
        self.no_ltc_special_care = self._asked("no_ltc_special_care")
        self.prescription = self._asked("prescription")
        self.in_catalogue = self._asked("in_catalogue")
        self.filed = self._asked("filed")
        self.in_scope = self._asked("in_scope")
        self.ordinary_exhausted = self._asked("ordinary_exhausted")
        self.negotiated = self._asked("negotiated")

    def prescription_terms(self, source: str) -> PrescriptionTerms:
        """Return what is asked of a prescription of ``source``."""
        found = self._prescriptions.get(source)
        if found is None:
            found = self._prescriptions[source] = self._find_prescription_terms(source)
        return found

    def supply_terms(self, travel: bool) -> SupplyTerms | None:
        """Return the longest supply, or None where no provision limits it."""
        if travel not in self._supplies:
            found = self._answer("supply", travel=travel)
            self._supplies[travel] = SupplyTerms(found.value, found) if found else None
        return self._supplies[travel]

    def terms(self, disease: str | None, disease_class: str | None) -> Terms:
        """Return by what a settlement of ``disease`` is computed; None where diseases do not count."""
        key = (disease, disease_class)
        found = self._terms.get(key)
        if found is None:
            found = self._terms[key] = self._find_terms(disease, disease_class)
        return found

    def _find_prescription_terms(self, source: str) -> PrescriptionTerms:
        sources = self._answer("sources")
        good_for = standing(self._national, {"source": source})[0]
        return PrescriptionTerms(
            accepted=sources.value if sources else frozenset(),
            sources=sources,
            issuer=self._asked("designated_issuer", source=source),
            confirmed=self._asked("confirmed_prescription", source=source),
            good_for=good_for.value,
            good_for_clause=good_for.clause,
        )

    def _find_terms(self, disease: str | None, disease_class: str | None) -> Terms:
        of_line: dict[str, Any] = {"disease": disease, "disease_class": disease_class}
        ratio = self._needed("ratio", **of_line)
        deductible = self._needed("deductible", **of_line)
        pots = [subject for family, subject in self._families if family == "limit"]
        found = [self._answer("limit", pot, **of_line) for pot in pots]
        limits = [(provision.value, provision.clause) for provision in found if provision is not None]
        assistance = self._answer("assistance", **of_line)
        return Terms(
            ratio_bp=ratio.value,
            percent=format_percent(ratio.value),
            ratio_clause=ratio.clause,
            deductible=deductible.value,
            deductible_clause=deductible.clause,
            limits=tuple(limits),
            adds_to=tuple(sorted({name for limit, _ in limits for name in limit.adds_to})),
            assistance=assistance.value if assistance else None,
            assistance_clause=assistance.clause if assistance else None,
            over_standard_clause=self._needed("basis", "over_standard").clause,
            first_self_pay_clause=self._needed("basis", "first_self_pay").clause,
        )

    def _asked(self, what: str, **more: object) -> Provision | None:
        found = self._answer("requires", what, **more)
        return found if found is not None and found.value else None

    def _needed(self, family: str, subject: str = "", **more: object) -> Provision:
        found = self._answer(family, subject, **more)
        if found is None:  # Loading refuses such packs (engine.policy.check).
            raise ValueError(f"no provision of {family} answers {self._situation | more}")
        return found

    def _answer(self, family: str, subject: str = "", **more: object) -> Provision | None:
        situation: Situation = self._situation | more
        found = standing(self._families.get((family, subject), ()), situation)
        return found[0] if found else None
