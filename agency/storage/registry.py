"""Shops and drugs: the same for every person and till, few, seldom changed, numbered change by change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TypeVar

import msgspec
from msgspec import Struct

from agency.storage import mailbox
from agency.storage.connection import Connection
from agency.storage.counters import next_in_order
from engine.catalogue import Drug, Listing
from engine.protocol.wire import encode
from engine.sale import Store

T = TypeVar("T", Store, Drug)

STORE, DRUG, WITHDRAWN = "store", "drug", "withdrawn"
_LAST = ("change", "last")
_DAY = "changes until "
"""With a day after it: the name of the last change that was made on it."""


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
    """Register drugs, likewise; what a drug's listings no longer say is kept as taken back."""
    for each in drugs:
        held = drug(db, each.code)
        if held is not None and held.listings != each.listings:
            gone = {*withdrawn(db, each.code), *held.listings} - {*each.listings}
            _save(db, WITHDRAWN, each.code, sorted(gone, key=lambda row: (row.region, row.begins)))
        _save(db, DRUG, each.code, each)


def date_changes(db: Connection, day: date) -> None:
    """Note that all changes up to now were made on ``day`` at the latest, inside the caller's transaction."""
    db.execute(
        "INSERT INTO counter (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (f"{_DAY}{day.isoformat()}", last_change(db)),
    )


def days_of_changes(db: Connection) -> list[tuple[int, date]]:
    """Return (last change, day) of the days on which something changed, in order."""
    rows = db.execute(
        "SELECT name, value FROM counter WHERE name >= ? AND name < ? ORDER BY name", (_DAY, _DAY + "~")
    ).fetchall()
    return [(int(row[1]), date.fromisoformat(row[0].removeprefix(_DAY))) for row in rows]


def withdrawn(db: Connection, code: str) -> tuple[Listing, ...]:
    """Return what the listings of a drug once said and say no more."""
    row = db.execute("SELECT body FROM registered WHERE kind = ? AND key = ?", (WITHDRAWN, code)).fetchone()
    return msgspec.json.decode(row[0], type=tuple[Listing, ...]) if row else ()


def count_drugs(db: Connection, since: int) -> int:
    """Return how many drugs changed after a change."""
    row = db.execute(
        "SELECT count(*) FROM registered WHERE kind = ? AND change > ?", (DRUG, since)
    ).fetchone()
    return int(row[0])


def drugs_by_code(db: Connection, since: int, limit: int, offset: int) -> list[tuple[int, Drug]]:
    """Return drugs that changed after a change, each with its own, in the order of their codes.

    One that changes meanwhile moves no other: who reads page by page misses none.
    """
    rows = db.execute(
        "SELECT change, body FROM registered WHERE kind = ? AND change > ? ORDER BY key LIMIT ? OFFSET ?",
        (DRUG, since, limit, offset),
    ).fetchall()
    return [(int(row[0]), msgspec.json.decode(row[1], type=Drug)) for row in rows]


def drugs_by_change(db: Connection, since: int, limit: int) -> list[tuple[int, Drug]]:
    """Return drugs that changed after a change, in the order of their changes."""
    rows = db.execute(
        "SELECT change, body FROM registered WHERE kind = ? AND change > ? ORDER BY change LIMIT ?",
        (DRUG, since, limit),
    ).fetchall()
    return [(int(row[0]), msgspec.json.decode(row[1], type=Drug)) for row in rows]


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
