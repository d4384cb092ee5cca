"""The sales of the sample shop as moulds: what of each row names the sale, and what stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from msgspec import Struct

from app.storage import journal, packing, sales
from app.storage.connection import Connection
from app.storage.instants import to_text
from bench import population
from bench.mould import Mould, RowMould
from bench.sample_shop import PATIENTS
from engine.calendar import business_day
from engine.person import Person
from engine.sale import Sale

Slot = IntEnum(
    "Slot",
    "NUMBER SERIAL ENTRY FIRST_ENTRY MESSAGE PRINTING AT AT_JSON DAY ANSWERED PERSON CERT CARD",
    start=0,
)
"""What a cast puts in; after these come the boxes' codes, the messages' ids and numbers, settlement ids."""

_ENTRIES = 10_000
"""More than there are."""
_SETTLEMENT_ID = re.compile(r'"setl_id":"([0-9]+)"')
_OWN: dict[str, dict[str, int]] = {
    "sale": {
        "serial": Slot.SERIAL,
        "journal": Slot.ENTRY,
        "first_message": Slot.MESSAGE,
        "at": Slot.AT,
        "answered_at": Slot.ANSWERED,
    },
    "outbox": {
        "made_at": Slot.AT,
        "settled_at": Slot.ANSWERED,
        "first_entry": Slot.FIRST_ENTRY,
        "last_entry": Slot.ENTRY,
    },
    "receipt": {"sale": Slot.SERIAL},
    "printing": {"number": Slot.PRINTING, "sale": Slot.SERIAL, "at": Slot.ANSWERED},
}


class SaleKind(Struct, frozen=True):
    """A sale of the sample; ``entries`` are its journal entries' kinds and bodies, the sale's own first.

    ``person`` is the name of the person whose kind of patient buys so, None for whoever shows no credential.
    """

    person: str | None
    boxes: tuple[str, ...]
    messages: int
    rows_of_outbox: int
    settlement_ids: tuple[str, ...]
    entries: tuple[tuple[str, Mould], ...]
    rows: dict[str, tuple[RowMould, ...]]


def read(db: Connection) -> list[SaleKind]:
    """Return every sale of the sample that any number of others may be cast from."""
    kinds = [_read(db, *row) for row in db.execute("SELECT serial, number, journal FROM sale").fetchall()]
    names = {person.name for person in _shown()}
    return [kind for kind in kinds if kind.person is None or kind.person in names]


def patients_of(sold: int, now: datetime) -> list[Person]:
    """Return the patients of a shop with so many sales: whoever comes was there three times in 90 days."""
    return population.people(min(PATIENTS, max(2, sold // 12 // 2 * 2)), now)


def patients_by_kind(kinds: Sequence[SaleKind], patients: Sequence[Person]) -> dict[str, list[Person]]:
    """Return patients by the name of the kind that they are of."""
    return {
        kind.person: [each for each in patients if each.name == kind.person] for kind in kinds if kind.person
    }


def _shown() -> list[Person]:
    return population.people(20, datetime.now(UTC))


def _read(db: Connection, serial: int, number: str, entry: int) -> SaleKind:
    sale = sales.read(db, entry)
    outbox = _rows(db, "SELECT * FROM outbox WHERE sale = ? ORDER BY number", (number,))
    tables = {
        "sale": _rows(db, "SELECT * FROM sale WHERE serial = ?", (serial,)),
        "receipt": [{**row, "body": packing.unpack(row["body"])} for row in _receipts(db, serial)],
        "printing": _rows(db, "SELECT * FROM printing WHERE sale = ?", (serial,)),
    }
    settled = [_SETTLEMENT_ID.findall(row["answer"] or "") for row in outbox]
    settlement_ids = tuple(dict.fromkeys(each for found in settled for each in found))
    boxes = tuple(sales.trace_codes(sale))
    tokens = _tokens(sale, boxes, [row["id"] for row in outbox], settlement_ids)
    first_number = len(Slot) + len(boxes) + len(outbox)
    moulds = {
        table: tuple(RowMould(row, _OWN[table], tokens) for row in rows) for table, rows in tables.items()
    }
    moulds["outbox"] = tuple(
        RowMould(row, {**_OWN["outbox"], "number": first_number + place}, tokens)
        for place, row in enumerate(outbox)
    )
    rest = journal.read(db, entry - 1, _ENTRIES)
    entries = [each for each in rest if f'"{number}"' in each.body]
    return SaleKind(
        person=sale.draft.person.name if sale.draft.person else None,
        boxes=boxes,
        messages=len(sale.message_ids),
        rows_of_outbox=len(outbox),
        settlement_ids=settlement_ids,
        entries=tuple((each.kind, Mould(each.body, tokens)) for each in entries),
        rows=moulds,
    )


def _receipts(db: Connection, serial: int) -> list[dict[str, Any]]:
    return _rows(db, "SELECT * FROM receipt WHERE sale = ?", (serial,))


def _tokens(
    sale: Sale, boxes: tuple[str, ...], ids: Sequence[str], settlement_ids: tuple[str, ...]
) -> dict[str, int]:
    at = to_text(sale.made_at)
    tokens = {
        sale.number: int(Slot.NUMBER),
        at: int(Slot.AT),
        f"{at[:26]}Z": int(Slot.AT_JSON),
        at[:10]: int(Slot.DAY),
        business_day(sale.made_at).isoformat(): int(Slot.DAY),
    }
    person = sale.draft.person
    if person is not None:
        tokens |= {person.psn_no: int(Slot.PERSON), person.cert_no: int(Slot.CERT)}
        tokens |= {person.card_no: int(Slot.CARD)} if person.card_no else {}
    after = len(Slot)
    tokens |= {box: after + place for place, box in enumerate(boxes)}
    after += len(boxes)
    tokens |= {id_: after + place for place, id_ in enumerate(ids)}
    after += 2 * len(ids)
    return tokens | {each: after + place for place, each in enumerate(settlement_ids)}


def _rows(db: Connection, sql: str, arguments: tuple[Any, ...]) -> list[dict[str, Any]]:
    found = db.execute(sql, arguments)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
