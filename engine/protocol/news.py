"""SY04: what is new for a till since its cursor, in pages; a cursor is the agency's change number."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Raw, Struct

from engine.catalogue import Drug
from engine.person import Person, Snapshot
from engine.prescription import Prescription
from engine.protocol.wire import decode, encode
from engine.sale import Store

PAGE = 500


class NewsRequest(Struct, frozen=True, kw_only=True):
    """Node ``data``: what the till has, and how many changes it takes at once."""

    cursor: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=5000)] = PAGE


class NewSnapshot(Struct, frozen=True, kw_only=True):
    """A person's year that changed, though nothing else of them did."""

    psn_no: str
    snapshot: Snapshot


class NewsPage(Struct, frozen=True, kw_only=True):
    """One page; ``cursor`` is kept together with what the page brought, ``more`` says to ask again."""

    cursor: int
    more: bool
    stores: tuple[Store, ...] = ()
    people: tuple[Person, ...] = ()
    drugs: tuple[Drug, ...] = ()
    prescriptions: tuple[Prescription, ...] = ()
    snapshots: tuple[NewSnapshot, ...] = ()


class _Input(Struct, frozen=True):
    data: NewsRequest


class _Output(Struct, frozen=True):
    news: NewsPage


def news_input(cursor: int, limit: int = PAGE) -> str:
    """Return the ``input`` of an SY04."""
    return encode(_Input(NewsRequest(cursor=cursor, limit=limit)))


def read_request(raw: Raw) -> NewsRequest:
    """Return an SY04 as read."""
    return decode(_Input, raw, "交易输入 input").data


def news_output(page: NewsPage) -> str:
    """Return the ``output`` of an SY04."""
    return encode(_Output(page))


def read_news(raw: Raw) -> NewsPage:
    """Return the page that the agency sent; raise ProtocolError for anything else."""
    return decode(_Output, raw, "更新应答").news
