"""SY04: what is new comes once, in pages: shops and drugs to all, people to the shops that follow them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from agency.storage import persons, registry
from agency.storage.connection import transaction
from engine.ids import Scan
from engine.person import Person
from engine.policy.claim import Accumulators
from engine.protocol.eprescription_seal import is_authentic, without_seal
from engine.protocol.news import NewsPage, news_input, read_news
from engine.protocol.person import look_up_input
from tests.fakes.agency_line import (
    EZHOU,
    SHAOXING,
    Bureau,
    as_told,
    demonstration,
    draft_of,
    paid_by_law,
    person,
)


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


Cursors = tuple[int, int]


def pull(bureau: Bureau, since: Cursors = (0, 0), limit: int = 500) -> NewsPage:
    said = bureau.call("SY04", news_input(since[0], limit, since[1]))
    assert said.refused == ""
    return read_news(Raw(msgspec.json.encode(said.output)))


def reached(page: NewsPage) -> Cursors:
    return page.cursor, page.mailbox


def stranger(number: str) -> Person:
    """Return somebody whom no shop follows yet."""
    return replace(person("王秀英"), psn_no=number, cert_no=number, card_no=None)


def test_a_new_till_gets_everything_in_pages_without_loss_or_repetition(bureau: Bureau) -> None:
    shown, since, more = demonstration(), (0, 0), True
    drugs, people, stores, prescriptions = [], [], [], []
    while more:
        page = pull(bureau, since, 7)
        drugs += page.drugs
        people += page.people
        stores += page.stores
        prescriptions += page.prescriptions
        assert reached(page) > since
        since, more = reached(page), page.more

    assert sorted(each.code for each in drugs) == sorted(each.code for each in shown.drugs)
    assert {each.psn_no: each for each in people} == {each.psn_no: as_told(each) for each in shown.people}
    assert len(people) == len(shown.people)
    assert tuple(stores) == shown.stores
    assert {each.number: without_seal(each) for each in prescriptions} == {
        each.number: each for each in shown.prescriptions
    }
    assert all(is_authentic(each, bureau.agency.keys.public) for each in prescriptions)
    assert len(prescriptions) == len(shown.prescriptions)
    assert pull(bureau, since) == NewsPage(cursor=since[0], mailbox=since[1], more=False)


def test_only_what_changed_is_new(bureau: Bureau) -> None:
    since = reached(pull(bureau))
    with transaction(bureau.db):
        registry.save_drugs(bureau.db, demonstration().drugs)
    bureau.set_sums("王秀英", Accumulators(fund_paid=77))

    page = pull(bureau, since)

    assert (page.stores, page.people, page.drugs, page.prescriptions) == ((), (), (), ())
    assert [(each.psn_no, each.snapshot.accumulators.fund_paid) for each in page.snapshots] == [
        (person("王秀英").psn_no, 77)
    ]


def test_sums_that_change_often_are_told_once(bureau: Bureau) -> None:
    since = reached(pull(bureau))
    for fund in (1, 2, 3):
        bureau.set_sums("王秀英", Accumulators(fund_paid=fund))

    page = pull(bureau, since)

    assert [each.snapshot.accumulators.fund_paid for each in page.snapshots] == [3]
    assert pull(bureau, reached(page)).snapshots == ()


def test_a_shop_hears_of_a_person_after_it_asked_for_them_and_no_other_shop_does(bureau: Bureau) -> None:
    newcomer = stranger("33060000000000000009")
    with transaction(bureau.db):
        persons.save(bureau.db, [newcomer])
    since = reached(pull(bureau))
    assert not any(each.psn_no == newcomer.psn_no for each in pull(bureau).people)

    with transaction(bureau.db):
        persons.follow(bureau.db, newcomer.psn_no, SHAOXING)
        persons.save(bureau.db, [replace(newcomer, name="王秀英改")])

    assert [each.name for each in pull(bureau, since).people] == ["王秀英改"]
    bureau.provider = EZHOU
    assert not any(each.psn_no == newcomer.psn_no for each in pull(bureau).people)


def test_looking_a_person_up_makes_the_shop_follow_them(bureau: Bureau) -> None:
    whose = person("王秀英")
    with transaction(bureau.db):
        bureau.db.execute("DELETE FROM follower")

    bureau.call("1101", look_up_input(Scan("resident_id", whose.cert_no)))

    assert persons.followers(bureau.db, whose.psn_no) == [SHAOXING]


def test_a_settlement_is_told_to_every_shop_that_follows_the_person_once(bureau: Bureau) -> None:
    since = {}
    for bureau.provider in (SHAOXING, EZHOU):
        since[bureau.provider] = reached(pull(bureau))
    bureau.provider = SHAOXING

    said = bureau.call("2102", paid_by_law(draft_of(person("王秀英")))[0][1])

    assert said.refused == ""
    for bureau.provider in (SHAOXING, EZHOU):
        page = pull(bureau, since[bureau.provider])
        assert [each.psn_no for each in page.snapshots] == [person("王秀英").psn_no]
        assert page.snapshots[0].snapshot.accumulators == bureau.sums("王秀英")


def test_registering_people_again_keeps_the_sums_of_their_year(bureau: Bureau) -> None:
    bureau.set_sums("王秀英", Accumulators(fund_paid=77))
    with transaction(bureau.db):
        persons.save(bureau.db, [person("王秀英")])

    assert bureau.sums("王秀英").fund_paid == 77


def test_sums_of_the_new_year_start_at_nothing(bureau: Bureau) -> None:
    bureau.clock.pass_by(timedelta(days=60))

    people = pull(bureau).people

    assert {each.snapshot.year for each in people} == {2027}
    assert {each.snapshot.accumulators for each in people} == {Accumulators()}


@pytest.mark.parametrize(
    "input_json",
    [
        '{"data":{"cursor":-1}}',
        '{"data":{"cursor":"x"}}',
        '{"data":{"limit":0}}',
        '{"data":{"mailbox":-1}}',
    ],
)
def test_odd_cursors_are_refused(bureau: Bureau, input_json: str) -> None:
    assert bureau.call("SY04", input_json).refused == "invalid"


def test_who_asks_twice_about_a_settlement_hears_the_sums_as_they_are_now(bureau: Bureau) -> None:
    """The first answer's sums are of an earlier time, and news that came in between is older than it."""
    body = bureau.body("2102", paid_by_law(draft_of(person("王秀英")))[0][1])
    bureau.send(body)
    since = reached(pull(bureau, limit=5_000))
    assert pull(bureau, since).snapshots == ()

    bureau.send(body)

    (news,) = pull(bureau, since).snapshots
    assert (news.psn_no, news.snapshot.accumulators) == (person("王秀英").psn_no, bureau.sums("王秀英"))
