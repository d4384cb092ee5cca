"""A till is who its key says; a disk that was cloned or put back is found, an honest one never suspected."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from agency.enrolment import give_code
from agency.storage import findings, tills
from agency.storage.connection import transaction
from agency.storage.findings import Finding
from agency.storage.tills import ACTIVE, FORKED, Till
from agency.tills import Speaker, may_hold_leases
from engine.protocol.journal import journal_input
from engine.protocol.signin import sign_in_input
from engine.protocol.wire import ProtocolError
from tests.fakes.agency_line import EZHOU, SHAOXING, Bureau, store
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


# Enrolment


def test_a_code_enrols_one_till_once(bureau: Bureau) -> None:
    code = code_for(bureau, "07")
    seventh, other = EnrolledTill(bureau, till="07"), EnrolledTill(bureau, till="07", seed="other")
    wrong = EnrolledTill(bureau, till="08")

    assert wrong.enrol(code).refused == "enrolment_code"
    assert seventh.enrol(code.lower()).refused == ""
    assert seventh.call("9001", SIGN_IN).refused == ""
    assert other.enrol(code).refused == "wrong_epoch"


def test_a_used_or_expired_or_invented_code_enrols_nobody(bureau: Bureau) -> None:
    used, old = code_for(bureau), code_for(bureau)
    till = EnrolledTill(bureau)
    till.enrol(used)
    following = till.next_epoch()

    assert following.enrol(used).refused == "enrolment_code"
    assert following.enrol("ABCD-EFGH-JKLM").refused == "enrolment_code"
    bureau.clock.pass_by(timedelta(days=8))
    assert following.enrol(old).refused == "enrolment_code"
    assert tills.epoch(bureau.db, SHAOXING, "01", 2) is None


def test_an_enrolment_whose_answer_was_lost_is_answered_again(bureau: Bureau) -> None:
    code = code_for(bureau)
    till = EnrolledTill(bureau)

    first, again = till.enrol(code), till.enrol(code)

    assert again.output == first.output
    assert again.refused == ""


def test_the_agency_signs_its_enrolment_with_the_key_that_it_names(till: EnrolledTill) -> None:
    said = till.next_epoch().enrol("AAAA-AAAA-AAAA")

    assert said.refused == "enrolment_code"
    assert "cainfo" in said.envelope


def test_no_code_is_kept_as_it_is(bureau: Bureau) -> None:
    code = code_for(bureau)

    kept = str(bureau.db.execute("SELECT provider, till, digest FROM enrolment_code").fetchall())

    assert code not in kept
    assert code.replace("-", "") not in kept


def test_a_till_that_enrols_late_goes_on_with_its_journal(bureau: Bureau) -> None:
    till = EnrolledTill(bureau)
    for _ in range(4):
        till.write()
    till.enrol()

    assert till.upload().output["journal"]["number"] == 4
    assert known(bureau).chain == till.entries[0].hash


def test_one_tills_journal_serves_two_shops(bureau: Bureau, till: EnrolledTill) -> None:
    elsewhere = till.copy()
    elsewhere.provider = EZHOU
    elsewhere.enrol()
    till.write()
    till.write()
    till.upload()
    elsewhere.entries = till.entries
    elsewhere.write()

    assert elsewhere.upload(till.entries[2:]).refused == ""
    assert bureau.db.execute("SELECT count(*) FROM journal").fetchone()[0] == 3


# Answers


def test_every_answer_to_an_enrolled_till_is_signed_and_only_to_its_question(till: EnrolledTill) -> None:
    body, other = till.body("9001", SIGN_IN), till.body("9001", sign_in_input("02"))
    for said in (till.send(body), till.send(body), till.call("9999", "{}"), till.call("2102", "{}")):
        assert "cainfo" in said.envelope

    answer = till.bureau.agency.answer_signed(body, till.bureau.clock.at)
    assert till.proven(answer.text.encode(), body)
    assert not till.proven(answer.text.encode(), other)
    assert not till.proven(answer.text.replace('"sign_no":"', '"sign_no":"9').encode(), body)


def test_a_message_sent_before_the_enrolment_gets_its_first_answer_signed_after_it(bureau: Bureau) -> None:
    till = EnrolledTill(bureau)
    first = bureau.call("9001", SIGN_IN, till_id := till.fresh_id())
    till.enrol()

    again = till.call("9001", SIGN_IN, till_id)

    assert again.output == first.output
    assert till.send(till.body("9001", SIGN_IN, till_id)).envelope == again.envelope


# Heads


def test_a_growing_journal_is_followed(bureau: Bureau, till: EnrolledTill) -> None:
    for _ in range(3):
        till.write()
        bureau.clock.pass_by(LATER)
        till.call("9001", SIGN_IN)

    assert (known(bureau).state, known(bureau).seen_number) == (ACTIVE, 3)
    assert known(bureau).seen_hash == till.head[1]
    assert (found(bureau), leases_of(bureau, till)) == ([], "")


def test_a_backup_put_back_is_found_by_its_head(bureau: Bureau, till: EnrolledTill) -> None:
    till.write()
    backup = till.copy()
    till.write()
    till.call("9001", SIGN_IN)
    bureau.clock.pass_by(LATER)

    said = backup.call("9001", SIGN_IN)

    assert said.refused == ""
    assert known(bureau).state == FORKED
    assert [(each.kind, each.till) for each in found(bureau)] == [("fork", "01")]
    assert leases_of(bureau, backup) == "forked"


def test_a_delayed_message_is_no_fork(bureau: Bureau, till: EnrolledTill) -> None:
    till.write()
    delayed = till.body("9001", SIGN_IN)
    bureau.clock.pass_by(LATER)
    till.write()
    till.call("9001", SIGN_IN)
    bureau.clock.pass_by(LATER)

    assert till.send(delayed).refused == ""
    assert (known(bureau).state, known(bureau).seen_number, found(bureau)) == (ACTIVE, 2, [])


def test_a_clock_that_was_set_back_is_no_fork(bureau: Bureau, till: EnrolledTill) -> None:
    till.write()
    till.call("9001", SIGN_IN)
    till.write()

    till.call("9001", SIGN_IN, at=bureau.clock.at - timedelta(days=400))
    till.write()
    till.call("9001", SIGN_IN)

    assert (known(bureau).state, known(bureau).seen_number) == (ACTIVE, 3)


def test_a_copy_of_what_came_by_wire_is_no_fork_though_the_clock_was_hours_ahead_when_it_was_packed(
    bureau: Bureau, till: EnrolledTill
) -> None:
    till.write()
    msgid = till.fresh_id()
    packed = till.body("9001", SIGN_IN, msgid, at=bureau.clock.at + timedelta(hours=3))
    for _ in range(3):
        till.write()
    assert till.call("9001", SIGN_IN, msgid).refused == ""
    bureau.clock.pass_by(timedelta(hours=1))

    assert till.send(packed).refused == ""

    assert (known(bureau).state, found(bureau)) == (ACTIVE, [])


def test_a_clock_years_ahead_does_not_blind_the_agency(bureau: Bureau, till: EnrolledTill) -> None:
    backup = till.copy()
    till.write()
    till.call("9001", SIGN_IN, at=bureau.clock.at + timedelta(days=4000))
    bureau.clock.pass_by(timedelta(days=2))

    backup.call("9001", SIGN_IN)

    assert known(bureau).state == FORKED


def test_two_threads_of_a_till_are_no_fork(bureau: Bureau, till: EnrolledTill) -> None:
    read_before = till.device()
    till.write()
    till.call("9001", SIGN_IN)

    till.call("9001", SIGN_IN, device=read_before, at=bureau.clock.at + timedelta(seconds=90))

    assert known(bureau).state == ACTIVE


def test_a_cloned_disk_is_found_by_two_entries_of_one_number(bureau: Bureau, till: EnrolledTill) -> None:
    till.write()
    clone = till.copy()
    till.write(body='{"a":1}')
    clone.write(body='{"b":2}')
    till.call("9001", SIGN_IN)

    clone.call("9001", SIGN_IN)

    assert known(bureau).state == FORKED
    assert "第 2 条" in found(bureau)[0].text


def test_a_clone_is_found_by_an_entry_that_is_held_already(bureau: Bureau, till: EnrolledTill) -> None:
    clone = till.copy()
    for _ in range(3):
        till.write()
    till.upload()
    clone.write(body='{"b":2}')

    clone.call("9001", SIGN_IN, at=bureau.clock.at - LATER)

    assert known(bureau).state == FORKED


def test_an_upload_that_contradicts_what_is_held_is_refused_and_a_fork(
    bureau: Bureau, till: EnrolledTill
) -> None:
    till.write()
    clone = till.copy()
    till.write(body='{"a":1}')
    till.upload()
    clone.write(body='{"b":2}')

    said = clone.upload()

    assert said.refused == "journal_fork"
    assert known(bureau).state == FORKED
    assert bureau.db.execute("SELECT count(*) FROM journal").fetchone()[0] == 2
    till.write()
    assert till.upload().refused == ""


def test_a_till_that_begins_its_journal_anew_in_one_epoch_is_a_fork(
    bureau: Bureau, till: EnrolledTill
) -> None:
    anew = till.copy()
    till.write(body='{"a":1}')
    till.upload()
    anew.write(body='{"b":2}')
    anew.write()

    anew.call("9001", SIGN_IN)

    assert known(bureau).state == FORKED


def test_a_fork_is_one_finding_however_often_it_shows(bureau: Bureau, till: EnrolledTill) -> None:
    backup = till.copy()
    till.write()
    till.call("9001", SIGN_IN)
    bureau.clock.pass_by(LATER)

    for _ in range(3):
        backup.call("9001", SIGN_IN)

    assert len(found(bureau)) == 1


def test_messages_of_one_till_that_arrive_at_once_are_no_fork_and_the_furthest_head_stays(
    bureau: Bureau, till: EnrolledTill
) -> None:
    bodies = []
    for number in range(24):
        till.write(body=f'{{"n":{number}}}')
        bodies.append(till.body("9001", SIGN_IN))
    pages = [till.body("SY03", journal_input(store(SHAOXING), till.entries)) for _ in range(8)]

    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(till.send, [*bodies[::2], *pages, *bodies[1::2]]))

    assert {each.refused for each in said} == {""}
    assert (known(bureau).state, known(bureau).seen_number, found(bureau)) == (ACTIVE, 24, [])
    assert bureau.db.execute("SELECT count(*) FROM journal").fetchone()[0] == 24
