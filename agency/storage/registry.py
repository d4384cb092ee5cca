"""Who and what the agency knows: shops, people, drugs, prescriptions; and what of it changed since when."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from agency.storage import years
from agency.storage.counters import next_number
from engine.catalogue import Drug
from engine.person import Person, Snapshot
from engine.prescription import Prescription
from engine.protocol import codes
from engine.protocol.news import NewSnapshot, NewsPage
from engine.protocol.wire import encode
from engine.sale import Store

T = TypeVar("T", Store, Person, Drug, Prescription)

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def save_stores(db: sqlite3.Connection, stores: Iterable[Store]) -> None:
    """Register shops, inside the caller's transaction; one that did not change stays unchanged for tills."""
    for store in stores:
        _save(db, "store", store.provider.id, store)


def save_drugs(db: sqlite3.Connection, drugs: Iterable[Drug]) -> None:
    """Register drugs, likewise."""
    for drug in drugs:
        _save(db, "drug", drug.code, drug)


def save_prescriptions(db: sqlite3.Connection, prescriptions: Iterable[Prescription]) -> None:
    """Register prescriptions, likewise."""
    for prescription in prescriptions:
        _save(db, "prescription", prescription.number, prescription)


def save_people(db: sqlite3.Connection, people: Iterable[Person]) -> None:
    """Register people, likewise; their sums are taken from the snapshot only while the year has none here."""
    for person in people:
        # The year's sums live in their own table; of the snapshot only the parameters stay with the person.
        year = Snapshot(as_of=_LONG_AGO, year=0, parameters=person.snapshot.parameters)
        _save(db, "person", person.psn_no, replace(person, snapshot=year))
        _credential(db, codes.RESIDENT_ID, person.cert_no, person.psn_no)
        if person.card_no:
            _credential(db, codes.CARD, person.card_no, person.psn_no)
        years.begin(db, person.psn_no, person.snapshot.year, person.snapshot.accumulators)


def save_vouchers(db: sqlite3.Connection, vouchers: dict[str, str]) -> None:
    """Register whose electronic voucher each code is."""
    for code, psn_no in vouchers.items():
        _credential(db, codes.VOUCHER, code, psn_no)


def store(db: sqlite3.Connection, provider: str) -> Store | None:
    """Return the shop with a provider number."""
    return _one(db, "store", provider, Store)


def drug(db: sqlite3.Connection, code: str) -> Drug | None:
    """Return the drug with a national code."""
    return _one(db, "drug", code, Drug)


def prescription(db: sqlite3.Connection, number: str) -> Prescription | None:
    """Return the prescription with a number."""
    return _one(db, "prescription", number, Prescription)


def person(db: sqlite3.Connection, psn_no: str, year: int, now: datetime) -> Person | None:
    """Return a person with the sums of ``year`` as they stand ``now``."""
    known = _one(db, "person", psn_no, Person)
    return known and _with_year(db, known, year, now)


def holder(db: sqlite3.Connection, cert_type: str, number: str) -> str | None:
    """Return the psn_no of who holds a voucher, resident id or card."""
    row = db.execute(
        "SELECT psn_no FROM credential WHERE type = ? AND number = ?", (cert_type, number)
    ).fetchone()
    return row[0] if row else None


def news(db: sqlite3.Connection, since: int, limit: int, year: int, now: datetime) -> NewsPage:
    """Return at most ``limit`` changes after change ``since``, in the order in which they were made."""
    rows = db.execute(
        "SELECT change, kind, key, body FROM registered WHERE change > ?1"
        " UNION ALL SELECT change, 'snapshot', psn_no, '' FROM accumulator WHERE change > ?1 AND year = ?2"
        " ORDER BY change LIMIT ?3",
        (since, year, limit + 1),
    ).fetchall()
    page = rows[:limit]
    return NewsPage(
        cursor=page[-1][0] if page else since,
        more=len(rows) > limit,
        stores=_of_kind(page, "store", Store),
        people=tuple(_with_year(db, each, year, now) for each in _of_kind(page, "person", Person)),
        drugs=_of_kind(page, "drug", Drug),
        prescriptions=_of_kind(page, "prescription", Prescription),
        snapshots=tuple(_new_snapshot(db, row[2], year, now) for row in page if row[1] == "snapshot"),
    )


def _of_kind(page: list[tuple[int, str, str, str]], kind: str, form: type[T]) -> tuple[T, ...]:
    return tuple(msgspec.json.decode(row[3], type=form) for row in page if row[1] == kind)


def _with_year(db: sqlite3.Connection, known: Person, year: int, now: datetime) -> Person:
    return replace(known, snapshot=_snapshot(known, db, year, now))


def _new_snapshot(db: sqlite3.Connection, psn_no: str, year: int, now: datetime) -> NewSnapshot:
    known = _one(db, "person", psn_no, Person)
    if known is None:
        raise LookupError("sums of a person who was never registered")
    return NewSnapshot(psn_no=psn_no, snapshot=_snapshot(known, db, year, now))


def _snapshot(person: Person, db: sqlite3.Connection, year: int, now: datetime) -> Snapshot:
    return Snapshot(
        as_of=now,
        year=year,
        accumulators=years.read(db, person.psn_no, year),
        parameters=person.snapshot.parameters,
    )


def _save(db: sqlite3.Connection, kind: str, key: str, value: object) -> None:
    body = encode(value)
    row = db.execute("SELECT body FROM registered WHERE kind = ? AND key = ?", (kind, key)).fetchone()
    if row is None or row[0] != body:
        db.execute(
            "INSERT INTO registered (kind, key, change, body) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET change = excluded.change, body = excluded.body",
            (kind, key, next_number(db, "change"), body),
        )


def _one(db: sqlite3.Connection, kind: str, key: str, form: type[T]) -> T | None:
    row = db.execute("SELECT body FROM registered WHERE kind = ? AND key = ?", (kind, key)).fetchone()
    return msgspec.json.decode(row[0], type=form) if row else None


def _credential(db: sqlite3.Connection, cert_type: str, number: str, psn_no: str) -> None:
    db.execute(
        "INSERT INTO credential (type, number, psn_no) VALUES (?, ?, ?)"
        " ON CONFLICT (type, number) DO UPDATE SET psn_no = excluded.psn_no",
        (cert_type, number, psn_no),
    )
