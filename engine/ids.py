"""Check digits and shapes of the codes that a scanner reads (facts/wire, section 4)."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

from msgspec import Struct

ScanKind: TypeAlias = Literal[
    "voucher", "card", "resident_id", "barcode", "trace_code", "prescription", "drug_code", "words", "unknown"
]


class Scan(Struct, frozen=True):
    """What a scanned or typed text is: its kind, and ``value`` as other modules want it."""

    kind: ScanKind
    value: str
    why: str = ""  # For "unknown": what is wrong with it, in Chinese.


_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def is_resident_id(text: str) -> bool:
    """Tell whether ``text`` is a valid 18-character resident id (GB 11643): birthday and check character."""
    if len(text) != 18 or not (text[:17].isascii() and text[:17].isdigit()):
        return False
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
    return _CHECKS[total % 11] == text[17].upper()


def is_ean13(text: str) -> bool:
    """Tell whether ``text`` is a 13-digit EAN with a valid check digit."""
    if len(text) != 13 or not (text.isascii() and text.isdigit()):
        return False
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(text))
    return total % 10 == 0
