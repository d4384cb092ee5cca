"""Sales: a thin row each, and its whole text in the journal entry that the row names.

The row is an index and may change (the agency answers); the entry never does.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from app.storage import device, outbox, runs, stock_runs
from app.storage.connection import Connection
from app.storage.instants import from_text, to_text
from app.storage.journal import body_of
from engine.calendar import business_day
from engine.lease import Spend, spend_of
from engine.money import Fen
from engine.person import masked_name
from engine.policy.answer import Settlement
from engine.prescription_use import dispenses, key_of
from engine.sale import Certainty, Sale, insured_settlements

_DECODE = msgspec.json.Decoder(Sale).decode
_NEVER, _ALWAYS = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class SaleIndex(Struct, frozen=True, kw_only=True):
    """What the list of sales shows of one; the ``agency_`` sums are None until the agency answered."""

    serial: int
    journal: int
    number: str
    at: datetime
    who: str
    total: Fen
    fund: Fen
    assistance: Fen
    patient: Fen
    certainty: Certainty
    first_message: int
    messages: int
    answered: int
    agency_fund: Fen | None
    agency_patient: Fen | None
    copies: int
    rejected: int


class LastSale(Struct, frozen=True):
    """What the sale to come must know of the newest one, zeros and no day before the first, and how many
    ``messages`` were ever put; instants are text. ``journal`` is the last entry that needs no upload."""

    serial: int
    journal: int
    day: str
    messages: int
    at: str = ""
    latest: str = ""
    exposure: Fen = 0


class Standing(Struct, frozen=True, kw_only=True):
    """What is summed up from sale to sale: ``latest`` is the latest instant on record, ``exposure`` what the
    fund is still to confirm of the sales since the agency was last heard, this one included."""

    latest: datetime
    exposure: Fen


def newest(db: Connection) -> LastSale:
    """Return the newest sale, and what else the next one continues."""
    # What was before this epoch has its own uploads: a chain's entries travel with its own epoch's alone.
    row = db.execute(
        "SELECT serial, max(journal, (SELECT coalesce(max(after), 0) FROM epoch)), day,"
        " (SELECT max(number) FROM outbox), at, coalesce(latest, at), exposure"
        " FROM sale ORDER BY serial DESC LIMIT 1"
    ).fetchone()
    return LastSale(*row) if row else LastSale(0, device.since(db), "", outbox.last_number(db))


def sale_number(till: str, serial: int, epoch: int = 1) -> str:
    """Return the number as printed: the till's and the serial, ``01-000123``; ``01.2-000123`` in epoch 2.

    A serial may come twice after a backup was restored; a number never does.
    """
    return f"{till}-{serial:06d}" if epoch == 1 else f"{till}.{epoch}-{serial:06d}"


def serial_of(number: str) -> int | None:
    """Return the serial in a printed ``number``; None where there is none (a bare serial is understood)."""
    tail = number.strip().rpartition("-")[2]
    return int(tail) if tail.isascii() and tail.isdigit() and len(tail) <= 18 else None  # noqa: PLR2004


class SaleRow(Struct, frozen=True):
    """The row of a sale, ready to be written but for its journal number."""

    serial: int
    day: str
    values: tuple[str | int | None, ...]


def row_of(sale: Sale, previous: LastSale, standing: Standing) -> SaleRow:
    """Return the row of ``sale``, which follows ``previous``."""
    person, answer, serial = sale.draft.person, sale.answer, previous.serial + 1
    who = (masked_name(person.name), person.psn_no) if person else ("自费顾客", None)
    sums = (answer.total, answer.fund, answer.assistance, answer.patient)
    day, provider = business_day(sale.made_at).isoformat(), sale.store.provider.id
    texts = (sale.number, to_text(sale.made_at), day, *who, provider, runs.as_text(trace_codes(sale)))
    state = (sale.certainty, len(sale.message_ids))
    lease, insurance = sale.lease.id if sale.lease else None, person.insurance if person else None
    sure = (lease, insurance, to_text(standing.latest), standing.exposure, goods_of(sale))
    return SaleRow(serial, day, (serial, *texts, *sums, *state, *sure, prescription_of(sale)))


def record(db: Connection, row: SaleRow, previous: LastSale, journal: int) -> None:
    """Write the row of the sale whose text is journal entry ``journal``, in the caller's transaction.

    Its messages are put right after it. The courier may have put one since the sale was made ready: which
    number is the first of them is known only now.
    """
    db.execute(
        "INSERT INTO sale (journal, serial, number, at, day, who, psn_no, provider, traces, total, fund,"
        " assistance, patient, certainty, messages, lease, insurance, latest, exposure, goods, prescription,"
        " first_message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " (SELECT coalesce(max(number), 0) + 1 FROM outbox))",
        (journal, *row.values),
    )
    if previous.day != row.day:
        db.execute("INSERT INTO day_run (first_serial, day) VALUES (?, ?)", (row.serial, row.day))
    runs.close_run(db, row.serial)
    stock_runs.close_run(db, row.serial)


def goods_of(sale: Sale) -> str:
    """Return what ``sale`` takes from the shelves, as its row holds it (``schema_goods``)."""
    goods = [
        (line.drug.code, line.quantity, int(line.split), [(use.lot, use.quantity) for use in line.lots])
        for line in sale.draft.lines
    ]
    return msgspec.json.encode(goods).decode()


def prescription_of(sale: Sale) -> str | None:
    """Return the key of the prescription that ``sale`` dispenses from; None where it dispenses from none."""
    prescription = sale.draft.prescription
    drugs = ((line.drug.code, line.name_on_prescription) for line in sale.draft.lines)
    return key_of(prescription) if prescription and dispenses(prescription, drugs) else None


def trace_codes(sale: Sale) -> list[str]:
    """Return the codes of the boxes that ``sale`` hands over; an opened pack stays in the shop."""
    return [code for line in sale.draft.lines if not line.split for code in line.trace_codes]


def index_of(db: Connection, number: str) -> SaleIndex | None:
    """Return the row of the sale with the printed ``number``, or with a bare serial."""
    rows = _indices(db, "WHERE s.serial = ?", (serial_of(number),))
    # A number of a lost epoch is of another sale than the one that has its serial now.
    lost = rows and "." in number and rows[0].number != number.strip()
    lost = lost or (rows and "-" in number and "." not in number and "." in rows[0].number)
    return rows[0] if rows and not lost else None


def number_of(db: Connection, serial: int) -> str | None:
    """Return the printed number of the sale with ``serial``."""
    row = db.execute("SELECT number FROM sale WHERE serial = ?", (serial,)).fetchone()
    return row[0] if row else None


def last(db: Connection) -> SaleIndex | None:
    """Return the row of the newest sale."""
    rows = _indices(db, "ORDER BY s.serial DESC LIMIT 1", ())
    return rows[0] if rows else None


def listed(db: Connection, day: date | None, limit: int) -> list[SaleIndex]:
    """Return sales newest first: of ``day``, or the last ones of any day."""
    if day is None:
        return _indices(db, "ORDER BY s.serial DESC LIMIT ?", (limit,))
    # IN, and CROSS in it: the day's runs are found first, or every sale ever made is looked at.
    where = (
        "WHERE s.serial IN (SELECT t.serial FROM day_run r CROSS JOIN sale t ON t.serial >= r.first_serial"
        " AND t.serial < coalesce((SELECT min(n.first_serial) FROM day_run n"
        " WHERE n.first_serial > r.first_serial), 1 << 62)"
        " WHERE r.day = ? ORDER BY t.serial DESC LIMIT ?) ORDER BY s.serial DESC"
    )
    return _indices(db, where, (day.isoformat(), limit))


def read(db: Connection, journal: int) -> Sale:
    """Return the whole sale that journal entry ``journal`` holds."""
    return _DECODE(body_of(db, journal))


def own_settlements(
    db: Connection, psn_no: str, year: int, as_of: datetime, *, besides: str | None = None
) -> list[Settlement]:
    """Return what this till settled for a person in ``year`` and sums of ``as_of`` cannot include.

    Included is what the agency accepted by then; what it rejected never counts. What was settled under the
    lease ``besides`` is left out.
    """
    begins = _first_unsettled(db)
    counted = "s.day BETWEEN ? AND ? AND s.messages > 0 AND (s.lease IS NULL OR s.lease IS NOT ?)"
    which = (f"{year:04d}-01-01", f"{year:04d}-12-31", besides)
    answered = db.execute(
        f"SELECT journal, first_message FROM sale s WHERE s.psn_no = ? AND s.answered_at > ?"
        f" AND s.serial < ? AND {counted} ORDER BY serial",
        (psn_no, to_text(as_of), begins, *which),
    ).fetchall()
    waiting = runs.sales_of(
        db,
        psn_no,
        "journal, first_message",
        f"s.serial >= ? AND {counted}",
        (begins, *which),
        sought="sale >= ?",
        by=begins,
    )
    rows = (*answered, *waiting)
    return [each for row in rows for each in _still_own(db, read(db, row[0]), row[1], as_of)]


def _first_unsettled(db: Connection) -> int:
    """Return the serial of the first sale of which a message may wait; of none, one beyond all."""
    row = db.execute(
        "SELECT sale FROM outbox WHERE number > (SELECT number FROM outbox_mark) AND sale IS NOT NULL"
        " ORDER BY number LIMIT 1"
    ).fetchone()
    return (serial_of(row[0]) if row else None) or 1 << 62


def settled_under(db: Connection, psn_no: str, lease: str) -> tuple[list[Settlement], Spend]:
    """Return all that was settled under a lease, whether the agency knows of it or not, and what it spent.

    What the agency rejected never counts.
    """
    settled: list[Settlement] = []
    spent = Spend()
    columns, where = "journal, first_message", "s.lease = ?"
    for row in runs.sales_of(db, psn_no, columns, where, (lease,), sought="lease = ?", by=lease):
        sale = read(db, row[0])
        still = _still_own(db, sale, row[1], _NEVER)
        settled += still
        if sale.claim is not None:
            spent = spent.plus(spend_of(still, sale.claim.parameters))
    return settled, spent


def unconfirmed(db: Connection, psn_no: str, day: date) -> Fen:
    """Return what the fund is still to confirm of a person's sales of ``day`` without a lease."""
    rows = runs.sales_of(
        db,
        psn_no,
        "fund, assistance",
        "s.day = ? AND s.certainty = 'provisional' AND s.messages > 0",
        (day.isoformat(),),
        sought="day = ?",
        by=day.isoformat(),
    )
    return sum(row[0] + row[1] for row in rows)


def has_waiting(db: Connection, psn_no: str, since: datetime = _NEVER) -> bool:
    """Tell whether the agency is still to answer to a person's sale of ``since`` on without a lease.

    What it refused is waited for no more.
    """
    begins = _first_unsettled(db)
    rows = runs.sales_of(
        db,
        psn_no,
        "first_message, messages",
        "s.serial >= ? AND s.lease IS NULL AND s.answered < s.messages AND s.at >= ?",
        (begins, to_text(since)),
        sought="sale >= ?",
        by=begins,
    )
    return any(len(outbox.settled_by(db, row[0], row[1], _ALWAYS)) < row[1] for row in rows)


def _still_own(db: Connection, sale: Sale, first_message: int, as_of: datetime) -> list[Settlement]:
    gone = outbox.settled_by(db, first_message, len(sale.message_ids), as_of)
    # By place and not by id: a message that went again bears another one.
    return [each for place, each in enumerate(insured_settlements(sale.answer)) if place not in gone]


def note_answer(db: Connection, serial: int, *, agrees: bool, fund: Fen, patient: Fen, at: datetime) -> None:
    """Add the agency's sums of one settlement to the sale's row.

    Each stamps the time, and the last confirms the sale when all had the sums that were sold.
    """
    db.execute(
        "UPDATE sale SET answered = answered + 1, agreed = agreed + ?,"
        " agency_fund = coalesce(agency_fund, 0) + ?, agency_patient = coalesce(agency_patient, 0) + ?,"
        " answered_at = ?,"
        " certainty = CASE WHEN agreed + ? = messages THEN 'confirmed' ELSE certainty END WHERE serial = ?",
        (int(agrees), fund, patient, to_text(at), int(agrees), serial),
    )


def _indices(db: Connection, where: str, arguments: tuple[Any, ...]) -> list[SaleIndex]:
    rows = db.execute(
        "SELECT s.serial, s.journal, s.number, s.at, s.who, s.total, s.fund, s.assistance, s.patient,"
        " s.certainty, s.first_message, s.messages, s.answered, s.agency_fund, s.agency_patient,"
        " (SELECT coalesce(max(copy), 0) FROM printing p WHERE p.sale = s.serial),"
        " (SELECT count(*) FROM outbox o WHERE o.state = 'rejected' AND o.sale = s.number)"
        f" FROM sale s {where}",
        arguments,
    )
    return [
        SaleIndex(
            serial=row[0],
            journal=row[1],
            number=row[2],
            at=from_text(row[3]),
            who=row[4],
            total=row[5],
            fund=row[6],
            assistance=row[7],
            patient=row[8],
            certainty=row[9],
            first_message=row[10],
            messages=row[11],
            answered=row[12],
            agency_fund=row[13],
            agency_patient=row[14],
            copies=row[15],
            rejected=row[16],
        )
        for row in rows.fetchall()
    ]
