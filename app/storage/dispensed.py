"""What was dispensed to a person elsewhere, as far as the agency told, and how old that knowledge is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

import msgspec
from msgspec import Struct

from app.storage import packing, runs
from app.storage.connection import Connection
from app.storage.instants import from_text, to_text
from engine.calendar import business_day
from engine.protocol.lease import Dispensed
from engine.review import Dispensing


class _Drug(Struct):
    code: str
    generic_name: str
    form: str
    prescription_only: bool = True
    pack_size: int | None = None


class _Line(Struct):
    drug: _Drug
    quantity: int
    split: bool = False


class _Prescription(Struct):
    supply_days: int


class _Draft(Struct):
    lines: tuple[_Line, ...] = ()
    prescription: _Prescription | None = None


class _Provider(Struct):
    id: str


class _Store(Struct):
    provider: _Provider


class _Sale(Struct):
    """What the history wants of a sale: a tenth of it, read at a tenth of the cost."""

    made_at: datetime
    store: _Store
    draft: _Draft


_SALE = msgspec.json.Decoder(_Sale).decode


def save(db: Connection, history: Iterable[Dispensed]) -> None:
    """Keep ``history``; what is known already stays as it is."""
    db.executemany(
        "INSERT INTO dispensed (psn_no, drug, at, provider, quantity, days) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (psn_no, drug, at, provider) DO NOTHING",
        [
            (each.psn_no, each.drug, to_text(each.at), each.provider, each.packs, each.days)
            for each in history
        ],
    )


def replace(db: Connection, psn_no: str, begin: datetime, history: Iterable[Dispensed]) -> None:
    """Keep ``history`` as all that a person was given from ``begin`` on: what was taken back is gone."""
    db.execute("DELETE FROM dispensed WHERE psn_no = ? AND at >= ?", (psn_no, to_text(begin)))
    save(db, history)


def known(db: Connection, people: Iterable[str], as_of: datetime) -> None:
    """Note that the agency told all that it knew of these people at ``as_of``."""
    db.executemany(
        "INSERT INTO history_known (psn_no, as_of) VALUES (?, ?)"
        " ON CONFLICT (psn_no) DO UPDATE SET as_of = max(as_of, excluded.as_of)",
        [(psn_no, to_text(as_of)) for psn_no in people],
    )


def known_as_of(db: Connection, psn_no: str) -> datetime | None:
    """Return how far the knowledge of a person's history reaches; None where nothing was ever told."""
    row = db.execute("SELECT as_of FROM history_known WHERE psn_no = ?", (psn_no,)).fetchone()
    return from_text(row[0]) if row else None


def here(db: Connection, psn_no: str, since: date, shop: str) -> list[Dispensing]:
    """Return what the sales in these books handed a person from ``since`` on, oldest first."""
    first = since.isoformat()
    rows = runs.sales_of(
        db,
        psn_no,
        "(SELECT body FROM journal WHERE number = s.journal)",
        "s.day >= ?",
        (first,),
        sought="day >= ?",
        by=first,
    )
    return [each for row in rows for each in _handed_out(_SALE(packing.unpack(row[0])), shop)]


def _handed_out(sale: _Sale, shop: str) -> Iterator[Dispensing]:
    prescription = sale.draft.prescription
    for line in sale.draft.lines:
        yield Dispensing(
            day=business_day(sale.made_at),
            drug=line.drug.code,
            name=line.drug.generic_name,
            form=line.drug.form,
            quantity=-(-line.quantity // (line.drug.pack_size or 1)) if line.split else line.quantity,
            provider=sale.store.provider.id,
            here=sale.store.provider.id == shop,
            days=prescription.supply_days if prescription else None,
            prescription_only=line.drug.prescription_only,
        )


def since(db: Connection, psn_no: str, after: datetime) -> list[Dispensed]:
    """Return what a person was handed after an instant, as far as the agency told, newest first."""
    rows = db.execute(
        "SELECT drug, at, provider, quantity, days FROM dispensed"
        " WHERE psn_no = ? AND at > ? ORDER BY at DESC",
        (psn_no, to_text(after)),
    )
    return [
        Dispensed(
            psn_no=psn_no, drug=row[0], at=from_text(row[1]), provider=row[2], quantity=row[3], days=row[4]
        )
        for row in rows.fetchall()
    ]
