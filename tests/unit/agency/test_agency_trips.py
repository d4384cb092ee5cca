"""SY05 and 5205: a service point takes along what it needs of its people, and sees what they were given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from agency.storage import persons
from agency.storage.connection import transaction
from engine.calendar import business_day
from engine.protocol.history import HistoryRequest, history_input, read_history
from engine.protocol.lease import Dispensed, TripPack, TripRequest, read_lease, read_trip, trip_input
from engine.protocol.wire import ProtocolError
from tests.fakes.agency_line import Bureau, Said, demonstration, person, prescription_of
from tests.fakes.enrolled_till import EnrolledTill
from tests.fakes.lease_counter import DAYS, HOURS, Counter, books_of, newcomer

WANG, CHEN = person("王秀英"), person("陈阿根")


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


@pytest.fixture
def till(bureau: Bureau) -> EnrolledTill:
    made = EnrolledTill(bureau)
    assert made.enrol().refused == ""
    return made


def asked(till: EnrolledTill, *people: str, span: timedelta = 7 * DAYS) -> Said:
    return till.call("SY05", trip_input(TripRequest(until=till.bureau.clock.at + span, people=people)))


def pack(said: Said) -> TripPack:
    assert said.refused == "", said
    return read_trip(Raw(msgspec.json.encode(said.output)))


def history(till: EnrolledTill, psn_no: str, days: int = 30) -> tuple[Dispensed, ...]:
    begin = till.bureau.clock.at - days * DAYS
    said = till.call("5205", history_input(HistoryRequest(psn_no=psn_no, begin=begin)))
    assert said.refused == "", said
    return read_history(Raw(msgspec.json.encode(said.output)))


def test_trip_brings_people_by_either_number_with_prescriptions_and_leases_until_its_end(
    bureau: Bureau, till: EnrolledTill
) -> None:
    brought = pack(asked(till, WANG.psn_no, CHEN.cert_no))

    assert {each.name for each in brought.people} == {"王秀英", "陈阿根"}
    assert {each.number for each in brought.prescriptions} >= {
        prescription_of(WANG).number,
        prescription_of(CHEN).number,
    }
    leases = [read_lease(each, till.agency_key) for each in brought.leases]
    assert {each.psn_no for each in leases} == {WANG.psn_no, CHEN.psn_no}
    assert {each.use_until for each in leases} == {bureau.clock.at + 7 * DAYS}
    assert all(each.reserved.fund > 0 for each in leases)
    sums = {each.psn_no: each.snapshot.accumulators for each in brought.people}
    assert sums[WANG.psn_no] == WANG.snapshot.accumulators


def test_person_named_twice_is_brought_once(till: EnrolledTill) -> None:
    brought = pack(asked(till, WANG.psn_no, WANG.cert_no, WANG.psn_no))
    assert (len(brought.people), len(brought.leases)) == (1, 1)


def test_whom_nobody_knows_and_who_is_insured_here_no_more_are_named_with_the_reason(
    bureau: Bureau, till: EnrolledTill
) -> None:
    gone = replace(newcomer(bureau, WANG), ended=business_day(bureau.clock.at) - DAYS, ended_why="moved")
    with transaction(bureau.db):
        persons.save(bureau.db, [gone])

    brought = pack(asked(till, "404", gone.psn_no, WANG.psn_no))

    assert {each.psn_no: each.code for each in brought.refused} == {
        "404": "unknown_person",
        gone.psn_no: "person_moved",
    }
    assert len(brought.people) == 1


def test_whose_limit_is_used_up_comes_along_without_a_lease(bureau: Bureau, till: EnrolledTill) -> None:
    full = replace(WANG.snapshot.accumulators, fund_paid=120_000)
    whose = newcomer(bureau, WANG, snapshot=replace(WANG.snapshot, accumulators=full))

    brought = pack(asked(till, whose.psn_no))

    assert [each.psn_no for each in brought.people] == [whose.psn_no]
    assert [each.code for each in brought.refused] == ["exhausted"]
    assert books_of(bureau, whose).leases == ()


def test_asking_for_the_same_trip_again_renews_its_leases(till: EnrolledTill) -> None:
    first, second = pack(asked(till, WANG.psn_no)), pack(asked(till, WANG.psn_no, span=9 * DAYS))
    before, after = (read_lease(each.leases[0], till.agency_key) for each in (first, second))
    assert (after.id, after.version, after.reserved) == (before.id, 2, before.reserved)


def test_till_that_is_not_enrolled_goes_on_no_trip(bureau: Bureau) -> None:
    said = bureau.call("SY05", trip_input(TripRequest(until=bureau.clock.at + DAYS, people=(WANG.psn_no,))))
    assert said.refused == "not_enrolled"


def test_what_one_shop_dispensed_every_shop_sees_with_the_days_it_lasts(
    bureau: Bureau, till: EnrolledTill
) -> None:
    counter = Counter(till, newcomer(bureau, WANG))
    made = counter.sell(3, leased=False)
    assert made is not None
    assert history(till, counter.whose.psn_no) == ()
    settled = counter.deliver(made)

    (given,) = history(till, counter.whose.psn_no)

    drug = prescription_of(WANG).lines[0].drug
    assert (given.drug, given.quantity, given.provider) == (drug, 3, till.provider)
    assert given.days == prescription_of(WANG).supply_days
    bureau.clock.pass_by(HOURS)
    (brought,) = pack(asked(till, counter.whose.psn_no)).history
    assert replace(brought, sale="") == given
    counter.take_back(settled)
    assert history(till, counter.whose.psn_no) == ()


def test_history_begins_where_it_is_asked_to(bureau: Bureau, till: EnrolledTill) -> None:
    counter = Counter(till, newcomer(bureau, WANG))
    for _ in range(2):
        made = counter.sell(1, leased=False)
        assert made is not None
        counter.deliver(made)
        bureau.clock.pass_by(10 * DAYS)
    assert [len(history(till, counter.whose.psn_no, days)) for days in (5, 15, 25)] == [0, 1, 2]


def test_a_platform_s_history_may_hold_parts_of_packs_and_what_was_given_back() -> None:
    row = {"psn_no": "1", "fixmedins_code": "P1", "fee_ocur_time": "2026-11-01 09:00:00"}
    counts = {"X1": "0.5", "X2": "3", "X3": "-3", "X4": 0}
    rows = [{**row, "med_list_codg": code, "cnt": count} for code, count in counts.items()]

    told = read_history(Raw(msgspec.json.encode({"feedetail": rows})))

    assert [(each.drug, each.quantity) for each in told] == [("X1", 1), ("X2", 3)]
    with pytest.raises(ProtocolError):
        read_history(Raw(msgspec.json.encode({"feedetail": [{**rows[0], "cnt": "NaN"}]})))


def test_history_of_a_stranger_is_refused(bureau: Bureau, till: EnrolledTill) -> None:
    said = till.call("5205", history_input(HistoryRequest(psn_no="404", begin=bureau.clock.at)))
    assert said.refused == "unknown_person"
    assert demonstration().people
