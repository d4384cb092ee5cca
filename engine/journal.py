"""The append-only journal: entries chained by hash, and the check that nothing was cut or changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

GENESIS = "0" * 64
"""What the first entry names as its predecessor."""


class Entry(Struct, frozen=True, kw_only=True):
    """Entry ``number`` of a till, counted from 1; ``body`` is JSON text, kept to the letter.

    ``hash`` is SHA-256 over number, instant, kind, predecessor and the body's own SHA-256, so an entry cannot
    be changed, moved or cut without a break in the chain.
    """

    number: int
    at: str  # ISO 8601 with offset.
    kind: str
    body: str
    previous: str
    hash: str


class ChainFault(Struct, frozen=True):
    """A place where the chain does not hold: a finding, never raised."""

    number: int
    text: str


def seal(*, number: int, at: datetime, kind: str, body: str, previous: str) -> Entry:
    """Return the entry that follows the one whose hash is ``previous``; ``at`` is aware."""
    if at.tzinfo is None:
        raise ValueError("an entry's instant must know its time zone")
    draft = Entry(number=number, at=at.isoformat(), kind=kind, body=body, previous=previous, hash="")
    return replace(draft, hash=_hash_of(draft))


def behind(number: int, hash: str, entry: Entry) -> Entry:
    """Return ``entry`` sealed anew, as the one that follows entry ``number`` with ``hash``."""
    moved = replace(entry, number=number + 1, previous=hash)
    return replace(moved, hash=_hash_of(moved))


def find_faults(entries: Iterable[Entry], number: int = 0, previous: str = GENESIS) -> list[ChainFault]:
    """Return every break in ``entries``, which follow entry ``number`` with hash ``previous``."""
    faults = []
    for entry in entries:
        if entry.number != number + 1:
            faults.append(ChainFault(entry.number, f"第 {number} 条之后缺账目，接着是第 {entry.number} 条。"))
        if entry.previous != previous:
            faults.append(ChainFault(entry.number, f"第 {entry.number} 条与上一条不相连。"))
        if entry.hash != _hash_of(entry):
            faults.append(ChainFault(entry.number, f"第 {entry.number} 条被改动过。"))
        number, previous = entry.number, entry.hash
    return faults


def _hash_of(entry: Entry) -> str:
    # A length before each part, so that no two different entries hash the same text.
    digest = hashlib.sha256(entry.body.encode()).hexdigest()
    parts = (str(entry.number), entry.at, entry.kind, entry.previous, digest)
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()
