"""An agency's leases, given to a counter's database as a pre-settlement or a trip would bring them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.storage import device, leases, people
from app.storage.connection import transaction
from engine.calendar import insurance_year
from engine.lease import Lease, Spend
from engine.person import Person
from engine.protocol.lease import signed_lease
from engine.protocol.signing import public_key
from tests.fakes.fake_counter import Bench

AGENCY_PRIVATE = bytes(range(32, 64))
AGENCY_KEY = public_key(AGENCY_PRIVATE)
TWO_HOURS = timedelta(hours=2)


def enrol(bench: Bench, provider: str | None = None) -> None:
    """Make the till known to the agency of the shop that is open."""
    store = bench.desk.store
    assert store is not None
    with transaction(bench.db):
        epoch = device.current(bench.db).epoch
        device.pin(
            bench.db,
            device.Pinned(
                provider=provider or store.provider.id,
                till=store.till,
                epoch=epoch,
                agency_key=AGENCY_KEY,
                agency_box_key=AGENCY_KEY,
            ),
        )


def lease_for(bench: Bench, person: Person, *, fund: int = 500_000, **changes: Any) -> Lease:
    """Return a lease on a person's year, with the sums that the snapshot shows."""
    store, now = bench.desk.store, bench.clock.now()
    assert store is not None
    told: dict[str, Any] = {
        "id": "L1",
        "version": 1,
        "psn_no": person.psn_no,
        "year": insurance_year(bench.desk.today()),
        "benefit": bench.desk.law.benefit(person.region, person.insurance, bench.desk.today()),
        "provider": store.provider.id,
        "till": store.till,
        "epoch": 1,
        "granted_at": now,
        "use_until": now + TWO_HOURS,
        "accumulators": person.snapshot.accumulators,
        "reserved": Spend(fund=fund, class_b=fund),
    }
    return Lease(**{**told, **changes})


def grant(
    bench: Bench,
    *,
    fund: int = 500_000,
    trip: bool = False,
    asked_at: datetime | None = None,
    **changes: Any,
) -> Lease:
    """Give the counter a lease for the person on the desk."""
    person = bench.desk.draft.person
    assert person is not None
    known = people.by_psn_no(bench.db, person.psn_no) or person
    lease = lease_for(bench, known, fund=fund, **changes)
    with transaction(bench.db):
        leases.keep(
            bench.db,
            signed_lease(AGENCY_PRIVATE, lease),
            lease,
            asked_at or bench.clock.now(),
            trip=trip,
        )
    return lease


def scan_first(bench: Bench, *, all_codes: bool = True) -> None:
    """Put the tour's first sale on the desk: one person, one prescription, three boxes, two settlements.

    Without ``all_codes`` the first box is scanned by its barcode alone.
    """
    tour = bench.till.tour()  # Boxes of its own each time.
    for stop in tour:
        if stop.group == tour[0].group and (all_codes or stop.title != "扫这一盒的追溯码"):
            bench.till.demonstrate(stop)
