"""In whose lane a message goes: the person's whom it is about, else the shop's that sent it."""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct

from engine.protocol.envelope import Request

_OF_A_PURCHASE = ("2101", "2102")
"""These name their person in ``druginfo``; a message about another node's person would go unlocked."""


class _Named(Struct):
    psn_no: str | None = None
    expContent: str | None = None  # Where the nation has no field for it, the person stands there.


class _Whose(Struct):
    data: Raw = Raw(b"null")
    druginfo: Raw = Raw(b"null")


def person_of(request: Request) -> str | None:
    """Return the psn_no that a message is about; None for many, for none, and for what cannot be read."""
    try:
        whose = msgspec.json.decode(request.input, type=_Whose)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return _named(whose.druginfo if request.infno in _OF_A_PURCHASE else whose.data)


def _named(node: Raw) -> str | None:
    try:
        named = msgspec.json.decode(node, type=_Named)
        if named.psn_no is None and named.expContent:
            named = msgspec.json.decode(named.expContent, type=_Named)
        return named.psn_no or None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
