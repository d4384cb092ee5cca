"""Custody of a box by its trace code: where it is now, and where it may go from there."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

from msgspec import Struct

from engine.stock import Lot, is_expired

BoxState: TypeAlias = Literal[
    "shelf", "opened", "sold", "returned", "sent_back", "written_off", "taken_back", "missing"
]
"""A box is in exactly one of these. ``returned`` lies apart until a pharmacist decides; ``taken_back`` was
booked by mistake and may be booked again; ``missing`` was not seen by a stocktake, as one that was sold by
its barcode alone."""

NEXT: dict[BoxState, tuple[BoxState, ...]] = {
    "shelf": ("opened", "sold", "returned", "sent_back", "written_off", "taken_back", "missing"),
    "opened": ("written_off",),
    "sold": ("returned",),
    "returned": ("shelf", "sent_back", "written_off"),
    "sent_back": ("shelf",),
    "written_off": (),
    "taken_back": ("shelf",),
    "missing": ("shelf", "opened", "sold"),
}
_WHERE: dict[BoxState, str] = {
    "shelf": "在架上",
    "opened": "已拆零",
    "sold": "已卖出",
    "returned": "在待处理区",
    "sent_back": "已退给供应商",
    "written_off": "已报损",
    "taken_back": "入库已更正",
    "missing": "盘点没有见到",
}


class Box(Struct, frozen=True, kw_only=True):
    """A box in the shop's custody; ``sale`` is the serial of the last sale that handed it out."""

    code: str
    drug: str
    lot: int
    state: BoxState
    sale: int | None = None


def may_go(state: BoxState | None, to: BoxState) -> bool:
    """Tell whether a box may go from ``state`` (None: not known yet) to another.

    A box that came in with others by count is known only once it is brought back.
    """
    return to in ("shelf", "returned") if state is None else to in NEXT[state]


def where(state: BoxState) -> str:
    """Return where a box is, in a few words."""
    return _WHERE[state]


def why_not_sold(box: Box, lot: Lot, *, recalled: bool, day: date) -> tuple[str, str] | None:
    """Return why the very box may not be sold on ``day``, and what to do; None where it may.

    Source: 药品管理法 (2019) 第九十八条 (a drug past its expiry is a bad one; not confirmed here), and of
    recalls the notice itself. An opened pack is sold by pieces, and a box that was sold is another check's.
    """
    tail = box.code[-4:]
    if box.state == "returned":
        return (
            f"追溯码尾号 {tail} 的这一盒是退回的，还在待处理区，不能卖。",
            "请换一盒；由药师在「库存」里处理它。",
        )
    if box.state in ("sent_back", "written_off", "taken_back"):
        said = f"追溯码尾号 {tail} 的这一盒账上{_WHERE[box.state]}，不能卖。"
        return said, "请换一盒，把这一盒交药师核对。"
    if recalled:
        return (
            f"批号 {lot.batch} 已召回，追溯码尾号 {tail} 的这一盒不能卖。",
            "请换一批，把这一盒放到待处理区。",
        )
    if is_expired(lot, day):
        expired = f"批号 {lot.batch} 已于 {lot.expires} 过期，追溯码尾号 {tail} 的这一盒不能卖。"
        return expired, "请换一批，把这一盒撤下货架，在「库存」里报损。"
    return None
