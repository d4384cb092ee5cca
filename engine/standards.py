"""Payment standards that a list prints for a specification, such as ``4.15元(40mg/袋)``, and the pack's.

A negotiated drug's standard stands in the list for one tablet, bag or vial of a strength; what a pack may
cost follows from its own strength and size. Nothing is guessed: where the two cannot be laid side by side,
there is no standard, and the importer says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from engine.money import Fen

_SHARE = 10_000  # Ten-thousandths of a yuan: a tablet's price may be finer than a fen.
_PRICE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,4})?)元(?:/([^()]{1,4}))?").match
_QUANTITY = re.compile(
    r"([0-9]+(?:\.[0-9]+)?)(kg|mg|µg|ug|μg|g|ml|l|iu|u|万iu|万u|万单位|单位|%)", re.IGNORECASE
)
_EACH = re.compile(r"每(片|粒|袋|支|瓶|丸|贴|盒|枚)")
_GRAMS = {"kg": 1_000_000_000, "g": 1_000_000, "mg": 1_000, "µg": 1, "ug": 1, "μg": 1}
_OTHERS = {
    "ml": ("ml", 1),
    "l": ("ml", 1000),
    "iu": ("u", 1),
    "u": ("u", 1),
    "单位": ("u", 1),
    "万iu": ("u", 10_000),
    "万u": ("u", 10_000),
    "万单位": ("u", 10_000),
    "%": ("%", 1),
}
_ALIKE = {"粒": "粒", "片": "片", "丸": "丸", "瓶": "支", "支": "支"}
_OPEN, _CLOSE = "([{（［", ")]}）］"


class UnitStandard(Struct, frozen=True):
    """A standard for one unit: ``amount`` in ten-thousandths of a yuan; ``per`` as printed: ``40mg/袋``."""

    amount: int
    per: str


def parse_standards(text: str) -> tuple[UnitStandard, ...] | None:
    """Return what ``text`` of a printed list says; empty for nothing or a secret price (``*``).

    None: there is something that cannot be read.
    """
    said = text.strip().replace("（", "(").replace("）", ")")
    if said in ("", "-", "—", "/") or set(said) == {"*"}:
        return ()
    found = []
    for part in _parts(said):
        match = _PRICE(part)
        if match is None:
            return None
        found.append(UnitStandard(int(Decimal(match[1]) * _SHARE), _inside(part[match.end() :], match[2])))
    return tuple(found)


def pack_standard(
    standards: Iterable[UnitStandard], *, strength: str, pack_unit: str, pack_size: int | None
) -> Fen | None:
    """Return the standard of a pack, in fen, half up; None where its specification is not there."""
    own = quantities(strength)
    if not own or pack_size is None:
        return None
    for each in standards:
        unit = _unit(each.per)
        same_unit = not unit or _ALIKE.get(unit, unit) == _ALIKE.get(pack_unit, pack_unit)
        if same_unit and quantities(_strength(each.per)) == own:
            return (each.amount * pack_size * 2 + 100) // 200
    return None


def quantities(text: str) -> tuple[tuple[str, Decimal], ...]:
    """Return the quantities that a specification names, in comparable units: ``0.25g`` equals ``250mg``."""
    found = []
    for number, unit in _QUANTITY.findall(text):
        name = unit.lower()
        if name in _GRAMS:
            found.append(("µg", Decimal(number) * _GRAMS[name]))
        else:
            kind, times = _OTHERS[name]
            found.append((kind, Decimal(number) * times))
    return tuple(found)


def _strength(per: str) -> str:
    """Return the part of a specification that says how strong: before brackets and the last slash."""
    bare = _without_brackets(per)
    return bare.rsplit("/", 1)[0] if "/" in bare else bare


def _unit(per: str) -> str:
    each = _EACH.search(per)
    if each is not None:
        return each[1]
    bare = _without_brackets(per)
    return bare.rsplit("/", 1)[1].strip()[:1] if "/" in bare else ""


def _without_brackets(text: str) -> str:
    depth, kept = 0, []
    for letter in text:
        depth += letter in _OPEN
        if depth == 0:
            kept.append(letter)
        depth = max(0, depth - (letter in _CLOSE))
    return "".join(kept)


def _parts(text: str) -> list[str]:
    """Return what stands between semicolons outside brackets; a bracket that is never closed ends with it."""
    parts, depth, begin = [], 0, 0
    for place, letter in enumerate(text):
        depth = max(0, depth + (letter in _OPEN) - (letter in _CLOSE))
        if letter in "；;" and (depth == 0 or _PRICE(text[place + 1 :])):
            parts.append(text[begin:place].strip())
            begin, depth = place + 1, 0
    return [part for part in (*parts, text[begin:].strip()) if part]


def _inside(rest: str, unit: str | None) -> str:
    """Return the first bracket's content, or what a price is per: ``479.00元/盒(…)`` is per 盒."""
    rest = rest.strip()
    depth = 0
    inner = rest
    for place, letter in enumerate(rest):
        depth += letter in _OPEN
        depth -= letter in _CLOSE
        if depth == 0:
            inner = rest[1:place]
            break
    return f"{inner}/{unit}" if unit else inner
