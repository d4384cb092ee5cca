"""What a till prints and what the agency settles, with the real agency and the till's own courier."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.errors import TripUnclear
from app.storage import journal, outbox, sales
from app.sync import ask
from app.sync.deliver import sender_of
from app.usecases.state import CounterState
from engine.protocol.settlement import basket_input
from engine.sale import Sale
from tests.fakes.agency_at_hand import Town
from tests.fakes.fake_leases import scan_first


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    town.close()


def sold(town: Town) -> Sale:
    assert town.bench.settle().settled is not None
    index = sales.last(town.bench.db)
    assert index is not None
    return sales.read(town.bench.db, index.journal)


def come_back(town: Town) -> CounterState:
    """The tour's first person comes again, and the boxes are others."""
    town.bench.till.next_customer()
    town.clock.pass_by(timedelta(minutes=3))
    for stop in town.bench.till.tour():
        if stop.group == town.bench.demonstration.tour[0].group:
            town.bench.till.demonstrate(stop)
    return town.bench.till.refresh()


def states(town: Town) -> dict[str, str]:
    return {each.id: each.state for each in outbox.recent(town.bench.db, 99)}


def lease_states(town: Town) -> list[str]:
    rows = town.bench.db.execute("SELECT state FROM lease ORDER BY id").fetchall()
    return [row[0] for row in rows]


def test_online_a_sale_stands_under_the_short_lease_of_its_own_pre_settlement(town: Town) -> None:
    scan_first(town.bench)
    town.presettle()

    state = town.bench.till.refresh()

    assert (state.certainty, state.agreed) == ("guaranteed", True)
    assert state.lease is not None
    assert state.lease.left == 0  # Reserved is what this basket needs, and no more.


def test_a_connection_lost_between_pre_settlement_and_settlement_costs_nothing(town: Town) -> None:
    scan_first(town.bench)
    town.presettle()
    town.go_offline()
    sale = sold(town)
    assert sale.certainty == "guaranteed"
    town.clock.pass_by(timedelta(days=9))

    town.go_online()
    town.deliver()

    (row,) = town.bench.till.sales(None)
    assert (row.certainty, row.agency_fund) == ("confirmed", sale.answer.fund)
    assert town.bench.till.tasks() == ()


def test_a_lease_is_closed_at_both_sides_when_its_sale_was_delivered(town: Town) -> None:
    scan_first(town.bench)
    town.presettle()
    sold(town)
    town.bench.till.next_customer()
    assert lease_states(town) == ["closing"]

    town.deliver()

    assert set(states(town).values()) == {"accepted"}
    assert lease_states(town) == ["closed"]


def test_one_sale_after_another_offline_stays_within_what_was_reserved(town: Town) -> None:
    people = tuple(each.psn_no for each in town.bench.demonstration.people)
    scan_first(town.bench)
    town.bench.till.prepare_trip(people, town.bench.desk.today() + timedelta(days=5))
    town.bench.till.next_customer()
    town.go_offline()
    certain = []
    for _ in range(6):
        certain.append(come_back(town).certainty)
        sold(town)
    town.go_online()
    town.deliver()

    rows = town.bench.till.sales(None)
    assert set(certain) == {"guaranteed"}
    assert [row.certainty for row in rows] == ["confirmed"] * 6
    assert town.bench.till.tasks() == ()
    assert journal.verify(town.bench.db) == []


def test_what_another_shop_used_up_meanwhile_never_changes_a_guaranteed_share(town: Town) -> None:
    scan_first(town.bench)
    town.presettle()
    person = town.bench.desk.draft.person
    assert person is not None
    town.go_offline()
    sale = sold(town)
    before = town.bureau.sums(person.name)
    town.bureau.set_sums(person.name, replace(before, deductible_paid=before.deductible_paid + 1_000))

    town.go_online()
    town.deliver()

    (row,) = town.bench.till.sales(None)
    assert (row.agency_fund, row.agency_patient) == (sale.answer.fund, row.patient)


def test_a_provisional_share_that_came_out_otherwise_stays_within_its_bound_and_becomes_a_task(
    town: Town,
) -> None:
    town.go_offline()
    scan_first(town.bench)
    sale = sold(town)
    assert sale.certainty == "provisional"
    person = sale.draft.person
    assert person is not None
    used_up = replace(town.bureau.sums(person.name), fund_paid=10**9, pool_fund_paid=10**9)
    town.bureau.set_sums(person.name, replace(used_up, fund_paid_class_b=10**9))

    town.go_online()
    town.deliver()

    to_collect = -sum(row.amount for row in town.bench.till.tasks())
    (row,) = town.bench.till.sales(None)
    assert 0 < to_collect <= sale.bound
    assert row.certainty == "provisional"
    assert row.agency_patient == sale.answer.patient + to_collect
    assert {row.kind for row in town.bench.till.tasks()} == {"correction"}


def test_a_lease_settlement_that_arrives_after_its_window_leaves_the_gap_to_the_shop(town: Town) -> None:
    scan_first(town.bench)
    town.presettle()
    town.go_offline()
    sale = sold(town)
    person = sale.draft.person
    assert person is not None
    town.clock.pass_by(timedelta(days=40))
    used_up = replace(town.bureau.sums(person.name), fund_paid=10**9, pool_fund_paid=10**9)
    town.bureau.set_sums(person.name, replace(used_up, fund_paid_class_b=10**9))

    town.go_online()
    town.deliver()

    (row,) = town.bench.till.sales(None)
    gaps = [task for task in town.bench.till.tasks() if task.kind == "gap"]
    assert sum(task.amount for task in gaps) == sale.answer.fund + sale.answer.assistance
    assert row.agency_patient == sale.answer.patient


def test_the_agency_reserves_nothing_for_a_basket_that_was_abandoned(town: Town) -> None:
    scan_first(town.bench)
    town.presettle()

    town.bench.till.next_customer()
    town.deliver()

    assert lease_states(town) == ["closed"]
    assert come_back(town).certainty == "provisional"
    town.presettle()
    assert town.bench.till.refresh().certainty == "guaranteed"


def scan_scarce(town: Town) -> None:
    """Put somebody on the desk of whose limit eight yuan are left, which this basket needs."""
    for stop in town.bench.till.tour():
        if "限额" in stop.group:
            town.bench.till.demonstrate(stop)
    assert town.bench.till.refresh().answer is not None


def test_a_sale_that_overtook_its_own_pre_settlement_loses_nothing_to_the_lease_of_it(town: Town) -> None:
    scan_scarce(town)
    context = town.bench.courier.presettled[-1]
    sale = sold(town)
    assert (sale.certainty, sale.answer.fund) == ("provisional", 800)

    ask.presettle(
        town.bench.db, town.client, town.clock, context, sender_of(town.bench.db, town.provider, "药师 李")
    )
    town.deliver()

    (row,) = town.bench.till.sales(None)
    assert (row.certainty, row.agency_fund) == ("confirmed", 800)

    town.bench.till.next_customer()
    town.deliver()
    assert lease_states(town) == ["closed"]


def test_a_pre_settlement_whose_answer_was_lost_costs_nothing(town: Town) -> None:
    scan_scarce(town)
    context = town.bench.courier.presettled[-1]
    draft, at = context.draft, context.made_at
    asked = basket_input(made_at=at, draft=draft, claim=context.claim, answer=context.answer, ask=context.ask)
    sender = sender_of(town.bench.db, town.provider, "药师 李")
    assert draft.person is not None
    town.client.ask("2101", asked, sender, draft.person.region)  # The answer, a lease in it, never came home.

    sale = sold(town)
    assert (sale.certainty, sale.answer.fund) == ("provisional", 800)
    town.deliver()

    (row,) = town.bench.till.sales(None)
    assert (row.certainty, row.agency_fund) == ("confirmed", 800)
    assert town.bench.till.tasks() == ()


def test_nothing_is_reserved_for_a_person_whose_earlier_sale_still_waits(town: Town) -> None:
    town.go_offline()
    scan_scarce(town)
    assert sold(town).certainty == "provisional"
    town.bench.till.next_customer()
    town.go_online()
    scan_scarce(town)

    assert town.bench.courier.presettled[-1].ask is None
    with pytest.raises(TripUnclear, match="没有送达"):
        town.bench.till.prepare_trip(("p",), town.bench.desk.today())

    town.deliver()
    (row,) = town.bench.till.sales(None)
    assert row.certainty == "confirmed"


def test_the_settlement_waits_a_moment_for_what_the_agency_is_computing(town: Town) -> None:
    scan_scarce(town)
    context = town.bench.courier.presettled[-1]
    sender = sender_of(town.bench.db, town.provider, "药师 李")
    answer, _person = ask.presettle(town.bench.db, town.client, town.clock, context, sender)
    town.bench.desk.hear(answer)

    sale = sold(town)

    assert sale.certainty == "guaranteed"
