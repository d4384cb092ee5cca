"""One call as a transaction sees it, and how it refuses."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from agency.keyring import Keys
from agency.law import Law
from agency.storage import persons, sums
from agency.storage.connection import Connection
from agency.terms import LeaseTerms
from agency.tills import Speaker
from engine.calendar import business_day, insurance_year
from engine.person import Person, Snapshot
from engine.policy.claim import Patient
from engine.protocol.envelope import Request
from engine.protocol.wire import ProtocolError
from engine.sale import Store


class Call(Struct, frozen=True, kw_only=True):
    """A call that was authenticated and read; ``store`` is the caller's entry in the registry."""

    db: Connection
    law: Law
    request: Request
    store: Store
    now: datetime
    keys: Keys
    speaker: Speaker | None = None  # The enrolled till that signed the call.
    terms: LeaseTerms = LeaseTerms()

    @property
    def today(self) -> date:
        return business_day(self.now)


def known_person(
    call: Call, psn_no: str, day: date | None = None, *, granted: Patient | None = None
) -> Person:
    """Return the person with the sums that count on ``day`` (None: today); raise ProtocolError.

    ``granted`` is who they were to a lease: where and how they were insured then counts.
    """
    person = persons.person(call.db, psn_no)
    if person is None:
        raise ProtocolError("查无此参保人，请核对人员编号，或先用 1101 读取人员信息。", "unknown_person")
    if granted is not None and (granted.region, granted.insurance) != (person.region, person.insurance):
        person = replace(person, region=granted.region, insurance=granted.insurance, status=granted.status)
    said = call.request.insuplc_admdvs
    if said and said != person.region:
        raise ProtocolError(
            "报文的参保地与此人登记的参保地不同，请先用 1101 重新读取人员信息。", "wrong_region"
        )
    return with_sums(call, person, day or call.today)


def with_sums(call: Call, person: Person, day: date) -> Person:
    """Return ``person`` with the sums that count on ``day``."""
    year = insurance_year(day)
    benefit = call.law.benefit(person.region, person.insurance, day)
    snapshot = Snapshot(
        as_of=call.now,
        year=year,
        accumulators=sums.read(call.db, person.psn_no, year, benefit),
        parameters=person.snapshot.parameters,
        benefit=benefit,
    )
    return replace(person, snapshot=snapshot)


def ended(person: Person, day: date) -> ProtocolError | None:
    """Return the refusal for a person who is not insured here any more on ``day``; None while they are."""
    if person.ended is None or day <= person.ended:
        return None
    if person.ended_why == "died":
        return ProtocolError(
            f"此人已于 {person.ended.isoformat()} 登记死亡，之后的费用不能结算，请核对持卡人。", "person_died"
        )
    return ProtocolError(
        f"此人的参保关系已于 {person.ended.isoformat()} 转出，之后的费用请按新的参保地办理。", "person_moved"
    )
