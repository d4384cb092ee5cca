"""How much is in a tablet, and how much that makes a day: strengths and doses in milligrams or units.

5mg, 0.5g, 100μg, 3ml:300单位, 240mg/5mg and 0.5g×60片 are read; what cannot be read is None and nobody
guesses.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Context, Decimal

from msgspec import Struct

from engine.prescription import Dose

_EXACT = Context(prec=28)
_MASS = {
    "kg": Decimal(1_000_000),
    "g": Decimal(1_000),
    "克": Decimal(1_000),
    "mg": Decimal(1),
    "毫克": Decimal(1),
    "ug": Decimal("0.001"),
    "μg": Decimal("0.001"),
    "µg": Decimal("0.001"),
    "mcg": Decimal("0.001"),
    "微克": Decimal("0.001"),
    "ng": Decimal("0.000001"),
}
_UNITS = {
    "iu": Decimal(1),
    "u": Decimal(1),
    "单位": Decimal(1),
    "国际单位": Decimal(1),
    "万单位": Decimal(10_000),
}
_VOLUME = {"ml": Decimal(1), "毫升": Decimal(1), "l": Decimal(1_000), "升": Decimal(1_000)}
_EACH = frozenset("片粒丸袋支枚包贴吸喷揿掀瓶个盒板滴")
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-zμµ]+|[一-鿿]+)").findall
_COUNT = re.compile(r"[×x*]\s*([0-9]{1,5})\s*([片粒丸袋支枚包贴吸喷揿瓶])").search
_SEPARATED = re.compile(r"[×x*]").split


class Strength(Struct, frozen=True):
    """What one smallest unit holds: amounts of mass (mg) and of activity (units), in the volume ``ml``."""

    mg: tuple[Decimal, ...] = ()
    units: tuple[Decimal, ...] = ()
    ml: Decimal | None = None


def parse_strength(text: str) -> Strength | None:
    """Return what ``text`` (a strength or a whole spec) says of one unit; None where it says no amount."""
    first = _SEPARATED(_plain(text))[0]
    mg: list[Decimal] = []
    units: list[Decimal] = []
    ml: Decimal | None = None
    for number, unit in _AMOUNT(first):
        amount = Decimal(number)
        if unit in _MASS:
            mg.append(amount * _MASS[unit])
        elif unit in _UNITS:
            units.append(amount * _UNITS[unit])
        elif unit in _VOLUME:
            ml = amount * _VOLUME[unit]
    if not mg and not units:
        return None
    return Strength(tuple(mg), tuple(units), ml)


def parse_count(spec: str) -> int | None:
    """Return how many smallest units a pack holds by its spec: 28 of 5mg×28片."""
    found = _COUNT(_plain(spec))
    return int(found[1]) if found else None


def same_strength(one: Strength, other: Strength) -> bool:
    """Tell whether two strengths are the same amount, however they are written: 0.5g and 500mg."""
    return (one.mg, one.units) == (other.mg, other.units) or (
        one.mg == other.mg and bool(one.mg) and not (one.units and other.units)
    )


def daily_mg(dose: Dose, unit_mg: Decimal | None, ml: Decimal | None = None) -> Decimal | None:
    """Return milligrams a day of a dose; ``unit_mg`` is in one smallest unit, of ``ml`` where it is a liquid.

    None where the dose is in a unit that says nothing of mass.
    """
    unit = _plain(dose.unit)
    if unit in _MASS:
        return dose.amount * _MASS[unit] * dose.per_day
    if unit_mg is None:
        return None
    if unit in _VOLUME:
        if ml is None or not ml:
            return None
        volume = dose.amount * _VOLUME[unit]
        return _EXACT.divide(volume * unit_mg, ml) * dose.per_day
    return dose.amount * unit_mg * dose.per_day if unit and unit[0] in _EACH else None


def written_mg(mg: Decimal) -> str:
    """Return milligrams as people write them: 0.05 mg is 50 μg, 2550 mg stays."""
    if mg < Decimal("0.1"):
        return f"{_short(mg * 1000)} μg"
    return f"{_short(mg)} mg"


def _short(number: Decimal) -> str:
    text = format(number.quantize(Decimal("0.001")), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower().replace("，", ",").strip()
