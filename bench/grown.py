"""A counter's database with as many sales as wanted, cast from those of ``bench.sample_shop``.

Nothing is simplified: every sale has its journal entries (sealed one after another by ``engine.journal``),
row, messages with their answers, receipt, printing, and its keys in the index runs. One sale in four is on
somebody's insurance; one message in 10,000 was rejected and stays so. The rows go in without waiting for the
disk, which is not what is measured here.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import cycle
from typing import Any

from app.storage import packing
from app.storage.connection import Connection
from app.storage.instants import to_text
from app.storage.runs import LENGTH
from bench import sale_kind
from bench.sale_kind import Slot
from engine.calendar import CHINA, business_day
from engine.journal import seal
from engine.person import Person
from engine.protocol.envelope import QUERY_SERIALS, message_ids

A_DAY = 700
TODAY = 300
UNINSURED_TO_ONE = 3
ONE_REJECTED_IN = 10_000
BATCH = 20_000
REJECTED = "演示：医保中心拒绝了这条消息。"
_OPENS, _OPEN_FOR = timedelta(hours=8), timedelta(hours=12)
_ANSWERED_IN = timedelta(seconds=2)
_HASTE = ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "cache_size = -400000")

_INDEXED = (
    ("trace_code (code, sale)", "code.value, serial", "sale, json_each(traces) code WHERE TRUE"),
    (
        "person_sale (psn_no, sale, day, lease)",
        "psn_no, serial, day, lease",
        "sale WHERE psn_no IS NOT NULL",
    ),
    ("prescription_sale (key, sale)", "prescription, serial", "sale WHERE prescription IS NOT NULL"),
)
"""As ``app.storage.runs`` indexes a run, all runs at once: sorted keys go in much faster."""


def grow(db: Connection, count: int, now: datetime) -> None:
    """Add ``count`` sales to the sample in ``db``, the last ``TODAY`` of them on the day of ``now``.

    The connection is good for nothing else afterwards: its database is to be opened anew.
    """
    for pragma in _HASTE:
        db.execute(f"PRAGMA {pragma}")
    growth = _Growth(db, sale_kind.patients_of(count, now))
    for place, at in enumerate(_instants(count, business_day(now)), 1):
        growth.sell(at)
        if place % BATCH == 0:
            growth.write()
    growth.write()
    growth.close_books()


def _instants(count: int, today: date) -> Iterator[datetime]:
    """Yield when each sale is made: the shop opens at eight in the morning, for twelve hours."""
    full, first = divmod(max(0, count - TODAY), A_DAY)
    sold = [*([first] if first else []), *([A_DAY] * full), min(count, TODAY)]
    for back, of_day in zip(range(len(sold) - 1, -1, -1), sold, strict=True):
        opens = datetime.combine(today - timedelta(days=back), datetime.min.time(), CHINA) + _OPENS
        for place in range(of_day):
            yield opens + _OPEN_FOR * place / A_DAY


class _Growth:
    """The books as they stand after the last sale, and the rows that are still to be written."""

    def __init__(self, db: Connection, patients: Sequence[Person]) -> None:
        self._db, self._random = db, random.Random(1)
        kinds = sale_kind.read(db)
        self._uninsured = cycle([kind for kind in kinds if not kind.messages])
        self._insured = cycle([kind for kind in kinds if kind.messages])
        self._patients = sale_kind.patients_by_kind(kinds, patients)
        self._serial, self._sold_entry, self._day, number, self._provider = db.execute(
            "SELECT serial, journal, day, number, provider FROM sale ORDER BY serial DESC LIMIT 1"
        ).fetchone()
        self._till = number.rpartition("-")[0]
        self._entry, self._hash, self._message, self._printing = db.execute(
            "SELECT number, hash, (SELECT max(number) FROM outbox), (SELECT max(number) FROM printing)"
            " FROM journal ORDER BY number DESC LIMIT 1"
        ).fetchone()
        self._indexed = self._serial // LENGTH * LENGTH
        self._rows: dict[str, list[Any]] = {}

    def sell(self, at: datetime) -> None:
        """Make a sale at the instant ``at``."""
        self._serial += 1
        kind = next(self._uninsured if self._serial % (UNINSURED_TO_ONE + 1) else self._insured)
        values = self._values(kind, at)
        for place, (name, body) in enumerate(kind.entries):
            self._seal(name, body.cast(values), at + _ANSWERED_IN if place else at)
        for table, moulds in kind.rows.items():
            self._put(table, [mould.cast(values) for mould in moulds])
        serial, receipt = self._rows["receipt"][-1]
        self._rows["receipt"][-1] = (serial, packing.pack(receipt))
        if kind.messages and self._serial % ONE_REJECTED_IN == 0:
            self._put("rejected", [(values[Slot.MESSAGE],)])
        if values[Slot.DAY] != self._day:
            self._day = values[Slot.DAY]
            self._put("day_run", [(self._serial, self._day)])
        self._sold_entry = values[Slot.ENTRY]
        self._message += kind.rows_of_outbox
        self._printing += 1

    def write(self) -> None:
        """Write the rows made so far."""
        rejected = self._rows.pop("rejected", [])
        self._db.execute("BEGIN")
        for table, rows in self._rows.items():
            self._db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        self._db.executemany(
            f"UPDATE outbox SET state = 'rejected', answer = NULL, trouble = '{REJECTED}' WHERE number = ?",
            rejected,
        )
        self._db.execute("COMMIT")
        self._rows.clear()

    def close_books(self) -> None:
        """Fill the index runs, and set the marks that follow the last rows."""
        run = (self._indexed, self._serial // LENGTH * LENGTH)
        for table, columns, source in _INDEXED:
            self._db.execute(
                f"INSERT INTO {table} SELECT {columns} FROM {source} AND serial > ? AND serial <= ?"
                " ORDER BY 1, 2",
                run,
            )
        self._db.execute("UPDATE outbox_mark SET number = ?", (self._message,))
        self._db.execute("DELETE FROM verified")
        self._db.execute("INSERT INTO verified VALUES (?, ?)", (self._entry, self._hash))

    def _values(self, kind: sale_kind.SaleKind, at: datetime) -> list[Any]:
        numbers = list(range(self._message + 1, self._message + 1 + kind.rows_of_outbox))
        person = self._random.choice(self._patients[kind.person]) if kind.person else None
        text = to_text(at)
        values: list[Any] = [None] * len(Slot)
        values[Slot.NUMBER] = f"{self._till}-{self._serial:06d}"
        values[Slot.SERIAL] = self._serial
        values[Slot.ENTRY] = self._entry + 1
        values[Slot.FIRST_ENTRY] = self._sold_entry + 1
        values[Slot.MESSAGE] = self._message + 1
        values[Slot.PRINTING] = self._printing + 1
        values[Slot.AT], values[Slot.AT_JSON], values[Slot.DAY] = text, f"{text[:26]}Z", text[:10]
        values[Slot.ANSWERED] = to_text(at + _ANSWERED_IN)
        if person is not None:
            values[Slot.PERSON], values[Slot.CERT], values[Slot.CARD] = (
                person.psn_no,
                person.cert_no,
                person.card_no,
            )
        values += [f"{box[:7]}{self._serial * 8 + place:013d}" for place, box in enumerate(kind.boxes)]
        values += message_ids(self._provider, at, [number % QUERY_SERIALS for number in numbers])
        values += numbers
        values += [f"{each[:-10]}{self._serial:010d}" for each in kind.settlement_ids]
        return values

    def _seal(self, kind: str, body: str, at: datetime) -> None:
        entry = seal(number=self._entry + 1, at=at, kind=kind, body=body, previous=self._hash)
        self._entry, self._hash = entry.number, entry.hash
        self._put("journal", [(entry.number, entry.at, kind, packing.pack(body), entry.previous, entry.hash)])

    def _put(self, table: str, rows: list[Any]) -> None:
        self._rows.setdefault(table, []).extend(rows)
