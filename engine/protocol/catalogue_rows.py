"""The rows of the lists that a platform tells (1312, 1316, 1318, 1319), read one by one.

What the national interface leaves to the region is a ``ListProfile``: the order of 1301's columns, and what
the codes of limits and shares mean (facts/wire, section 1.7).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from engine.policy.claim import Class, Insurance

PageKind: TypeAlias = Literal["1312", "1316", "1318", "1319"]
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})").match
_ZEROS = re.compile("(00)+$")
_SHARE = 10_000


class ListProfile(Struct, frozen=True, kw_only=True):
    """How one platform tells its lists. ``limits``: what a type of price limit is for us; ``insurances``:
    whom a type of first self-pay is for, None for all."""

    columns: tuple[str, ...] = (
        "医疗目录编码",
        "药品商品名",
        "通用名编号",
        "药品通用名",
        "化学名称",
        "别名",
        "英文名称",
        "注册名称",
        "药品本位码",
        "剂型编号",
        "剂型",
        "药品类别",
        "规格",
        "注册剂型",
        "注册规格",
        "非处方药标志",
        "最小包装数量",
        "最小制剂单位",
        "最小包装单位",
        "生产企业",
        "批准文号",
        "开始日期",
        "结束日期",
        "有效标志",
        "版本号",
    )
    limits: Mapping[str, Literal["standard", "ceiling"]] = msgspec.field(
        default_factory=lambda: {"101": "standard", "102": "ceiling"}
    )
    insurances: Mapping[str, Insurance | None] = msgspec.field(
        default_factory=lambda: {"": None, "0": None, "310": "employee", "390": "resident"}
    )
    drug_lists: tuple[str, ...] = ("", "101", "102", "103", "104")  # ``list_type`` of drugs and slices.


class Entry1312(Struct, frozen=True, kw_only=True):
    """A row of 1312: an entry of the region's list; ``ended``: taken back (vali_flag 0)."""

    key: str
    name: str
    region: str
    begins: date
    ends: date | None
    klass: Class
    scope: str
    is_drug: bool = True
    ended: bool = False


class Match1316(Struct, frozen=True, kw_only=True):
    """A row of 1316: the entry that a drug is listed under."""

    code: str
    key: str
    region: str
    begins: date
    ends: date | None
    is_drug: bool = True
    ended: bool = False


class Limit1318(Struct, frozen=True, kw_only=True):
    """A row of 1318, in fen; ``kind`` None: a type that the profile does not know."""

    key: str
    region: str
    kind: Literal["standard", "ceiling"] | None
    type: str
    begins: date
    ends: date | None
    fen: int
    ended: bool = False


class Share1319(Struct, frozen=True, kw_only=True):
    """A row of 1319, in basis points; ``known`` False: a type that the profile does not know."""

    key: str
    region: str
    insurance: Insurance | None
    type: str
    begins: date
    ends: date | None
    ratio_bp: int
    known: bool = True
    ended: bool = False


Row: TypeAlias = Entry1312 | Match1316 | Limit1318 | Share1319


class Rows(Struct, frozen=True, kw_only=True):
    """Rows of a page as read; ``bad`` are those that cannot be: (place in the page from 1, why)."""

    rows: tuple[tuple[int, Row], ...]
    bad: tuple[tuple[int, str], ...] = ()
    latest: str = ""  # The latest ``updt_time`` among them.


def region_code(prefix: str) -> str:
    """Return a region as a platform writes it: six digits, the nation all zeros."""
    return prefix.ljust(6, "0")


def region_prefix(code: str) -> str:
    """Return a region as we keep it: without the pairs of zeros at its end; ``100000`` is the nation, too."""
    text = code.strip()
    return "" if text in ("100000", "000000") else _ZEROS.sub("", text)


def kind_of_rows(rows: Sequence[Mapping[str, Any]]) -> PageKind | None:
    """Return which page ``rows`` are of, by their fields; None where they are of none."""
    if not rows:
        return None
    names = rows[0].keys()
    for kind, fields in _FIELDS.items():
        if fields <= names:
            return kind
    return None


def rows_of(data: Sequence[Mapping[str, Any]], kind: PageKind, profile: ListProfile) -> Rows:
    """Return rows of a page, each read for itself."""
    rows: list[tuple[int, Row]] = []
    bad: list[tuple[int, str]] = []
    latest = ""
    for place, row in enumerate(data, 1):
        latest = max(latest, str(row.get("updt_time") or "")[:10])
        try:
            rows.append((place, _READ[kind](row, profile)))
        except _Unfit as error:
            bad.append((place, str(error)))
    return Rows(rows=tuple(rows), bad=tuple(bad), latest=latest)


class _Unfit(Exception):
    """A row that cannot be read; the message says in Chinese what is wrong with it."""


def _entry(row: Mapping[str, Any], profile: ListProfile) -> Entry1312:
    level = _text(row, "chrgitm_lv")
    klass = _CLASSES.get(level)
    if klass is None:
        raise _Unfit(f"chrgitm_lv 是「{level}」，不是 01、02、03。")
    limited = _text(row, "lmt_used_flag") == "1"
    memo = _text(row, "memo")
    begins, ends = _days(row)
    return Entry1312(
        key=_needed(row, "hilist_code"),
        name=_text(row, "hilist_name"),
        region=region_prefix(_text(row, "insu_admdvs")),
        begins=begins,
        ends=ends,
        klass=klass,
        scope=memo or ("限制使用（医保目录没有写明范围）。" if limited else ""),
        is_drug=_text(row, "list_type") in profile.drug_lists,
        ended=_text(row, "vali_flag") == "0",
    )


def _match(row: Mapping[str, Any], profile: ListProfile) -> Match1316:
    begins, ends = _days(row)
    return Match1316(
        code=_needed(row, "med_list_codg"),
        key=_needed(row, "hilist_code"),
        region=region_prefix(_text(row, "insu_admdvs")),
        begins=begins,
        ends=ends,
        is_drug=_text(row, "list_type") in profile.drug_lists,
        ended=_text(row, "vali_flag") == "0",
    )


def _limit(row: Mapping[str, Any], profile: ListProfile) -> Limit1318:
    kind = _text(row, "hilist_lmtpric_type")
    begins, ends = _days(row)
    return Limit1318(
        key=_needed(row, "hilist_code"),
        region=region_prefix(_text(row, "insu_admdvs")),
        kind=profile.limits.get(kind),
        type=kind,
        begins=begins,
        ends=ends,
        fen=_fen(row, "hilist_pric_uplmt_amt"),
        ended=_text(row, "vali_flag") == "0",
    )


def _share(row: Mapping[str, Any], profile: ListProfile) -> Share1319:
    kind = _text(row, "selfpay_prop_psn_type")
    begins, ends = _days(row)
    return Share1319(
        key=_needed(row, "hilist_code"),
        region=region_prefix(_text(row, "insu_admdvs")),
        insurance=profile.insurances.get(kind),
        type=kind,
        known=kind in profile.insurances,
        begins=begins,
        ends=ends,
        ratio_bp=_ratio(row, "selfpay_prop"),
        ended=_text(row, "vali_flag") == "0",
    )


_CLASSES: Mapping[str, Class] = {
    "01": "A",
    "1": "A",
    "02": "B",
    "2": "B",
    "03": "C",
    "3": "C",
    "04": "C",
    "4": "C",
}
_READ: Mapping[PageKind, Callable[[Mapping[str, Any], ListProfile], Row]] = {
    "1312": _entry,
    "1316": _match,
    "1318": _limit,
    "1319": _share,
}
_FIELDS: Mapping[PageKind, frozenset[str]] = {
    "1319": frozenset({"hilist_code", "selfpay_prop"}),
    "1318": frozenset({"hilist_code", "hilist_pric_uplmt_amt"}),
    "1316": frozenset({"med_list_codg", "hilist_code"}),
    "1312": frozenset({"hilist_code", "chrgitm_lv"}),
}


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value).strip()


def _needed(row: Mapping[str, Any], name: str) -> str:
    text = _text(row, name)
    if not text:
        raise _Unfit(f"没有 {name}。")
    return text


def _days(row: Mapping[str, Any]) -> tuple[date, date | None]:
    begins, ends = _day(row, "begndate"), _day(row, "enddate")
    if begins is None:
        raise _Unfit("没有起始日期 begndate。")
    if ends is not None and ends < begins:
        raise _Unfit(f"结束日期 {ends.isoformat()} 早于起始日期 {begins.isoformat()}。")
    return begins, None if ends is not None and ends.year >= _FOREVER else ends


_FOREVER = 2099
"""Platforms write an open end as a day of that year, or later."""


def _day(row: Mapping[str, Any], name: str) -> date | None:
    text = _text(row, name)
    if not text:
        return None
    match = _DATE(text)
    try:
        if match is None:
            raise ValueError
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        raise _Unfit(f"{name} 是「{text[:20]}」，不是日期。") from error


def _fen(row: Mapping[str, Any], name: str) -> int:
    amount = _decimal(row, name)
    if not 0 <= amount <= 10_000_000:
        raise _Unfit(f"{name} 是「{amount}」，超出范围。")
    return int((amount * 200 + 1) // 2)


def _ratio(row: Mapping[str, Any], name: str) -> int:
    amount = _decimal(row, name)
    share = amount * _SHARE
    if not 0 <= amount <= 1 or share != int(share):
        raise _Unfit(f"{name} 是「{amount}」，不是 0 到 1 之间的比例。")
    return int(share)


def _decimal(row: Mapping[str, Any], name: str) -> Decimal:
    text = _text(row, name)
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise _Unfit(f"{name} 是「{text[:20]}」，不是数字。") from error
    if not amount.is_finite():
        raise _Unfit(f"{name} 是「{text[:20]}」，不是数字。")
    return amount
