"""Money as a whole number of fen, ratios as whole basis points; a float never gets in.

``Fen`` and ``BasisPoints`` are ``int`` to the machine (a claim makes hundreds of sums) and names to the
reader; the type checker refuses a float for either, and the parsers below refuse one at run time.
"""

from __future__ import annotations

import re
from typing import TypeAlias

Fen: TypeAlias = int
BasisPoints: TypeAlias = int

WHOLE: BasisPoints = 10_000

_YUAN = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?").fullmatch
_RATIO = re.compile(r"([01])(?:\.([0-9]{1,4}))?").fullmatch


def parse_yuan(text: str) -> Fen:
    """Return the fen of an amount of yuan such as ``"35.60"``; raise ValueError for any other form."""
    match = _YUAN(text)
    if match is None:
        raise ValueError(f"not an amount of yuan: {text!r}")
    yuan, cents = match.groups()
    if cents is None:
        return int(yuan) * 100
    return int(yuan) * 100 + (int(cents) if len(cents) == 2 else int(cents) * 10)


def format_yuan(fen: Fen) -> str:
    """Return ``fen`` as yuan with two decimals, for files and wires: ``-5`` is ``"-0.05"``."""
    if fen < 0:
        return f"-{-fen // 100}.{-fen % 100:02d}"
    return f"{fen // 100}.{fen % 100:02d}"


def parse_ratio(text: str) -> BasisPoints:
    """Return the basis points of a ratio from 0 to 1 such as ``"0.15"``; raise ValueError otherwise."""
    match = _RATIO(text)
    if match is None:
        raise ValueError(f"not a ratio from 0 to 1: {text!r}")
    whole, decimals = match.groups()
    ratio_bp = int(whole) * WHOLE + (int(decimals.ljust(4, "0")) if decimals else 0)
    if ratio_bp > WHOLE:
        raise ValueError(f"not a ratio from 0 to 1: {text!r}")
    return ratio_bp


def format_ratio(ratio_bp: BasisPoints) -> str:
    """Return a ratio with at least two decimals: ``1500`` is ``"0.15"``, ``1250`` is ``"0.125"``."""
    text = f"{ratio_bp // WHOLE}.{ratio_bp % WHOLE:04d}"
    return text[:-2] + text[-2:].rstrip("0")


def format_percent(ratio_bp: BasisPoints) -> str:
    """Return a ratio for people: ``1500`` is ``"15%"``, ``1250`` is ``"12.5%"``."""
    whole, rest = divmod(ratio_bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0") + "%" if rest else f"{whole}%"


def portion(amount: Fen, ratio_bp: BasisPoints) -> Fen:
    """Return ``ratio_bp`` of a non-negative ``amount``; half a fen rounds up (contract/quote: 四舍五入)."""
    return (amount * ratio_bp + 5_000) // WHOLE
