"""What a prescription says of taking a drug, as people write it: 5mg 每日2次, 每次1片 tid, 10mg 每周一次.

What can be read two ways (1-2片, 早2片晚1片) is None and nobody guesses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Context, Decimal

from engine.prescription import Dose
from engine.protocol.frequencies import per_day_of

_TO_FOUR_DECIMALS = Decimal("0.0001")
_EXACT = Context(prec=28)
_UNITS = "毫克|微克|克|毫升|国际单位|万单位|单位|mg|mcg|[uμµ]g|ml|iu|g|u|片|粒|丸|袋|支|枚|包|贴|吸|喷|揿|滴"
_NUMBER = "[0-9]{1,5}(?:[.][0-9]{1,4})?|半|[一二两三四五六七八九十]"
_AMOUNT = re.compile(rf"(?<![0-9./一二两三四五六七八九十])({_NUMBER})({_UNITS})").finditer
_RATE = re.compile(rf"(每|一)(日|天|周|星期)({_NUMBER})次|({_NUMBER})次/?(?:每)?(日|天|周)").finditer
_HOURS = re.compile(rf"每({_NUMBER})小时").finditer
_RANGE = re.compile(r"[0-9一二两三四五六七八九][-~至到、或/][0-9一二两三四五六七八九]").search
_LATIN = re.compile(r"(?<![a-z0-9])(?:q[0-9]{1,2}[hd]|[a-z]{2,3})(?![a-z0-9])").finditer
_WORDS = {
    "早晚": Decimal(2),
    "每早": Decimal(1),
    "每晚": Decimal(1),
    "睡前": Decimal(1),
    "隔日": Decimal("0.5"),
    "隔天": Decimal("0.5"),
    "顿服": Decimal(1),
}
_DIGITS = {"半": "0.5", "两": "2", "十": "10"} | {
    word: str(place) for place, word in enumerate("一二三四五六七八九", 1)
}
_WEEK = ("周", "星期")


def parse_usage(text: str) -> Dose | None:
    """Return the dose that ``text`` says; None where it says no amount, no rate, or more than one of them."""
    plain = "".join(unicodedata.normalize("NFKC", text).lower().split())
    rates = set(_rates(text))
    amounts = list(_AMOUNT(plain))
    if len(amounts) != 1 or len(rates) != 1 or _RANGE(plain):
        return None
    (amount,) = amounts
    number = _decimal(amount[1])
    return Dose(amount=number, unit=amount[2], per_day=rates.pop()) if number > 0 else None


def _rates(text: str) -> Iterator[Decimal]:
    spaced = unicodedata.normalize("NFKC", text).lower()
    plain = "".join(spaced.split())
    said = False
    for match in _RATE(plain):
        said = True
        times, span = _decimal(match[3] or match[4]), match[2] or match[5]
        if times > 0:
            yield _a_day(times, Decimal(7)) if span in _WEEK else times
    for match in _HOURS(plain):
        said = True
        if _decimal(match[1]) > 0:
            yield _a_day(Decimal(24), _decimal(match[1]))
    # 5mgqd is written without a blank as well.
    for match in _LATIN(re.sub(rf"([0-9])({_UNITS})", r"\1\2 ", spaced)):
        rate = per_day_of(match[0], None)
        if rate is not None:
            said = True
            yield rate
    # 每日一次睡前服 is once a day; 睡前 alone is so too.
    for word, rate in _WORDS.items():
        if word in plain and not said:
            yield rate


def _a_day(times: Decimal, days: Decimal) -> Decimal:
    return _EXACT.divide(times, days).quantize(_TO_FOUR_DECIMALS)


def _decimal(written: str) -> Decimal:
    return Decimal(_DIGITS.get(written, written))
