"""How far a shop goes without the network and without a lease, and what is said where it goes no further."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.errors import SettingWrong
from app.settings import read_settings
from app.storage import cursor, outbox, sales
from app.storage.connection import transaction
from app.storage.instants import to_text
from app.usecases.floors import ADVICE, FloorLimits
from app.usecases.state import CounterState
from engine.sale import Sale
from tests.fakes.fake_counter import Bench
from tests.fakes.fake_leases import enrol, grant, scan_first

SHARE = 834
"""What the fund pays of the tour's first sale, in fen."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.till.start()
    scan_first(bench)
    yield bench
    bench.close()


def limit(bench: Bench, **limits: object) -> None:
    floors = replace(FloorLimits(), **limits)  # type: ignore[arg-type]
    bench.desk.settings = replace(bench.desk.settings, floors=floors)


def sold(bench: Bench) -> Sale:
    assert bench.till.settle().settled is not None
    index = sales.last(bench.db)
    assert index is not None
    return sales.read(bench.db, index.journal)


def come_back(bench: Bench) -> CounterState:
    bench.till.next_customer()
    for stop in bench.till.tour():
        if stop.group == bench.demonstration.tour[0].group:
            bench.till.demonstrate(stop)
    return bench.till.refresh()


def fund_of(state: CounterState) -> int:
    assert state.answer is not None
    return state.answer.fund + state.answer.assistance


def test_a_share_up_to_the_limit_of_a_sale_is_settled_provisionally(bench: Bench) -> None:
    limit(bench, sale=SHARE)

    state = bench.till.refresh()

    assert (fund_of(state), state.certainty) == (SHARE, "provisional")


def test_above_the_limit_of_a_sale_the_patient_pays_all_and_is_told_where_to_claim_it(bench: Bench) -> None:
    limit(bench, sale=SHARE - 1)

    state = bench.till.refresh()
    sale = sold(bench)

    assert state.answer is not None
    assert (fund_of(state), state.answer.patient) == (0, state.answer.total)
    assert [each.code for each in state.findings if ADVICE in each.text] == ["floor_limit"]
    assert sale.message_ids == ()
    words = "".join(row.left for row in bench.printer.papers[-1].rows)
    assert ADVICE in words
    assert [each.infno for each in outbox.recent(bench.db, 9)] == ["SY03", "3505A"]


def test_full_price_without_a_lease_is_a_shops_own_choice(bench: Bench) -> None:
    limit(bench, mode="full_price")

    assert fund_of(bench.till.refresh()) == 0


def test_a_lease_needs_no_limit(bench: Bench) -> None:
    limit(bench, mode="full_price", sale=0)
    enrol(bench)
    grant(bench)

    state = bench.till.refresh()

    assert (fund_of(state), state.certainty) == (SHARE, "guaranteed")


def test_online_no_limit_applies_because_the_agency_computes_the_share_itself(bench: Bench) -> None:
    limit(bench, mode="full_price", sale=0)
    bench.courier.online = True

    assert fund_of(bench.till.refresh()) == SHARE


def test_the_limit_of_a_person_and_day_counts_all_their_provisional_sales(bench: Bench) -> None:
    limit(bench, person_day=SHARE + 1)
    sold(bench)

    assert fund_of(come_back(bench)) == 0
    bench.clock.at += timedelta(days=1)  # type: ignore[attr-defined]
    assert fund_of(bench.till.refresh()) > 0


def test_what_the_agency_confirmed_no_longer_counts_against_the_persons_day(bench: Bench) -> None:
    limit(bench, person_day=SHARE + 1)
    sold(bench)
    with transaction(bench.db):
        bench.db.execute("UPDATE sale SET certainty = 'confirmed'")

    assert fund_of(come_back(bench)) > 0


def test_the_limit_of_an_outage_counts_every_provisional_sale_since_the_agency_was_heard(
    bench: Bench,
) -> None:
    limit(bench, outage=SHARE + 1)
    sold(bench)
    assert fund_of(come_back(bench)) == 0

    with transaction(bench.db):
        cursor.put(bench.db, cursor.HEARD, to_text(bench.clock.now()))

    assert fund_of(bench.till.refresh()) > 0


def test_a_sale_under_a_lease_does_not_use_up_the_outage(bench: Bench) -> None:
    limit(bench, outage=SHARE + 1)
    enrol(bench)
    grant(bench, fund=SHARE)
    assert sold(bench).certainty == "guaranteed"

    state = come_back(bench)

    assert state.certainty == "provisional"
    assert fund_of(state) > 0


def test_a_restart_does_not_set_the_limit_of_an_outage_back(bench: Bench, tmp_path: Path) -> None:
    limit(bench, outage=SHARE + 1)
    sold(bench)
    bench.db.close()
    again = Bench(tmp_path, clock=bench.clock)
    limit(again, outage=SHARE + 1)
    again.till.start()

    assert fund_of(come_back(again)) == 0
    bench.db = again.db


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SHANYAO_OFFLINE_MODE", "unlimited"),
        ("SHANYAO_FLOOR_SALE", "1000.01"),
        ("SHANYAO_FLOOR_PERSON_DAY", "-1"),
        ("SHANYAO_FLOOR_OUTAGE", "1e9"),
    ],
)
def test_no_setting_lifts_all_limits(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(SettingWrong, match=name):
        read_settings({name: text}, data=tmp_path, demonstration=False)


def test_a_shop_may_set_its_limits_lower(tmp_path: Path) -> None:
    told = read_settings(
        {"SHANYAO_OFFLINE_MODE": "full_price", "SHANYAO_FLOOR_SALE": "12.5"},
        data=tmp_path,
        demonstration=False,
    ).floors

    assert (told.mode, told.sale, told.person_day) == ("full_price", 1_250, 500_00)
