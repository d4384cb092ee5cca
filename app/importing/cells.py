"""What stands in a cell, as the program wants it: text without padding, folded codes, amounts, days."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.money import Fen

_FOLDED = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
_FOLDED |= {
    ord(wide): ord(half)
    for wide, half in zip("（）［］｛｝＋－／％．＊＃＝～＜＞＆", "()[]{}+-/%.*#=~<>&", strict=True)
}
_FOLDED |= {0x3000: 0x20, 0xA0: 0x20, 0xFEFF: None, 0x200B: None}
_FOR_CODES = _FOLDED | {ord("："): ord(":"), ord("，"): ord(","), ord("－"): ord("-"), ord("—"): ord("-")}
_SPACES = re.compile(r"\s+")
_MONEY = re.compile(
    r"(?:￥|¥|RMB|人民币)?\s*([0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)\s*(?:元|圆)?(?:/.{1,4})?", re.IGNORECASE
).fullmatch
_OF_A_PIECE = re.compile(r"/\s*(?:片|粒|丸|克|毫升|g|mg|ml)\s*$", re.IGNORECASE).search
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?").fullmatch
_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[ T].*)?").fullmatch
_PLAIN_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})").fullmatch
_EXCEL_BEGIN, _EXCEL_FIRST, _EXCEL_LAST = date(1899, 12, 30), 20_000, 80_000
_EXCEL_DIGITS = 5
_OPEN_ENDS = ("", "-", "—", "长期", "至今", "无", "9999-12-31", "2099-12-31", "永久")
_EXACT = 10**15  # Of whole numbers below it a workbook's cell holds every digit.
_LONGEST_COUNT = 6
LARGEST_PRICE: Fen = 100_000_000
"""A million yuan a pack: anything above is a slip of the keyboard."""


def text_of(cell: Any) -> str:
    """Return a cell of a workbook or text file as text without padding; a whole number has no decimals.

    ``="0012"`` is how programs write a number into CSV that a spreadsheet must leave as it is.
    """
    if type(cell) is str:
        text = cell.strip()
        return text[2:-1].strip() if text.startswith('="') and text.endswith('"') else text
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    if isinstance(cell, datetime) and cell.time() == datetime.min.time():
        return cell.date().isoformat()
    return "" if cell is None else str(cell).strip()


def fold(text: str) -> str:
    """Return ``text`` with full-width digits, letters and brackets made half-width, spaces single."""
    if text.isascii() and "  " not in text and "\n" not in text and "\t" not in text:
        return text
    return _SPACES.sub(" ", text.translate(_FOLDED)).strip()


def code_of(text: str) -> str:
    """Return a code as printed on nothing but itself: half-width, without blanks, capital letters."""
    if text.isascii() and " " not in text:
        return text.upper()
    return _SPACES.sub("", text.translate(_FOR_CODES)).upper()


def is_secret(text: str) -> bool:
    """Tell whether a price is withheld: ``*``."""
    said = fold(text)
    return bool(said) and set(said) == {"*"}


def price_of(text: str) -> Fen | None:
    """Return a price in fen, half up where it is finer; None for what is no price.

    ``000004.51``, ``1,234.50``, ``￥12.6``, ``12.60元`` and full-width digits are prices; nothing, ``*``,
    negative amounts and words are not; nor is what is said for a piece (``0.50元/片``), which is no pack.
    """
    amount = decimal_of(text)
    if amount is None or _OF_A_PIECE(fold(text)):
        return None
    return int((amount * 200 + 1) // 2)


def decimal_of(text: str) -> Decimal | None:
    """Return an amount of yuan however it is written; None for what is none, or more than a pack costs."""
    match = _MONEY(fold(text).replace("，", ","))
    if match is None:
        return None
    digits = match[1]
    if "," in digits and not _GROUPED(digits):
        return None  # 1,2 may be one or twelve.
    amount = Decimal(digits.replace(",", ""))
    return amount if amount * 100 <= LARGEST_PRICE else None


def whole_of(text: str) -> int | None:
    """Return a count such as ``12`` or ``12.0``; None for anything else."""
    said = fold(text)
    whole, _, rest = said.partition(".")
    return (
        int(whole)
        if whole.isascii() and whole.isdigit() and len(whole) <= _LONGEST_COUNT and not rest.strip("0")
        else None
    )


def day_of(text: str) -> date | None:
    """Return a day written in any usual way, a workbook's number of days included; None for none."""
    said = fold(text)
    match = _DATE(said) or _PLAIN_DATE(said)
    try:
        if match is not None:
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    if (
        len(said) == _EXCEL_DIGITS
        and said.isascii()
        and said.isdigit()
        and _EXCEL_FIRST <= int(said) <= _EXCEL_LAST
    ):
        return _EXCEL_BEGIN + timedelta(days=int(said))
    return None


def is_open_end(text: str) -> bool:
    """Tell whether a last day is left open."""
    return fold(text) in _OPEN_ENDS
