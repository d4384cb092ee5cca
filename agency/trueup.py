"""True-up: a person's settlements computed again, once nothing is outstanding that could still change them.

What the patient paid too much is given back by an adjustment, which shows both computations, through the shop
that took the most of it; what they paid too little the fund bears (design, S2 and S7).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from agency.books import reclaim
from agency.law import Law
from agency.storage import adjustments, leases, mailbox, persons, settlements, sums
from agency.storage.adjustments import Due, Found
from agency.storage.connection import Connection, Database, transaction
from agency.storage.counters import next_number
from agency.storage.settlements import Settlement
from engine.adjudicate import Held, TrueUp, less, total_of, true_up
from engine.calendar import business_day
from engine.money import Fen
from engine.policy.claim import Accumulators
from engine.protocol.adjustment import AdjustedSettlement, Adjustment, Computed
from engine.protocol.wire import ProtocolError, encode

LATE = "有较早的结算晚到医保中心，按结算时间的先后重新计算。"
STALE = "结算时起付标准或限额的余额不是最新的，按结算时间的先后重新计算。"
REVERSED = "有结算被撤销，其余结算按时间先后重新计算。"
POLICY = "待遇政策有追溯调整，按调整后的政策重新计算。"

_PAGE = 200


def mark(db: Connection, *, psn_no: str, year: int, benefit: str, cause: str) -> None:
    """Note that the order of a person's settlements changed; the person is locked."""
    adjustments.mark(db, Due(psn_no=psn_no, year=year, benefit=benefit, cause=cause))


def run(db: Connection, law: Law, psn_no: str, now: datetime) -> None:
    """Compute again what came out of order where nothing is outstanding; the person is locked."""
    for due in adjustments.due(db, psn_no):
        if not leases.reserving(db, psn_no, due.year, due.benefit) and _compute(db, law, due, now):
            adjustments.done(db, due)


def sweep(database: Database, law: Law, now: datetime, region: str = "") -> int:
    """Compute all people's settlements again under the law as it is now; return how many person-years.

    ``region`` (six digits or fewer) bounds it. A person with leases out is computed when those have ended.
    Each person is one transaction: a sweep that was cut short is simply begun again.
    """
    count, after = 0, ("", 0, "")
    while True:
        with database.connection() as db, transaction(db):
            page = settlements.years_of(db, region, after, _PAGE)
        if not page:
            return count
        for psn_no, year, benefit in page:
            with database.connection() as db, transaction(db):
                persons.lock(db, psn_no)
                reclaim(db, psn_no, now)
                mark(db, psn_no=psn_no, year=year, benefit=benefit, cause=POLICY)
                run(db, law, psn_no, now)
        count, after = count + len(page), page[-1]


def reclaim_all(database: Database, law: Law, now: datetime) -> int:
    """End all leases whose time is over, and true up whom that frees; return how many people."""
    count = 0
    while True:
        with database.connection() as db, transaction(db):
            people = leases.people_overdue(db, now, _PAGE)
        if not people:
            return count
        for psn_no in people:
            with database.connection() as db, transaction(db):
                persons.lock(db, psn_no)
                reclaim(db, psn_no, now)
                run(db, law, psn_no, now)
        count += len(people)


def _compute(db: Connection, law: Law, due: Due, now: datetime) -> bool:
    """Return whether it could be computed: a figure that the law needs may be missing."""
    rows = [
        each
        for each in settlements.in_order(db, due.psn_no, due.year, due.benefit)
        if each.reversed_by is None
    ]
    held = [Held(claim=each.claim, now=each.computed, added=each.added, gap=each.gap) for each in rows]
    paid = sums.read(db, due.psn_no, due.year, due.benefit)
    try:
        found = true_up(less(paid, total_of(each.added for each in held)), held, law.answer)
    except ProtocolError:
        return False
    if found.give_back:
        for each, row in zip(rows, found.rows, strict=True):
            settlements.adjust(db, _adjusted(each, row.added, row.gap, row.after))
        sums.write(db, due.psn_no, due.year, due.benefit, found.sums)
        _give_back(db, due, rows, found, now)
    else:
        _bear(db, due, rows, found.borne, now)
    return True


def _adjusted(made: Settlement, added: Accumulators, gap: Fen, after: Computed) -> Settlement:
    return replace(
        made,
        now_fund=after.fund,
        now_assistance=after.assistance,
        now_patient=after.patient,
        added=added,
        gap=gap,
        computed=after,
    )


def _give_back(db: Connection, due: Due, rows: Sequence[Settlement], found: TrueUp, now: datetime) -> None:
    changed = tuple(
        AdjustedSettlement(
            setl_id=made.setl_id,
            provider=made.provider,
            sale=made.sale,
            settled_at=made.settled_at,
            before=row.before,
            after=row.after,
        )
        for made, row in zip(rows, found.rows, strict=True)
        if row.changed
    )
    # The shop that took the most too much has the money, and knows the patient.
    shop = max(changed, key=lambda row: row.before.patient - row.after.patient).provider
    person = persons.person(db, due.psn_no)
    adjustment = Adjustment(
        id=_fresh_id(db, now),
        psn_no=due.psn_no,
        name=person.name if person else "",
        year=due.year,
        benefit=due.benefit,
        provider=shop,
        at=now,
        give_back=found.give_back,
        cause=due.cause,
        rows=changed,
    )
    adjustments.save(
        db,
        Found(
            psn_no=due.psn_no,
            id=adjustment.id,
            provider=shop,
            at=now,
            year=due.year,
            benefit=due.benefit,
            give_back=found.give_back,
            adjustment=adjustment,
        ),
    )
    mailbox.post(db, shop, mailbox.ADJUSTMENT, due.psn_no, key=adjustment.id, body=encode(adjustment))


def _bear(db: Connection, due: Due, rows: Sequence[Settlement], borne: Fen, now: datetime) -> None:
    """Record what the fund bears beyond what is recorded already."""
    before = adjustments.borne(db, due.psn_no, due.year, due.benefit)
    if borne > before:
        found = Found(
            psn_no=due.psn_no,
            id=_fresh_id(db, now),
            provider=rows[-1].provider,
            at=now,
            year=due.year,
            benefit=due.benefit,
            borne=borne - before,
        )
        adjustments.save(db, found)


def _fresh_id(db: Connection, now: datetime) -> str:
    return f"A{business_day(now):%Y%m%d}{next_number(db, 'adjustment'):010d}"
