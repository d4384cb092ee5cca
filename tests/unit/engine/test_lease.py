"""What a lease promises: so much and no more, to one till, for a time, by a clock that was not set back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lease import Lease, Spend, counting, covers, usable
from engine.policy.claim import Accumulators, Parameters, Patient, Provider
from engine.policy.packs import Library
from engine.policy.room import NO_ROOM, Room, room_of

NOW = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEASE = Lease(
    id="L1",
    version=1,
    psn_no="1",
    year=2026,
    benefit="chronic_outpatient",
    provider="P1",
    till="01",
    epoch=2,
    granted_at=NOW,
    use_until=NOW + 2 * HOUR,
    accumulators=Accumulators(),
    reserved=Spend(fund=10_000, class_b=4_000),
)
SPENDS = st.builds(Spend, fund=st.integers(0, 500_000), class_b=st.integers(0, 500_000))


@pytest.mark.parametrize(
    "now, latest, till, epoch, may",
    [
        (NOW + HOUR, NOW, "01", 2, True),
        (NOW + 2 * HOUR, NOW, "01", 2, False),
        (NOW + HOUR, NOW + HOUR + timedelta(seconds=1), "01", 2, False),
        (NOW - HOUR, NOW - 2 * HOUR, "01", 2, False),
        (NOW + HOUR, NOW, "02", 2, False),
        (NOW + HOUR, NOW, "01", 3, False),
    ],
    ids=["in time", "too late", "clock set back", "before its grant", "another till", "another epoch"],
)
def test_lease_is_good_for_its_till_and_epoch_in_its_time(
    now: datetime, latest: datetime, till: str, epoch: int, may: bool
) -> None:
    assert usable(LEASE, now, latest_known=latest, till=till, epoch=epoch) is may


def test_lease_covers_up_to_what_is_reserved_in_each_part_and_no_fen_more() -> None:
    used = Spend(fund=6_000, class_b=1_000)
    assert covers(LEASE, used, Spend(fund=4_000, class_b=3_000))
    assert not covers(LEASE, used, Spend(fund=4_001))
    assert not covers(LEASE, used, Spend(fund=3_500, class_b=3_001))


@given(SPENDS, SPENDS)
def test_what_is_left_and_what_was_used_make_at_least_what_was_reserved(one: Spend, other: Spend) -> None:
    assert one.within(one.less(other).plus(other))
    assert one.less(other).within(one)
    assert one.within(one.at_least(other))


@given(SPENDS)
def test_reserved_sums_count_as_paid_but_no_deductible_is_reserved(reserved: Spend) -> None:
    before = Accumulators(deductible_paid=7, fund_paid=1, fund_paid_class_b=2, pool_fund_paid=3)
    after = counting(before, reserved)
    assert after.deductible_paid == before.deductible_paid
    assert after.fund_paid - before.fund_paid == after.pool_fund_paid - before.pool_fund_paid == reserved.fund
    assert after.fund_paid_class_b - before.fund_paid_class_b == reserved.class_b


def room(library: Library, region: str, sums: Accumulators, parameters: Parameters, *filed: str) -> Room:
    employee = region.startswith(("37", "42"))
    return room_of(
        library,
        day=date(2026, 5, 4),
        patient=Patient(
            region=region,
            insurance="employee" if employee else "resident",
            status="active" if employee else None,
            filed_diseases=frozenset(filed),
        ),
        provider=Provider(id="P1", region=region, kind="retail_pharmacy", designated=True, listed=True),
        accumulators=sums,
        parameters=parameters,
    )


def test_room_is_what_the_years_limit_leaves(library: Library) -> None:
    sums = Accumulators(fund_paid=100_000, pool_fund_paid=100_000)
    assert room(library, "330681", sums, Parameters(), "hypertension").fund == 20_000
    full = Accumulators(fund_paid=130_000)
    assert room(library, "330681", full, Parameters(), "hypertension").fund == 0


def test_room_is_the_least_of_all_pots_and_class_b_has_its_own(library: Library) -> None:
    parameters = Parameters(
        disease_class={"hypertension": "B", "copd": "A"},
        disease_limit={"hypertension": 50_000},
        pool_limit=300_000,
    )
    sums = Accumulators(fund_paid_class_b=10_000, pool_fund_paid=200_000)
    both = room(library, "371502", sums, parameters, "hypertension", "copd")
    only_b = room(library, "371502", sums, parameters, "hypertension")
    assert both == Room(fund=100_000, class_b=40_000)
    assert only_b == Room(fund=40_000, class_b=40_000)


def test_where_no_limit_is_known_room_says_so_and_where_nothing_is_covered_there_is_none(
    library: Library,
) -> None:
    assert room(library, "420704", Accumulators(), Parameters(deductible=0), "hypertension") == Room()
    assert room(library, "330681", Accumulators(), Parameters()) == NO_ROOM
    assert room(library, "110101", Accumulators(), Parameters(), "hypertension") == NO_ROOM
