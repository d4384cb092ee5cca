"""A USB stick: what is written onto it may be cut, flipped, old, or brought to the wrong till."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from random import Random
from typing import Any

from msgspec.structs import replace

from engine.protocol import bundle
from engine.protocol.bundle import Item
from engine.protocol.news import NewsPage, news_output
from tests.simulation.disk import scratch

_FAR = 1_000_000


class Stick:
    """The files on a stick."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    @property
    def root(self) -> StickPath:
        return StickPath(self, "")


class StickPath:
    """A file on a stick, with as much of a path's face as bundles need."""

    def __init__(self, stick: Stick, name: str) -> None:
        self._stick, self.name = stick, name

    def __truediv__(self, name: str) -> StickPath:
        return StickPath(self._stick, name)

    def __str__(self) -> str:
        return f"/stick/{self.name}"

    @property
    def parent(self) -> StickPath:
        return self._stick.root

    def mkdir(self, *, parents: bool, exist_ok: bool) -> None:
        """A stick has its root."""

    def with_suffix(self, suffix: str) -> StickPath:
        return StickPath(self._stick, self.name.rpartition(".")[0] + suffix)

    @contextmanager
    def open(self, mode: str) -> Iterator[Any]:
        if mode == "rb":
            yield BytesIO(self._stick.files[self.name])
            return
        writing = _Writing()
        yield writing
        self._stick.files[self.name] = bytes(writing.data)

    def replace(self, other: StickPath) -> None:
        self._stick.files[other.name] = self._stick.files.pop(self.name)


class _Writing:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        self.data += data

    def flush(self) -> None:
        """All is written already."""

    def fileno(self) -> int:
        return scratch()


def forged(up: bytes, reader: bytes, fresh: bytes) -> bytes:
    """Return an answer to the bundle ``up`` that the agency never wrote: all is told, nothing more will come.

    Its header is to be read by anybody, and ``reader`` is a public key; the agency's own key is not.
    """
    header = bundle.peek(up)
    assert header is not None
    page = NewsPage(cursor=_FAR, mailbox=_FAR, more=False)
    return bundle.write(
        replace(header, direction="down", cursor=_FAR, mailbox=_FAR),
        [Item("news", news_output(page).encode(), bundle.place_of(0, 0))],
        private=fresh,
        to=reader,
        fresh=fresh,
    )


def damage(data: bytes, chance: Random) -> tuple[bytes, str]:
    """Return what a stick gives back of ``data``, and what became of it."""
    fate = chance.random()
    if fate < 0.55:
        return data, "whole"
    if fate < 0.7:
        return data[: chance.randrange(len(data))], "cut"
    spoilt = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt), "flipped"
