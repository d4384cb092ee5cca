"""SY06: many messages in one call; each is read, authenticated and answered as if it had come alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import msgspec
from msgspec import Struct

from agency.lanes import person_of
from engine.protocol.batch import read_batch
from engine.protocol.envelope import Request, decode_request
from engine.protocol.wire import ProtocolError

INFNO = "SY06"
SETTLING = ("2102", "2103")
"""Each takes one number of a settlement."""

_ON_PRESCRIPTION = ("7204", "7206")

Message: TypeAlias = Request | ProtocolError
"""A message of a batch, or why it is none."""


class _Line(Struct):
    rxno: str | None = None


class _Lines(Struct):
    drugdetail: list[_Line] = []


class _OnPrescription(Struct, frozen=True):
    hi_rxno: str | None = None


class _Data(Struct):
    data: _OnPrescription = _OnPrescription()


def read(batch: Request) -> list[Message]:
    """Return the messages of a batch in order; raise ProtocolError where there is no batch to be read."""
    return [read_part(each) for each in read_batch(batch.input)]


def people_of(messages: Iterable[Message]) -> set[str]:
    """Return the psn_no of everybody whom the messages are about, so that all are locked in one order."""
    named = {person_of(each) for each in messages if isinstance(each, Request)}
    return {psn_no for psn_no in named if psn_no is not None}


def lanes_of(messages: Iterable[Message]) -> list[tuple[str, str]]:
    """Return the lane and the msgid of each message."""
    return [
        (person_of(each) or each.fixmedins_code, each.msgid) for each in messages if isinstance(each, Request)
    ]


def prescriptions_of(messages: Iterable[Message]) -> list[str]:
    """Return the numbers of the prescriptions that settlements, reviews and write-offs name."""
    return [number for _psn_no, number in _named(messages)]


def uses_of(messages: Iterable[Message]) -> list[tuple[str, str]]:
    """Return person and prescription, each once, of what is settled or written off on one."""
    named = _named(messages)
    return sorted({(psn_no, number) for psn_no, number in named if psn_no is not None})


def _named(messages: Iterable[Message]) -> list[tuple[str | None, str]]:
    return [
        (person_of(each), number)
        for each in messages
        if isinstance(each, Request)
        for number in _numbers(each)
        if number is not None
    ]


def _numbers(request: Request) -> list[str | None]:
    if request.infno in SETTLING:
        return [line.rxno for line in _lines(request)]
    return [_data(request).hi_rxno] if request.infno in _ON_PRESCRIPTION else []


def _data(request: Request) -> _OnPrescription:
    try:
        return msgspec.json.decode(request.input, type=_Data).data
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _OnPrescription()


def _lines(request: Request) -> list[_Line]:
    try:
        return msgspec.json.decode(request.input, type=_Lines).drugdetail
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return []


def read_message(body: bytes) -> Request:
    """Return the message in ``body``; raise ProtocolError for what is none, or what no database takes."""
    if b"\\u0000" in body:
        raise ProtocolError("报文里有空字符（\\u0000），请检查软件后重新发送。")
    return decode_request(body)


def read_part(body: bytes) -> Message:
    """Return a message that came with others, or why it is none."""
    try:
        request = read_message(body)
    except ProtocolError as error:
        return error
    if request.infno == INFNO:
        return ProtocolError("批量报文里不能再放批量报文，请拆开后重新发送。", "unknown_infno")
    return request
