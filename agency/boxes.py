"""Boxes by their trace codes: a box that was sold once is not sold again anywhere (design, S8).

An opened pack stays in its shop and is sold from again and again; one that came back, and that a pharmacist
released, may be sold once more by the same shop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from agency.storage import findings, traces
from agency.storage.connection import Connection
from agency.storage.findings import Finding
from agency.storage.traces import Sold
from engine.journal import Entry

_SALE, _RELEASED = "sale", "stock_released"
_LATE = ("boxes",)
_BY_PIECES = "拆零"
"""Stands for every sale from one opened pack."""


class _Provider(Struct):
    id: str


class _Store(Struct):
    provider: _Provider


class _Line(Struct):
    trace_codes: tuple[str, ...] = ()
    split: bool = False


class _Draft(Struct):
    lines: tuple[_Line, ...] = ()


class _Sale(Struct):
    """As much of a sale's entry as is needed here."""

    number: str
    draft: _Draft
    store: _Store | None = None


class _Box(Struct):
    code: str


class _Booking(Struct):
    """As much of a stock entry as is needed here."""

    provider: str
    boxes: tuple[_Box, ...] = ()


class _Seen(Struct, frozen=True):
    """A box was sold at a till, or, without a sale, released to be sold again."""

    code: str
    shop: str
    sale: Sold | None
    till: str


def sold_in(db: Connection, provider: str, till: str, entries: Iterable[Entry], now: datetime) -> None:
    """Note the boxes sold in new journal entries; one that was sold before is a finding.

    All of a transaction are noted at its end, in one order everywhere, so that no two uploads wait for each
    other in a ring.
    """
    _note(db, [each for entry in entries for each in _seen(entry, provider, till)], now)


def told_in(db: Connection, provider: str, sold: Iterable[tuple[str, str]], now: datetime) -> None:
    """Note boxes, by code and sale, of which a shop without a journal here told."""
    _note(db, [_Seen(code, provider, Sold(provider, sale), "") for code, sale in sold], now)


def _note(db: Connection, seen: list[_Seen], now: datetime) -> None:
    before = db.late.get(_LATE)
    if isinstance(before, _Upload):
        seen = [*before.seen, *seen]
    if seen:
        db.late[_LATE] = _Upload(db, seen, now)


class _Upload:
    """The boxes of a transaction, in the order of what happened to them."""

    def __init__(self, db: Connection, seen: list[_Seen], now: datetime) -> None:
        self.seen = seen
        self._db, self._now = db, now

    def __call__(self) -> None:
        released = {each.code for each in self.seen if each.sale is None}
        in_order = sorted(self.seen, key=lambda each: each.code)
        self._sell([each for each in in_order if each.code not in released])
        again: dict[str, list[_Seen]] = defaultdict(list)
        for each in in_order:
            if each.code in released:
                again[each.code].append(each)
        for events in again.values():
            for each in events:
                if each.sale is None:
                    traces.release(self._db, each.code, each.shop)
                else:
                    self._sell([each])

    def _sell(self, sold: list[_Seen]) -> None:
        first = traces.sell(
            self._db, [(each.code, each.sale) for each in sold if each.sale is not None], self._now
        )
        for each in sold:
            if each.sale is not None and first[each.code] != each.sale:
                _find(self._db, each.till, each.code, each.sale, first[each.code], now=self._now)


def _seen(entry: Entry, provider: str, till: str) -> list[_Seen]:
    try:
        if entry.kind == _RELEASED:
            booking = msgspec.json.decode(entry.body, type=_Booking)
            return [_Seen(box.code, booking.provider, None, till) for box in booking.boxes]
        if entry.kind != _SALE:
            return []
        sale = msgspec.json.decode(entry.body, type=_Sale)
    except msgspec.MsgspecError:
        return []  # The chain is kept as it came; what is in it is the till's own.
    shop = sale.store.provider.id if sale.store else provider
    return [
        _Seen(code, shop, Sold(shop, _BY_PIECES if line.split else sale.number), till)
        for line in sale.draft.lines
        for code in line.trace_codes
    ]


def _find(db: Connection, till: str, code: str, again: Sold, first: Sold, *, now: datetime) -> None:
    text = (
        f"追溯码 {code} 的药品卖了两次：先在 {first.provider}（小票 {first.sale}），"
        f"又在 {again.provider}（小票 {again.sale}）。请核对实物和进货。"
    )
    id_ = f"trace-{code}-{again.sale}"
    findings.add(
        db, Finding(provider=again.provider, id=id_, at=now, kind="trace_repeated", till=till, text=text)
    )
