"""Leases at the counter: whether one may be used now, what is left of it, when it is given back."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from msgspec import Struct

from app.storage import device, journal, leases, outbox, people, sales
from app.storage.connection import Connection, transaction
from app.storage.instants import from_text
from app.storage.leases import Held
from app.storage.outbox import Message
from app.usecases.desk import Desk
from app.usecases.state import LeaseRow
from engine.calendar import insurance_year
from engine.lease import LeaseUse, Spend, covers, spend_of, usable
from engine.money import format_yuan
from engine.person import Person, masked_name
from engine.policy.answer import Answer, Settlement
from engine.policy.claim import Claim, Parameters
from engine.prescription import Finding
from engine.protocol.envelope import QUERY_SERIALS, message_id
from engine.protocol.lease import Closing, ClosingRequest, LeaseAsk, closing_input
from engine.sale import Store

CLOSING = "SY02"
MOST_CLOSED_AT_ONCE = 200
MOST_ROWS = 500
RECLAIMED_AFTER = timedelta(days=15)
"""After its end, a lease is reclaimed by then as a rule; the agency decides."""


class Reserve(Struct, frozen=True, kw_only=True):
    """A lease that may be used now: what this till settled under it, and what that spent of it.

    ``besides`` is what it settled since without the lease: the agency takes that off the lease, too.
    """

    held: Held
    settled: tuple[Settlement, ...]
    used: Spend
    besides: tuple[Settlement, ...] = ()

    def taken(self, parameters: Parameters) -> Spend:
        """Return what may be gone of the lease by now."""
        return self.used.plus(spend_of(self.besides, parameters))


def epoch_of(db: Connection, provider: str) -> int:
    """Return the epoch in which the agency of ``provider`` knows this till; 0 while it does not."""
    known, present = device.pinned(db, provider), device.of_epoch(db, None)
    return present.epoch if known and present and known.epoch == present.epoch else 0


def latest_known(desk: Desk, now: datetime) -> datetime:
    """Return the latest instant that this till has on record, ``now`` among them from here on.

    A clock that was set back shows by it, also over a restart: each sale's row keeps the latest so far.
    """
    known = desk.latest or _latest_recorded(desk.db)
    desk.latest = max(known, now) if known else now
    return known or now


def _latest_recorded(db: Connection) -> datetime | None:
    number, _hash = journal.head(db)
    found = [datetime.fromisoformat(journal.entry(db, number).at)] if number else []
    newest = sales.newest(db).latest
    return max([*found, *([from_text(newest)] if newest else [])], default=None)


def reserve_for(desk: Desk, store: Store, person: Person, day: date) -> Reserve | None:
    """Return the lease on a person's year that this till may settle under now, if it holds one."""
    now, provider = desk.now(), store.provider.id
    latest, epoch = latest_known(desk, now), epoch_of(desk.db, provider)
    held = _held(desk, store, person, day)
    if held is None or not epoch:
        return None
    if not usable(held.lease, now, latest_known=latest, till=store.till, epoch=epoch):
        return None
    lease, asked_at = held.lease, held.asked_at
    settled, used = sales.settled_under(desk.db, person.psn_no, lease.id)
    others = sales.own_settlements(desk.db, person.psn_no, lease.year, asked_at, besides=lease.id)
    besides = tuple(each for each in others if each.benefit == lease.benefit)
    return Reserve(held=held, settled=tuple(settled), used=used, besides=besides)


def use_of(reserve: Reserve, claim: Claim, answer: Answer) -> LeaseUse | None:
    """Return how a sale would stand under the lease; None where it does not cover it."""
    more, lease = spend_of(answer.settlements, claim.parameters), reserve.held.lease
    taken = reserve.taken(claim.parameters)
    if not covers(lease, taken, more):
        return None
    left = lease.reserved.less(taken.plus(more)).fund
    return LeaseUse(id=lease.id, version=lease.version, left=left, use_until=lease.use_until)


def ask_for(desk: Desk, store: Store, person: Person, day: date) -> LeaseAsk | None:
    """Return what to have reserved with a pre-settlement; None while the agency does not know this till."""
    if not epoch_of(desk.db, store.provider.id):
        return None
    held = _held(desk, store, person, day)
    if held is None:
        return LeaseAsk(psn_no=person.psn_no)
    _settled, used = sales.settled_under(desk.db, person.psn_no, held.lease.id)
    return LeaseAsk(psn_no=person.psn_no, lease=held.lease.id, used=used)


def _held(desk: Desk, store: Store, person: Person, day: date) -> Held | None:
    benefit = desk.law.benefit(person.region, person.insurance, day)
    year, provider = insurance_year(day), store.provider.id
    return leases.open_for(desk.db, person.psn_no, year, benefit, provider) if benefit else None


def give_back(desk: Desk) -> None:
    """Close the leases that are needed no longer: whoever they were for has left the desk, or they ended.

    While the agency cannot be reached, a short lease stays open until its end: its person may come back for
    one more box. A lease of a former epoch is never closed here: what was settled under it after the backup
    was made is not known to this till.
    """
    at_desk, now = desk.draft.person, desk.now()
    ended = leases.ended(desk.db, at_desk.psn_no if at_desk else None, now, MOST_CLOSED_AT_ONCE)
    reachable = desk.courier.online is True
    due = [
        each
        for each in ended
        if (reachable or each.lease.use_until <= now)
        and each.lease.epoch == epoch_of(desk.db, each.lease.provider)
    ]
    if due:
        with transaction(desk.db):
            _close(desk.db, due, now)
        desk.courier.poke()


def _close(db: Connection, due: list[Held], now: datetime) -> None:
    first = outbox.last_number(db) + 1
    for place, each in enumerate(due):
        lease = each.lease
        _settled, used = sales.settled_under(db, lease.psn_no, lease.id)
        closing = Closing(lease=lease.id, psn_no=lease.psn_no, used=used)
        outbox.put(
            db,
            Message(
                id=message_id(lease.provider, now, (first + place) % QUERY_SERIALS),
                infno=CLOSING,
                provider=lease.provider,
                made_at=now,
                input=closing_input(ClosingRequest(psn_no=lease.psn_no, closings=(closing,))),
            ),
        )
    leases.begin_closing(db, [each.lease.id for each in due])


def list_leases(desk: Desk) -> tuple[LeaseRow, ...]:
    """Return the leases that this till holds, those that end first before the others."""
    present = device.of_epoch(desk.db, None)
    epoch = present.epoch if present else 0
    return tuple(_row(desk.db, each, epoch) for each in leases.held(desk.db, MOST_ROWS))


def left_before_restore(desk: Desk, psn_no: str) -> tuple[Finding, ...]:
    """Say that a lease of before a restored backup still holds what the fund would pay for a person."""
    present = device.of_epoch(desk.db, None)
    if present is None or present.epoch == 1:
        return ()
    held = leases.before_restore(desk.db, psn_no, present.epoch, desk.now() - RECLAIMED_AFTER)
    if held is None:
        return ()
    text = (
        f"本机恢复备份以前，医保中心为这位参保人预留过 {format_yuan(held.lease.reserved.fund)} 元，"
        "收回之前基金可能少付或不付。收回后医保中心会重算，多收的会退给患者，到时在「待办」里。"
    )
    return (Finding("attention", "lease_before_restore", text),)


def count_usable(desk: Desk) -> int:
    """Return how many leases may be used now."""
    present = device.of_epoch(desk.db, None)
    return leases.count_usable(desk.db, desk.now(), present.epoch) if present else 0


def _row(db: Connection, each: Held, epoch: int) -> LeaseRow:
    lease, person = each.lease, people.by_psn_no(db, each.lease.psn_no)
    _settled, used = sales.settled_under(db, lease.psn_no, lease.id)
    return LeaseRow(
        id=lease.id,
        who=masked_name(person.name) if person else lease.psn_no[-4:],
        reserved=lease.reserved.fund,
        used=used.fund,
        use_until=lease.use_until,
        state=each.state if each.lease.epoch == epoch else "past",
    )
