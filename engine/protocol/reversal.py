"""2601: take back whatever a message did whose outcome nobody knows, whether it ever arrived or not.

After it the message itself can never take effect any more: its content may be sent again under a new id.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Raw, Struct

from engine.protocol.wire import decode, encode

Undone: TypeAlias = Literal["reversed", "refused", "never_arrived", "already"]
"""What had become of the message: it took effect and was taken back now; it had been refused; it never came,
and is refused from now on; it had been taken back before."""

REVERSIBLE = ("2102", "2103")


class UndoRequest(Struct, frozen=True, kw_only=True):
    """Node ``data``: the message ``omsgid`` with transaction ``oinfno``, about the person ``psn_no``."""

    psn_no: Annotated[str, Meta(min_length=1, max_length=30)]
    omsgid: Annotated[str, Meta(min_length=1, max_length=30)]
    oinfno: Annotated[str, Meta(min_length=4, max_length=5)]


class UndoResult(Struct, frozen=True, kw_only=True):
    """Node ``result`` (ours; a platform without it says yes or no): ``text`` says the same to people.

    ``setl_id`` is the settlement that is not in force any more, or, of a 2103, is in force again.
    """

    omsgid: str
    outcome: Undone
    text: str
    setl_id: str | None = None


class _Input(Struct, frozen=True):
    data: UndoRequest


class _Output(Struct, frozen=True):
    result: UndoResult | None = None


def undo_input(asked: UndoRequest) -> str:
    """Return the ``input`` of a 2601."""
    return encode(_Input(asked))


def read_undo(raw: Raw) -> UndoRequest:
    """Return a 2601 as read; raise ProtocolError."""
    return decode(_Input, raw, "交易输入 input").data


def undo_output(told: UndoResult) -> str:
    """Return the ``output`` of a 2601."""
    return encode(_Output(told))


def read_undone(raw: Raw) -> UndoResult | None:
    """Return what became of the message; None from a platform that does not say."""
    return decode(_Output, raw, "冲正应答").result
