"""Pinyin initials of drug names, as pharmacists read them."""

from __future__ import annotations

from functools import cache

from app.pinyin import Speller, read_speller


def initials(name: str) -> str:
    """Return the pinyin initials of ``name``, lower case, with its letters and digits."""
    return _speller().initials(name)


@cache
def _speller() -> Speller:
    return read_speller()
