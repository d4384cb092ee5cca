"""Quota leases: a part of a person's limits, reserved for one till, so that its settlements stand offline.

The agency reserves, the till spends, and neither needs to trust the other's clock: what is reserved stays
reserved until the agency's own clock says that nothing under the lease can count any more. A lease's
``accumulators`` hold the reservations of all *other* tills as if they had been paid, so that the law,
computed as always, never promises what another till may spend.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from engine.money import Fen
from engine.policy.answer import Settlement
from engine.policy.claim import Accumulators, Parameters
from engine.quota import after


class Spend(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What settlements add to a year's sums, in fen: ``class_b`` is the part of ``fund`` for class B."""

    fund: Fen = 0
    class_b: Fen = 0

    def plus(self, other: Spend) -> Spend:
        """Return both together."""
        return Spend(fund=self.fund + other.fund, class_b=self.class_b + other.class_b)

    def less(self, other: Spend) -> Spend:
        """Return what is left of this after ``other``, never below nothing."""
        return Spend(fund=max(0, self.fund - other.fund), class_b=max(0, self.class_b - other.class_b))

    def within(self, other: Spend) -> bool:
        """Tell whether no part of this exceeds ``other``'s."""
        return self.fund <= other.fund and self.class_b <= other.class_b

    def at_least(self, other: Spend) -> Spend:
        """Return the greater of each part."""
        return Spend(fund=max(self.fund, other.fund), class_b=max(self.class_b, other.class_b))


NOTHING = Spend()

CLOCKS_APART = timedelta(minutes=5)
"""How far a till's clock may be behind the agency's; less than the guard that the agency adds at the end."""


class Lease(Struct, frozen=True, kw_only=True):
    """What the agency promises to one till (design, "Quota leases"); instants are aware.

    ``reserved`` bounds the sum of *all* settlements under the lease, whatever its version; it grows with a
    version and never shrinks. ``accumulators`` are the person's sums of ``year`` and ``benefit`` without any
    settlement under this lease, and with what is reserved for other tills counted as paid.
    """

    id: str
    version: int
    psn_no: str
    year: int
    benefit: str
    provider: str
    till: str
    epoch: int
    granted_at: datetime
    use_until: datetime
    accumulators: Accumulators
    reserved: Spend


class LeaseUse(Struct, frozen=True, kw_only=True):
    """The lease that a sale stands under, as its journal entry and its receipt name it; ``left`` after it."""

    id: str
    version: int
    left: Fen
    use_until: datetime


def spend_of(settlements: Iterable[Settlement], parameters: Parameters) -> Spend:
    """Return what ``settlements`` add to the sums that limits are about."""
    added = after(Accumulators(), settlements, parameters)
    return Spend(fund=added.fund_paid, class_b=added.fund_paid_class_b)


def counting(accumulators: Accumulators, reserved: Spend) -> Accumulators:
    """Return ``accumulators`` with ``reserved`` counted as paid; the deductible is never reserved."""
    return replace(
        accumulators,
        fund_paid=accumulators.fund_paid + reserved.fund,
        fund_paid_class_b=accumulators.fund_paid_class_b + reserved.class_b,
        pool_fund_paid=accumulators.pool_fund_paid + reserved.fund,
    )


def usable(lease: Lease, now: datetime, *, latest_known: datetime, till: str, epoch: int) -> bool:
    """Tell whether a till may still settle under ``lease`` at ``now``.

    ``latest_known`` is the latest instant that the till itself has on record (its last journal entry): a
    clock behind it was set back, and under such a clock no lease is used. The grant is the agency's instant,
    and two clocks are never quite alike.
    """
    return (
        (lease.till, lease.epoch) == (till, epoch)
        and latest_known <= now < lease.use_until
        and lease.granted_at <= now + CLOCKS_APART
    )


def covers(lease: Lease, used: Spend, more: Spend) -> bool:
    """Tell whether ``more`` may be spent under ``lease`` when ``used`` was before."""
    return used.plus(more).within(lease.reserved)
