"""SY06: many messages in one call, each a whole signed envelope, each answered by one of its own.

A batch has no meaning of its own: its messages do what they would do alone, in order, and a refused one
leaves the others as they are. The same envelopes travel in a bundle on a stick.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Raw, Struct

from engine.protocol.wire import decode, encode

MOST_MESSAGES = 200


class _Messages(Struct, frozen=True):
    messages: Annotated[tuple[Raw, ...], Meta(min_length=1, max_length=MOST_MESSAGES)]


class _Input(Struct, frozen=True):
    data: _Messages


class _Output(Struct, frozen=True):
    answers: tuple[Raw, ...]


def batch_input(messages: Sequence[bytes]) -> str:
    """Return the ``input`` of an SY06; ``messages`` are whole envelopes as JSON."""
    return encode(_Input(_Messages(tuple(Raw(message) for message in messages))))


def read_batch(raw: Raw) -> tuple[bytes, ...]:
    """Return the envelopes of an SY06; raise ProtocolError for none or too many."""
    return tuple(bytes(message) for message in decode(_Input, raw, "交易输入 input").data.messages)


def batch_output(answers: Sequence[str]) -> str:
    """Return the ``output`` of an SY06: the answers in the order of the messages."""
    return encode(_Output(tuple(Raw(answer.encode()) for answer in answers)))


def read_answers(raw: Raw) -> tuple[bytes, ...]:
    """Return the answers to an SY06, each a whole envelope; raise ProtocolError."""
    return tuple(bytes(answer) for answer in decode(_Output, raw, "批量应答").answers)
