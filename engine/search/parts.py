"""Parts of an index as they are kept: texts and numbers as bytes, each under a name and read on its own.

So no more than one part is in memory twice while an index is read.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from typing import TypeAlias

Part: TypeAlias = Callable[[str], bytes]
"""Gives the part of a name; empty where there is none."""


def kept_numbers(values: Iterable[int]) -> bytes:
    """Return numbers as they are kept: after a byte that says how many each takes, little end first."""
    wide = array("I", values)
    narrow = not wide or max(wide) < 1 << 16
    return b"\x02" + array("H", wide).tobytes() if narrow else b"\x04" + wide.tobytes()


def numbers(kept: bytes) -> array[int]:
    """Return kept numbers."""
    read: array[int] = array("H" if kept[:1] == b"\x02" else "I")
    read.frombytes(memoryview(kept)[1:])
    return read
