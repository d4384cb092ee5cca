"""``dev_safe_info``: which till speaks, in which epoch, and how far its journal is; and its enrolment (SY00).

Every message of an enrolled till carries it, signed. Two entries under one number, or a head behind what the
agency has seen, is a fork: a cloned disk or a restored backup (design, "Quota leases").
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Raw, Struct

from engine.protocol.wire import LARGEST_NUMBER, decode, encode

_Key = Annotated[str, Meta(min_length=44, max_length=44)]
_Till = Annotated[str, Meta(pattern=r"^[0-9]{2}\Z")]
_Epoch = Annotated[int, Meta(ge=1, le=1_000_000)]
_Count = Annotated[int, Meta(ge=0, le=LARGEST_NUMBER)]


class Device(Struct, frozen=True, kw_only=True):
    """``dev_safe_info`` as JSON text; ``number`` and ``hash`` are the journal's head as the message leaves.

    ``chain`` is the hash of the epoch's first entry, empty while there is none. ``waiting`` and ``oldest``
    tell the agency how much lies in the outbox and since when (ISO 8601), for its operations page.
    """

    till: _Till
    epoch: _Epoch
    chain: str
    number: _Count
    hash: str
    waiting: _Count = 0
    oldest: str | None = None


class Enrolment(Struct, frozen=True, kw_only=True):
    """Node ``data`` of SY00: a till's first epoch, or its next one.

    ``code`` is the one-time code that the agency gave out for this provider and till; a next epoch after an
    honest restore may come without one when ``old_signature`` (by the old epoch's key, over
    ``new_epoch_text``) holds and the till is under no suspicion of a fork. ``number`` and ``hash`` are the
    entry after which the new epoch's chain goes on: (0, GENESIS) at first.
    """

    till: _Till
    epoch: _Epoch
    public_key: _Key
    box_key: _Key
    number: _Count
    hash: str
    code: str | None = None
    old_signature: str | None = None


class Enrolled(Struct, frozen=True, kw_only=True):
    """Node ``enrolled``: the agency's own keys, to be kept; ``lost`` counts entries that the agency holds
    behind the point where a new epoch goes on, ``done`` are the tasks that were done by them."""

    till: str
    epoch: int
    agency_key: _Key
    agency_box_key: _Key
    lost: int = 0
    done: tuple[str, ...] = ()


class _Input(Struct, frozen=True):
    data: Enrolment


class _Output(Struct, frozen=True):
    enrolled: Enrolled


def device_text(device: Device) -> str:
    """Return ``dev_safe_info``."""
    return encode(device)


def read_device(text: str) -> Device:
    """Return ``dev_safe_info`` as read; raise ProtocolError."""
    return decode(Device, text, "dev_safe_info")


def new_epoch_text(asked: Enrolment, provider: str) -> str:
    """Return what the old epoch's key signs to let a new one follow it."""
    return "\n".join(("epoch", provider, asked.till, str(asked.epoch), asked.public_key, asked.hash))


def enrolment_input(asked: Enrolment) -> str:
    """Return the ``input`` of an SY00."""
    return encode(_Input(asked))


def read_enrolment(raw: Raw) -> Enrolment:
    """Return an SY00 as read; raise ProtocolError."""
    return decode(_Input, raw, "交易输入 input").data


def enrolled_output(told: Enrolled) -> str:
    """Return the ``output`` of an SY00."""
    return encode(_Output(told))


def read_enrolled(raw: Raw) -> Enrolled:
    """Return what the agency answered to an SY00; raise ProtocolError."""
    return decode(_Output, raw, "登记应答").enrolled
