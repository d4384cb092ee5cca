"""The national envelope: message ids, signatures, money on the wire, and refusals that name the field."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from engine.protocol.envelope import (
    Sender,
    decode_answer,
    decode_request,
    encode_answer,
    encode_request,
    message_id,
)
from engine.protocol.profile import Credentials, Profile, headers, signature
from engine.protocol.wire import ProtocolError, fen_of, parse_seconds, same_content, signed_fen, whole, yuan

AT = datetime(2026, 1, 31, 16, 30, 5, 123_000, tzinfo=UTC)
SENDER = Sender(provider="P33068100001", name="演示药店", region="330681", operator="01")


def _body(input_json: str = '{"data":{}}', msgid: str = "P33068100001202602010030050001") -> bytes:
    return encode_request(
        profile=Profile(), sender=SENDER, infno="1101", msgid=msgid, input_json=input_json, at=AT
    )


def test_message_id_is_shop_second_in_china_and_serial() -> None:
    assert message_id("P33068100001", AT, 7) == "P33068100001" + "20260201003005" + "0007"


@pytest.mark.parametrize("provider, serial", [("P1", 1), ("P33068100001", 10_000), ("P33068100001", -1)])
def test_message_id_refuses_parts_that_do_not_fit(provider: str, serial: int) -> None:
    with pytest.raises(ValueError, match="message id"):
        message_id(provider, AT, serial)


def test_signature_is_sha256_of_timestamp_secret_nonce_timestamp() -> None:
    expected = hashlib.sha256(b"1700000000" + b"s3cret" + b"abc" + b"1700000000").hexdigest()

    assert signature(Profile(), "s3cret", "1700000000", "abc") == expected
    assert signature(Profile(upper_hex=True), "s3cret", "1700000000", "abc") == expected.upper()


def test_secret_is_in_no_header_and_no_log() -> None:
    credentials = Credentials(paasid="app", secret="do-not-tell")

    assert "do-not-tell" not in str(headers(Profile(), credentials, 1, "n"))
    assert "do-not-tell" not in repr(credentials)


def test_request_comes_out_as_it_went_in() -> None:
    request = decode_request(_body('{"data":{"b":1.50,"a":"药"}}'))

    assert (request.infno, request.fixmedins_code, request.inf_time) == (
        "1101",
        "P33068100001",
        "2026-02-01 00:30:05",
    )
    assert bytes(request.input).decode() == '{"data":{"b":1.50,"a":"药"}}'


@pytest.mark.parametrize(
    "body, said",
    [
        (b"<html>", "不是完整的 JSON"),
        (b"", "不是完整的 JSON"),
        (b"\xff\xfe", "不是完整的 JSON"),
        (b"[1]", "填写不符合接口规范"),
        (b"[" * 100_000, "报文"),
        (b'{"infno":"1101"}', "缺少必填项 msgid"),
        (_body("[1]"), "input 应是 JSON 对象"),
        (_body(msgid="short"), "msgid 应是 30 位"),
        (_body(msgid="P99999999999202602010030050001"), "msgid 应是 30 位"),
        (_body().replace(b'"infver":"V1.0"', b'"infver":5'), "infver"),
    ],
)
def test_what_is_no_envelope_is_refused_with_a_sentence(body: bytes, said: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        decode_request(body)

    assert said in refusal.value.text
    assert refusal.value.text.endswith("。")


def test_status_code_may_come_as_number_or_text() -> None:
    assert decode_answer(b'{"infcode":0,"output":{}}').accepted
    assert decode_answer(b'{"infcode":"0","output":{},"err_msg":null}').accepted
    assert not decode_answer(b'{"infcode":"-1","err_msg":"no"}').accepted


@pytest.mark.parametrize(
    "body", [b'{"infcode":7}', b'{"infcode":0}', b'{"infcode":0,"output":[]}', b"null", b"\xff"]
)
def test_answer_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_answer(body)


def test_answer_carries_the_times_and_ids_of_the_national_form() -> None:
    text = encode_answer(region="330681", serial=42, received=AT, answered=AT, output='{"x":1}')

    assert '"inf_refmsgid":"330681202602010030050000000042"' in text
    assert '"refmsg_time":"20260201003005123"' in text
    assert '"infcode":0' in text


@given(st.integers(-(10**11) + 1, 10**11 - 1))
def test_money_survives_the_wire_to_the_fen(fen: int) -> None:
    assert signed_fen(yuan(fen), "x") == fen
    assert str(yuan(fen))[-3] == "."


@pytest.mark.parametrize("amount", ["-0.01", "0.001", "NaN", "Infinity", "1E+400", "1000000000000"])
def test_odd_amounts_are_refused(amount: str) -> None:
    with pytest.raises(ProtocolError):
        fen_of(Decimal(amount), "pric")


@pytest.mark.parametrize("count", ["0", "-1", "1.5", "1E+99", "NaN", "11"])
def test_odd_counts_are_refused(count: str) -> None:
    with pytest.raises(ProtocolError):
        whole(Decimal(count), "cnt", 10)


def test_same_content_means_the_same_values_in_any_order() -> None:
    assert same_content(Raw(b'{"a": 1, "b": [2.50]}')) == same_content(Raw(b'{"b":[2.5],"a":1}'))
    assert same_content(Raw(b'{"a":1}')) != same_content(Raw(b'{"a":2}'))


def test_time_of_a_message_is_china_time() -> None:
    assert parse_seconds("2026-02-01 00:30:05", "t") == AT.replace(microsecond=0)
    with pytest.raises(ProtocolError):
        parse_seconds("2026-02-30 00:00:00", "t")
