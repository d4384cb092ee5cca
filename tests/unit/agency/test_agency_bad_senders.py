"""Whatever a sender gets wrong: a clear answer with a code, no name in the log, and nothing applied."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from agency.web import make_web
from engine.protocol import envelope, signing
from engine.protocol.device import enrolment_input
from engine.protocol.profile import DEMONSTRATION, headers
from engine.protocol.settlement import reversal_input
from engine.protocol.signin import sign_in_input
from engine.protocol.signing import to_text
from tests.fakes.agency_line import EZHOU, PROFILE, Bureau, Line, Said, draft_of, paid_by_law, person
from tests.fakes.enrolled_till import EnrolledTill, changed

SIGN_IN = sign_in_input("01")
WANG = person("王秀英")


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


def settlement() -> str:
    return paid_by_law(draft_of(WANG))[0][1]


def altered(change: str, value: object) -> str:
    """Return a settlement in which one value of its main node is another one."""
    asked = msgspec.json.decode(settlement())
    node = next(each for each in asked.values() if isinstance(each, dict) and change in each)
    node[change] = value
    return msgspec.json.encode(asked).decode()


def untouched(bureau: Bureau) -> bool:
    """Tell whether no settlement is in the books, and no answer is kept that a good message would get."""
    settled = bureau.db.execute("SELECT count(*) FROM settlement").fetchone()[0]
    return int(settled) == 0 and bureau.sums("王秀英") == WANG.snapshot.accumulators


def clear(said: Said, code: str) -> bool:
    """Tell whether an answer names its code and says what to do in a sentence."""
    text = said.envelope["err_msg"]
    return said.refused == code and text.endswith("。") and "请" in text


def test_a_wrong_signature_does_nothing_and_the_right_one_is_still_good(
    bureau: Bureau, till: EnrolledTill
) -> None:
    msgid = till.fresh_id()
    forged = till.send(till.body("2102", settlement(), msgid, private=b"z" * 32))

    assert clear(forged, "device_signature")
    assert untouched(bureau)
    assert till.call("2102", settlement(), msgid).refused == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"cainfo": None},
        {"cainfo": ""},
        {"cainfo": "no base64 at all"},
        {"infno": "2103"},
        {"inf_time": "2026-11-22 09:59:59"},
        {"dev_safe_info": None},
        {"insuplc_admdvs": "429999"},
        {"dev_safe_info": '{"till":"01","epoch":1,"chain":"","number":7,"hash":"x"}'},
    ],
)
def test_whatever_is_changed_after_signing_breaks_the_signature(
    bureau: Bureau, till: EnrolledTill, changes: dict[str, object]
) -> None:
    body = till.body("2102", settlement())

    assert clear(till.send(changed(body, **changes)), "device_signature")
    assert untouched(bureau)
    assert till.send(changed(body, opter="02", sign_no="1")).refused == ""


def test_a_changed_content_breaks_the_signature(till: EnrolledTill) -> None:
    body = till.body("2103", reversal_input(psn_no="1", mdtrt_id="2", setl_id="3"))

    assert clear(till.send(body.replace(b'"setl_id":"3"', b'"setl_id":"4"')), "device_signature")
    assert till.send(body).refused == "unknown_settlement"


def test_one_tills_message_is_not_anothers(bureau: Bureau, till: EnrolledTill) -> None:
    second, elsewhere = EnrolledTill(bureau, till="02"), EnrolledTill(bureau, EZHOU)
    second.enrol()
    elsewhere.enrol()

    as_second = till.send(till.body("2102", settlement(), device=second.device()))
    as_other_shop = elsewhere.send(elsewhere.body("9001", SIGN_IN, fixmedins_code=till.provider))

    assert clear(as_second, "device_signature")
    assert as_other_shop.refused == "bad_msgid"
    assert untouched(bureau)


def test_an_unknown_till_and_an_epoch_that_never_was_are_told_apart(
    bureau: Bureau, till: EnrolledTill
) -> None:
    ninth = till.send(till.body("2102", settlement(), device=replace(till.device(), till="09")))
    later = till.send(till.body("2102", settlement(), device=replace(till.device(), epoch=9)))

    assert clear(ninth, "not_enrolled")
    assert clear(later, "wrong_epoch")
    assert untouched(bureau)


@pytest.mark.parametrize(
    "info",
    [
        "",
        "x",
        "{}",
        '{"till":"1"}',
        '{"till":"01","epoch":0,"chain":"","number":0,"hash":""}',
        '{"till":"01","epoch":99999999999999999999999,"chain":"","number":0,"hash":""}',
        '{"till":"01","epoch":1,"chain":"","number":99999999999999999999999,"hash":""}',
    ],
)
def test_device_info_that_cannot_be_read_is_refused(bureau: Bureau, till: EnrolledTill, info: str) -> None:
    said = till.send(till.body("2102", settlement(), dev_safe_info=info))

    assert said.refused in ("not_json", "invalid")
    assert untouched(bureau)


def test_a_time_that_cannot_be_read_is_refused(bureau: Bureau, till: EnrolledTill) -> None:
    body = till.body("2102", settlement())
    request = envelope.decode_request(body)
    said = signing.message_text(
        infno=request.infno,
        msgid=request.msgid,
        provider=request.fixmedins_code,
        inf_time="yesterday",
        device=request.dev_safe_info or "",
        insured_in=request.insuplc_admdvs or "",
        content=bytes(request.input),
    )
    signed = {"inf_time": "yesterday", "cainfo": signing.sign(till.private, said)}

    assert clear(till.send(changed(body, **signed)), "invalid")
    assert untouched(bureau)


def test_nobody_is_answered_for_an_unknown_person(bureau: Bureau, till: EnrolledTill) -> None:
    said = till.call("2102", altered("psn_no", "88000000000000009999"))

    assert clear(said, "unknown_person")
    assert untouched(bureau)


@pytest.mark.parametrize("amount", [-1, -0.01, 1e20, 0.001])
def test_amounts_that_no_pharmacy_takes_are_refused(
    bureau: Bureau, till: EnrolledTill, amount: float
) -> None:
    said = till.call("2102", altered("medfee_sumamt", amount))

    assert said.refused != ""
    assert untouched(bureau)


def test_a_settlement_of_the_future_is_refused(bureau: Bureau, till: EnrolledTill) -> None:
    said = till.call("2102", altered("begntime", "2027-06-01 10:00:00"))

    assert said.refused != ""
    assert untouched(bureau)


def test_a_code_is_guessed_by_nobody(bureau: Bureau) -> None:
    stranger = EnrolledTill(bureau, seed="stranger")

    for guess in ("", " ", "DEMO-", f"DEMO-{EZHOU}", "AAAA-AAAA-AAAA"):
        said = stranger.send(stranger.body("SY00", enrolment(stranger, guess)))
        assert clear(said, "enrolment_code")


def enrolment(till: EnrolledTill, code: str) -> str:
    return enrolment_input(till.asked(code))


@pytest.mark.parametrize("key", ["A" * 44, "A" * 43 + "é", "=" * 44, "A" * 40 + "===="])
def test_a_key_that_is_none_is_not_enrolled(bureau: Bureau, key: str) -> None:
    till = EnrolledTill(bureau)
    asked = replace(till.asked(f"DEMO-{till.provider}"), box_key=key)

    assert clear(till.send(till.body("SY00", enrolment_input(asked))), "invalid")
    assert bureau.db.execute("SELECT count(*) FROM till").fetchone()[0] == 0


def test_an_enrolment_that_was_changed_on_its_way_enrols_nobody(bureau: Bureau, till: EnrolledTill) -> None:
    newer = till.next_epoch()
    asked = replace(newer.asked(old=till), box_key=to_text(b"z" * 32))
    right = newer.body("SY00", enrolment_input(newer.asked(old=till)))

    by_another = newer.body("SY00", enrolment_input(asked), private=b"z" * 32)
    spoilt = changed(right, input=msgspec.Raw(enrolment_input(asked).encode()))
    for body in (by_another, spoilt, changed(right, cainfo=None)):
        assert clear(newer.send(body), "device_signature")
    assert bureau.db.execute("SELECT max(epoch) FROM till").fetchone()[0] == till.epoch
    assert newer.send(right).refused == ""


@pytest.mark.parametrize("infno", ["9\n11", "身份证号", "21 1", "sy0\x00"])
def test_what_is_no_transaction_number_does_not_get_into_the_log(
    till: EnrolledTill, infno: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    said = till.send(till.body(infno, settlement()))

    assert said.refused == "invalid"
    assert infno not in caplog.text


def test_an_answer_whose_reason_was_changed_proves_nothing(bureau: Bureau, till: EnrolledTill) -> None:
    body = till.body("2102", altered("psn_no", "88000000000000009999"))
    signed = headers(PROFILE, DEMONSTRATION, int(bureau.clock.at.timestamp()), "nonce")
    answer = bureau.agency.answer(signed, body).text.encode()

    assert till.proven(answer, body)
    assert not till.proven(changed(answer, err_msg="第 999999 期。"), body)


def test_no_refusal_writes_a_name_or_number_of_a_person_into_the_log(
    bureau: Bureau, till: EnrolledTill, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = [
        till.body("2102", settlement(), private=b"z" * 32),
        till.body("2102", settlement(), device=replace(till.device(), till="09")),
        till.body("2102", altered("psn_no", "88000000000000009999")),
        till.body("2102", altered("medfee_sumamt", -1)),
        bureau.body("2102", settlement()),
        b"{" + WANG.cert_no.encode(),
    ]
    signed = headers(PROFILE, DEMONSTRATION, int(bureau.clock.at.timestamp()), "nonce")

    line = Line(make_web(bureau.agency))
    for body in wrong:
        said = httpx.post(line.url + PROFILE.path, content=body, headers=signed, trust_env=False)
        assert said.json()["infcode"] == -1
    line.cut()

    assert "device_signature 200" in caplog.text
    for private in (WANG.name, WANG.psn_no, WANG.cert_no, "88000000000000009999"):
        assert private not in caplog.text
    assert untouched(bureau)


def test_a_message_is_not_refused_for_the_clock_of_its_till_alone(bureau: Bureau, till: EnrolledTill) -> None:
    for apart in (-timedelta(days=900), timedelta(days=900)):
        assert till.call("9001", SIGN_IN, at=bureau.clock.at + apart).refused == ""
