"""SY06: a batch is its messages, one after another, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from engine.journal import seal
from engine.protocol.batch import batch_input
from engine.protocol.journal import journal_input
from engine.protocol.settlement import reversal_input
from engine.protocol.signin import sign_in_input
from tests.fakes.agency_line import SHAOXING, Bureau, draft_of, paid_by_law, person, store
from tests.fakes.enrolled_till import EnrolledTill

SIGN_IN = sign_in_input("01")


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


def settled(bureau: Bureau) -> int:
    return int(bureau.db.execute("SELECT count(*) FROM settlement").fetchone()[0])


def test_each_message_of_a_batch_does_what_it_would_do_alone(bureau: Bureau, till: EnrolledTill) -> None:
    whose = person("王秀英")
    before = bureau.sums("王秀英").fund_paid
    inputs = [asked for _settlement, asked in paid_by_law(draft_of(whose))]

    said = till.send_all([till.body("2102", each) for each in inputs])

    assert [each.refused for each in said] == [""] * len(inputs)
    assert all("cainfo" in each.envelope for each in said)
    assert settled(bureau) == len(inputs)
    info = said[0].output["setlinfo"]
    undo = reversal_input(psn_no=info["psn_no"], mdtrt_id=info["mdtrt_id"], setl_id=info["setl_id"])
    assert till.send_all([till.body("2103", undo)])[0].refused == ""
    assert (bureau.sums("王秀英").fund_paid == before) == (len(inputs) == 1)


def test_a_batch_sent_twice_has_the_same_answers_and_no_second_effect(
    bureau: Bureau, till: EnrolledTill
) -> None:
    bodies = [till.body("2102", asked) for _each, asked in paid_by_law(draft_of(person("王秀英")))]
    first = till.send_all(bodies)
    paid = bureau.sums("王秀英")

    again = till.send_all(bodies)
    alone = [till.send(each) for each in bodies]

    assert [each.envelope for each in again] == [each.envelope for each in first]
    assert [each.envelope for each in alone] == [each.envelope for each in first]
    assert bureau.sums("王秀英") == paid


def test_a_refused_message_leaves_the_others_as_they_are_and_is_in_the_log(
    bureau: Bureau, till: EnrolledTill, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "agency")
    good = till.body("2102", paid_by_law(draft_of(person("王秀英")))[0][1])
    stranger = EnrolledTill(bureau, seed="stranger")
    bodies = [
        b'{"infno":"9001"}',
        till.body("2102", "{}"),
        stranger.body("9001", SIGN_IN),
        till.body("9001", SIGN_IN, cainfo="AAAA"),
        till.body("9999", "{}"),
        good,
        till.body("SY06", batch_input([good])),
        till.body("9001", SIGN_IN),
    ]

    said = till.send_all(bodies)

    codes = ["invalid", "invalid", "device_signature", "device_signature", "unknown_infno", ""]
    assert [each.refused for each in said] == [*codes, "unknown_infno", ""]
    assert settled(bureau) == 1
    assert caplog.messages.count("9001 device_signature among others") == 2
    assert "王秀英" not in caplog.text


def test_a_batch_whose_sender_is_nobody_does_nothing(bureau: Bureau, till: EnrolledTill) -> None:
    inside = till.body("2102", paid_by_law(draft_of(person("王秀英")))[0][1])
    whole = till.body("SY06", batch_input([inside]))

    forged = msgspec.json.encode({**msgspec.json.decode(whole), "cainfo": "AAAA"})

    assert till.send(forged).refused == "device_signature"
    assert settled(bureau) == 0


@pytest.mark.parametrize("input_json", ["{}", '{"data":{"messages":[]}}', '{"data":{"messages":5}}'])
def test_a_batch_without_messages_is_refused(till: EnrolledTill, input_json: str) -> None:
    assert till.call("SY06", input_json).refused == "invalid"


def test_a_batch_of_more_than_it_may_hold_is_refused(till: EnrolledTill) -> None:
    assert till.call("SY06", batch_input([b"{}"] * 201)).refused == "invalid"


def test_a_till_that_never_enrolled_may_send_batches_too(bureau: Bureau) -> None:
    said = bureau.call("SY06", batch_input([bureau.body("9001", SIGN_IN)]))

    assert said.refused == ""
    assert said.output["answers"][0]["infcode"] == 0


def test_uploads_in_a_batch_follow_one_another(bureau: Bureau, till: EnrolledTill) -> None:
    for number in range(6):
        till.write(body=f'{{"n":{number}}}')
    pages = [till.entries[:2], till.entries[2:4], till.entries[5:], till.entries[4:]]
    wrong = seal(number=3, at=bureau.clock.at, kind="sale", body="{}", previous=till.entries[1].hash)

    said = till.send_all([till.body("SY03", journal_input(store(SHAOXING), page)) for page in pages])
    forked = till.send_all([till.body("SY03", journal_input(store(SHAOXING), [wrong]))])

    assert [each.refused for each in said] == ["", "", "journal_gap:5", ""]
    assert forked[0].refused == "journal_fork"
