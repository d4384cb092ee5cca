"""A sentence for the pharmacist: what every part of the counter says things with."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

Tone: TypeAlias = Literal["done", "info", "attention", "refused"]


class Notice(Struct, frozen=True):
    """A sentence for the pharmacist: what happened (and whether it is recorded), and what to do.

    ``words`` are what several drugs match: the window lists them, to choose from.
    """

    tone: Tone
    what: str
    advice: str = ""
    words: str = ""
