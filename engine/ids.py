"""Check digits and shapes of the codes that a scanner reads (facts/wire, section 4)."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

from msgspec import Struct

ScanKind: TypeAlias = Literal[
    "voucher",
    "card",
    "resident_id",
    "barcode",
    "trace_code",
    "prescription",
    "drug_code",
    "price",
    "words",
    "unknown",
]


class Scan(Struct, frozen=True):
    """What a scanned or typed text is: its kind, and ``value`` as other modules want it.

    ``batch``, ``expires`` and ``made`` are what a GS1 element string tells of the box beside its number.
    """

    kind: ScanKind
    value: str
    why: str = ""  # For "unknown": what is wrong with it, in Chinese.
    batch: str = ""
    expires: date | None = None
    made: date | None = None


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
    return resident_check(text[:17]) == text[17].upper()


def resident_check(seventeen: str) -> str:
    """Return the check character of a resident id's first 17 digits."""
    total = sum(int(digit) * weight for digit, weight in zip(seventeen, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]


def gs1_check(body: str) -> str:
    """Return the check digit that GS1 puts after ``body``: from its right, digits count 3, 1, 3, …"""
    codes = body.encode("ascii")  # A byte is 48 more than its digit; 300,000 of these are checked in a run.
    thrice, once = codes[::-2], codes[-2::-2]
    total = 3 * (sum(thrice) - 48 * len(thrice)) + sum(once) - 48 * len(once)
    return str(-total % 10)


def is_ean13(text: str) -> bool:
    """Tell whether ``text`` is a 13-digit EAN with a valid check digit."""
    return _is_gs1_number(text, 13)


def is_gtin14(text: str) -> bool:
    """Tell whether ``text`` is a 14-digit GTIN with a valid check digit."""
    return _is_gs1_number(text, 14)


def is_drug_standard_code(text: str) -> bool:
    """Tell whether ``text`` is a drug standard code (本位码): 86, 11 digits, a check digit as GS1's.

    Source: facts/wire 4.2; the check digit agrees with every real code at hand.
    """
    return text.startswith("86") and _is_gs1_number(text, 14)


def _is_gs1_number(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdigit() and gs1_check(text[:-1]) == text[-1]
