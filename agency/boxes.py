"""Boxes by their trace codes: a box that was sold once is not sold again anywhere (design, S8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from agency.storage import findings, traces
from agency.storage.connection import Connection
from agency.storage.findings import Finding
from agency.storage.traces import Sold
from engine.journal import Entry

_SALE = "sale"
_LATE = ("boxes",)


class _Provider(Struct):
    id: str


class _Store(Struct):
    provider: _Provider


class _Line(Struct):
    trace_codes: tuple[str, ...] = ()


class _Draft(Struct):
    lines: tuple[_Line, ...] = ()


class _Sale(Struct):
    """As much of a sale's entry as is needed here."""

    number: str
    draft: _Draft
    store: _Store | None = None


def sold_in(db: Connection, provider: str, till: str, entries: Iterable[Entry], now: datetime) -> None:
    """Note the boxes sold in new journal entries; one that was sold before is a finding.

    All of a transaction are noted at its end, in one order everywhere, so that no two uploads wait for each
    other in a ring.
    """
    sold = [(box, till) for entry in entries if entry.kind == _SALE for box in _boxes_of(entry, provider)]
    before = db.late.get(_LATE)
    if isinstance(before, _Upload):
        sold = [*before.sold, *sold]
    if sold:
        db.late[_LATE] = _Upload(db, sold, now)


class _Upload:
    """The boxes of a transaction, each with the till that sold it, in the order of their sales."""

    def __init__(self, db: Connection, sold: list[tuple[tuple[str, Sold], str]], now: datetime) -> None:
        self.sold = sold
        self._db, self._now = db, now

    def __call__(self) -> None:
        in_order = sorted(self.sold, key=lambda each: each[0][0])
        first = traces.sell(self._db, [box for box, _till in in_order], self._now)
        for (code, sale), till in in_order:
            if first[code] != sale:
                _find(self._db, till, code, sale, first[code], now=self._now)


def _boxes_of(entry: Entry, provider: str) -> list[tuple[str, Sold]]:
    try:
        sale = msgspec.json.decode(entry.body, type=_Sale)
    except msgspec.MsgspecError:
        return []  # The chain is kept as it came; what is in it is the till's own.
    shop = sale.store.provider.id if sale.store else provider
    return [(code, Sold(shop, sale.number)) for line in sale.draft.lines for code in line.trace_codes]


def _find(db: Connection, till: str, code: str, again: Sold, first: Sold, *, now: datetime) -> None:
    text = (
        f"追溯码 {code} 的药品卖了两次：先在 {first.provider}（小票 {first.sale}），"
        f"又在 {again.provider}（小票 {again.sale}）。请核对实物和进货。"
    )
    id_ = f"trace-{code}-{again.sale}"
    findings.add(
        db, Finding(provider=again.provider, id=id_, at=now, kind="trace_repeated", till=till, text=text)
    )
