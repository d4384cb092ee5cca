"""SY03: a till's journal goes to the agency, entry by entry, each with its place in the chain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Raw, Struct

from engine.journal import Entry
from engine.protocol.wire import ProtocolError, decode, encode
from engine.sale import Store

MOST_ENTRIES = 500


class JournalPage(Struct, frozen=True, kw_only=True):
    """Node ``data``: entries of ``till``, in order."""

    till: Annotated[str, Meta(min_length=1, max_length=20)]
    entries: tuple[Entry, ...]


class JournalHead(Struct, frozen=True, kw_only=True):
    """Node ``journal`` of the answer: the last entry that the agency holds of this till."""

    number: int
    hash: str


class _Input(Struct, frozen=True):
    data: JournalPage


class _Output(Struct, frozen=True):
    journal: JournalHead


def journal_input(store: Store, entries: Iterable[Entry]) -> str:
    """Return the ``input`` of an SY03."""
    return encode(_Input(JournalPage(till=store.till, entries=tuple(entries))))


def read_journal(raw: Raw) -> JournalPage:
    """Return an SY03 as read; raise ProtocolError for none or too many entries."""
    page = decode(_Input, raw, "交易输入 input").data
    if not 1 <= len(page.entries) <= MOST_ENTRIES:
        raise ProtocolError(f"每次上传 1 到 {MOST_ENTRIES} 条流水，请分批上传。")
    return page


def head_output(head: JournalHead) -> str:
    """Return the ``output`` of an SY03."""
    return encode(_Output(head))


def read_head(raw: Raw) -> JournalHead:
    """Return what the agency holds of this till; raise ProtocolError for another answer."""
    return decode(_Output, raw, "流水上传应答").journal
