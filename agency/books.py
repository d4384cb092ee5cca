"""A person's books of one year and benefit: what is paid, and what is reserved for which till."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from agency.storage import leases, settlements, sums
from agency.storage.connection import Connection
from agency.storage.leases import Kept
from engine.adjudicate import less
from engine.lease import NOTHING, Spend, counting
from engine.policy.claim import Accumulators


class Books(Struct, frozen=True, kw_only=True):
    """``paid`` are the sums as they stand; ``leases`` those that still reserve something."""

    psn_no: str
    year: int
    benefit: str
    paid: Accumulators
    leases: tuple[Kept, ...]

    def outstanding(self, without: str | None = None) -> Spend:
        """Return what may still arrive under all leases, or all but one."""
        whole = NOTHING
        for kept in self.leases:
            if kept.lease.id != without:
                whole = whole.plus(kept.outstanding)
        return whole

    def effective(self, without: str | None = None) -> Accumulators:
        """Return the sums with everything that is reserved counted as paid: no limit is promised twice."""
        return counting(self.paid, self.outstanding(without))

    def of_till(self, provider: str, till: str, epoch: int) -> Kept | None:
        """Return the open lease of one epoch of a till, which a new one would renew."""
        for kept in self.leases:
            its = (kept.lease.provider, kept.lease.till, kept.lease.epoch)
            if kept.state == leases.OPEN and its == (provider, till, epoch):
                return kept
        return None


def open_books(db: Connection, psn_no: str, year: int, benefit: str) -> Books:
    """Return a person's books; the person is locked."""
    return Books(
        psn_no=psn_no,
        year=year,
        benefit=benefit,
        paid=sums.read(db, psn_no, year, benefit),
        leases=tuple(leases.reserving(db, psn_no, year, benefit)),
    )


def reclaim(db: Connection, psn_no: str, now: datetime) -> bool:
    """End the person's leases whose time is over; tell whether there was one. The person is locked."""
    over = leases.overdue(db, psn_no, now)
    for kept in over:
        leases.save(db, replace(kept, state=leases.EXPIRED))
    if over:
        sums.tell(db, psn_no)
    return bool(over)


def at_its_place(db: Connection, books: Books, at: datetime) -> Accumulators:
    """Return the sums as they were before anything that was settled after ``at``."""
    later = settlements.later(db, books.psn_no, books.year, books.benefit, at)
    return less(books.paid, later.held)
