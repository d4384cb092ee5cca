"""The blocks of a bundle's file: each is marked, numbered and checked, so that it is found wherever it lies.

A stick loses sectors, a copy is cut short: whatever happened to the bytes before it, an intact block is found
again by its mark. A block's check (CRC-32) tells damage from intent; who wrote it, a signature tells.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from msgspec import Struct

MARK = b"\x89SYB\r\n\x1a\n"
FORMAT = 1
SHEET, CHUNK = 0, 1
"""What a block holds: the signed sheet, which is written twice, or one sealed chunk."""

ID_LENGTH = 16
LARGEST = {SHEET: 16 * 1024 * 1024, CHUNK: 64 * 1024}
"""The largest content of a block, in bytes."""

_HEAD = struct.Struct(f">8sBB{ID_LENGTH}sII")  # mark, format, kind, bundle, number, length of the content
_CHECK = struct.Struct(">I")
AROUND = _HEAD.size + _CHECK.size
"""Bytes of a block beside its content."""

_MOST_FAULTS = 10_000  # A file of nothing but marks is given up in a second, and not after hours.


class Block(Struct, frozen=True):
    """An intact block: number ``number`` of ``kind`` of the bundle ``bundle``."""

    format: int
    kind: int
    bundle: bytes
    number: int
    content: bytes


def block(kind: int, bundle: bytes, number: int, content: bytes) -> bytes:
    """Return a block's bytes; raise ValueError for a content over the limit."""
    if len(content) > LARGEST[kind]:
        raise ValueError(f"a block of kind {kind} with {len(content)} bytes")
    head = _HEAD.pack(MARK, FORMAT, kind, bundle, number, len(content))
    return head + _CHECK.pack(zlib.crc32(content, zlib.crc32(head))) + content


def blocks_in(data: bytes) -> Iterator[Block]:
    """Yield the intact blocks in ``data``, in the order in which they lie, whatever lies between them."""
    place, faults = data.find(MARK), 0
    while place >= 0 and faults < _MOST_FAULTS:
        found = _at(data, place)
        if found is None:
            faults += 1
            place = data.find(MARK, place + 1)
        else:
            yield found
            place = data.find(MARK, place + AROUND + len(found.content))


def _at(data: bytes, place: int) -> Block | None:
    begins = place + AROUND
    if begins > len(data):
        return None
    _mark, form, kind, bundle, number, length = _HEAD.unpack_from(data, place)
    largest = LARGEST.get(kind, 0) if form == FORMAT else max(LARGEST.values())
    if length > largest or begins + length > len(data):
        return None
    content = data[begins : begins + length]
    if _CHECK.unpack_from(data, begins - _CHECK.size)[0] != zlib.crc32(
        content, zlib.crc32(data[place : place + _HEAD.size])
    ):
        return None
    return Block(form, kind, bundle, number, content)
