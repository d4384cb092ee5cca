"""Who may call the agency, how it refuses what it cannot read, and what it tells of people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from engine.ids import Scan
from engine.protocol.person import look_up_input, whose_input
from engine.protocol.profile import DEMONSTRATION, Credentials, headers
from engine.protocol.signin import sign_in_input
from tests.fakes.agency_line import EZHOU, PROFILE, Bureau, demonstration, person


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


def test_sign_in_gives_a_number_of_its_own_to_each_operator(bureau: Bureau) -> None:
    numbers = {bureau.call("9001", sign_in_input("01")).output["signinoutb"]["sign_no"] for _ in range(3)}

    assert len(numbers) == 3
    assert all(0 < len(number) <= 30 for number in numbers)


def test_wrong_secret_is_refused_as_unauthorized(bureau: Bureau) -> None:
    other = Credentials(paasid=DEMONSTRATION.paasid, secret="wrong")
    signed = headers(PROFILE, other, int(bureau.clock.at.timestamp()), "nonce")

    said = bureau.send(bureau.body("9001", sign_in_input("01")), **signed)

    assert (said.status, said.refused) == (401, "signature")
    assert "签名" in said.envelope["err_msg"]


@pytest.mark.parametrize("header", ["x-tif-paasid", "x-tif-timestamp", "x-tif-nonce", "x-tif-signature"])
def test_call_without_one_of_the_headers_is_refused(bureau: Bureau, header: str) -> None:
    said = bureau.send(bureau.body("9001", sign_in_input("01")), **{header: ""})

    assert (said.status, said.refused) == (401, "signature")


@pytest.mark.parametrize("minutes", [-6, 6])
def test_call_with_a_clock_far_off_is_told_to_set_it(bureau: Bureau, minutes: int) -> None:
    then = bureau.clock.at + timedelta(minutes=minutes)
    signed = headers(PROFILE, DEMONSTRATION, int(then.timestamp()), "nonce")

    said = bureau.send(bureau.body("9001", sign_in_input("01")), **signed)

    assert (said.status, said.refused) == (401, "stale")
    assert "校准" in said.envelope["err_msg"]


@pytest.mark.parametrize(
    "body, code",
    [
        (b"<html>hello</html>", "not_json"),
        (b'{"infno":"2102"}', "invalid"),
        (b"\xff", "not_json"),
        (b'{"a":' * 5000, "not_json"),
    ],
)
def test_what_is_no_envelope_is_refused_and_not_remembered(bureau: Bureau, body: bytes, code: str) -> None:
    said = bureau.send(body)

    assert (said.status, said.refused) == (200, code)
    assert bureau.db.execute("SELECT count(*) FROM message").fetchone() == (0,)


def test_unknown_transaction_and_unknown_shop_are_named(bureau: Bureau) -> None:
    assert "9999" in bureau.call("9999", "{}").envelope["err_msg"]
    bureau.provider = "P99999999999"
    assert bureau.call("9001", sign_in_input("01")).refused == "unknown_provider"


def test_message_id_of_another_shop_is_refused(bureau: Bureau) -> None:
    theirs = bureau.fresh_id().replace(bureau.provider, EZHOU)

    assert bureau.call("9001", sign_in_input("01"), theirs).refused == "bad_msgid"


def test_answers_to_questions_are_dropped_after_a_day_and_answers_to_settlements_never(
    bureau: Bureau,
) -> None:
    bureau.call("1101", look_up_input(Scan("card", "404")))
    bureau.call("2103", '{"data":{"psn_no":"1","mdtrt_id":"1","setl_id":"1"}}')
    bureau.clock.pass_by(timedelta(days=2))

    bureau.call("9001", sign_in_input("01"))

    kept = bureau.db.execute("SELECT infno FROM message ORDER BY infno").fetchall()
    assert kept == [("2103",), ("9001",)]


def test_a_person_is_found_by_voucher_card_and_resident_id(bureau: Bureau) -> None:
    whose = person("王秀英")
    voucher = next(code for code, psn_no in demonstration().vouchers.items() if psn_no == whose.psn_no)
    scans = (Scan("voucher", voucher), Scan("card", whose.card_no or ""), Scan("resident_id", whose.cert_no))

    found = [bureau.call("1101", look_up_input(scan)).output["baseinfo"]["psn_no"] for scan in scans]

    assert found == [whose.psn_no] * 3


def test_a_credential_of_nobody_is_refused_with_what_to_do(bureau: Bureau) -> None:
    said = bureau.call("1101", look_up_input(Scan("card", "Z00000000")))

    assert said.refused == "unknown_person"
    assert "社会保障卡" in said.envelope["err_msg"]
    assert bureau.call("1101", '{"data":{"mdtrt_cert_type":"09","mdtrt_cert_no":"1"}}').refused == "invalid"
    assert bureau.call("1101", '{"data":{"mdtrt_cert_type":"02"}}').refused == "invalid"


def test_filings_and_the_year_so_far_are_told_by_person(bureau: Bureau) -> None:
    whose = person("王秀英")

    filed = bureau.call("5301", whose_input(whose.psn_no)).output["feedetail"]
    sums = bureau.call("5206", whose_input(whose.psn_no, 2026)).output["cuminfo"]

    assert [row["opsp_dise_code"] for row in filed] == ["M03900", "M01600"]
    assert {row["cum_type_code"]: row["cum"] for row in sums}["D390101"] == 312.40


def test_last_years_sums_are_not_this_years(bureau: Bureau) -> None:
    sums = bureau.call("5206", whose_input(person("王秀英").psn_no, 2025)).output["cuminfo"]

    assert {row["cum"] for row in sums} == {0}


def test_wrong_insured_region_is_refused(bureau: Bureau) -> None:
    said = bureau.call("5301", whose_input(person("王秀英").psn_no), insuplc_admdvs="420704")

    assert said.refused == "wrong_region"


def test_no_answer_shows_a_traceback_or_an_exceptions_name(bureau: Bureau) -> None:
    for infno in ("9001", "1101", "5301", "5206", "2101", "2102", "2103", "SY03", "SY04"):
        for input_json in ("{}", '{"data":null}', '{"data":{"psn_no":5}}', '{"x":1e999}', '{"a":"\\ud800"}'):
            said = bureau.call(infno, input_json)
            text = msgspec.json.encode(said.envelope).decode()
            assert said.refused or infno == "SY04", (infno, input_json)
            assert "Error" not in text
            assert "Traceback" not in text
