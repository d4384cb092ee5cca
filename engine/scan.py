"""Tells apart what a scanner reads and a hand types: one field takes everything (facts/wire, 2.4 and 4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from msgspec import Struct

from engine.ids import Scan, ScanKind, is_drug_standard_code, is_ean13, is_gtin14, is_resident_id
from engine.stock import gs1_day

LONGEST = 200
"""Characters of the longest text that is looked at; no known code has more."""


class ScanProfile(Struct, frozen=True, kw_only=True):
    """What differs by region and by scanner: lengths, beginnings and shapes of the codes that no law fixes.

    ``card_shape`` is a regular expression for the nine characters of a social security card number;
    ``look_alikes`` begin QR codes that are laid out like a voucher and are none.
    """

    voucher_lengths: frozenset[int] = frozenset({28})
    voucher_prefix: str = "424"
    look_alikes: tuple[str, ...] = ("opc",)
    card_shape: str = "[0-9A-Z][0-9]{7}[0-9A-Z]"
    prescription_lengths: frozenset[int] = frozenset({27})
    trace_lengths: frozenset[int] = frozenset({20})
    trace_prefixes: tuple[str, ...] = ("8",)
    gs1_traces: bool = True


USUAL = ScanProfile()
"""The national layouts as published; a region that differs has a profile of its own."""

_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_GROUP_SEPARATOR = "\x1d"
_NOISE = "".join(map(chr, range(0x21))) + "\x7f\xa0\ufeff\u200b\u2028\u2029"
_AIM_PREFIX = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_RESIDENT_ID_SHAPE = re.compile(r"[0-9]{17}[0-9X]").fullmatch
# 23 characters western, 20 patent (facts/wire 4.3), 10 slices; the digit keeps long pinyin out.
_DRUG_CODE = re.compile(r"(?=.*[0-9])(?:X[0-9A-Z]{22}|Z[0-9A-Z]{19}|T[0-9]{9})").fullmatch
_BLANKS = re.compile(r"[ \t\r\n]+")
_LONG_NUMBER = re.compile(r"[0-9]{13,}|[0-9]{17}[Xx]").fullmatch  # A barcode is the shortest.
_ADDRESS = re.compile(r"[a-z]+://|www\.", re.IGNORECASE).match
_PRICE = re.compile(r"售价:? *([0-9.,]{0,12})").fullmatch
_FIXED_AIS = {"01": 14, "11": 6, "13": 6, "15": 6, "17": 6}
_OPEN_AIS = {"10": 20, "21": 20}


def classify(text: str, profile: ScanProfile = USUAL) -> Scan:
    """Return what ``text`` is; never raises. ``value`` is cleaned of scanner noise.

    Shapes that a check digit guards come before those that only a length tells.
    """
    clean = _closed_up(cleaned(text))
    if not clean:
        return Scan("unknown", "", "没有读到内容。请重扫一次。")
    if len(clean) > LONGEST:
        return Scan("unknown", clean[:LONGEST], "内容太长，不是柜台用的码。请扫凭证、处方或药盒。")
    code = clean.upper()
    for look in (_as_look_alike, _as_price, _as_gs1, _as_digits, _as_code):
        scan = look(clean, code, profile)
        if scan is not None:
            return scan
    return _as_words(clean)


def cleaned(text: str) -> str:
    """Return ``text`` in half-width characters, without white space around it or a scanner's prefix."""
    plain = text.translate(_HALF_WIDTH).strip(_NOISE)
    return _AIM_PREFIX.sub("", plain, count=1).strip(_NOISE) if _AIM_PREFIX.match(plain) else plain


def _closed_up(clean: str) -> str:
    """Return a long number or a drug code that was pasted in groups in one piece; words as they are."""
    code = _BLANKS.sub("", clean)
    return code if _LONG_NUMBER(code) or _DRUG_CODE(code.upper()) else clean


def trace_barcode(trace_code: str) -> str | None:
    """Return the EAN-13 inside a GS1 trace code ``(01)…(21)…``; None for the 20-digit form."""
    return trace_code[5:18] if trace_code.startswith("(01)0") else None


def _as_look_alike(clean: str, _code: str, profile: ScanProfile) -> Scan | None:
    for prefix in profile.look_alikes:
        if clean.lower().startswith(prefix) and len(clean) in profile.voucher_lengths:
            return Scan("unknown", clean, "这不是医保电子凭证的码。请参保人打开“医保电子凭证”再扫。")
    if _ADDRESS(clean):
        return Scan("unknown", clean, "这是一个网址，不是柜台用的码。请扫凭证、处方或药盒。")
    return None


def _as_price(clean: str, _code: str, _profile: ScanProfile) -> Scan | None:
    """Read what a hand types to see (``售价``) or to set (``售价 12.60``) what the shop asks for a drug."""
    match = _PRICE(clean)
    return Scan("price", match[1]) if match else None


def _as_gs1(clean: str, _code: str, profile: ScanProfile) -> Scan | None:
    """Read a GS1 element string; without brackets it may be as long as a prescription code or a voucher.

    The check digit of its GTIN decides: only where (01) holds a valid one is it a trace code.
    """
    if not profile.gs1_traces:
        return None
    elements = _bracketed(clean) if clean.startswith("(") else _element_string(clean)
    if elements is None or "01" not in elements:
        return None
    if not is_gtin14(elements["01"]):
        # Unbracketed digits that merely begin with 01 may still be another code.
        return _unknown(clean, "追溯码里的商品条码校验不对。请重扫一次。") if clean.startswith("(") else None
    if "21" not in elements:
        return _unknown(clean, "这个码没有序列号，不能当追溯码。请扫药盒上的追溯码。")
    return Scan(
        "trace_code",
        f"(01){elements['01']}(21){elements['21']}",
        batch=elements.get("10", ""),
        expires=gs1_day(elements.get("17", "")),
        made=gs1_day(elements.get("11", "")),
    )


def _bracketed(text: str) -> dict[str, str] | None:
    parts = re.findall(r"\(([0-9]{2})\)([^()\x1d]+)", text)
    whole = "".join(f"({ai}){value}" for ai, value in parts)
    return dict(parts) if whole == text.replace(_GROUP_SEPARATOR, "") else None


def _element_string(text: str) -> dict[str, str] | None:
    elements: dict[str, str] = {}
    rest = text
    while rest:
        ai, rest = rest[:2], rest[2:]
        if ai in _FIXED_AIS:
            value, rest = rest[: _FIXED_AIS[ai]], rest[_FIXED_AIS[ai] :]
            rest = rest.removeprefix(_GROUP_SEPARATOR)
            if len(value) != _FIXED_AIS[ai] or not value.isdigit():
                return None
        elif ai in _OPEN_AIS:
            value, _, rest = rest.partition(_GROUP_SEPARATOR)
            if not 0 < len(value) <= _OPEN_AIS[ai] or not value.isascii():
                return None
        else:
            return None
        if ai in elements:
            return None
        elements[ai] = value
    # The GTIN comes first in every code seen; else any short digits beginning 10 or 21 would qualify.
    return elements if next(iter(elements), None) == "01" else None


def _as_digits(_clean: str, code: str, profile: ScanProfile) -> Scan | None:
    if _RESIDENT_ID_SHAPE(code):
        why = "身份证号不对（生日或校验位）。请核对后重扫或重输。"
        return _checked("resident_id", code, is_resident_id(code), why)
    if not _is_digits(code):
        return None
    length = len(code)
    if length in profile.voucher_lengths and code.startswith(profile.voucher_prefix):
        return Scan("voucher", code)
    if length in profile.trace_lengths:
        why = (
            f"{length} 位数字应是追溯码，但开头不是 {'、'.join(profile.trace_prefixes)}。请扫药盒上的追溯码。"
        )
        return _checked("trace_code", code, code.startswith(profile.trace_prefixes), why)
    return _as_product(code)


def _as_product(code: str) -> Scan | None:
    if len(code) == 13:
        return _checked("barcode", code, is_ean13(code), "商品条码的校验位不对。请擦净条码后重扫。")
    if len(code) == 14 and code.startswith("86"):
        # A GTIN-14 may begin so too, and has the same check digit; shops meet the drug code (本位码).
        return _checked("drug_code", code, is_drug_standard_code(code), "本位码的校验位不对。请核对后重输。")
    if len(code) == 14 and code[0] == "0" and is_gtin14(code):
        return Scan("barcode", code[1:])
    return None


def _as_code(clean: str, code: str, profile: ScanProfile) -> Scan | None:
    has_digit = any(char in "0123456789" for char in code)
    plain = code.isascii() and code.isalnum() and has_digit
    if _DRUG_CODE(code):
        return Scan("drug_code", code)
    if plain and len(code) in profile.prescription_lengths:
        return Scan("prescription", clean)
    if plain and _card_shape(profile.card_shape)(code):
        return Scan("card", code)
    if _is_digits(code) and len(code) >= 14:
        return _unknown(code, _why_not(code, profile))
    return None


def _why_not(code: str, profile: ScanProfile) -> str:
    if len(code) == 15:
        return "这是 15 位的旧身份证号。请用 18 位的身份证号。"
    if len(code) in profile.voucher_lengths:
        return "这不是医保电子凭证的码。请参保人打开“医保电子凭证”再扫。"
    return f"认不出这 {len(code)} 位数字。请重扫一次，或改扫药盒上的另一个码。"


def _as_words(clean: str) -> Scan:
    words = " ".join("".join(char if char.isprintable() else " " for char in clean).split())
    if len(words) > 64:
        return _unknown(words, "内容太长，不能用来找药。请输入药名、拼音首字母或编码的一段。")
    if any(char.isalnum() for char in words):
        return Scan("words", words)
    return _unknown(words, "认不出这个码。请重扫一次，或输入药名、拼音首字母。")


def _checked(kind: ScanKind, value: str, sound: bool, why: str) -> Scan:
    return Scan(kind, value) if sound else _unknown(value, why)


def _unknown(value: str, why: str) -> Scan:
    return Scan("unknown", value, why)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


@cache
def _card_shape(pattern: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(pattern).fullmatch
