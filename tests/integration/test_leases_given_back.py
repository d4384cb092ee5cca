"""A lease is given back when nobody needs it any more, and not before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import Raw

from app.storage import outbox, sales
from engine.lease import Spend
from engine.protocol.lease import read_closing
from engine.sale import Sale
from tests.fakes.fake_counter import Bench
from tests.fakes.fake_leases import enrol, grant, scan_first

DAY = timedelta(days=1)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.till.start()
    scan_first(bench)
    enrol(bench)
    yield bench
    bench.close()


def sold(bench: Bench) -> Sale:
    assert bench.settle().settled is not None
    index = sales.last(bench.db)
    assert index is not None
    return sales.read(bench.db, index.journal)


def scan_first_again(bench: Bench) -> None:
    """The same person comes back; the boxes are others."""
    bench.till.next_customer()
    for stop in bench.till.tour():
        if stop.group == bench.demonstration.tour[0].group:
            bench.till.demonstrate(stop)


def test_a_short_lease_is_given_back_when_its_person_leaves_the_desk_with_all_that_was_used(
    bench: Bench,
) -> None:
    lease = grant(bench)
    sale = sold(bench)
    bench.courier.online = True
    assert outbox.recent(bench.db, 1)[0].infno != "SY02"

    bench.till.next_customer()

    (message,) = [each for each in outbox.recent(bench.db, 9) if each.infno == "SY02"]
    (closing,) = read_closing(Raw((message.input or "").encode())).closings
    assert (closing.lease, closing.used.fund) == (lease.id, sale.answer.fund)
    assert bench.till.leases()[0].state == "closing"


def test_an_abandoned_basket_gives_its_lease_back_unused(bench: Bench) -> None:
    grant(bench)
    bench.courier.online = True

    bench.till.next_customer()

    (message,) = outbox.recent(bench.db, 9)
    (closing,) = read_closing(Raw((message.input or "").encode())).closings
    assert closing.used == Spend()


def test_a_lease_is_kept_while_its_person_stands_at_the_desk(bench: Bench) -> None:
    grant(bench)
    bench.courier.online = True

    bench.till.refresh()

    assert outbox.recent(bench.db, 9) == []


def test_offline_a_short_lease_stays_for_one_more_box_until_its_end(bench: Bench) -> None:
    lease = grant(bench)
    sold(bench)
    scan_first_again(bench)
    assert bench.till.refresh().certainty == "guaranteed"

    bench.clock.at = lease.use_until  # type: ignore[attr-defined]
    bench.till.next_customer()

    assert [each.infno for each in outbox.recent(bench.db, 1)] == ["SY02"]


def test_the_lease_of_a_trip_is_kept_until_the_trip_ends(bench: Bench) -> None:
    lease = grant(bench, trip=True, use_until=bench.clock.now() + 5 * DAY)
    bench.courier.online = True
    bench.till.next_customer()
    assert outbox.recent(bench.db, 9) == []

    bench.clock.at = lease.use_until  # type: ignore[attr-defined]
    bench.till.next_customer()

    assert [each.infno for each in outbox.recent(bench.db, 9)] == ["SY02"]
