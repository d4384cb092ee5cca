"""The courier thread: nobody waits for it, it finds the agency again by itself, and questions go first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from agency.web import make_web
from app.storage import outbox, people
from app.storage.catalogue import open_catalogue
from app.storage.connection import Connection, open_database, transaction
from app.storage.migrations import migrate
from app.storage.outbox import Message
from app.sync.client import AgencyClient
from app.sync.worker import SyncWorker
from app.usecases.ports import ClaimAnswer, ClaimContext, PersonAnswer
from engine.ids import Scan
from engine.policy.claim import Accumulators
from engine.protocol.envelope import message_id
from engine.protocol.profile import DEMONSTRATION
from tests.fakes.agency_line import (
    SHAOXING,
    Bureau,
    Line,
    RunningClock,
    claim_of,
    demonstration,
    draft_of,
    paid_by_law,
    person,
    store,
)

PATIENCE_S = 20


class Post:
    """A till's database, its courier, and an agency at the end of a line that can be cut."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.clock = RunningClock()
        self.bureau = Bureau(folder, clock=self.clock)
        stack.callback(self.bureau.close)
        self.line = Line(make_web(self.bureau.agency))
        stack.callback(self.line.cut)
        self.path = folder / "till.db"
        self.db = self.open_db()
        stack.callback(self.db.close)
        migrate(self.db)
        self.heard: list[PersonAnswer | ClaimAnswer | None] = []
        self._arrived = threading.Condition()
        self.failures = 0
        self.worker = SyncWorker(
            open_db=self.open_db,
            open_drugs=self.open_drugs,
            open_client=self.open_client,
            clock=self.clock,
            home=SHAOXING,
            operator="01",
            pull_every=timedelta(hours=1),
        )
        self.worker.listen(self.hear)
        stack.callback(self.worker.stop)

    def open_db(self) -> Connection:
        return open_database(self.path, bytes(32))

    def open_drugs(self) -> Connection:
        return open_catalogue(self.path.with_name("catalogue.db"), bytes(32), patience_ms=100)

    def open_client(self) -> AgencyClient:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("a bug")
        return AgencyClient(
            url=self.line.url, credentials=DEMONSTRATION, clock=self.clock, timeout=httpx.Timeout(3.0)
        )

    def hear(self, news: PersonAnswer | ClaimAnswer | None) -> None:
        with self._arrived:
            self.heard.append(news)
            self._arrived.notify_all()

    def until(self, holds: Callable[[], object]) -> None:
        with self._arrived:
            assert self._arrived.wait_for(holds, PATIENCE_S), self.heard

    def put_sale(self, serial: int = 1) -> str:
        now = self.clock.now()
        message = Message(
            id=message_id(SHAOXING, now, serial),
            infno="2102",
            input=paid_by_law(draft_of(person("陈阿根")), SHAOXING)[0][1],
            provider=SHAOXING,
            made_at=now,
        )
        with transaction(self.db):
            outbox.put(self.db, message)
        return message.id

    def waiting(self) -> int:
        return outbox.counts(self.db)[0]

    def answers(self, kind: type) -> list[PersonAnswer | ClaimAnswer | None]:
        return [each for each in self.heard if isinstance(each, kind)]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    with ExitStack() as stack:
        yield Post(tmp_path, stack)


def test_what_waits_is_delivered_on_start_and_the_till_is_told(post: Post) -> None:
    post.put_sale()
    assert post.worker.online is None

    post.worker.start()

    post.until(lambda: post.waiting() == 0)
    post.until(lambda: people.by_psn_no(post.db, person("王秀英").psn_no))
    assert post.worker.online is True


def test_a_poke_delivers_the_sale_just_made(post: Post) -> None:
    post.worker.start()
    post.until(lambda: post.worker.online is True)

    post.put_sale()
    post.worker.poke()

    post.until(lambda: post.waiting() == 0)


def test_agency_cut_off_and_joined_again_is_found_without_anybody_asking(post: Post) -> None:
    post.line.cut()
    post.put_sale()
    post.worker.start()
    post.until(lambda: post.worker.online is False)
    assert post.worker.offline_since is not None
    assert post.waiting() == 1

    post.line.join()

    post.until(lambda: post.worker.online is True and post.waiting() == 0)
    assert post.worker.offline_since is None


def test_scanned_person_arrives_whole_and_is_known_from_then_on(post: Post) -> None:
    whose = person("胡桂兰")
    voucher = next(code for code, psn_no in demonstration().vouchers.items() if psn_no == whose.psn_no)
    post.worker.start()

    post.worker.look_up(store(SHAOXING), Scan("voucher", voucher))

    post.until(lambda: post.answers(PersonAnswer))
    answer = post.answers(PersonAnswer)[0]
    assert isinstance(answer, PersonAnswer)
    assert answer.person is not None
    assert (answer.person.name, answer.person.snapshot.accumulators) == (
        "胡桂兰",
        whose.snapshot.accumulators,
    )
    assert answer.person.snapshot.parameters == whose.snapshot.parameters
    assert people.by_voucher(post.db, voucher) is not None


def test_unknown_credential_comes_back_with_the_agencys_reason(post: Post) -> None:
    post.worker.start()
    post.worker.look_up(store(SHAOXING), Scan("card", "Z00000000"))

    post.until(lambda: post.answers(PersonAnswer))
    answer = post.answers(PersonAnswer)[0]
    assert isinstance(answer, PersonAnswer)
    assert answer.person is None
    assert "没有查到" in answer.trouble


def test_agency_computes_the_basket_to_the_same_sums(post: Post) -> None:
    draft = draft_of(person("王秀英"))
    claim, answer = claim_of(draft, SHAOXING)
    now = post.clock.now()
    post.worker.start()

    post.worker.presettle(
        ClaimContext(store=store(SHAOXING), draft=draft, claim=claim, answer=answer, made_at=now)
    )

    post.until(lambda: post.answers(ClaimAnswer))
    assert post.answers(ClaimAnswer) == [
        ClaimAnswer(claim=claim, fund=answer.fund, assistance=answer.assistance, patient=answer.patient)
    ]
    assert not post.answers(PersonAnswer)


def test_newer_sums_of_the_person_come_with_the_agencys_computation(post: Post) -> None:
    whose = person("王秀英")
    draft = draft_of(whose)
    claim, answer = claim_of(draft, SHAOXING)
    now = post.clock.now()
    post.bureau.set_sums("王秀英", Accumulators(fund_paid=119_900))
    post.worker.start()
    post.until(lambda: people.by_psn_no(post.db, whose.psn_no))

    post.worker.presettle(
        ClaimContext(store=store(SHAOXING), draft=draft, claim=claim, answer=answer, made_at=now)
    )

    post.until(lambda: post.answers(PersonAnswer))
    told = post.answers(PersonAnswer)[0]
    assert isinstance(told, PersonAnswer)
    assert told.person is not None
    assert told.person.snapshot.accumulators.fund_paid == 119_900


def test_a_bug_in_the_courier_is_outlived(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    post.failures = 1
    post.put_sale()

    post.worker.start()

    post.until(lambda: post.waiting() == 0)
    assert "begins anew" in caplog.text


def test_stopping_takes_no_time_and_nothing_asked_afterwards_blocks(post: Post) -> None:
    post.worker.start()
    assert post.worker.stop()

    post.worker.poke()
    post.worker.look_up(store(SHAOXING), Scan("card", "1"))


def test_while_an_import_holds_the_catalogue_the_courier_delivers_and_takes_the_news_afterwards(
    post: Post,
) -> None:
    drugs = post.open_drugs()
    drugs.execute("BEGIN IMMEDIATE")
    post.put_sale()

    post.worker.start()
    post.until(lambda: post.waiting() == 0)
    post.until(lambda: post.worker.online is True)
    assert not people.by_psn_no(post.db, person("王秀英").psn_no)

    drugs.execute("ROLLBACK")
    drugs.close()
    post.until(lambda: people.by_psn_no(post.db, person("王秀英").psn_no))
    assert post.worker.online is True
