"""9001: the operator signs in, and gets the number that every later call of the day carries."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Raw, Struct

from engine.protocol.wire import decode, encode, seconds


class SignIn(Struct, frozen=True, kw_only=True):
    """Node ``signIn``; ``mac`` and ``ip`` are those of the shop's line to the agency."""

    opter_no: Annotated[str, Meta(min_length=1, max_length=20)]
    mac: str
    ip: str


class SignedIn(Struct, frozen=True, kw_only=True):
    """Node ``signinoutb``."""

    sign_time: str
    sign_no: Annotated[str, Meta(min_length=1, max_length=30)]


class _Input(Struct, frozen=True):
    signIn: SignIn


class _Output(Struct, frozen=True):
    signinoutb: SignedIn


def sign_in_input(operator: str) -> str:
    """Return the ``input`` of a 9001; the line's addresses mean nothing where HTTP reaches the platform."""
    return encode(_Input(SignIn(opter_no=operator[:20], mac="00-00-00-00-00-00", ip="127.0.0.1")))


def read_sign_in(raw: Raw) -> SignIn:
    """Return a 9001 as read."""
    return decode(_Input, raw, "交易输入 input").signIn


def signed_in_output(sign_no: str, at: datetime) -> str:
    """Return the ``output`` of a 9001."""
    return encode(_Output(SignedIn(sign_no=sign_no, sign_time=seconds(at))))


def read_signed_in(raw: Raw) -> SignedIn:
    """Return what the agency answered to a 9001."""
    return decode(_Output, raw, "签到应答").signinoutb
