"""What the counter asks of the law: an answer to a claim, or the figure that is missing."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from msgspec import Struct

from app.usecases.state import LimitBar, PolicyCard
from engine.catalogue import Drug, Listing
from engine.equivalents import Sameness
from engine.policy.answer import Answer
from engine.policy.asked import Asked, asked_of
from engine.policy.claim import Claim, ClaimPrescription, Insurance, Patient, Provider
from engine.policy.compute import MissingParameter, answer_claim
from engine.policy.limits import limits_of
from engine.policy.numbers import cite, numbers
from engine.policy.packs import Library, Pack
from engine.price import PriceRule, PriceRules
from engine.price import words_of as words_of_rule
from engine.ranges import Ranges
from engine.ranges import words_of as words_of_range


class MissingFigure(Struct, frozen=True):
    """The policy in force needs a figure that the agency has not given; ``path`` names it."""

    path: str


class Law(Protocol):
    """The policy library, as the use cases see it."""

    def answer(self, claim: Claim) -> Answer | MissingFigure: ...
    def asked(
        self, patient: Patient | None, provider: Provider, prescription: ClaimPrescription, day: date
    ) -> Asked: ...
    def policy_hash(self, claim: Claim) -> str | None: ...
    def policy_id(self, region: str, insurance: str | None, day: date) -> str | None: ...
    def benefit(self, region: str, insurance: str, day: date) -> str: ...
    def limits(self, claim: Claim) -> tuple[LimitBar, ...]: ...
    def cards(self) -> tuple[PolicyCard, ...]: ...
    def listing_on(self, drug: Drug, day: date, region: str, insurance: Insurance | None, /) -> Listing: ...
    def price_rules(self, region: str, day: date) -> tuple[PriceRule, ...]: ...
    @property
    def same(self) -> Sameness: ...


class LibraryLaw:
    """The law as the packs say it."""

    def __init__(self, library: Library, ranges: Ranges, prices: PriceRules, same: Sameness) -> None:
        self._library, self._ranges, self._prices = library, ranges, prices
        self.same = same  # What counts as the same drug.

    def answer(self, claim: Claim) -> Answer | MissingFigure:
        """Return the answer to ``claim``, or the figure that the agency still has to give."""
        try:
            return answer_claim(self._library, claim)
        except MissingParameter as missing:
            return MissingFigure(missing.path)

    def asked(
        self, patient: Patient | None, provider: Provider, prescription: ClaimPrescription, day: date
    ) -> Asked:
        """Return what the law asks of a prescription before there is a claim."""
        return asked_of(self._library, patient, provider, prescription, day)

    def policy_hash(self, claim: Claim) -> str | None:
        """Return the hash of the pack that answers ``claim``."""
        pack = self._library.in_force(claim.patient.region, claim.patient.insurance, claim.day)
        return pack.hash if pack else None

    def policy_id(self, region: str, insurance: str | None, day: date) -> str | None:
        """Return the id of the pack in force; without an ``insurance`` that of either."""
        for kind in (insurance,) if insurance else ("resident", "employee"):
            pack = self._library.in_force(region, kind, day)
            if pack is not None:
                return pack.id
        return None

    def benefit(self, region: str, insurance: str, day: date) -> str:
        """Return whose sums count: the benefit of the pack in force; empty without one."""
        pack = self._library.in_force(region, insurance, day)
        return pack.benefit if pack else ""

    def limits(self, claim: Claim) -> tuple[LimitBar, ...]:
        """Return the limits that bear on ``claim`` and what is used of them before it."""
        return tuple(LimitBar(use.label, use.used, use.limit) for use in limits_of(self._library, claim))

    def cards(self) -> tuple[PolicyCard, ...]:
        """Return each pack as the policy place lists it."""
        return tuple(self._card(pack) for pack in self._library.packs)

    def listing_on(self, drug: Drug, day: date, region: str, insurance: Insurance | None, /) -> Listing:
        """Return the row of ``drug`` in force, with the diseases that the policy gives it for."""
        return self._ranges.listing_on(drug, day, region, insurance)

    def price_rules(self, region: str, day: date) -> tuple[PriceRule, ...]:
        """Return what is asked of the prices in a shop of ``region`` (six digits)."""
        return self._prices.of(region, day)

    def _card(self, pack: Pack) -> PolicyCard:
        ruled = tuple((what, shown, cite(provision.clause)) for what, shown, provision in numbers(pack))
        ranges = tuple(
            (
                f"药品范围 · {self._library.disease_name(each.disease)}",
                words_of_range(each),
                cite(each.clause),
            )
            for each in self._ranges.of(pack.id)
        )
        prices = tuple(
            (*words_of_rule(rule), cite(rule.clause)) for rule in self._prices.all if rule.city == pack.city
        )
        return PolicyCard(
            id=pack.id,
            title=pack.title,
            document=pack.document,
            begins=pack.begins,
            ends=pack.ends,
            draft=pack.draft,
            numbers=(*ruled, *prices, *ranges),
            readings=tuple(
                (
                    reading.question,
                    reading.answers[pack.taken[reading.id]],
                    tuple(text for key, text in reading.answers.items() if key != pack.taken[reading.id]),
                )
                for reading in pack.readings
            ),
        )
