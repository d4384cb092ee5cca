"""Sets a receipt in lines: wraps Chinese and figures by any measure handed in, and makes plain text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from engine.receipt import Receipt, Row

_UNIT = re.compile(r"[A-Za-z0-9.,:%×/〔〕_-]+|\s+|.", re.DOTALL)
_NEVER_FIRST = frozenset("，。；：、？！）】》〕」』”％%,.;:!?)]…")
_NEVER_LAST = frozenset("（【《〔「『“([")


def wrap(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Return ``text`` in lines that ``fits`` accepts; words and figures stay whole where they fit.

    No line begins with a closing mark or ends with an opening one. A single character that does not fit
    has a line to itself.
    """
    lines = [""]
    for unit in _units(text, fits):
        if fits(lines[-1] + unit.rstrip()) or not lines[-1]:
            lines[-1] += unit
            continue
        carried = _carried(lines[-1], closing=unit[0] in _NEVER_FIRST)
        if not fits(carried + unit.rstrip()):
            carried = ""  # On paper this narrow, keeping to it goes before good manners.
        lines[-1] = lines[-1][: len(lines[-1]) - len(carried)]
        lines.append((carried + unit).lstrip())
    return [line.rstrip() for line in lines]


def display_width(text: str) -> int:
    """Return the columns that ``text`` takes on a terminal: wide characters two, combining ones none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def receipt_text(receipt: Receipt, width: int = 48) -> list[str]:
    """Return ``receipt`` as lines of plain text of ``width`` columns, for a terminal."""
    lines = [line for row in receipt.rows for line in _row(row, width)]
    return [*lines, *_row(Row(left=f"*{receipt.number}*", weight="title", rule_above=True), width)]


def _row(row: Row, width: int) -> Iterator[str]:
    if row.rule_above:
        yield "-" * width
    if row.weight == "code":
        for line in wrap(f"[二维码 {row.left}]", _columns(width)):
            yield line
        return
    if row.weight == "title" and not row.right:
        for line in wrap(row.left, _columns(width)):
            yield (" " * ((width - display_width(line)) // 2) + line).rstrip()
        return
    room = width - (display_width(row.right) + 1 if row.right else 0)
    if room < width // 4:
        yield from wrap(row.left, _columns(width))
        yield " " * max(0, width - display_width(row.right)) + row.right
        return
    *before, last = wrap(row.left, _columns(room))
    yield from before
    gap = width - display_width(last) - display_width(row.right)
    yield last + " " * gap + row.right if row.right else last


def _columns(width: int) -> Callable[[str], bool]:
    return lambda text: display_width(text) <= width


def _units(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    for unit in _UNIT.findall(text):
        if fits(unit):
            yield unit
        else:
            yield from unit  # A code longer than the paper is cut where it must be.


def _carried(line: str, closing: bool) -> str:
    """Return the end of ``line`` that goes to the next one: what a closing mark closes, and openers."""
    cut = len(line)
    while closing and cut > 1:
        cut -= 1
        closing = line[cut] in _NEVER_FIRST or _in_one_word(line[cut - 1], line[cut])
    while cut > 1 and line[cut - 1] in _NEVER_LAST:
        cut -= 1
    return line[cut:] if cut > 1 else ""


def _in_one_word(left: str, right: str) -> bool:
    return left.isascii() and left.isalnum() and right.isascii() and right.isalnum()
