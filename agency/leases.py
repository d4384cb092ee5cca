"""SY01, SY02, and the lease inside a 2101: what is reserved for which till; no limit is promised twice.

For each limit of the law, what is paid and what is outstanding never exceed it together: a grant is computed
on the sums with everything that is reserved for others counted as paid, and what is reserved grows by
nothing but a grant (docs/leases.md).
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from agency import trueup
from agency.books import Books, open_books, reclaim
from agency.calls import Call, ended, with_sums
from agency.storage import leases, persons, registry, settlements, sums
from agency.storage.counters import next_number
from agency.storage.leases import CLOSED, CLOSING, FINISHED, OPEN, Kept, Promised
from agency.storage.tills import FORKED, Till
from agency.tills import may_hold_leases
from engine.adjudicate import less
from engine.calendar import business_day
from engine.lease import NOTHING, Lease, Spend, counting
from engine.person import Person, as_patient
from engine.policy.claim import Accumulators
from engine.policy.room import Room
from engine.protocol.lease import (
    Closed,
    Closing,
    Granted,
    LeaseAsk,
    NotGranted,
    SignedLease,
    closed_output,
    granted_output,
    read_closing,
    read_lease_request,
    signed_lease,
)
from engine.protocol.wire import ProtocolError

_EXHAUSTED = "今年的限额已用完或已为别的收银机预留，没有可预留的额度；可按自费或联网结算。"
_UNKNOWN = "查无此参保人，请核对人员编号。"


def lease(call: Call) -> str:
    """SY01: reserve for a till what is left of people's limits, each up to a ceiling."""
    asked = read_lease_request(call.request.input)
    till = may_hold_leases(call.speaker)
    until = use_until(call, asked.until)
    persons.lock_all(call.db, [ask.psn_no for ask in asked.asks])
    outcomes = [grant_what_is_left(call, till, ask, until) for ask in asked.asks]
    return granted_output(
        Granted(
            leases=tuple(each for each in outcomes if isinstance(each, SignedLease)),
            refused=tuple(each for each in outcomes if isinstance(each, NotGranted)),
        )
    )


def close(call: Call) -> str:
    """SY02: take a till's statement that it settles nothing more under its leases."""
    asked = read_closing(call.request.input)
    if call.speaker is None:
        raise ProtocolError("这台收银机还没有登记，没有可交还的额度。", "not_enrolled")
    till = call.speaker.till
    if till.state == FORKED:
        raise ProtocolError("这台收银机的流水出现分叉，额度只能到期收回，请联系医保中心核对。", "forked")
    reclaim(call.db, asked.psn_no, call.now)
    told = [each.lease for each in asked.closings if _close(call, till, asked.psn_no, each)]
    trueup.run(call.db, call.law, asked.psn_no, call.now)
    sums.tell(call.db, asked.psn_no)
    return closed_output(Closed(leases=tuple(told)))


def use_until(call: Call, wished: datetime) -> datetime:
    """Return until when a lease is granted that is wished for until ``wished``; raise ProtocolError."""
    if wished.tzinfo is None:
        raise ProtocolError("额度的截止时间要带时区，请核对后重新发送。")
    if wished <= call.now:
        raise ProtocolError("额度的截止时间已经过去，请核对收银机的时钟和日期。", "until_past")
    return min(wished, call.now + call.terms.longest)


def grant_what_is_left(call: Call, till: Till, ask: LeaseAsk, until: datetime) -> SignedLease | NotGranted:
    """Reserve what is left of the limits that bear on a person, up to what is wanted and the ceiling.

    The person is locked.
    """
    known = persons.person(call.db, ask.psn_no)
    if known is None:
        return NotGranted(psn_no=ask.psn_no, code="unknown_person", text=_UNKNOWN)
    barred = ended(known, call.today)
    if barred is not None:
        return NotGranted(psn_no=ask.psn_no, code=barred.code, text=barred.text)
    if reclaim(call.db, ask.psn_no, call.now):
        trueup.run(call.db, call.law, ask.psn_no, call.now)
    person = with_sums(call, known, call.today)
    books = books_of(call, person)
    counted = effective_for(books, till, ask)
    room = call.law.room(person, call.store.provider, call.today, counted)
    most = min(call.terms.ceiling, call.terms.ceiling if ask.want is None else ask.want)
    more = _bounded(room, most)
    if not more.fund:
        return NotGranted(psn_no=ask.psn_no, code="exhausted", text=_EXHAUSTED)
    return grant(call, person, till, ask=ask, more=more, until=until)


def books_of(call: Call, person: Person) -> Books:
    """Return the books of the year and benefit that a person's snapshot is of."""
    return open_books(call.db, person.psn_no, person.snapshot.year, person.snapshot.benefit)


def effective_for(books: Books, till: Till, ask: LeaseAsk) -> Accumulators:
    """Return the sums that a till's next grant is computed on: all that others may spend counted as paid,
    and of its own lease what it has settled already, arrived or not."""
    kept = books.of_till(till.provider, till.till, till.epoch)
    if kept is None:
        return books.effective()
    others = books.outstanding(without=kept.lease.id)
    return counting(books.paid, others.plus(_used(kept, ask).less(kept.used)))


def grant(
    call: Call, person: Person, till: Till, *, ask: LeaseAsk, more: Spend, until: datetime
) -> SignedLease:
    """Reserve ``more`` for a till beyond what it has used; an open lease of its own is renewed."""
    books = books_of(call, person)
    kept = books.of_till(till.provider, till.till, till.epoch)
    if kept is None:
        made = _new(call, books, till, more, until)
    else:
        made = _renewed(call, books, kept, _used(kept, ask).plus(more), until)
    day = business_day(call.now)
    promised = Promised(
        patient=as_patient(person, day),
        parameters=person.snapshot.parameters,
        provider=call.store.provider,
        change=registry.last_change(call.db),
    )
    if not any(replace(each, change=promised.change) == promised for each in made.promised):
        made = replace(made, promised=(*made.promised, promised))
    leases.save(call.db, made)
    return signed_lease(call.keys.signing, made.lease)


def _new(call: Call, books: Books, till: Till, reserved: Spend, until: datetime) -> Kept:
    number = next_number(call.db, "lease")
    lease = Lease(
        id=f"L{business_day(call.now):%Y%m%d}{number:010d}",
        version=1,
        psn_no=books.psn_no,
        year=books.year,
        benefit=books.benefit,
        provider=till.provider,
        till=till.till,
        epoch=till.epoch,
        granted_at=call.now,
        use_until=until,
        accumulators=books.effective(),
        reserved=reserved,
    )
    return Kept(lease=lease, state=OPEN, reclaim_at=call.terms.reclaim_at(until))


def _renewed(call: Call, books: Books, kept: Kept, reserved: Spend, until: datetime) -> Kept:
    before = kept.lease
    own = settlements.held_under(call.db, books.psn_no, before.id)
    until = max(until, before.use_until)
    lease = replace(
        before,
        version=before.version + 1,
        granted_at=call.now,
        use_until=until,
        accumulators=counting(less(books.paid, own), books.outstanding(without=before.id)),
        reserved=before.reserved.at_least(reserved),
    )
    return replace(kept, lease=lease, reclaim_at=max(kept.reclaim_at, call.terms.reclaim_at(until)))


def _used(kept: Kept, ask: LeaseAsk) -> Spend:
    """Return what a till says it has settled under its lease, between what arrived and the whole."""
    stated = ask.used if ask.lease == kept.lease.id else NOTHING
    reserved = kept.lease.reserved
    within = Spend(fund=min(stated.fund, reserved.fund), class_b=min(stated.class_b, reserved.class_b))
    return within.at_least(kept.used)


def _bounded(room: Room, most: int) -> Spend:
    fund = most if room.fund is None else min(most, room.fund)
    class_b = fund if room.class_b is None else min(fund, room.class_b)
    return Spend(fund=fund, class_b=class_b)


def _close(call: Call, till: Till, psn_no: str, closing: Closing) -> bool:
    kept = leases.lease(call.db, psn_no, closing.lease) if closing.psn_no == psn_no else None
    if kept is None:
        return False
    lease = kept.lease
    if (lease.provider, lease.till, lease.epoch) != (till.provider, till.till, till.epoch):
        return False
    if kept.state in FINISHED:
        return True
    # Never more than was reserved, whatever is stated.
    stated = Spend(
        fund=min(closing.used.fund, lease.reserved.fund),
        class_b=min(closing.used.class_b, lease.reserved.class_b),
    ).at_least(kept.used)
    state = CLOSED if stated == kept.used else CLOSING
    leases.save(call.db, replace(kept, lease=replace(lease, reserved=stated), state=state))
    return True
