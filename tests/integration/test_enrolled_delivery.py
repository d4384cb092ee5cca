"""An enrolled till believes only its agency, delivers in batches, and mends what was put back or left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from agency import enrolment
from agency.storage import tills
from agency.storage.connection import transaction as agency_transaction
from app.errors import EnrolmentRefused
from app.storage import device, epochs, journal, outbox
from app.storage.connection import transaction
from app.sync.client import AgencyClient, Question, Unreachable
from app.sync.deliver import deliver_due, sender_of
from app.sync.enrol import ensure
from app.sync.pull import CURSOR, pull_news
from app.sync.worker import outlive
from engine.protocol.news import news_input
from engine.protocol.profile import DEMONSTRATION, Profile
from tests.fakes.agency_at_hand import Town
from tests.fakes.agency_line import SHAOXING
from tests.fakes.fake_leases import scan_first

Change = Callable[[bytes], bytes]


class Meddler(httpx.BaseTransport):
    """Stands in the line: counts the calls, and does to the answers what the test says."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.asked: list[str] = []
        self.change: Change = lambda body: body
        self.lose: Callable[[str], bool] = lambda _infno: False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        infno = str(msgspec.json.decode(request.read())["infno"])
        self.asked.append(infno)
        answer = self._inner.handle_request(request)
        if self.lose(infno):
            raise httpx.ReadTimeout("lost", request=request)
        return httpx.Response(answer.status_code, content=self.change(answer.read()), request=request)


class Shop:
    """A town whose till speaks through the meddler."""

    def __init__(self, folder: Path, profile: Profile | None = None) -> None:
        self.town, self.folder = Town(folder), folder
        self.db, self.clock = self.town.bench.db, self.town.clock
        self.meddler = Meddler(self.town.wire)
        self.client = AgencyClient(
            url="http://agency",
            credentials=DEMONSTRATION,
            clock=self.clock,
            transport=self.meddler,
            profile=profile,
        )
        self.client.voice = self.town.client.voice

    def sell(self, count: int = 1) -> None:
        self.town.bench.courier.online = False
        for _ in range(count):
            self.town.bench.till.next_customer()
            self.clock.pass_by(timedelta(minutes=3))
            scan_first(self.town.bench)
            assert self.town.bench.till.settle().settled is not None

    def deliver(self) -> int:
        return deliver_due(self.db, self.client, self.clock, operator="01", boundary=outlive).settled

    def states(self) -> set[str]:
        return {each.state for each in outbox.recent(self.db, 999)}

    def settled(self) -> int:
        return int(self.town.bureau.db.execute("SELECT count(*) FROM settlement").fetchone()[0])

    def close(self) -> None:
        self.client.close()
        self.town.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


def without_signature(body: bytes) -> bytes:
    return msgspec.json.encode({**msgspec.json.decode(body), "cainfo": None})


def with_more_money(body: bytes) -> bytes:
    """Return the answer with other sums in it, and its signature as it was."""
    return body.replace(b'"hifp_pay":', b'"hifp_pay":1', 1)


def test_a_day_offline_goes_in_two_calls_and_each_answer_is_proven(shop: Shop) -> None:
    shop.sell(4)

    assert shop.deliver() == outbox.last_number(shop.db)

    # What left the shelves is told last, of all sales in one message.
    assert shop.meddler.asked == ["9001", "SY06", "3505A"]
    assert shop.states() == {"accepted"}
    assert all(each.proof for each in outbox.recent(shop.db, 99))
    assert journal.verify(shop.db) == []


@pytest.mark.parametrize("change", [without_signature, with_more_money])
def test_an_answer_that_the_agency_did_not_sign_settles_nothing(shop: Shop, change: Change) -> None:
    shop.sell()
    shop.deliver()
    shop.sell(2)
    entries = journal.head(shop.db)
    shop.meddler.change = change

    shop.deliver()

    assert shop.states() == {"accepted", "waiting"}
    assert journal.head(shop.db) == entries
    assert "签名" in outbox.waiting(shop.db, 0, 1)[0].trouble
    shop.meddler.change = lambda body: body
    shop.clock.pass_by(timedelta(minutes=10))
    shop.deliver()
    assert shop.states() == {"accepted"}


def test_a_lost_answer_to_a_batch_is_asked_for_again_and_settles_once(shop: Shop) -> None:
    shop.sell(3)
    shop.meddler.lose = lambda infno: infno == "SY06"
    assert shop.deliver() == 0
    once = shop.settled()
    assert once

    shop.meddler.lose = lambda _infno: False
    shop.clock.pass_by(timedelta(minutes=10))
    shop.deliver()

    assert shop.settled() == once
    assert shop.states() == {"accepted"}


def test_batches_grow_smaller_while_nobody_answers_in_time(shop: Shop) -> None:
    shop.sell(3)
    before = shop.client.batch_size
    shop.meddler.lose = lambda infno: infno == "SY06"
    shop.deliver()

    assert shop.client.batch_size == before // 2


def test_a_gap_in_the_journal_at_the_agency_is_filled_and_does_not_stick(shop: Shop) -> None:
    shop.sell(3)
    with transaction(shop.db):  # The first uploads were settled by an agency that lost them since.
        for each in outbox.recent(shop.db, 99):
            if each.infno == "SY03" and (each.first_entry or 0) < 3:
                outbox.accepted(shop.db, each.id, "{}", shop.clock.at)

    shop.deliver()
    shop.clock.pass_by(timedelta(minutes=10))
    shop.deliver()

    assert shop.states() == {"accepted"}
    held = shop.town.bureau.db.execute("SELECT max(number), count(*) FROM journal").fetchone()
    assert tuple(held) == (3, 3)


def put_back(shop: Shop) -> int:
    """Let the till see that its database was put back; return its new epoch."""
    mark = device.mark_of(shop.db)
    path = shop.folder / device.MARK
    device.write_mark(path, msgspec.structs.replace(mark, restored=True))
    assert epochs.begin(shop.db, path, shop.clock.at)
    return device.current(shop.db).epoch


def test_a_restored_till_makes_its_new_epoch_known_by_its_old_key_and_delivers_on(shop: Shop) -> None:
    shop.sell(2)
    shop.deliver()

    assert put_back(shop) == 2
    shop.sell()
    sender = sender_of(shop.db, SHAOXING, "01")
    assert ensure(shop.db, shop.client, shop.clock, sender=sender)
    shop.deliver()

    assert shop.states() == {"accepted"}
    known = device.pinned(shop.db, SHAOXING)
    assert known is not None
    assert known.epoch == 2
    assert shop.town.bench.till.sales(None)[0].number.startswith("01.2-")
    assert journal.verify(shop.db) == []


def test_a_restored_till_says_nothing_under_its_old_key(shop: Shop) -> None:
    shop.sell(2)
    shop.deliver()
    put_back(shop)
    shop.sell()
    shop.meddler.asked.clear()

    assert shop.deliver() == 0

    assert shop.meddler.asked == []
    assert "waiting" in shop.states()
    known = tills.epoch(shop.town.bureau.db, SHAOXING, "01", 1)
    assert known is not None
    assert known.state == tills.ACTIVE


def test_a_refused_epoch_is_not_asked_for_again_until_somebody_has_a_code(shop: Shop) -> None:
    sender = sender_of(shop.db, SHAOXING, "01")
    put_back(shop)
    with transaction(shop.db):
        device.set_trouble(shop.db, SHAOXING, "需要新的登记码。")

    assert not ensure(shop.db, shop.client, shop.clock, sender=sender)
    assert shop.meddler.asked == []
    assert shop.town.bench.till.world().till_trouble == "需要新的登记码。"
    assert ensure(shop.db, shop.client, shop.clock, sender=sender, code=f"DEMO-{SHAOXING}")
    assert shop.town.bench.till.world().till_trouble == ""


def test_a_wrong_code_is_refused_in_words_and_the_till_sells_on(shop: Shop) -> None:
    put_back(shop)
    with agency_transaction(shop.town.bureau.db):
        shop.town.bureau.db.execute("UPDATE till SET state = 'forked'")

    with pytest.raises(EnrolmentRefused, match="登记码"):
        shop.town.line.enrol(SHAOXING, "AAAA-BBBB-CCCC")

    shop.sell()
    with agency_transaction(shop.town.bureau.db):
        code = enrolment.give_code(shop.town.bureau.db, SHAOXING, "01", shop.clock.at).code
    shop.town.line.enrol(SHAOXING, code)
    assert shop.town.bench.till.world().epoch == 2


def test_where_repeats_are_not_safe_a_lost_answer_is_cancelled_before_it_goes_again(
    tmp_path: Path,
) -> None:
    plain = Shop(tmp_path, Profile(repeats_safe=False, batches=False))
    plain.sell()
    plain.meddler.lose = lambda infno: infno == "2102"
    plain.deliver()
    assert plain.town.bench.till.world().unknown == 1

    plain.meddler.lose = lambda _infno: False
    for _ in range(3):
        plain.clock.pass_by(timedelta(minutes=10))
        plain.deliver()

    assert plain.meddler.asked.count("2601") == 1
    assert plain.states() == {"accepted"}
    assert plain.town.bench.till.world().unknown == 0
    assert [row.delivery for row in plain.town.bench.till.sales(None)] == ["accepted"]
    kinds = [each.kind for each in journal.read(plain.db, 0, 99)]
    assert kinds.count("resent") == 1
    plain.close()


def test_an_agency_without_batches_is_sent_one_message_after_the_other(tmp_path: Path) -> None:
    plain = Shop(tmp_path, Profile(batches=False))
    plain.sell(2)

    plain.deliver()

    assert "SY06" not in plain.meddler.asked
    assert plain.states() == {"accepted"}
    plain.close()


def test_one_bad_thing_in_a_page_of_news_is_left_aside_and_the_rest_comes(shop: Shop) -> None:
    sender, line = (
        sender_of(shop.db, SHAOXING, "01"),
        AgencyClient(
            url="http://agency", credentials=DEMONSTRATION, clock=shop.clock, transport=shop.meddler
        ),
    )
    reply = shop.client.ask("SY04", news_input(0), sender)
    assert not isinstance(reply, Unreachable)
    shop.client.voice = lambda _provider: None
    shop.town.bureau.db.execute("DELETE FROM till")  # The agency knows no till: its answers are unsigned.
    shop.meddler.change = lambda body: body.replace(b'"price":', b'"price":-', 1)

    taken = pull_news(shop.db, shop.town.bench.catalogue, line, shop.clock, sender=sender)

    assert taken > 0
    assert shop.db.execute("SELECT kind FROM finding").fetchall() == [("news",)]
    assert shop.db.execute("SELECT value FROM cursor WHERE name = ?", (CURSOR,)).fetchone()
    line.close()


def test_an_answer_to_another_question_is_no_answer(shop: Shop) -> None:
    sender = sender_of(shop.db, SHAOXING, "01")
    first = Question(id=shop.client.fresh_id(sender), infno="SY04", input=news_input(0))
    heard: list[bytes] = []
    shop.meddler.change = lambda body: heard.append(body) or body  # type: ignore[func-returns-value]
    shop.client.call(first, sender)
    shop.meddler.change = lambda _body: heard[-1]

    with pytest.raises(Unreachable, match="签名"):
        shop.client.ask("SY04", news_input(1), sender)


def test_a_clock_set_back_by_a_month_keeps_no_message_waiting_for_a_month(shop: Shop) -> None:
    shop.sell()
    shop.meddler.lose = lambda infno: infno == "SY06"
    shop.deliver()
    shop.meddler.lose = lambda _infno: False
    shop.clock.pass_by(timedelta(days=-30))
    shop.town.bureau.clock = shop.clock

    shop.deliver()

    assert shop.states() == {"accepted"}


def test_what_failed_is_tried_again_by_the_time_on_record_however_long_nothing_else_happens(
    shop: Shop,
) -> None:
    shop.sell()
    shop.meddler.lose = lambda infno: infno == "SY06"
    shop.deliver()
    due = outbox.waiting(shop.db, 0, 1)[0].next_attempt_at
    assert due == shop.clock.at + timedelta(seconds=2)

    round_ = deliver_due(shop.db, shop.client, shop.clock, operator="01", boundary=outlive)
    assert (round_.tried, round_.next_at) == (0, due)
    shop.meddler.lose = lambda _infno: False
    shop.clock.pass_by(timedelta(days=12))
    shop.deliver()

    assert shop.states() == {"accepted"}


def test_a_till_that_forgot_its_last_epochs_begins_one_that_the_agency_never_saw(shop: Shop) -> None:
    put_back(shop)
    with agency_transaction(shop.town.bureau.db):
        shop.town.bureau.db.execute("UPDATE till SET epoch = 5")

    shop.town.line.enrol(SHAOXING, f"DEMO-{SHAOXING}")

    assert shop.town.bench.till.world().epoch == 6
    shop.sell()
    assert shop.town.bench.till.sales(None)[0].number.startswith("01.6-")
    assert journal.verify(shop.db) == []
