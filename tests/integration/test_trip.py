"""A trip made ready: everything that a mountain village needs, without the network for days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.errors import AgencyNotReached, TripNotYet, TripUnclear
from app.storage import dispensed, people
from app.storage.connection import transaction
from app.usecases import trip
from engine.prescription import Finding
from engine.protocol.lease import Dispensed, TripPack, signed_lease
from engine.protocol.wire import ProtocolError
from tests.fakes.agency_at_hand import Town
from tests.fakes.fake_counter import NOW, TODAY
from tests.fakes.fake_leases import enrol, lease_for, scan_first

IN_HAND = ("dispensed_recently", "supply_stocked_up")
BACK = TODAY + timedelta(days=7)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    town.close()


def everybody(town: Town) -> tuple[str, ...]:
    return tuple(each.psn_no for each in town.bench.demonstration.people)


def recent(town: Town) -> list[Finding]:
    return [each for each in town.bench.till.refresh().findings if each.code in IN_HAND]


def test_a_trip_brings_a_lease_for_everybody_and_sells_guaranteed_without_the_network(town: Town) -> None:
    report = town.bench.till.prepare_trip(everybody(town), BACK)
    town.go_offline()
    town.clock.pass_by(timedelta(hours=5))
    scan_first(town.bench)

    assert (report.people, report.leases) == (len(everybody(town)), report.people - len(report.refused))
    assert report.leases > 0
    assert report.drugs == len(town.bench.demonstration.drugs)
    assert town.bench.till.refresh().certainty == "guaranteed"
    assert town.bench.settle().settled is not None
    town.go_online()
    town.deliver()
    (row,) = town.bench.till.sales(None)
    assert (row.certainty, row.delivery) == ("confirmed", "accepted")


def test_a_trip_says_how_large_it_was_and_who_got_no_lease_and_why(town: Town) -> None:
    report = town.bench.till.prepare_trip((*everybody(town)[:2], "nobody"), BACK)

    assert "KB" in report.text
    assert ("nobody", "查无此参保人，请核对名单。") in report.refused


def test_people_may_be_listed_by_their_resident_id_and_twice(town: Town) -> None:
    person = town.bench.demonstration.people[0]

    report = town.bench.till.prepare_trip((person.cert_no, person.cert_no, " "), BACK)

    assert report.people == 1


def test_a_trip_that_was_cut_off_goes_on_after_its_last_whole_page(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trip, "MOST_PEOPLE", 2)
    town.bench.till.prepare_trip(everybody(town)[:1], BACK)
    before = town.wire.calls
    town.wire.cut_after = before + 1

    with pytest.raises(AgencyNotReached, match="接着来"):
        town.bench.till.prepare_trip(everybody(town)[:5], BACK)

    assert len(town.bench.till.leases()) >= 1
    town.wire.cut_after = None
    report = town.bench.till.prepare_trip(everybody(town)[:5], BACK)
    assert (report.people, town.wire.calls - before) == (5, 3)


def test_a_sale_may_be_made_between_two_pages_of_a_trip(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trip, "MOST_PEOPLE", 2)
    names = everybody(town)[:3]
    assert town.bench.till.prepare_next(names, BACK).left == 1
    scan_first(town.bench)
    assert town.bench.settle().settled is not None

    with pytest.raises(TripNotYet, match="接着取"):
        town.bench.till.prepare_next(names, BACK)
    town.deliver()

    report = town.bench.till.prepare_next(names, BACK)
    assert (report.left, report.people) == (0, 3)


def test_nothing_of_a_page_is_kept_when_one_of_its_leases_is_not_the_agencys(town: Town) -> None:
    scan_first(town.bench)
    person = town.bench.demonstration.people[1]
    forged = signed_lease(bytes(32), lease_for(town.bench, person))
    pack = TripPack(people=(person,), history=(seen(town, 3, "别店"),), leases=(forged,))

    with pytest.raises(ProtocolError, match="签名不对"), transaction(town.bench.db):
        trip.take(town.bench.db, pack, town.provider, NOW)

    assert town.bench.till.leases() == ()
    assert dispensed.known_as_of(town.bench.db, person.psn_no) is None


def test_a_lease_for_another_shop_is_not_taken_from_a_pack(town: Town) -> None:
    scan_first(town.bench)
    enrol(town.bench)
    lease = lease_for(town.bench, town.bench.demonstration.people[1], till="07")
    from tests.fakes.fake_leases import AGENCY_PRIVATE

    pack = TripPack(leases=(signed_lease(AGENCY_PRIVATE, lease),))

    with pytest.raises(ProtocolError, match="不是给这台柜台的"), transaction(town.bench.db):
        trip.take(town.bench.db, pack, town.provider, NOW)


@pytest.mark.parametrize(
    ("people_", "until"),
    [((), BACK), (("p",), TODAY - timedelta(days=1)), (("p",), TODAY + timedelta(days=40))],
)
def test_a_trip_needs_people_and_a_day_of_return_within_a_month(
    town: Town, people_: tuple[str, ...], until: date
) -> None:
    with pytest.raises(TripUnclear, match="没有改动"):
        town.bench.till.prepare_trip(people_, until)


def seen(town: Town, days_ago: int, provider: str) -> Dispensed:
    drug = town.bench.desk.draft.lines[0].drug.code
    person = town.bench.desk.draft.person
    assert person is not None
    return Dispensed(
        psn_no=person.psn_no,
        at=NOW - timedelta(days=days_ago),
        provider=provider,
        drug=drug,
        quantity=2,
        days=28,
    )


def test_a_drug_that_another_shop_dispensed_lately_is_found_and_no_dose_repeated_unseen(town: Town) -> None:
    scan_first(town.bench)
    assert recent(town) == []
    one = seen(town, 3, "P32020000001")
    with transaction(town.bench.db):
        dispensed.save(town.bench.db, [one])
        dispensed.known(town.bench.db, [one.psn_no], NOW)

    (finding,) = recent(town)

    assert finding.severity == "attention"
    assert "3 天前在别的药店配过 2 份" in finding.text
    assert "还可用约 25 天" in finding.text


def test_how_old_the_history_is_is_said(town: Town) -> None:
    scan_first(town.bench)
    one = seen(town, 9, "P32020000001")
    with transaction(town.bench.db):
        dispensed.save(town.bench.db, [one])
        dispensed.known(town.bench.db, [one.psn_no], NOW - timedelta(days=6))

    (finding,) = recent(town)

    assert "截至 11 月 16 日，已 6 天" in finding.text


def test_what_this_till_sold_itself_is_history_at_once(town: Town) -> None:
    scan_first(town.bench)
    assert town.bench.settle().settled is not None
    town.bench.till.next_customer()
    for stop in town.bench.till.tour():
        if stop.group == town.bench.demonstration.tour[0].group:
            town.bench.till.demonstrate(stop)

    texts = [each.text for each in recent(town)]

    assert len(texts) == len(town.bench.desk.draft.lines)
    assert all("今天在本店配过" in text for text in texts)


def test_a_supply_that_is_used_up_is_not_in_the_way(town: Town) -> None:
    scan_first(town.bench)
    with transaction(town.bench.db):
        dispensed.save(town.bench.db, [seen(town, 28, "P32020000001")])

    assert recent(town) == []


def test_the_people_of_a_trip_are_known_by_their_cards_without_the_network(town: Town) -> None:
    person = town.bench.demonstration.people[0]
    town.bench.till.prepare_trip((person.psn_no,), BACK)

    assert people.by_cert_no(town.bench.db, person.cert_no) is not None
    assert dispensed.known_as_of(town.bench.db, person.psn_no) is not None
