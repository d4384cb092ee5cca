"""Questions of the moment: who somebody is (1101, 5301, 5206), and what a basket comes to (2101)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Raw

from app.clock import Clock
from app.storage import device, leases, people
from app.storage.connection import Connection, transaction
from app.sync.client import AgencyClient, Rejected, Reply, Unreachable
from app.sync.pull import as_asked
from app.usecases.ports import ClaimAnswer, ClaimContext, PersonAnswer
from engine.calendar import business_day, insurance_year
from engine.ids import Scan
from engine.lease import Lease
from engine.person import Person
from engine.protocol.envelope import Sender
from engine.protocol.lease import (
    SignedLease,
    read_lease,
)
from engine.protocol.person import (
    look_up_input,
    read_filings,
    read_identity,
    read_person,
    read_sums,
    whose_input,
)
from engine.protocol.settled import read_settled
from engine.protocol.settlement import basket_input
from engine.protocol.wire import ProtocolError


class Refused(Exception):
    """The agency answered a question with no; ``text`` is its reason."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def look_up(db: Connection, client: AgencyClient, clock: Clock, scan: Scan, sender: Sender) -> PersonAnswer:
    """Ask who ``scan`` is, keep the answer, and return it; raise Unreachable without a sound one."""
    try:
        person = _whole_person(client, clock, scan, sender)
    except Refused as refused:
        return PersonAnswer(scan=scan, person=None, trouble=refused.text.rstrip("。"), refused=True)
    except ProtocolError as error:
        if error.code == "not_insured":
            return PersonAnswer(scan=scan, person=None, trouble=error.text.rstrip("。"), refused=True)
        raise Unreachable(error.text) from error
    if scan.kind == "resident_id" and person.cert_no.upper() != scan.value.upper():
        raise Unreachable("医保中心答的是另一个证件号码的人，没有采用。请再扫一次。")
    with transaction(db):
        people.save(db, [person])
        if scan.kind == "voucher":
            people.remember_voucher(db, scan.value, person.psn_no)
    return PersonAnswer(scan=scan, person=person)


def presettle(
    db: Connection, client: AgencyClient, clock: Clock, context: ClaimContext, sender: Sender
) -> tuple[ClaimAnswer, PersonAnswer | None]:
    """Ask what a basket comes to, and return that, with the person where their year turned out newer.

    Raises Unreachable without a sound answer, and Refused with the agency's reason.
    """
    person = context.draft.person
    if person is None:
        raise ValueError("only an insured person's basket can be asked about")
    asked_at = clock.now()
    asked = basket_input(
        made_at=context.made_at,
        draft=context.draft,
        claim=context.claim,
        answer=context.answer,
        ask=context.ask,
    )
    reply = client.ask("2101", asked, sender, person.region)
    settled = read_settled(_output(reply), expected_id=None)
    sums = settled.sums
    answer = ClaimAnswer(
        claim=context.claim, fund=sums.fund, assistance=sums.assistance, patient=sums.patient
    )
    if settled.facts is None:
        return answer, None
    if settled.facts.lease is not None:
        _keep_lease(db, settled.facts.lease, context, asked_at)
    if context.ask is not None and settled.facts.no_lease != device.trouble(db, sender.provider):
        with transaction(db):
            device.set_trouble(db, sender.provider, settled.facts.no_lease)
    before, known = settled.facts.before, person.snapshot
    same = (before.year, before.accumulators, before.parameters)
    if same == (known.year, known.accumulators, known.parameters):
        return answer, None
    with transaction(db):
        people.save_snapshot(db, person.psn_no, as_asked(before, asked_at))
    fresher = people.by_psn_no(db, person.psn_no)
    return answer, PersonAnswer(scan=Scan("resident_id", person.cert_no), person=fresher)


def _keep_lease(
    db: Connection, signed: SignedLease, context: ClaimContext, asked_at: datetime
) -> Lease | None:
    """Keep the lease on what this basket needs; one that is not the agency's, or not for us, is no answer."""
    pinned = device.pinned(db, context.store.provider.id)
    if pinned is None or context.ask is None:
        return None
    try:
        lease = read_lease(signed, pinned.agency_key)
    except ProtocolError as error:
        raise Unreachable(error.text) from error
    ours = (context.store.provider.id, context.store.till, context.ask.psn_no)
    if (lease.provider, lease.till, lease.psn_no) != ours:
        raise Unreachable("医保中心给的额度凭据不是给这台柜台和这位参保人的，没有采用。请联系医保中心。")
    with transaction(db):
        leases.keep(db, signed, lease, asked_at)
    return lease


def _whole_person(client: AgencyClient, clock: Clock, scan: Scan, sender: Sender) -> Person:
    asked_at = clock.now()
    year = insurance_year(business_day(asked_at))
    told = _output(client.ask("1101", look_up_input(scan), sender))
    psn_no, region = read_identity(told)
    filed = _output(client.ask("5301", whose_input(psn_no), sender, region))
    sums = _output(client.ask("5206", whose_input(psn_no, year), sender, region))
    return read_person(told, filings=read_filings(filed), snapshot=read_sums(sums, year=year, as_of=asked_at))


def _output(reply: Reply) -> Raw:
    if isinstance(reply, Rejected):
        raise Refused(reply.text)
    return reply.output
