"""Long texts as they lie on the disk (journal entries, receipts): compressed against a text that is known.

A sale's text is mostly what every sale's text is: field names, and the law's sentences. Compressed alone it
takes a third of its length, against such texts (``resources/packing``) a seventh: several sales share a page.
"""

from __future__ import annotations

import zlib
from functools import cache

from app.resources import resource

KNOWN = "packing/known_1.jsonl"
"""Never edited: what was packed against it can be read with it alone. zlib writes its checksum into each
text, so that another one can stand beside it some day."""
_LEVEL = 6


def pack(text: str) -> bytes:
    """Return ``text`` as it is stored."""
    packer = zlib.compressobj(_LEVEL, zdict=_known())
    return packer.compress(text.encode()) + packer.flush()


def unpack(stored: bytes | str) -> str:
    """Return the text that is ``stored``; entries of older books are stored as they are.

    Raises ValueError when it was not packed here, or is damaged.
    """
    if isinstance(stored, str):
        return stored
    unpacker = zlib.decompressobj(zdict=_known())
    try:
        text = unpacker.decompress(stored)
    except zlib.error as error:
        raise ValueError("a packed text is damaged") from error
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("a packed text is cut short, or too long")
    return text.decode()


@cache
def _known() -> bytes:
    # As it was written, wherever it was checked out: a line's end of another system is not part of it.
    return resource(KNOWN).read_bytes().replace(b"\r\n", b"\n")
