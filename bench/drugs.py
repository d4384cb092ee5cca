"""Synthetic drugs in any number, made of real generic names × makers × packs, and the same each time.

Names, ATC classes and forms are public facts; who makes what in which pack, codes, prices and listings are
multiplied and mean nothing. Every code has the shape and the check digit that it should have, and is given
once. 300,000 have some 17,000 generic names, as many as the national list has of 269,110 rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import count as count_from
from zlib import crc32

from bench import drug_names
from bench.drug_names import Kind
from engine.catalogue import Drug, Listing
from engine.policy.claim import Class

_MILLIGRAMS = (
    5,
    10,
    2.5,
    20,
    25,
    50,
    100,
    250,
    500,
    80,
    1,
    40,
    30,
    15,
    75,
    200,
    12.5,
    60,
    150,
    300,
    4,
    16,
    8,
    7.5,
)
_SOLID = tuple(f"{amount}mg" if amount < 100 else f"{amount / 1000:g}g" for amount in _MILLIGRAMS)
_STRENGTHS = {
    "片": _SOLID,
    "粒": _SOLID[1::2],
    "丸": ("0.2g", "27mg", "9g", "6g", "0.17g", "3g", "0.18g", "4.5g", "0.3g", "25mg"),
    "袋": ("10g", "5g", "3g", "0.125g", "6g", "15g", "2.5g", "0.1g", "4g", "12g", "8g", "0.25g", "20g"),
    "瓶": (
        "100ml",
        "60ml",
        "120ml",
        "10ml",
        "250ml",
        "150ml",
        "200ml",
        "15ml",
        "50ml:0.5g",
        "100ml:0.2g",
        "500ml",
    ),
    "支": (
        *(f"{volume}ml:{mass}" for volume in (1, 2, 5, 10, 3) for mass in _SOLID[3:12]),
        "15g",
        "10g",
        "20g",
        "5ml",
    ),
    "贴": ("5mg", "7cm×10cm", "10mg", "6.5cm×10cm"),
}
_COUNTS = {
    "片": (28, 24, 30, 14, 12, 20, 36, 7, 48, 60, 100, 10, 42, 56),
    "粒": (24, 12, 36, 20, 10, 48, 30, 14, 60, 72),
    "丸": (60, 10, 180, 6, 200, 27, 120, 360),
    "袋": (10, 6, 9, 12, 15, 20, 8, 24),
    "瓶": (1, 2, 6, 10),
    "支": (1, 6, 10, 5, 12, 2),
    "贴": (4, 6, 8, 2),
}
_PLATED = ("片", "粒")
_PACKS = 3  # Of one maker and generic name.
_STRIDE = 7919  # A prime: walks the names so that few drugs are of many kinds, too.
_COMMON = (0.1, 0.2, 0.3, 0.4, 0.7, 8)
"""How much more than others of its form a generic name is made."""
_ENOUGH = 300
_MOST_NAMES = 20_000
_YEAR = date(2025, 1, 1)
_YEARS = [
    *range(1994, 2025),
    *(f"{province}{year:02d}" for year in range(20, 30) for province in range(11, 66)),
]
"""What approval numbers begin with: a year, or a province of the old days and a number."""


def _listing(klass: Class, share: int) -> tuple[Listing, ...]:
    return (Listing(begins=_YEAR, ends=None, klass=klass, first_self_pay_bp=share),)


_LISTINGS = (_listing("A", 0), _listing("B", 10_00), _listing("B", 5_00), (), _listing("B", 20_00), ())


def drugs(count: int = 300_000) -> Iterator[Drug]:
    """Yield ``count`` drugs, no two with one code; those of fewer are the first of those of more."""
    numbers = iter(range(count))
    names, makers, (known, others) = drug_names.kinds(), drug_names.makers(), drug_names.brands()
    order = [names[place * _STRIDE % len(names)] for place in range(len(names))]
    for turn in count_from():
        for place, kind in enumerate(order):
            # The rarer ones drop out of later turns.
            if turn >= kind.weight * _COMMON[place % len(_COMMON)] and turn < _ENOUGH:
                continue
            number = next(numbers, None)
            if number is None:
                return
            yield _drug(kind, number, place, turn, makers=makers, known=known, others=others)


def _drug(
    kind: Kind,
    number: int,
    place: int,
    turn: int,
    *,
    makers: list[str],
    known: dict[str, str],
    others: list[str],
) -> Drug:
    nth, pack = divmod(turn, _PACKS)
    at = (place * 97 + nth * 131) % len(makers)
    draw = crc32(b"%d,%d" % (place, nth))
    strengths, counts = _STRENGTHS[kind.counted], _COUNTS[kind.counted]
    # A maker has one or two strengths, in packs of different numbers.
    strength = strengths[(place + (nth + pack) // 2 % 3) % len(strengths)]
    size = counts[(draw + pack) % len(counts)]
    body = f"69{1000 + at * 9 % 9000:04d}{number:06d}"
    standard = f"869{at % 10_000:04d}{number:06d}"
    return Drug(
        code=_code(kind, pack, at),
        generic_name=kind.name,
        trade_name=_trade_name(kind, nth, draw, known, others),
        form=kind.form,
        spec=_spec(strength, size, kind.counted, draw),
        strength=strength,
        pack_size=size,
        pack_unit=kind.counted,
        unit="盒" if size > 1 else kind.counted,
        maker=makers[at],
        approval=_approval(kind, nth * _MOST_NAMES + place),
        standard_code=standard + _check(standard),
        barcode=body + _check(body),
        trace_prefix=f"8{number * 3 % 1_000_000:06d}",
        prescription_only=draw % 3 != 0 if kind.western else draw % 5 == 0,
        price=(300 + draw % 9_000 + size * 7) // 10 * 10,
        listings=_LISTINGS[draw % len(_LISTINGS)],
    )


def _spec(strength: str, size: int, counted: str, draw: int) -> str:
    if counted in _PLATED and size % 2 == 0 and draw % 4 == 0:
        return f"{strength}×{size // 2}{counted}×2板"
    return f"{strength}×{size}{counted}" + ("/盒" if draw % 9 == 0 else "")


def _code(kind: Kind, pack: int, maker: int) -> str:
    if kind.western:
        return f"{kind.head}{pack + 1:03d}{101_000 + maker:06d}"
    return f"{kind.head}{pack + 1:02d}{maker + 1:05d}"


def _approval(kind: Kind, serial: int) -> str:
    return f"国药准字{'H' if kind.western else 'Z'}{_YEARS[serial // 10_000]}{serial % 10_000:04d}"


def _trade_name(kind: Kind, nth: int, draw: int, known: dict[str, str], others: list[str]) -> str | None:
    if nth == 0 and kind.ingredient in known:
        return known[kind.ingredient]
    return others[draw // 7 % len(others)] if draw % 7 < 2 else None


def _check(body: str) -> str:
    """Return the check digit of GS1, as engine.ids has it, in a tenth of the time."""
    digits = body.encode()
    odd, even = sum(digits[-1::-2]), sum(digits[-2::-2])
    return str(-(3 * (odd - 48 * len(digits[-1::-2])) + even - 48 * len(digits[-2::-2])) % 10)
