"""Who goes on a trip's list: resident ids found in pasted text or in a text or CSV file. No Qt here."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from engine.ids import is_resident_id

_NUMBER = re.compile(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])")
_DIGITS = re.compile(r"\d{6,}")
_LINES_SAID = 5


class PeopleFound(Struct, frozen=True):
    """Resident ids in the order of the list, each once; ``unread`` are lines whose number is not an id."""

    people: tuple[str, ...]
    unread: tuple[int, ...] = ()


def people_in(text: str) -> PeopleFound:
    """Return the people whom ``text`` names, one or more a line, whatever else stands beside them."""
    people: dict[str, None] = {}
    unread = []
    for number, line in enumerate(text.splitlines(), 1):
        found = [one.upper() for one in _NUMBER.findall(line) if is_resident_id(one.upper())]
        people.update(dict.fromkeys(found))
        if not found and _DIGITS.search(line):
            unread.append(number)
    return PeopleFound(tuple(people), tuple(unread))


def found_words(found: PeopleFound) -> str:
    """Return how many people a list holds, and which lines hold a number that is none."""
    words = f"名单里有 {len(found.people)} 人。"
    if not found.unread:
        return words
    lines = "、".join(str(number) for number in found.unread[:_LINES_SAID])
    more = "等" if len(found.unread) > _LINES_SAID else ""
    return f"{words}第 {lines} {more}行的证件号不对，没有算进去。"


def read_list(path: str) -> str:
    """Return the text of a list as a spreadsheet or an editor saves it; raise OSError."""
    raw = Path(path).read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030", errors="replace")
