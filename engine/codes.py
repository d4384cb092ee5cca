"""What a drug's codes say of it: national code, approval number (facts/wire, sections 4.2 and 4.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

from msgspec import Struct

DrugKind: TypeAlias = Literal["western", "patent", "slice"]

_WESTERN = re.compile(r"X([A-Z][0-9]{2}[A-Z]{2})([A-Z][0-9]{3})([A-Z][0-9]{3})([0-9]{3})([0-9]{6})").fullmatch
_PATENT = re.compile(r"Z[0-9A-Z]{19}").fullmatch
_SLICE = re.compile(r"T[0-9]{9}").fullmatch
_ANY = re.compile(r"X[0-9A-Z]{22}|Z[0-9A-Z]{19}|T[0-9]{9}").fullmatch
_LOOSE_WESTERN = re.compile(r"X[0-9A-Z]{22}").fullmatch
_APPROVAL = re.compile(r"国药准字[HZSJBTF][JC]?[0-9]{8}|B?[HZS]C?[0-9]{8}").fullmatch
_PATENT_NAME_END = 11
"""Class and name of a patent drug are taken to end here: the split of its code is not confirmed."""


class NationalCode(Struct, frozen=True, kw_only=True):
    """A national drug code (医保药品代码) taken apart; parts that its kind does not have are empty.

    ``klass`` is the four-level ATC class of a western drug, ``form`` its dosage form, ``maker`` its maker.
    """

    kind: DrugKind
    klass: str = ""
    name: str = ""
    form: str = ""
    pack: str = ""
    maker: str = ""


def parse_national_code(code: str) -> NationalCode | None:
    """Return the parts of ``code``: 23 characters western, 20 patent, 10 slices; None for any other shape."""
    western = _WESTERN(code)
    if western is not None:
        klass, name, form, pack, maker = western.groups()
        return NationalCode(kind="western", klass=klass, name=name, form=form, pack=pack, maker=maker)
    if _LOOSE_WESTERN(code):  # Of the right length, laid out otherwise: some regions number their own.
        return NationalCode(kind="western", klass=code[1:6], name=code[6:10])
    if _PATENT(code):
        return NationalCode(kind="patent", klass=code[1:6], name=code[6:_PATENT_NAME_END])
    return NationalCode(kind="slice", name=code[1:]) if _SLICE(code) else None


def is_national_code(code: str) -> bool:
    """Tell whether ``code`` has the shape of a national drug code."""
    return _ANY(code) is not None


def all_national_codes(codes: Iterable[str]) -> bool:
    """Tell whether each of many ``codes`` has the shape of a national drug code."""
    return None not in map(_ANY, codes)


def ingredient_of(code: str) -> str:
    """Return what packs of the same generic have in common: class and name; empty for no national code."""
    parts = parse_national_code(code)
    return f"{parts.klass}{parts.name}" if parts else ""


def atc_of(code: str) -> str:
    """Return the ATC class of a western drug's code, such as ``C08CA``; empty for any other."""
    parts = parse_national_code(code)
    return parts.klass if parts and parts.kind == "western" else ""


def is_approval_number(text: str) -> bool:
    """Tell whether ``text`` is an approval number (国药准字…, or an import licence)."""
    return _APPROVAL(text) is not None
