"""A courier that stumbles says so: no question stays open, and the world knows that nobody is reached."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agency.web import make_web
from app.errors import DiskFull
from app.storage.catalogue import open_catalogue
from app.storage.connection import Connection, open_database
from app.storage.migrations import migrate
from app.sync import ask, worker
from app.sync.client import AgencyClient
from app.sync.worker import SyncWorker
from app.usecases.ports import ClaimAnswer, ClaimContext, PersonAnswer
from engine.ids import Scan
from engine.protocol.profile import DEMONSTRATION
from tests.fakes.agency_line import (
    NOW,
    SHAOXING,
    Bureau,
    Line,
    RunningClock,
    claim_of,
    draft_of,
    person,
    store,
)

PATIENCE_S = 20
SCAN = Scan("resident_id", person("王秀英").cert_no)


class Till:
    """A courier whose ways to database and agency fail as often as the test says; it notes what it hears."""

    def __init__(self, path: Path, url: str, clock: RunningClock) -> None:
        self._path, self._url, self._clock = path, url, clock
        self.failures = 0
        self.heard: list[tuple[object, bool | None]] = []
        self._arrived = threading.Condition()
        self.courier = SyncWorker(
            open_db=self.open_db,
            open_drugs=self.open_drugs,
            open_client=self.open_client,
            clock=clock,
            home=SHAOXING,
            operator="01",
        )
        self.courier.listen(self.hear)

    def open_db(self) -> Connection:
        return open_database(self._path, bytes(32))

    def open_drugs(self) -> Connection:
        return open_catalogue(self._path.with_name("catalogue.db"), bytes(32))

    def open_client(self) -> AgencyClient:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("a bug")
        return AgencyClient(
            url=self._url, credentials=DEMONSTRATION, clock=self._clock, timeout=httpx.Timeout(3.0)
        )

    def hear(self, news: PersonAnswer | ClaimAnswer | None) -> None:
        with self._arrived:
            self.heard.append((news, self.courier.online))
            self._arrived.notify_all()

    def until(self, holds: Callable[[], object]) -> None:
        with self._arrived:
            assert self._arrived.wait_for(holds, PATIENCE_S), self.heard

    def answers(self) -> list[PersonAnswer]:
        return [news for news, _online in self.heard if isinstance(news, PersonAnswer)]


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    clock = RunningClock()
    bureau = Bureau(tmp_path, clock=clock)
    line = Line(make_web(bureau.agency))
    made = Till(tmp_path / "till.db", line.url, clock)
    db = made.open_db()
    migrate(db)
    db.close()
    yield made
    made.courier.stop()
    line.cut()
    bureau.close()


def is_nobody_because_the_till_failed(answer: PersonAnswer) -> bool:
    return answer.scan == SCAN and answer.person is None and "没有查成" in answer.trouble


def test_scan_taken_before_and_during_the_pause_after_a_crash_is_answered(till: Till) -> None:
    till.failures = 1_000
    till.courier.look_up(store(SHAOXING), SCAN)
    till.courier.start()
    till.until(lambda: len(till.answers()) == 1)

    till.courier.look_up(store(SHAOXING), SCAN)

    till.until(lambda: len(till.answers()) == 2)
    assert all(map(is_nobody_because_the_till_failed, till.answers()))
    assert till.failures >= 1_000 - 4, "a question begins one attempt, not a storm of them"


def test_scan_ends_the_pause_and_finds_the_person_when_the_cause_is_gone(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "wait_after", lambda _attempts: worker.PULL_EVERY)
    till.failures = 1
    till.courier.start()
    till.until(lambda: till.courier.online is False)

    till.courier.look_up(store(SHAOXING), SCAN)

    till.until(till.answers)
    assert till.answers()[0].person is not None


def test_world_hears_that_nobody_is_reached_after_a_crash_and_when_it_is_over(till: Till) -> None:
    till.failures = 1
    till.courier.start()

    till.until(lambda: till.courier.online)

    assert till.heard[0] == (None, False)
    assert till.courier.offline_since is None


@pytest.mark.parametrize("trouble", [OverflowError("a bug"), DiskFull()])
def test_look_up_that_fails_is_answered_and_the_next_one_served(
    till: Till, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    sound, troubles = ask.look_up, [trouble]

    def look_up(*asked: Any) -> PersonAnswer:
        if troubles:
            raise troubles.pop()
        return sound(*asked)

    monkeypatch.setattr(ask, "look_up", look_up)
    till.courier.look_up(store(SHAOXING), SCAN)
    till.courier.start()
    till.until(till.answers)
    assert is_nobody_because_the_till_failed(till.answers()[0])

    till.courier.look_up(store(SHAOXING), SCAN)

    till.until(lambda: len(till.answers()) == 2)


def test_listener_that_fails_keeps_no_other_from_hearing(till: Till) -> None:
    def fail(_news: object) -> None:
        raise RuntimeError("a bug")

    heard = threading.Event()
    till.courier.listen(fail)
    till.courier.listen(lambda _news: heard.set())

    till.courier.start()

    assert heard.wait(PATIENCE_S)
    till.until(lambda: till.courier.online)


def test_basket_that_cannot_be_asked_about_leaves_the_line_up(
    till: Till, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_asked: object) -> None:
        raise OverflowError("a bug")

    monkeypatch.setattr(ask, "presettle", fail)
    draft = draft_of(person("王秀英"))
    claim, answer = claim_of(draft, SHAOXING)
    till.courier.presettle(
        ClaimContext(store=store(SHAOXING), draft=draft, claim=claim, answer=answer, made_at=NOW)
    )
    till.courier.start()

    till.until(lambda: till.courier.online)

    assert "a pre-settlement failed" in caplog.text
    assert all(online is not False for _news, online in till.heard)
