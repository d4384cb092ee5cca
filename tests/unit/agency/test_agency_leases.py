"""Leases: reserved once and for one till, returned or reclaimed, and no limit ever promised twice (S1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agency.storage import heads, leases, persons
from agency.storage.connection import transaction
from agency.storage.leases import CLOSED, CLOSING, EXPIRED, OPEN
from agency.terms import LeaseTerms
from engine.calendar import business_day
from engine.lease import NOTHING
from engine.protocol.lease import LeaseAsk, LeaseRequest, lease_input
from engine.protocol.news import news_input
from tests.fakes.agency_line import EZHOU, SHAOXING, Bureau, law, person
from tests.fakes.enrolled_till import EnrolledTill
from tests.fakes.lease_counter import DAYS, HOURS, Counter, books_of, newcomer

TERMS = LeaseTerms()
LIMIT = 120_000


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


def tills(bureau: Bureau, provider: str = SHAOXING, count: int = 2) -> list[EnrolledTill]:
    made = [EnrolledTill(bureau, provider, f"{number:02d}") for number in range(1, count + 1)]
    for each in made:
        assert each.enrol().refused == ""
    return made


@pytest.fixture
def counters(bureau: Bureau) -> list[Counter]:
    whose = newcomer(bureau, person("王秀英"))
    return [Counter(till, whose) for till in tills(bureau)]


def kept(bureau: Bureau, counter: Counter, id_: str) -> leases.Kept:
    found = leases.lease(bureau.db, counter.whose.psn_no, id_)
    assert found is not None
    return found


def refused(said: Any) -> str:
    (why,) = said.output["granted"]["refused"]
    assert why["text"].endswith("。")
    return str(why["code"])


def test_lease_asked_for_without_a_basket_is_all_that_the_limit_leaves(counters: list[Counter]) -> None:
    first, second = counters
    paid = first.whose.snapshot.accumulators.fund_paid

    first.ask()

    assert first.lease is not None
    assert first.lease.reserved.fund == LIMIT - paid
    assert refused(second.ask()) == "exhausted"


def test_lease_of_a_basket_is_what_the_fund_would_pay_for_it(bureau: Bureau, counters: list[Counter]) -> None:
    first, second = counters
    needed = law().answer(first.claim(first.draft(20), first.known())).fund

    first.ask_for(20)
    second.ask()

    assert first.lease is not None
    assert second.lease is not None
    assert first.lease.reserved.fund == needed > 0
    assert first.lease.use_until == bureau.clock.at + TERMS.basket
    # What the first till holds is no longer there for the second.
    assert second.lease.accumulators.fund_paid == first.whose.snapshot.accumulators.fund_paid + needed


def test_wish_and_ceiling_bound_a_lease(bureau: Bureau, counters: list[Counter]) -> None:
    counters[0].ask(want=5_000)
    assert counters[0].lease is not None
    assert counters[0].lease.reserved.fund == 5_000

    (till,) = tills(bureau, EZHOU, 1)
    bare = replace(
        person("胡桂兰").snapshot, parameters=replace(person("胡桂兰").snapshot.parameters, annual_limit=None)
    )
    unlimited = Counter(till, newcomer(bureau, person("胡桂兰"), snapshot=bare))
    unlimited.ask()
    assert unlimited.lease is not None
    assert unlimited.lease.reserved.fund == TERMS.ceiling


def test_new_ask_renews_the_same_lease_on_top_of_what_was_used_and_it_never_shrinks(
    counters: list[Counter],
) -> None:
    counter = counters[0]
    counter.ask(want=10_000)
    before = counter.lease
    sold = counter.sell(5)
    assert before is not None
    assert sold is not None

    counter.ask(want=4_000)

    assert counter.lease is not None
    assert (counter.lease.id, counter.lease.version) == (before.id, 2)
    assert counter.lease.reserved.fund == max(10_000, counter.used.fund + 4_000)
    assert counter.lease.use_until >= before.use_until


def test_till_may_use_a_lease_for_a_month_at_most(bureau: Bureau, counters: list[Counter]) -> None:
    counters[0].ask(span=90 * DAYS)
    assert counters[0].lease is not None
    assert counters[0].lease.use_until == bureau.clock.at + TERMS.longest
    assert counters[1].ask(span=-HOURS).refused == "until_past"


def test_till_that_did_not_enrol_forked_or_began_anew_is_given_no_lease(bureau: Bureau) -> None:
    asked = lease_input(
        LeaseRequest(until=bureau.clock.at + DAYS, asks=(LeaseAsk(psn_no=person("王秀英").psn_no),))
    )
    assert bureau.call("SY01", asked).refused == "not_enrolled"
    (till,) = tills(bureau, count=1)
    newer = till.next_epoch()
    assert newer.enrol(old=till).refused == ""
    assert till.call("SY01", asked).refused == "wrong_epoch"
    assert newer.call("SY01", asked).refused == ""
    with transaction(bureau.db):
        heads.mark_forked(bureau.db, newer.provider, newer.till, newer.epoch)
    assert newer.call("SY01", asked).refused == "forked"


def test_stranger_the_dead_and_who_moved_away_are_given_no_lease(
    bureau: Bureau, counters: list[Counter]
) -> None:
    yesterday = business_day(bureau.clock.at) - timedelta(days=1)
    counter = counters[0]
    for why in ("died", "moved"):
        with transaction(bureau.db):
            persons.save(bureau.db, [replace(counter.whose, ended=yesterday, ended_why=why)])
        assert refused(counter.ask()) == f"person_{why}"
    asked = LeaseRequest(until=bureau.clock.at + DAYS, asks=(LeaseAsk(psn_no="404"),))
    assert refused(counter.till.call("SY01", lease_input(asked))) == "unknown_person"


def test_closing_statement_gives_the_rest_back_at_once(bureau: Bureau, counters: list[Counter]) -> None:
    first, second = counters
    first.ask()
    sold = first.sell(10)
    assert first.lease is not None
    assert sold is not None
    id_ = first.lease.id
    assert first.deliver(sold).refused == ""

    assert first.close().output["closed"]["leases"] == [id_]

    assert kept(bureau, first, id_).state == CLOSED
    second.ask()
    assert second.lease is not None
    assert second.lease.reserved.fund == LIMIT - books_of(bureau, first.whose).paid.fund_paid


def test_shops_hear_when_a_lease_returns_because_more_is_left_then(counters: list[Counter]) -> None:
    first, second = counters
    second.ask_for(1)
    first.ask()
    before = second.till.call("SY04", news_input(0, 5_000)).output["news"]["mailbox"]

    first.close()

    news = second.till.call("SY04", news_input(0, 5_000)).output["news"]
    assert news["mailbox"] > before
    assert news["snapshots"][-1]["psn_no"] == first.whose.psn_no


def test_closed_before_all_has_arrived_a_lease_keeps_exactly_what_is_on_its_way(
    bureau: Bureau, counters: list[Counter]
) -> None:
    first, second = counters
    first.ask()
    early, late = first.sell(10), first.sell(7)
    assert first.lease is not None
    assert early is not None
    assert late is not None
    id_ = first.lease.id
    first.deliver(early)

    first.close()

    assert kept(bureau, first, id_).state == CLOSING
    assert kept(bureau, first, id_).outstanding.fund == late.printed.fund
    second.ask()
    assert second.lease is not None
    assert first.deliver(late).output["setlinfo"]["hifp_pay"] == late.printed.fund / 100
    assert kept(bureau, first, id_).state == CLOSED


def test_lease_of_another_till_cannot_be_closed(bureau: Bureau, counters: list[Counter]) -> None:
    first, second = counters
    first.ask()
    second.lease = first.lease
    assert first.lease is not None
    assert second.close(NOTHING).output["closed"]["leases"] == []
    assert kept(bureau, first, first.lease.id).state == OPEN


def test_unreturned_lease_is_reclaimed_after_guard_and_window_and_not_a_second_earlier(
    bureau: Bureau, counters: list[Counter]
) -> None:
    first, second = counters
    first.ask(span=DAYS)
    assert first.lease is not None

    bureau.clock.pass_by(DAYS + TERMS.guard + TERMS.window - timedelta(seconds=1))
    assert refused(second.ask()) == "exhausted"
    bureau.clock.pass_by(timedelta(seconds=1))
    second.ask()

    assert second.lease is not None
    assert kept(bureau, first, first.lease.id).state == EXPIRED
