"""SY04: what is new for a till since its cursors, in pages.

``cursor`` counts the changes of shops and drugs, which all hear of; ``mailbox`` what is for this shop alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, TypeVar

from msgspec import Meta, Raw, Struct

from engine.catalogue import Drug
from engine.person import Person, Snapshot
from engine.policy.claim import Accumulators
from engine.prescription import Prescription
from engine.prescription_use import Standing
from engine.protocol.adjustment import Adjustment
from engine.protocol.envelope import PROVIDER_LENGTH
from engine.protocol.wire import LARGEST, ProtocolError, decode, encode
from engine.refusal import RefusalReport
from engine.sale import Store

T = TypeVar("T")
PAGE = 500
_TILL = re.compile("[0-9]{2}").fullmatch
_PROVIDER = re.compile(f"[!-~]{{{PROVIDER_LENGTH}}}").fullmatch


class NewsRequest(Struct, frozen=True, kw_only=True):
    """Node ``data``: what the till has, and how many changes it takes at once."""

    cursor: Annotated[int, Meta(ge=0)] = 0
    mailbox: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=5000)] = PAGE


class NewSnapshot(Struct, frozen=True, kw_only=True):
    """A person's year that changed, though nothing else of them did."""

    psn_no: str
    snapshot: Snapshot


class NewsPage(Struct, frozen=True, kw_only=True):
    """One page; its cursors are kept together with what the page brought, ``more`` says to ask again."""

    cursor: int
    more: bool
    mailbox: int = 0
    stores: tuple[Store, ...] = ()
    people: tuple[Person, ...] = ()
    drugs: tuple[Drug, ...] = ()
    prescriptions: tuple[Prescription, ...] = ()
    snapshots: tuple[NewSnapshot, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    standings: tuple[Standing, ...] = ()  # Of prescriptions.
    refusals: tuple[RefusalReport, ...] = ()  # What an institution hears of its own prescriptions.


class _Input(Struct, frozen=True):
    data: NewsRequest


class _Output(Struct, frozen=True):
    news: NewsPage


def news_input(cursor: int, limit: int = PAGE, mailbox: int = 0) -> str:
    """Return the ``input`` of an SY04."""
    return encode(_Input(NewsRequest(cursor=cursor, mailbox=mailbox, limit=limit)))


def read_request(raw: Raw) -> NewsRequest:
    """Return an SY04 as read."""
    return decode(_Input, raw, "交易输入 input").data


def news_output(page: NewsPage) -> str:
    """Return the ``output`` of an SY04."""
    return encode(_Output(page))


def read_news(raw: Raw) -> NewsPage:
    """Return the page that the agency sent; raise ProtocolError for anything that would make a sale wrong."""
    page = decode(_Output, raw, "更新应答").news
    for store in page.stores:
        _check_store(store)
    for drug in page.drugs:
        _check_prices(drug)
    for snapshot in (*(each.snapshot for each in page.people), *(each.snapshot for each in page.snapshots)):
        _check_sums(snapshot.accumulators)
    return page


def read_sound_news(raw: Raw) -> tuple[NewsPage, tuple[str, ...]]:
    """Return the page without what would make a sale wrong, and why each such thing was left out.

    Raises ProtocolError for what is no page at all.
    """
    page = decode(_SoundOutput, raw, "更新应答").news
    left_out: list[str] = []

    def sound(kind: type[T], items: tuple[Raw, ...], check: Callable[[T], None]) -> tuple[T, ...]:
        kept = []
        for item in items:
            try:
                read = decode(kind, item, "更新中的一项")
                check(read)
            except ProtocolError as error:
                left_out.append(error.text)
            else:
                kept.append(read)
        return tuple(kept)

    read = NewsPage(
        cursor=page.cursor,
        more=page.more,
        mailbox=page.mailbox,
        stores=sound(Store, page.stores, _check_store),
        people=sound(Person, page.people, lambda each: _check_sums(each.snapshot.accumulators)),
        drugs=sound(Drug, page.drugs, _check_prices),
        prescriptions=sound(Prescription, page.prescriptions, lambda _each: None),
        snapshots=sound(NewSnapshot, page.snapshots, lambda each: _check_sums(each.snapshot.accumulators)),
        adjustments=sound(Adjustment, page.adjustments, lambda _each: None),
        standings=sound(Standing, page.standings, lambda _each: None),
        refusals=sound(RefusalReport, page.refusals, lambda _each: None),
    )
    return read, tuple(left_out)


class _Unread(Struct, frozen=True, kw_only=True):
    """A page of which each thing is read for itself."""

    cursor: int
    more: bool
    mailbox: int = 0
    stores: tuple[Raw, ...] = ()
    people: tuple[Raw, ...] = ()
    drugs: tuple[Raw, ...] = ()
    prescriptions: tuple[Raw, ...] = ()
    snapshots: tuple[Raw, ...] = ()
    adjustments: tuple[Raw, ...] = ()
    standings: tuple[Raw, ...] = ()
    refusals: tuple[Raw, ...] = ()


class _SoundOutput(Struct, frozen=True):
    news: _Unread


def _check_store(store: Store) -> None:
    # Sale numbers are made of the one, message ids of the other.
    if not _TILL(store.till):
        raise ProtocolError(f"更新中「{store.name}」的柜台号不是两位数字，没有采用。请联系医保中心核对。")
    if not _PROVIDER(store.provider.id):
        raise ProtocolError(
            f"更新中「{store.name}」的机构编号不是 {PROVIDER_LENGTH} 位，没有采用。请联系医保中心核对。"
        )


def _check_prices(drug: Drug) -> None:
    standards = [row.payment_standard for row in drug.listings if row.payment_standard is not None]
    prices = [drug.price or 0, *standards, *(row.fen for row in drug.prices)]
    if not all(0 <= price <= LARGEST for price in prices):
        raise ProtocolError(f"更新中「{drug.generic_name}」的价格超出范围，没有采用。请联系医保中心核对。")


def _check_sums(sums: Accumulators) -> None:
    paid = (
        sums.deductible_paid,
        sums.fund_paid,
        sums.ordinary_fund_paid,
        sums.fund_paid_class_b,
        sums.pool_fund_paid,
    )
    if not all(0 <= amount <= LARGEST for amount in paid):
        raise ProtocolError("更新中有人的年度累计超出范围，没有采用。请联系医保中心核对。")
