"""What the counter shows of the pharmacist's review: who signed, what still needs a reason, what bars."""

from __future__ import annotations

from msgspec import Struct

from engine.policy.answer import Clause
from engine.signoff import SignOff


class ReasonAsked(Struct, frozen=True, kw_only=True):
    """A finding that is passed only with a reason: one of ``reasons``, or any other text."""

    code: str
    subject: str
    text: str
    advice: str
    clause: Clause | None
    reasons: tuple[str, ...]


class SigningShown(Struct, frozen=True, kw_only=True):
    """The review as it stands. ``needed``: the sale is not settled unsigned.

    ``signed`` is the signature that covers what is on the desk; ``void`` is one that does so no more.
    ``barring`` are findings, in whole sentences, under which nobody may sign.
    """

    needed: bool = False
    signed: SignOff | None = None
    void: SignOff | None = None
    asked: tuple[ReasonAsked, ...] = ()
    barring: tuple[str, ...] = ()
