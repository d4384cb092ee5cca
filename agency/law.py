"""The law as the agency applies it: the same packs and the same engine as at the counter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from agency.errors import AgencyTrouble
from engine.catalogue import Drug, Listing
from engine.person import Person, as_patient
from engine.policy.answer import Answer
from engine.policy.claim import Accumulators, Claim, Insurance, Provider
from engine.policy.compute import answer_claim
from engine.policy.missing import MissingParameter
from engine.policy.packs import Library, PackError, load_library
from engine.policy.room import Room, room_of
from engine.protocol.wire import ProtocolError
from engine.ranges import Ranges
from engine.ranges_file import load_ranges


class Law(Protocol):
    """What the agency asks of the law."""

    def answer(self, claim: Claim) -> Answer:
        """Return the share of a claim; raise ProtocolError where a figure of the person's is missing."""
        ...

    def pack_hash(self, claim: Claim) -> str | None:
        """Return the hash of the pack that a claim falls under; None where there is none."""
        ...

    def benefit(self, region: str, insurance: Insurance, day: date) -> str:
        """Return the benefit whose sums count for a person on ``day``; empty where no policy is in force."""
        ...

    def room(self, person: Person, provider: Provider, day: date, sums: Accumulators) -> Room:
        """Return what is left of the limits that bear on a person at a provider, given their ``sums``."""
        ...

    def listing_on(self, drug: Drug, day: date, region: str, insurance: Insurance | None, /) -> Listing:
        """Return the row of a drug in force, with the diseases that the policy gives it for."""
        ...


class PackLaw:
    """The law of the packs that come with the program."""

    def __init__(self, library: Library, ranges: Ranges) -> None:
        self._library, self._ranges = library, ranges

    def answer(self, claim: Claim) -> Answer:
        try:
            return answer_claim(self._library, claim)
        except MissingParameter as missing:
            raise ProtocolError(
                f"此人缺少待遇参数 {missing.path}，暂不能结算，请联系参保地医保中心维护后重新发送。",
                "missing_parameter",
            ) from missing

    def pack_hash(self, claim: Claim) -> str | None:
        patient = claim.patient
        pack = self._library.in_force(patient.region, patient.insurance, claim.day)
        return pack.hash if pack else None

    def benefit(self, region: str, insurance: Insurance, day: date) -> str:
        pack = self._library.in_force(region, insurance, day)
        return pack.benefit if pack else ""

    def room(self, person: Person, provider: Provider, day: date, sums: Accumulators) -> Room:
        return room_of(
            self._library,
            day=day,
            patient=as_patient(person, day),
            provider=provider,
            accumulators=sums,
            parameters=person.snapshot.parameters,
        )

    def listing_on(self, drug: Drug, day: date, region: str, insurance: Insurance | None, /) -> Listing:
        return self._ranges.listing_on(drug, day, region, insurance)


def read_law(texts: Mapping[str, str], ranges: Mapping[str, str]) -> PackLaw:
    """Return the law of the packs in ``texts`` with the chronic drug ``ranges``; raise AgencyTrouble when one
    of them is refused."""
    try:
        library = load_library(texts)
        return PackLaw(library, load_ranges(ranges, library))
    except PackError as error:
        raise AgencyTrouble(f"政策包有误，经办端没有启动，请更正后重试：\n{error}") from error
