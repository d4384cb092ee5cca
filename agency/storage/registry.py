"""Shops and drugs: the same for every person and till, few, seldom changed, numbered change by change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec
from msgspec import Struct

from agency.storage import mailbox
from agency.storage.connection import Connection
from agency.storage.counters import next_in_order
from engine.catalogue import Drug
from engine.protocol.wire import encode
from engine.sale import Store

T = TypeVar("T", Store, Drug)

STORE, DRUG = "store", "drug"
_LAST = ("change", "last")


class Change(Struct, frozen=True):
    """One shop or drug as it was registered; ``body`` is its JSON."""

    number: int
    kind: str
    body: str


def save_stores(db: Connection, stores: Iterable[Store]) -> None:
    """Register shops, inside the caller's transaction; one that did not change stays unchanged for tills."""
    for each in stores:
        _save(db, STORE, each.provider.id, each)
        mailbox.open_box(db, each.provider.id)


def save_drugs(db: Connection, drugs: Iterable[Drug]) -> None:
    """Register drugs, likewise."""
    for each in drugs:
        _save(db, DRUG, each.code, each)


def store(db: Connection, provider: str) -> Store | None:
    """Return the shop with a provider number."""
    return _one(db, STORE, provider, Store)


def drug(db: Connection, code: str) -> Drug | None:
    """Return the drug with a national code."""
    return _one(db, DRUG, code, Drug)


def changes(db: Connection, since: int, limit: int) -> list[Change]:
    """Return at most ``limit`` changes after change ``since``, in the order in which they were made."""
    rows = db.execute(
        "SELECT change, kind, body FROM registered WHERE change > ? ORDER BY change LIMIT ?", (since, limit)
    ).fetchall()
    return [Change(*row) for row in rows]


def last_change(db: Connection) -> int:
    """Return the number of the last change; 0 before any."""
    if _LAST not in db.known:
        db.known[_LAST] = int(db.execute("SELECT COALESCE(MAX(change), 0) FROM registered").fetchone()[0])
    found: int = db.known[_LAST]
    return found


def changed_since(db: Connection, codes: Iterable[str], change: int) -> bool:
    """Tell whether one of the drugs with these codes was changed after ``change``."""
    query = "SELECT change FROM registered WHERE kind = ? AND key = ?"
    rows = [db.execute(query, (DRUG, code)).fetchone() for code in set(codes)]
    return any(row is not None and row[0] > change for row in rows)


def of_kind(page: Iterable[Change], kind: str, form: type[T]) -> tuple[T, ...]:
    """Return what of ``page`` is of one kind."""
    return tuple(msgspec.json.decode(each.body, type=form) for each in page if each.kind == kind)


def _save(db: Connection, kind: str, key: str, value: object) -> None:
    body = encode(value)
    row = db.execute("SELECT body FROM registered WHERE kind = ? AND key = ?", (kind, key)).fetchone()
    if row is None or row[0] != body:
        db.known.pop((kind, key), None)
        db.known.pop(_LAST, None)
        db.execute(
            "INSERT INTO registered (kind, key, change, body) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET change = excluded.change, body = excluded.body",
            (kind, key, next_in_order(db, "change"), body),
        )


def _one(db: Connection, kind: str, key: str, form: type[T]) -> T | None:
    found: T | None
    if (kind, key) in db.known:
        found = db.known[kind, key]
    else:
        row = db.execute("SELECT body FROM registered WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        found = db.known[kind, key] = msgspec.json.decode(row[0], type=form) if row else None
    return found
