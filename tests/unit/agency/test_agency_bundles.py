"""What comes on a stick is done as if by wire: once, whole or in part, however often it is brought."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import Raw
from msgspec.structs import replace

from agency.bundles import Counter, TakenIn
from agency.storage import leases, settlements
from agency.storage.connection import transaction
from engine.journal import Entry
from engine.lease import spend_of
from engine.protocol import bundle
from engine.protocol.bundle import Header, Item, Reading
from engine.protocol.envelope import decode_answer, decode_request
from engine.protocol.journal import journal_input
from engine.protocol.lease import TripRequest, read_trip, trip_input
from engine.protocol.news import news_input, read_news
from engine.protocol.settlement import reversal_input
from engine.protocol.signin import sign_in_input
from engine.protocol.signing import public_key
from tests.fakes.agency_line import EZHOU, SHAOXING, Bureau, draft_of, paid_by_law, person, store
from tests.fakes.enrolled_till import EnrolledTill
from tests.fakes.lease_counter import Counter as Desk
from tests.fakes.lease_counter import books_of, newcomer

SIGN_IN = sign_in_input("01")
WANG = "王秀英"


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


@pytest.fixture
def till(bureau: Bureau) -> EnrolledTill:
    made = EnrolledTill(bureau)
    made.enrol()
    return made


@pytest.fixture
def counter(bureau: Bureau) -> Counter:
    return Counter(agency=bureau.agency, database=bureau.database, clock=bureau.clock)


def packed(till: EnrolledTill, bodies: list[bytes], serial: int = 1, cursor: int = 0) -> bytes:
    header = Header(
        direction="up",
        provider=till.provider,
        till=till.till,
        epoch=till.epoch,
        serial=serial,
        made_at=till.bureau.clock.at,
        cursor=cursor,
    )
    items = [Item("message", body) for body in bodies]
    fresh = bytes([serial]) * 32
    return bundle.write(header, items, private=till.private, to=till.agency_box_key, fresh=fresh)


def back(till: EnrolledTill, taken: TakenIn) -> Reading:
    """Return the bundle down as its till reads it."""
    assert taken.down is not None
    reading = bundle.read(taken.down, private=till.box_private, key_of=lambda _header: till.agency_key)
    assert reading.verdict == "intact"
    return reading


def answers(reading: Reading) -> dict[str, bytes]:
    return {item.ref: item.body for item in reading.items if item.kind == "answer"}


def sales(till: EnrolledTill, count: int = 2) -> list[bytes]:
    """Return settlements, each signed."""
    asked = [each for _settlement, each in paid_by_law(draft_of(person(WANG)))]
    assert len(asked) >= 2
    return [till.body("2102", each) for each in asked[:count]]


def test_a_bundle_is_carried_out_and_each_answer_is_the_agencys_own(
    bureau: Bureau, till: EnrolledTill, counter: Counter
) -> None:
    till.write()
    page: list[Entry] = list(till.entries)
    bodies = [*sales(till, 1), till.body("SY03", journal_input(store(SHAOXING), page))]
    before = bureau.sums(WANG).fund_paid

    taken = counter.take_in(packed(till, bodies), b"n" * 32)

    told = answers(back(till, taken))
    assert (taken.standing, taken.messages, taken.refused, taken.held) == ("new", 2, 0, 0)
    assert bureau.sums(WANG).fund_paid > before
    for body in bodies:
        assert till.proven(told[decode_request(body).msgid], body)
        assert decode_answer(told[decode_request(body).msgid]).accepted


def test_a_bundle_brought_twice_has_the_same_answers_and_no_second_effect(
    bureau: Bureau, till: EnrolledTill, counter: Counter
) -> None:
    data = packed(till, sales(till))
    first = counter.take_in(data, b"1" * 32)
    paid = bureau.sums(WANG)

    again = counter.take_in(data, b"2" * 32)

    assert again.standing == "replayed"
    assert answers(back(till, again)) == answers(back(till, first))
    assert bureau.sums(WANG) == paid


def test_what_went_by_wire_as_well_is_answered_alike_and_done_once(
    bureau: Bureau, till: EnrolledTill, counter: Counter
) -> None:
    body = sales(till, 1)[0]
    by_wire = till.send(body)
    paid = bureau.sums(WANG)

    told = answers(back(till, counter.take_in(packed(till, [body]), b"n" * 32)))

    assert by_wire.envelope["cainfo"] == decode_answer(told[decode_request(body).msgid]).signature
    assert bureau.sums(WANG) == paid


def test_bundles_in_the_wrong_order_are_told_and_harm_nothing(till: EnrolledTill, counter: Counter) -> None:
    one, two = sales(till)
    first, second = packed(till, [one], 1), packed(till, [one, two], 2)

    assert counter.take_in(second, b"2" * 32).standing == "new"
    taken = counter.take_in(first, b"1" * 32)

    assert (taken.standing, taken.refused) == ("older", 0)


def many(till: EnrolledTill, reversal: bytes) -> list[bytes]:
    wide = SIGN_IN[:-1] + " " * 30_000 + "}"
    return [*(till.body("9001", wide) for _ in range(8)), reversal]


def test_of_a_damaged_bundle_what_is_there_is_done_and_no_reversal_goes_first(
    bureau: Bureau, till: EnrolledTill, counter: Counter
) -> None:
    sold = sales(till, 1)[0]
    settled = till.send(sold).output["setlinfo"]
    undo = reversal_input(psn_no=settled["psn_no"], mdtrt_id=settled["mdtrt_id"], setl_id=settled["setl_id"])
    reversal = till.body("2103", undo)
    data = bytearray(packed(till, many(till, reversal)))
    chunks = bundle.look(bytes(data)).chunks
    assert chunks > 3
    place = len(data) // 2
    data[place : place + 16] = bytes(16)
    paid = bureau.sums(WANG)

    taken = counter.take_in(bytes(data), b"1" * 32)

    assert (taken.reading.verdict, len(taken.reading.missing), taken.held) == ("damaged", 1, 1)
    assert 0 < taken.messages < 8
    assert bureau.sums(WANG) == paid
    assert not [item for item in back(till, taken).items if item.kind == "news"]
    whole = counter.take_in(packed(till, many(till, reversal), 2), b"2" * 32)
    assert (whole.held, whole.refused) == (0, 0)
    assert bureau.sums(WANG) != paid


def without_first_chunk(till: EnrolledTill, counter: Counter, data: bytes) -> bytes:
    """Return a bundle of which the first chunk cannot be read."""
    key = counter._agency.keys.sealing
    for place in range(0, len(data), 32):
        spoilt = data[:place] + bytes(16) + data[place + 16 :]
        reading = bundle.read(spoilt, private=key, key_of=lambda _header: public_key(till.private))
        if reading.missing == (0,):
            return spoilt
    raise AssertionError("no byte belongs to the first chunk alone")


def test_what_was_sold_beside_a_lease_does_not_go_before_what_was_lost_of_the_lease(
    bureau: Bureau, till: EnrolledTill, counter: Counter
) -> None:
    desk = Desk(till, newcomer(bureau, person(WANG)))
    desk.ask()
    leased, beside = desk.sell(40), desk.sell_beside(20)
    assert leased is not None
    assert beside is not None
    with transaction(bureau.db):
        (kept,) = books_of(bureau, desk.whose).leases
        least = spend_of([leased.printed], desk.whose.snapshot.parameters)
        leases.save(bureau.db, replace(kept, lease=replace(kept.lease, reserved=least)))
    bodies = [till.body("2102", each.input, each.msgid) for each in (leased, beside)]
    wide = SIGN_IN[:-1] + " " * 30_000 + "}"
    data = packed(till, [bodies[0], *(till.body("9001", wide) for _ in range(8)), bodies[1]])

    taken = counter.take_in(without_first_chunk(till, counter, data), b"n" * 32)

    assert taken.held == 1
    again = counter.take_in(packed(till, bodies, 2), b"m" * 32)
    assert (again.held, again.refused) == (0, 0)
    row = settlements.of_message(bureau.db, desk.whose.psn_no, leased.msgid)
    assert row is not None
    assert (row.lease, row.fund) == (leased.lease, leased.printed.fund)


def test_a_bundle_of_nobody_known_or_for_another_agency_does_nothing(
    bureau: Bureau, till: EnrolledTill, counter: Counter
) -> None:
    data = packed(till, sales(till))
    stranger = EnrolledTill(bureau, till="09")
    stranger.agency_box_key = till.agency_box_key
    to_another = till.copy()
    to_another.agency_box_key = bundle.box_key(b"another agency's own private key")
    forger = EnrolledTill(bureau, seed="forger")
    forger.agency_box_key = till.agency_box_key

    verdicts = [
        counter.take_in(each, b"n" * 32).reading.verdict
        for each in (
            packed(stranger, sales(till)),
            packed(to_another, sales(till)),
            packed(forger, sales(till)),
            b"not a bundle at all",
            data[:100],
        )
    ]

    assert verdicts == ["foreign", "foreign", "bad_signature", "not_a_bundle", "cut"]
    assert bureau.db.execute("SELECT count(*) FROM settlement").fetchone()[0] == 0
    assert bureau.db.execute("SELECT count(*) FROM bundle").fetchone()[0] == 0


def test_the_agencys_own_bundle_is_none_for_the_agency(till: EnrolledTill, counter: Counter) -> None:
    down = counter.take_in(packed(till, sales(till, 1)), b"n" * 32).down
    assert down is not None

    assert counter.take_in(down, b"m" * 32).reading.verdict == "foreign"


def test_a_message_of_another_shop_or_without_a_right_signature_is_not_carried_out(
    bureau: Bureau, till: EnrolledTill, counter: Counter
) -> None:
    elsewhere = EnrolledTill(bureau, EZHOU)
    unsigned = bureau.body("2102", paid_by_law(draft_of(person(WANG)))[0][1])
    forger = EnrolledTill(bureau, seed="forger")
    bodies = [elsewhere.body("9001", SIGN_IN), unsigned, forger.body("9001", SIGN_IN), b"[]", b'"x"', b"junk"]

    taken = counter.take_in(packed(till, bodies), b"n" * 32)

    assert (taken.messages, taken.refused) == (6, 6)
    assert bureau.db.execute("SELECT count(*) FROM settlement").fetchone()[0] == 0


def test_the_news_since_the_tills_place_come_along_in_pages(till: EnrolledTill, counter: Counter) -> None:
    reading = back(till, counter.take_in(packed(till, []), b"n" * 32))

    pages = [item for item in reading.items if item.kind == "news"]
    told = read_news(Raw(pages[-1].body))
    by_wire = bureau_news(till, reading)
    assert pages[0].ref == "0.0"
    assert len(told.people) > 0
    assert reading.header is not None
    assert (reading.header.cursor, reading.header.mailbox) == (told.cursor, told.mailbox)
    assert by_wire == 0


def bureau_news(till: EnrolledTill, reading: Reading) -> int:
    """Return how many people would still be new by wire after what the bundle brought."""
    assert reading.header is not None
    said = till.call("SY04", news_input(reading.header.cursor, 500, reading.header.mailbox))
    return len(said.output["news"]["people"])


def test_news_are_of_what_the_bundle_itself_brought_about(
    bureau: Bureau, till: EnrolledTill, counter: Counter
) -> None:
    before = bureau.sums(WANG).fund_paid
    reading = back(till, counter.take_in(packed(till, sales(till, 1)), b"n" * 32))

    people = [
        one for item in reading.items if item.kind == "news" for one in read_news(Raw(item.body)).people
    ]
    wang = next(each for each in people if each.name == WANG)
    assert wang.snapshot.accumulators.fund_paid == bureau.sums(WANG).fund_paid
    assert wang.snapshot.accumulators.fund_paid > before


def test_a_trip_that_is_asked_for_by_stick_comes_back_on_it(
    bureau: Bureau, till: EnrolledTill, counter: Counter
) -> None:
    whose = [person(WANG).psn_no, person("胡桂兰").cert_no]
    asked = TripRequest(until=bureau.clock.at + timedelta(days=10), people=tuple(whose))

    reading = back(till, counter.take_in(packed(till, [till.body("SY05", trip_input(asked))]), b"n" * 32))

    trips = [read_trip(Raw(item.body)) for item in reading.items if item.kind == "trip"]
    assert [{each.name for each in trip.people} for trip in trips] == [{WANG, "胡桂兰"}]


def test_a_bundle_of_an_epoch_that_ended_is_still_taken(till: EnrolledTill, counter: Counter) -> None:
    data = packed(till, sales(till, 1))
    following = till.next_epoch()
    following.enrol(old=till)

    taken = counter.take_in(data, b"n" * 32)

    assert (taken.messages, taken.refused) == (1, 0)
    assert answers(back(till, taken))


def test_thousands_of_messages_are_taken_in_transactions_of_hundreds(
    till: EnrolledTill, counter: Counter
) -> None:
    bodies = [till.body("9001", SIGN_IN) for _ in range(450)]

    taken = counter.take_in(packed(till, bodies), b"n" * 32)

    assert (taken.messages, taken.refused) == (450, 0)
    assert len(answers(back(till, taken))) == 450
