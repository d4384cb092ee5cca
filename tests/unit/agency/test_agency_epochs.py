"""A new epoch follows an honest restore by itself, a fork only with a code; what the old one holds stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from agency.enrolment import give_code
from agency.storage import findings, tills
from agency.storage.connection import transaction
from agency.storage.findings import Finding
from agency.storage.tills import ACTIVE, CLOSED, Till
from agency.tills import Speaker, may_hold_leases
from engine.journal import seal
from engine.protocol.lease import (
    Granted,
    LeaseAsk,
    LeaseRequest,
    lease_input,
    read_granted,
    read_lease,
)
from engine.protocol.signin import sign_in_input
from engine.protocol.wire import ProtocolError
from tests.fakes.agency_line import EZHOU, SHAOXING, Bureau, person
from tests.fakes.enrolled_till import EnrolledTill

SIGN_IN = sign_in_input("01")
LATER = timedelta(minutes=5)


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


def known(bureau: Bureau, epoch: int = 1, provider: str = SHAOXING) -> Till:
    found = tills.epoch(bureau.db, provider, "01", epoch)
    assert found is not None
    return found


def found(bureau: Bureau) -> list[Finding]:
    return findings.recent(bureau.db, 100)


def code_for(bureau: Bureau, till: str = "01") -> str:
    with transaction(bureau.db):
        return give_code(bureau.db, SHAOXING, till, bureau.clock.at).code


def leases_of(bureau: Bureau, till: EnrolledTill) -> str:
    """Return why the till may hold no leases; nothing where it may."""
    try:
        may_hold_leases(Speaker(till=known(bureau, till.epoch), device=till.device()))
    except ProtocolError as error:
        return error.code
    return ""


def test_an_honest_restore_begins_a_new_epoch_with_the_old_key(bureau: Bureau, till: EnrolledTill) -> None:
    for _ in range(3):
        till.write()
    till.upload()
    backup = till.copy()
    till.write()
    till.call("9001", SIGN_IN)

    restored = backup.next_epoch()
    said = restored.enrol(old=till)

    assert (said.refused, said.output["enrolled"]["lost"]) == ("", 1)
    assert (known(bureau, 1).state, known(bureau, 2).state) == (CLOSED, ACTIVE)
    assert restored.call("9001", SIGN_IN).refused == ""
    assert restored.upload(restored.entries[3:]).output["journal"]["number"] == 4
    assert (leases_of(bureau, restored), leases_of(bureau, till)) == ("", "wrong_epoch")
    assert found(bureau) == []


def test_after_a_fork_a_new_epoch_needs_a_new_code(bureau: Bureau, till: EnrolledTill) -> None:
    code = code_for(bureau)
    backup = till.copy()
    till.write()
    till.call("9001", SIGN_IN)
    bureau.clock.pass_by(LATER)
    backup.call("9001", SIGN_IN)
    following = backup.next_epoch()

    assert following.enrol(old=backup).refused == "enrolment_code"
    assert following.enrol(code).refused == ""
    assert leases_of(bureau, following) == ""
    assert known(bureau, 1).state == CLOSED


def test_a_new_epoch_without_code_or_old_key_is_refused(bureau: Bureau, till: EnrolledTill) -> None:
    following = till.next_epoch()
    stranger = EnrolledTill(bureau, seed="stranger")

    assert following.enrol("no").refused == "enrolment_code"
    assert following.enrol(old=stranger).refused == "enrolment_code"
    assert known(bureau).state == ACTIVE


def test_a_new_epoch_does_not_go_on_from_an_entry_that_is_known_otherwise(
    bureau: Bureau, till: EnrolledTill
) -> None:
    clone = till.copy()
    till.write(body='{"a":1}')
    till.upload()
    clone.write(body='{"b":2}')

    assert clone.next_epoch().enrol(code_for(bureau)).refused == "journal_fork"
    assert tills.epoch(bureau.db, SHAOXING, "01", 2) is None


def test_what_the_old_epoch_wrote_is_uploaded_before_the_new_one_goes_on(
    bureau: Bureau, till: EnrolledTill
) -> None:
    for _ in range(5):
        till.write()
    till.upload(till.entries[:2])
    following = till.next_epoch()
    following.enrol(old=till)
    following.write()

    assert following.upload(following.entries[5:]).refused == "journal_gap:3"
    assert following.upload(following.entries[2:]).output["journal"]["number"] == 7
    chains = bureau.db.execute("SELECT chain, count(*) FROM journal GROUP BY chain").fetchall()
    assert dict(map(tuple, chains)) == {till.entries[0].hash: 5, following.chain: 2}


def test_a_closed_epochs_messages_still_arrive_but_a_living_clone_is_a_finding(
    bureau: Bureau, till: EnrolledTill
) -> None:
    till.write()
    on_its_way = till.body("9001", SIGN_IN)
    till.next_epoch().enrol(old=till)

    assert till.send(on_its_way).refused == ""
    assert found(bureau) == []
    bureau.clock.pass_by(LATER)
    till.call("9001", SIGN_IN)
    assert [each.kind for each in found(bureau)] == ["old_epoch"]


def test_a_disk_that_was_lost_altogether_begins_at_nothing(bureau: Bureau, till: EnrolledTill) -> None:
    till.write()
    till.write()
    till.upload()
    fresh = EnrolledTill(bureau, seed="new disk")
    fresh.epoch = 2

    said = fresh.enrol(code_for(bureau))
    fresh.write("epoch")

    assert said.output["enrolled"]["lost"] == 2
    assert fresh.upload().output["journal"]["number"] == 1


def test_epochs_only_rise(till: EnrolledTill) -> None:
    third, second = till.copy(), till.copy()
    third.epoch, second.epoch = 3, 2

    assert third.enrol().refused == ""
    assert second.enrol().refused == "wrong_epoch"
    assert second.send(second.body("9001", SIGN_IN)).refused == "wrong_epoch"


def test_a_chain_of_entries_is_verified_whichever_epoch_wrote_them(
    bureau: Bureau, till: EnrolledTill
) -> None:
    till.write()
    following = till.next_epoch()
    following.enrol(old=till)
    wrong = seal(number=2, at=bureau.clock.at, kind="epoch", body="{}", previous="f" * 64)

    assert following.upload([till.entries[0], wrong]).refused == "journal_fork"
    following.entries[-1] = replace(following.entries[-1], body='{"changed":1}')
    assert following.upload().refused == "journal_broken"


def ask_lease(till: EnrolledTill) -> Granted:
    until = till.bureau.clock.at + timedelta(days=3)
    asks = (LeaseAsk(psn_no=person("王秀英").psn_no, want=10_000),)
    said = till.call("SY01", lease_input(LeaseRequest(until=until, asks=asks)))
    assert said.refused == "", said
    return read_granted(Raw(msgspec.json.encode(said.output)))


def test_what_the_old_epoch_holds_stays_reserved_and_is_not_the_new_ones(
    bureau: Bureau, till: EnrolledTill
) -> None:
    old = read_lease(ask_lease(till).leases[0], till.agency_key)
    following = till.next_epoch()
    following.enrol(old=till)

    new = read_lease(ask_lease(following).leases[0], till.agency_key)

    assert (old.epoch, new.epoch) == (1, 2)
    assert new.id != old.id
    assert new.accumulators.fund_paid == old.accumulators.fund_paid + old.reserved.fund
    rows = bureau.db.execute("SELECT epoch, state, reserved_fund FROM lease ORDER BY epoch").fetchall()
    assert [tuple(row) for row in rows] == [(1, "open", 10_000), (2, "open", 10_000)]


def test_no_lease_is_given_to_a_fork_to_a_closed_epoch_or_to_a_stranger(
    bureau: Bureau, till: EnrolledTill
) -> None:
    backup = till.copy()
    till.write()
    till.call("9001", SIGN_IN)
    bureau.clock.pass_by(LATER)
    backup.call("9001", SIGN_IN)
    asked = lease_input(
        LeaseRequest(
            until=bureau.clock.at + timedelta(days=1), asks=(LeaseAsk(psn_no=person("王秀英").psn_no),)
        )
    )

    assert till.call("SY01", asked).refused == "forked"
    following = backup.next_epoch()
    following.enrol(code_for(bureau))
    assert till.call("SY01", asked).refused == "wrong_epoch"
    assert following.call("SY01", asked).refused == ""
    bureau.provider = EZHOU
    assert bureau.call("SY01", asked).refused == "not_enrolled"


def test_a_restored_till_is_told_what_it_had_paid_out_and_forgot(till: EnrolledTill) -> None:
    for task in ("A1", "A2"):
        till.write("task_done", f'{{"task":"{task}","kind":"give_back","sale":"","amount":100,"by":"01"}}')
    assert till.upload().refused == ""
    restored = till.copy()
    restored.entries.pop()
    second = restored.next_epoch()
    assert second.enrol(old=till).output["enrolled"]["done"] == ["A2"]
    second.write("task_done", '{"task":"A3"}')
    second.write("task_done", "[]")
    assert second.upload().refused == ""

    restored.entries.pop()
    third = restored.next_epoch()
    third.epoch += 1

    assert third.enrol(f"DEMO-{till.provider}").output["enrolled"]["done"] == ["A1", "A2", "A3"]
