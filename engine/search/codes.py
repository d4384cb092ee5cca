"""Pieces of codes: national codes, approval numbers, barcodes and others, of four characters and more.

Drugs' codes are kept in blocks that are read one by one. Of each four characters in a row it is known which
blocks have them (a tab before and after a code counts, too), so that few blocks are read for a word.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from engine.search.text import SHORTEST_CODE

PIECE = SHORTEST_CODE
BLOCK = 64
"""Drugs in a block: fewer would make many pieces to keep, more a longer text to read for one code."""
APPROVED = "国药准字"


class Blocks(Struct, frozen=True, kw_only=True):
    """Blocks as they are read: ``with_piece`` gives the kept blocks of a piece (None: no block has it),
    ``text`` a block's lines: a drug's codes, every one between tabs, and how it stands. There are ``count``;
    a code is as long as one of ``lengths``."""

    count: int
    lengths: frozenset[int]
    with_piece: Callable[[str], bytes | None]
    text: Callable[[int], str]


def kept_blocks(blocks: Sequence[int], count: int) -> bytes:
    """Return ascending ``blocks`` of ``count`` as they are kept: a bit each, or numbers if that is less."""
    size = count + 7 >> 3
    if 2 * len(blocks) < size:
        return array("H", blocks).tobytes()
    bits = bytearray(count)
    for block in blocks:
        bits[block] = 1
    return int(bits[::-1].translate(_DIGITS), 2).to_bytes(size, "little")


def read_blocks(kept: bytes, count: int) -> int:
    """Return kept blocks, a bit each."""
    if len(kept) == count + 7 >> 3:
        return int.from_bytes(kept, "little")
    bits = 0
    for block in array("H", kept):
        bits |= 1 << block
    return bits


def blocks_with(blocks: Blocks, word: str) -> int:
    """Return the blocks, a bit each, that may have ``word`` in them: they have each piece of it."""
    if word[0] == word[-1] == "\t" and len(word) - 2 not in blocks.lengths:
        return 0
    bits = (1 << blocks.count) - 1
    for at in range(len(word) - PIECE + 1):
        kept = blocks.with_piece(word[at : at + PIECE])
        bits = bits & read_blocks(kept, blocks.count) if kept is not None else 0
        if not bits:
            break
    return bits


def places_with(blocks: Blocks, word: str) -> Iterator[int]:
    """Yield the drugs whose codes have ``word`` in them, ascending; a tab in it ends a code."""
    bits = bin(blocks_with(blocks, word))[:1:-1]
    number = bits.find("1")
    while number >= 0:
        text = blocks.text(number).lower()
        at = text.find(word)
        while at >= 0:
            yield number * BLOCK + text.count("\n", 0, at)
            end = text.find("\n", at)
            at = text.find(word, end) if end >= 0 else -1
        number = bits.find("1", number + 1)


_DIGITS = bytes.maketrans(b"\x00\x01", b"01")
