"""One bad message, whatever is wrong with it, keeps back itself and its own lane, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from app.errors import DiskFull
from app.storage import outbox
from app.storage.connection import Connection, open_database, transaction
from app.storage.migrations import migrate
from app.storage.outbox import Message
from app.sync import deliver
from app.sync.client import Accepted, AgencyClient, Question, Rejected, Reply, Unreachable
from app.sync.deliver import PAGE, Delivery, deliver_due
from app.sync.worker import outlive
from app.usecases import acknowledge
from engine.protocol.envelope import Sender
from engine.protocol.profile import Profile
from tests.fakes.agency_line import NOW, SHAOXING, StillClock


class Answering:
    """An agency that does what the test says to each question, and remembers the ids in order."""

    profile = Profile()
    batches = False
    batch_size = 1

    def __init__(self, answer: Callable[[Question], Reply]) -> None:
        self._answer = answer
        self.asked: list[str] = []

    def call(self, question: Question, sender: Sender) -> Reply:
        self.asked.append(question.id)
        return self._answer(question)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    made = open_database(tmp_path / "till.db", bytes(32))
    migrate(made)
    yield made
    made.close()


def put(db: Connection, *messages: Message) -> None:
    with transaction(db):
        for message in messages:
            outbox.put(db, message)


def of_person(id: str, psn_no: str) -> Message:
    text = f'{{"druginfo":{{"psn_no":"{psn_no}"}}}}'
    return Message(id=id, infno="2102", input=text, provider=SHAOXING, made_at=NOW)


def put_without_its_entry(db: Connection, id: str, infno: str, first: int | None) -> None:
    """Queue a message of a sale whose journal entry is not there."""
    settlements = outbox.SaleMessages(
        "INSERT INTO outbox (first_entry, last_entry, id, infno, provider, made_at, next_attempt_at)"
        " VALUES (iif(?4 = 'SY03', ?1, NULL), ?2, ?3, ?4, ?5, ?6, ?6)",
        (id, infno, SHAOXING, NOW.isoformat(timespec="microseconds")),
    )
    with transaction(db):
        outbox.put_sale(db, settlements, (first or 77, 77))


def deliver_to(db: Connection, agency: Answering, clock: StillClock) -> Delivery:
    return deliver_due(db, cast(AgencyClient, agency), clock, operator="01", boundary=outlive)


def refuse(_question: Question) -> Reply:
    return Rejected("x", "不收")


def stumble_over_a(question: Question) -> Reply:
    if question.id.startswith("a"):
        raise OverflowError("a bug")
    return refuse(question)


def row(db: Connection, id: str) -> Message:
    return next(each for each in outbox.recent(db, 1000) if each.id == id)


def test_message_that_meets_a_bug_waits_with_its_person_and_the_others_flow(db: Connection) -> None:
    put(db, of_person("a1", "1"), of_person("a2", "1"), of_person("b", "2"))
    agency, clock = Answering(stumble_over_a), StillClock()

    round_ = deliver_to(db, agency, clock)

    assert agency.asked == ["a1", "b"]
    assert (row(db, "a1").attempts, row(db, "a1").next_attempt_at) == (1, NOW + timedelta(seconds=2))
    assert row(db, "a1").trouble == deliver.STUMBLED
    assert (row(db, "a2").attempts, row(db, "b").state) == (0, "rejected")
    assert (round_.tried, round_.settled, round_.next_at) == (2, 1, NOW + timedelta(seconds=2))
    clock.pass_by(timedelta(seconds=2))
    assert deliver_to(db, agency, clock).next_at == NOW + timedelta(seconds=2 + 4)


def test_a_sale_dated_ahead_waits_for_its_time_and_keeps_nobody_back(db: Connection) -> None:
    def too_early(question: Question) -> Reply:
        return Rejected("future", "晚于现在。") if question.id == "a1" else refuse(question)

    put(db, of_person("a1", "1"), of_person("a2", "1"), of_person("b", "2"))
    agency, clock = Answering(too_early), StillClock()

    round_ = deliver_to(db, agency, clock)

    assert agency.asked == ["a1", "a2", "b"]
    assert (row(db, "a1").state, row(db, "a1").attempts) == ("waiting", 1)
    assert "时钟" in row(db, "a1").trouble
    assert row(db, "a1").trouble.endswith("。")
    assert (round_.settled, round_.next_at) == (2, NOW + timedelta(seconds=2))


def test_bug_while_recording_an_answer_leaves_the_message_waiting(
    db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_: object) -> None:
        raise OverflowError("a bug")

    monkeypatch.setattr(acknowledge, "record", bug)
    put(db, of_person("a", "1"), of_person("b", "2"))

    deliver_to(db, Answering(lambda q: Accepted("{}") if q.id == "a" else refuse(q)), StillClock())

    assert (row(db, "a").state, row(db, "a").attempts, row(db, "a").answer) == ("waiting", 1, None)
    assert row(db, "b").state == "rejected"


@pytest.mark.parametrize(("infno", "first"), [("2102", None), ("SY03", 77), ("SY03", 70)])
def test_message_whose_journal_entry_is_missing_stops_nobody_and_can_be_listed(
    db: Connection, infno: str, first: int | None
) -> None:
    put_without_its_entry(db, "torn", infno, first)
    put(db, of_person("b", "2"))
    agency, clock = Answering(refuse), StillClock()

    deliver_to(db, agency, clock)

    assert agency.asked == ["b"]
    assert (row(db, "torn").state, row(db, "torn").attempts) == ("waiting", 1)
    assert row(db, "torn").trouble == deliver.STUMBLED
    assert deliver_to(db, agency, clock).tried == 0


def test_trouble_of_the_disk_ends_the_round_and_counts_against_no_message(db: Connection) -> None:
    def full(_question: Question) -> Reply:
        raise DiskFull

    put(db, of_person("a", "1"))

    with pytest.raises(DiskFull):
        deliver_to(db, Answering(full), StillClock())
    assert row(db, "a").attempts == 0


def test_any_number_of_stuck_uploads_starves_no_settlement(db: Connection) -> None:
    uploads = [
        Message(id=f"u{n}", infno="SY03", input='{"data":{}}', provider=SHAOXING, made_at=NOW)
        for n in range(2 * PAGE)
    ]
    put(db, *uploads, of_person("s", "9"))

    def only_settlements(question: Question) -> Reply:
        if question.infno == "SY03":
            raise Unreachable("医保中心没有给出可用的回答。")
        return refuse(question)

    agency = Answering(only_settlements)

    deliver_to(db, agency, StillClock())

    assert agency.asked == ["u0", "s"]
