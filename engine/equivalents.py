"""Cheaper lawful equivalents: the same generic in the same form, enough of it, that costs the patient less.

What counts as the same is data (resources/equivalents). Whether the patient really pays less is the law's to
say: here a line is only matched with packs that could stand in its place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from engine.catalogue import Drug, Listing
from engine.codes import ingredient_of
from engine.money import WHOLE, BasisPoints
from engine.policy.answer import Clause
from engine.prescription import Dose, PrescribedLine, Prescription
from engine.sale import BasketLine

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(kg|g|mg|ug|μg|mcg|ng|万单位|万iu|万u|单位|iu|u|ml)").fullmatch
_MICROGRAMS = {
    "kg": Decimal(10**9),
    "g": Decimal(10**6),
    "mg": Decimal(10**3),
    "ug": Decimal(1),
    "μg": Decimal(1),
    "mcg": Decimal(1),
    "ng": Decimal("0.001"),
}
_UNITS = {"万单位": 10_000, "万iu": 10_000, "万u": 10_000, "单位": 1, "iu": 1, "u": 1}

Strength = tuple[tuple[str, Decimal], ...]
"""What is in one piece: for each ingredient mass (μg), units or volume (ml)."""


class Sameness(Struct, frozen=True, kw_only=True):
    """What counts as the same drug: which forms go together, how much too much whole packs may hold."""

    forms: Mapping[str, str]
    most_excess: BasisPoints
    basis: Clause


class Equivalent(Struct, frozen=True, kw_only=True):
    """A pack that may stand in a line's place, and how many of it cover what the line holds."""

    drug: Drug
    packs: int
    procured: bool


def read_strength(text: str) -> Strength | None:
    """Return what a strength such as ``0.5g`` or ``50mg/12.5mg`` says; None where that cannot be told."""
    parts = []
    for part in unicodedata.normalize("NFKC", text).replace(" ", "").lower().split("/"):
        match = _PART(part)
        if match is None:
            return None
        number, unit = Decimal(match.group(1)), match.group(2)
        if not number:
            return None
        if unit in _MICROGRAMS:
            parts.append(("mass", number * _MICROGRAMS[unit]))
        elif unit in _UNITS:
            parts.append(("units", number * _UNITS[unit]))
        else:
            parts.append(("volume", number))
    return tuple(parts)


def pieces_for_one(line: Drug, other: Drug, dose: Dose | None = None) -> Fraction | None:
    """Return how many pieces of ``other`` hold as much as one of ``line``; None where one cannot be taken
    for the other.

    Smaller pieces go into a larger one without a rest; a larger piece only where each dose is so many of it.
    """
    if line.strength == other.strength and line.strength:
        return Fraction(1)
    ours, theirs = read_strength(line.strength), read_strength(other.strength)
    ratio = _ratio(ours, theirs)
    if ratio is None or ours is None:
        return None
    if ratio.denominator == 1:
        return ratio
    taken = _pieces_taken(line, ours, dose)
    return ratio if taken is not None and (taken * ratio).denominator == 1 else None


def _ratio(ours: Strength | None, theirs: Strength | None) -> Fraction | None:
    if ours is None or theirs is None or [kind for kind, _ in ours] != [kind for kind, _ in theirs]:
        return None
    ratios = {_quotient(mine, other) for (_, mine), (_, other) in zip(ours, theirs, strict=True)}
    return ratios.pop() if len(ratios) == 1 else None


def _quotient(one: Decimal, other: Decimal) -> Fraction:
    (above, below), (other_above, other_below) = one.as_integer_ratio(), other.as_integer_ratio()
    return Fraction(above * other_below, below * other_above)


def _pieces_taken(line: Drug, ours: Strength, dose: Dose | None) -> Fraction | None:
    """Return how many pieces of the line's own drug are taken at once; None where nobody says."""
    if dose is None:
        return None
    if dose.unit == line.pack_unit:
        return Fraction(dose.amount)
    return _ratio(read_strength(f"{dose.amount}{dose.unit}"), ours)


def packs_for(line: BasketLine, other: Drug, same: Sameness, dose: Dose | None = None) -> int | None:
    """Return how many packs of ``other`` cover ``line``; None where they do not fit or hold far too much."""
    each = pieces_for_one(line.drug, other, dose)
    if each is None:
        return None
    if line.drug.pack_size is None or other.pack_size is None:
        return line.quantity if each == 1 and line.drug.spec == other.spec else None
    wanted = line.quantity * line.drug.pack_size * each
    packs = -(-wanted.numerator // (wanted.denominator * other.pack_size))
    excess = packs * other.pack_size - wanted
    return packs if excess * WHOLE <= wanted * same.most_excess else None


def is_same_drug(line: Drug, other: Drug, prescription: Prescription | None, same: Sameness) -> bool:
    """Tell whether ``other`` may be handed over for ``line``: another pack or maker of the same.

    It is of the same form, or of one that the same group holds: a shop's table may call tablets and
    sustained-release tablets by one name. On a prescription it has the generic name that was prescribed.
    """
    if other.code == line.code or not other.on_market or other.price is None:
        return False
    ingredient = ingredient_of(line.code)
    if not ingredient or ingredient != ingredient_of(other.code):
        return False
    if _form(line, same) != _form(other, same):
        return False
    if _name(line) == _name(other):
        return True
    return prescription is None or not (other.prescription_only or prescribed_line(prescription, line))


def prescribed_line(prescription: Prescription | None, drug: Drug) -> PrescribedLine | None:
    """Return the line of the prescription that ``drug`` fills: by its code, else by its generic name."""
    lines = prescription.lines if prescription else ()
    by_code = next((each for each in lines if each.drug == drug.code), None)
    return by_code or next((each for each in lines if _plain(each.name) == _name(drug)), None)


def equivalents(
    line: BasketLine,
    candidates: Iterable[Drug],
    *,
    prescription: Prescription | None,
    rows: Mapping[str, Listing],
    same: Sameness,
) -> list[Equivalent]:
    """Return those ``candidates`` that may stand in the place of ``line``, the cheapest first.

    They are in the list, and won in centralised procurement or cost no more than the payment standard;
    ``rows`` are the listings in force by code.
    """
    prescribed = prescribed_line(prescription, line.drug)
    found = []
    for drug in candidates:
        row = rows.get(drug.code)
        if (
            row is None
            or not _is_favoured(drug, row)
            or not is_same_drug(line.drug, drug, prescription, same)
        ):
            continue
        packs = packs_for(line, drug, same, prescribed.dose if prescribed else None)
        if packs is not None:
            found.append(Equivalent(drug=drug, packs=packs, procured=row.procured))
    return sorted(found, key=lambda each: (each.packs * (each.drug.price or 0), each.drug.code))


def _is_favoured(drug: Drug, row: Listing) -> bool:
    if row.klass == "C" or drug.price is None:
        return False
    return row.procured or (row.payment_standard is not None and drug.price <= row.payment_standard)


def _name(drug: Drug) -> str:
    return _plain(drug.generic_name)


def _form(drug: Drug, same: Sameness) -> str:
    """Return the group of the drug's form; the form itself where it is in none."""
    form = _plain(drug.form)
    return same.forms.get(form, form)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).replace(" ", "")
