"""How often a dose is taken, as prescription platforms write it (used_frqu_codg, used_frqu_name).

The codes are the usual Latin abbreviations; a platform with codes of its own is read by the name beside them.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct


class Frequency(Struct, frozen=True):
    """A code, its name, the times a day to four decimals (0.5: every other day), other names for it."""

    code: str
    name: str
    per_day: Decimal
    also: tuple[str, ...] = ()


FREQUENCIES = (
    Frequency("qd", "每日一次", Decimal(1), ("每天一次", "一日一次", "1次/日")),
    Frequency("bid", "每日两次", Decimal(2), ("每天两次", "每日二次", "一日两次", "2次/日", "q12h")),
    Frequency("tid", "每日三次", Decimal(3), ("每天三次", "一日三次", "3次/日", "q8h")),
    Frequency("qid", "每日四次", Decimal(4), ("每天四次", "一日四次", "4次/日", "q6h")),
    Frequency("quingid", "每日五次", Decimal(5), ("每天五次",)),
    Frequency("q4h", "每四小时一次", Decimal(6), ("四小时一次",)),
    Frequency("q3h", "每三小时一次", Decimal(8), ("三小时一次",)),
    Frequency("q2h", "每二小时一次", Decimal(12), ("二小时一次", "每两小时一次")),
    Frequency("qh", "每小时一次", Decimal(24), ("一小时一次", "q1h")),
    Frequency("qod", "隔日一次", Decimal("0.5"), ("隔天一次",)),
    Frequency("q3d", "三日一次", Decimal("0.3333"), ("三天一次",)),
    Frequency("tiw", "每周三次", Decimal("0.4286"), ("一周三次",)),
    Frequency("biw", "每周两次", Decimal("0.2857"), ("一周两次", "每周二次")),
    Frequency("qw", "每周一次", Decimal("0.1429"), ("一周一次",)),
    Frequency("qow", "隔周一次", Decimal("0.0714"), ("每两周一次", "两周一次", "2w")),
    Frequency("3w", "每三周一次", Decimal("0.0476"), ("三周一次",)),
    Frequency("4w", "每四周一次", Decimal("0.0357"), ("四周一次",)),
)
"""Without 即时 and 必要时, which are no rate, and 每晚一次, which is one of the readings of 每日一次."""

_NIGHTLY = ("qn", "每晚一次")
_BY_WORD = {
    word.lower(): each.per_day for each in FREQUENCIES for word in (each.code, each.name, *each.also)
} | dict.fromkeys(_NIGHTLY, Decimal(1))
_BY_RATE = {each.per_day: each for each in FREQUENCIES}


def per_day_of(code: str | None, name: str | None) -> Decimal | None:
    """Return how often a day: by the code, else by its name; None where neither is known."""
    for word in (code, name):
        rate = _BY_WORD.get((word or "").replace(" ", "").lower())
        if rate is not None:
            return rate
    return None


def frequency_of(per_day: Decimal) -> Frequency | None:
    """Return how a rate is written; None for one that has no code."""
    return _BY_RATE.get(per_day)
