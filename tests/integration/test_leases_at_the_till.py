"""A lease at the counter: what it makes certain, when it does not, and when it is given back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from app import errors
from app.storage import device, leases, outbox, sales
from app.storage.connection import transaction
from app.usecases import leases as at_the_counter
from app.usecases.quote import quote
from app.usecases.settle import prepare
from app.usecases.show import open_store
from engine.lease import Spend
from engine.protocol.settlement import SettlementRequest, read_settlement
from engine.quota import after
from engine.sale import Sale
from tests.fakes.fake_counter import Bench
from tests.fakes.fake_leases import enrol, grant, lease_for, scan_first

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


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


def asked(bench: Bench, infno: str = "2102") -> list[SettlementRequest]:
    messages = [each for each in reversed(outbox.recent(bench.db, 50)) if each.infno == infno]
    return [read_settlement(Raw(outbox.text_of(bench.db, each).encode())) for each in messages]


def test_a_share_under_a_lease_is_guaranteed_offline_and_says_what_is_left_of_it(bench: Bench) -> None:
    lease = grant(bench)

    state = bench.till.refresh()
    sale = sold(bench)

    assert (state.certainty, state.bound) == ("guaranteed", 0)
    assert state.lease is not None
    assert state.answer is not None
    assert state.lease.left == 500_000 - state.answer.fund
    assert sale.lease is not None
    assert (sale.certainty, sale.lease.id, sale.lease.left) == ("guaranteed", lease.id, state.lease.left)
    words = " ".join(f"{row.left} {row.right}" for row in bench.printer.papers[-1].rows)
    assert "已担保" in words
    assert lease.id in words
    assert "可能更正" not in words


def test_without_a_lease_a_share_is_provisional_and_says_by_how_much_it_may_be_off(bench: Bench) -> None:
    state = bench.till.refresh()

    assert (state.certainty, state.lease) == ("provisional", None)
    assert state.bound > 0
    assert sold(bench).lease is None


def test_each_settlement_states_lease_and_sums_as_the_earlier_ones_of_the_claim_left_them(
    bench: Bench,
) -> None:
    lease = grant(bench, version=3)
    sale = sold(bench)
    assert sale.claim is not None

    said = [each.facts for each in asked(bench)]

    insured = [each for each in sale.answer.settlements if each.benefit != "self_pay"]
    assert len(said) == len(insured) == 2
    assert {(each.lease, each.lease_version) for each in said} == {(lease.id, 3)}
    assert said[0].accumulators == lease.accumulators
    assert said[1].accumulators == after(lease.accumulators, insured[:1], sale.claim.parameters)


def test_a_provisional_settlement_names_no_lease(bench: Bench) -> None:
    sold(bench)

    assert {(each.facts.lease, each.facts.accumulators) for each in asked(bench)} == {(None, None)}


def test_what_was_settled_under_a_lease_is_never_spent_again(bench: Bench) -> None:
    state = bench.till.refresh()
    assert state.answer is not None
    grant(bench, fund=state.answer.fund)
    sold(bench)
    scan_first_again(bench)

    again = bench.till.refresh()

    assert again.certainty == "provisional"


def scan_first_again(bench: Bench) -> None:
    """The same person comes back; the boxes are others."""
    bench.till.next_customer()
    for stop in bench.till.tour():
        if stop.group == bench.demonstration.tour[0].group:
            bench.till.demonstrate(stop)


def test_the_next_sale_counts_on_from_the_leases_sums_and_its_own(bench: Bench) -> None:
    lease = grant(bench)
    sale = sold(bench)
    scan_first_again(bench)

    state = bench.till.refresh()

    assert state.claim is not None
    assert sale.claim is not None
    expected = after(lease.accumulators, sale.answer.settlements[:2], sale.claim.parameters)
    assert state.claim.accumulators == expected
    assert state.certainty == "guaranteed"


def test_a_provisional_sale_before_the_lease_was_asked_for_counts_only_until_the_agency_has_it(
    bench: Bench,
) -> None:
    sale = sold(bench)
    scan_first_again(bench)
    lease = grant(bench)

    state = bench.till.refresh()

    assert state.claim is not None
    assert sale.claim is not None
    expected = after(lease.accumulators, sale.answer.settlements[:2], sale.claim.parameters)
    assert state.claim.accumulators == expected


def test_a_lease_that_has_ended_guarantees_nothing(bench: Bench) -> None:
    lease = grant(bench)
    bench.clock.at = lease.use_until  # type: ignore[attr-defined]

    assert bench.till.refresh().certainty == "provisional"


def test_no_lease_is_used_under_a_clock_that_was_set_back_also_after_a_restart(bench: Bench) -> None:
    grant(bench, use_until=bench.clock.now() + 5 * DAY, trip=True)
    bench.clock.at += 4 * HOUR  # type: ignore[attr-defined]
    scan_first_again(bench)
    assert bench.till.refresh().certainty == "guaranteed"
    sold(bench)
    bench.clock.at -= 3 * HOUR  # type: ignore[attr-defined]
    scan_first_again(bench)
    assert bench.till.refresh().certainty == "provisional"

    bench.desk.latest = None  # As a program that starts knows it.

    assert bench.till.refresh().certainty == "provisional"


def test_a_sale_under_a_set_back_clock_does_not_make_that_clock_right(bench: Bench) -> None:
    grant(bench, use_until=bench.clock.now() + 5 * DAY, trip=True)
    sold(bench)
    bench.clock.at -= HOUR  # type: ignore[attr-defined]
    scan_first_again(bench)
    sold(bench)
    bench.desk.latest = None
    scan_first_again(bench)

    assert bench.till.refresh().certainty == "provisional"


def test_a_clock_a_little_behind_the_agencys_does_not_spoil_a_fresh_lease(bench: Bench) -> None:
    grant(bench, granted_at=bench.clock.now() + timedelta(minutes=1))

    assert bench.till.refresh().certainty == "guaranteed"


@pytest.mark.parametrize(
    "changes", [{"epoch": 2}, {"till": "02"}, {"provider": "P42070000001"}, {"year": 2025}, {"benefit": "x"}]
)
def test_a_lease_of_another_till_epoch_shop_or_year_is_not_used(
    bench: Bench, changes: dict[str, object]
) -> None:
    grant(bench, **changes)

    assert bench.till.refresh().certainty == "provisional"


def test_after_a_restored_backup_the_old_leases_are_not_spent_again_nor_closed_with_a_wrong_sum(
    bench: Bench,
) -> None:
    lease = grant(bench)
    assert bench.till.refresh().certainty == "guaranteed"
    with transaction(bench.db):
        device.open_epoch(bench.db, bench.clock.now())
    enrol(bench)

    state = bench.till.refresh()
    bench.courier.online = True
    bench.till.next_customer()

    assert state.certainty == "provisional"
    assert "lease_before_restore" in [each.code for each in state.findings]
    assert [each.infno for each in outbox.recent(bench.db, 9)] == []
    assert lease.epoch == 1


def test_only_the_newest_version_of_a_lease_is_used(bench: Bench) -> None:
    grant(bench, version=2, fund=500_000)
    grant(bench, version=1, fund=1)

    assert bench.till.refresh().certainty == "guaranteed"


def test_a_lease_that_ends_between_the_last_look_and_the_settlement_records_nothing(bench: Bench) -> None:
    lease = grant(bench)
    bench.till.refresh()
    quoted = quote(bench.desk, open_store(bench.desk), bench.desk.draft)
    assert quoted is not None
    bench.clock.at = lease.use_until  # type: ignore[attr-defined]

    with pytest.raises(errors.LeaseRanOut, match="没有入账"):
        prepare(bench.desk, open_store(bench.desk), quoted)


def test_nobody_settles_as_guaranteed_what_is_only_provisional_now(bench: Bench) -> None:
    lease = grant(bench)
    bench.sign()
    bench.clock.at = lease.use_until  # type: ignore[attr-defined]

    state = bench.till.settle()

    assert state.settled is None
    assert state.notice is not None
    assert "暂定" in state.notice.what
    assert bench.settle().settled is not None


def test_a_pre_settlement_asks_for_a_lease_on_what_the_basket_needs(bench: Bench) -> None:
    bench.courier.online = True
    bench.till.refresh()
    first = bench.courier.presettled[-1].ask
    assert first is not None
    assert (first.lease, first.used) == (None, Spend())
    lease = grant(bench, trip=True)
    sale = sold(bench)
    scan_first_again(bench)

    bench.till.refresh()

    again = bench.courier.presettled[-1].ask
    assert again is not None
    assert (again.lease, again.used.fund) == (lease.id, sale.answer.fund)


def test_a_till_that_the_agency_does_not_know_asks_for_no_lease(tmp_path: Path) -> None:
    bench = Bench(tmp_path, online=True)
    bench.till.start()
    scan_first(bench)

    assert [each.ask for each in bench.courier.presettled][-1] is None
    bench.close()


def test_a_lost_connection_after_the_pre_settlement_costs_nothing(bench: Bench) -> None:
    bench.courier.online = True
    grant(bench)
    before = bench.till.refresh()
    bench.courier.online = False

    after_ = bench.till.refresh()

    assert before.answer == after_.answer
    assert after_.certainty == "guaranteed"


def test_a_lease_that_was_closed_never_opens_again(bench: Bench) -> None:
    lease = grant(bench)
    with transaction(bench.db):
        leases.begin_closing(bench.db, [lease.id])
        leases.closed(bench.db, [lease.id])
    grant(bench, version=9)

    assert bench.till.refresh().certainty == "provisional"
    assert bench.till.leases() == ()


def test_a_settlement_that_the_agency_refused_is_not_counted_as_used(bench: Bench) -> None:
    lease = grant(bench)
    sold(bench)
    for message in outbox.recent(bench.db, 9):
        if message.infno == "2102":
            with transaction(bench.db):
                outbox.rejected(bench.db, message.id, "查无此人", bench.clock.now())

    _settled, used = sales.settled_under(bench.db, lease.psn_no, lease.id)

    assert used == Spend()


def test_the_world_counts_the_leases_that_may_be_used_now(bench: Bench) -> None:
    assert bench.till.world().leases == 0
    lease = grant(bench)
    assert (bench.till.world().leases, bench.till.world().epoch) == (1, 1)

    bench.clock.at = lease.use_until  # type: ignore[attr-defined]

    assert bench.till.world().leases == 0


def test_a_sale_that_the_fund_has_no_part_in_needs_no_lease(bench: Bench) -> None:
    bench.till.next_customer()
    drug = next(drug for drug in bench.demonstration.drugs if not drug.prescription_only and drug.barcode)
    bench.till.enter(drug.barcode or "")

    assert bench.till.refresh().certainty is None
    assert sold(bench).lease is None


def test_the_row_of_a_lease_hides_the_name(bench: Bench) -> None:
    grant(bench)

    (row,) = at_the_counter.list_leases(bench.desk)

    assert "＊" in row.who
    assert (row.reserved, row.used, row.state) == (500_000, 0, "open")


def test_sales_from_before_leases_stay_readable(bench: Bench) -> None:
    sale = sold(bench)
    old = {k: v for k, v in msgspec.to_builtins(sale).items() if k not in ("lease", "advice")}

    assert msgspec.convert(old, Sale) == replace(sale, lease=None, advice="")


def test_a_lease_for_somebody_else_is_not_used_for_this_person(bench: Bench) -> None:
    other = bench.demonstration.people[1]
    person = bench.desk.draft.person
    assert person is not None
    assert other.psn_no != person.psn_no
    grant(bench, psn_no=other.psn_no)

    assert bench.till.refresh().certainty == "provisional"
    assert lease_for(bench, other).psn_no == other.psn_no
