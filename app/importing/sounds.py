"""Pinyin initials of drug names, worked out once for each different name."""

from __future__ import annotations


def initials(name: str) -> str:
    """Return the pinyin initials of ``name``, lower case, with its letters and digits."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - heavy, for imports only

    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()
