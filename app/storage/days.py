"""A day's sales counted from every side: in the journal, on paper, sent, accepted; and the day's close."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from msgspec import Struct

from app.storage.connection import Connection
from app.storage.instants import to_text
from engine.money import Fen

# CROSS: the day's runs of sales are found first, or every sale ever made would be looked at.
_OF_DAY = (
    "FROM day_run r CROSS JOIN sale s ON s.serial >= r.first_serial AND s.serial < coalesce("
    "(SELECT min(n.first_serial) FROM day_run n WHERE n.first_serial > r.first_serial), 1 << 62)"
    " WHERE r.day = ?"
)
_PAPER = "EXISTS (SELECT 1 FROM printing p WHERE p.sale = s.serial)"
_MESSAGES = (
    "SELECT 1 FROM outbox o WHERE o.number >= s.first_message AND o.number < s.first_message + s.messages"
)
_SENT = f"NOT EXISTS ({_MESSAGES} AND o.state = 'waiting' AND o.attempts = 0)"
_ACCEPTED = f"NOT EXISTS ({_MESSAGES} AND o.state <> 'accepted')"


class Count(Struct, frozen=True, kw_only=True):
    """The sales of a day and insurance (empty: nobody's); ``theirs`` None while an answer is outstanding."""

    insurance: str
    stored: int
    printed: int
    sent: int
    accepted: int
    ours: Fen
    theirs: Fen | None


class Closed(Struct, frozen=True, kw_only=True):
    """A day closed up to sale ``serial``."""

    serial: int
    body: str


def sold_on(db: Connection, limit: int) -> list[date]:
    """Return the last days on which something was sold, newest first."""
    rows = db.execute("SELECT day FROM day_run GROUP BY day ORDER BY day DESC LIMIT ?", (limit,)).fetchall()
    return [date.fromisoformat(row[0]) for row in rows]


def counts(db: Connection, day: date) -> list[Count]:
    """Return the counts of ``day`` for each insurance."""
    rows = db.execute(
        f"SELECT coalesce(s.insurance, ''), count(*), sum({_PAPER}), sum({_SENT}), sum({_ACCEPTED}),"
        " sum(s.fund), sum(coalesce(s.agency_fund, 0)), sum(s.answered < s.messages)"
        f" {_OF_DAY} GROUP BY 1 ORDER BY 1",
        (day.isoformat(),),
    )
    return [_count(row) for row in rows.fetchall()]


def _count(row: Any) -> Count:
    return Count(
        insurance=row[0],
        stored=row[1],
        printed=row[2],
        sent=row[3],
        accepted=row[4],
        ours=row[5],
        theirs=None if row[7] else row[6],
    )


def without_paper(db: Connection, day: date) -> list[str]:
    """Return the numbers of the day's sales whose paper never came out."""
    return _numbers(db, day, f"NOT {_PAPER}")


def in_state(db: Connection, day: date, state: str) -> list[str]:
    """Return the numbers of the day's sales of which a settlement is in ``state`` of the outbox."""
    return _numbers(db, day, f"EXISTS ({_MESSAGES} AND o.state = '{state}')")


def _numbers(db: Connection, day: date, where: str) -> list[str]:
    rows = db.execute(f"SELECT s.number {_OF_DAY} AND {where} ORDER BY s.serial", (day.isoformat(),))
    return [row[0] for row in rows.fetchall()]


def missing_serials(db: Connection, day: date) -> int:
    """Return how many serials lack within the day, and between it and the sale before it."""
    rows = db.execute(
        "SELECT r.first_serial, count(*), max(s.serial),"
        " EXISTS (SELECT 1 FROM sale b WHERE b.serial = r.first_serial - 1)"
        f" {_OF_DAY} GROUP BY r.first_serial",
        (day.isoformat(),),
    ).fetchall()
    return sum(
        last - first + 1 - count + int(first > 1 and not before) for first, count, last, before in rows
    )


def missing_rows(db: Connection, day: date) -> int:
    """Return how many sales the journal holds between the day's first and last that have no row."""
    row = db.execute(
        f"SELECT min(s.journal), max(s.journal), count(*) {_OF_DAY}", (day.isoformat(),)
    ).fetchone()
    if row[0] is None:
        return 0
    held = db.execute(
        "SELECT count(*) FROM journal j WHERE j.number BETWEEN ? AND ? AND j.kind = 'sale'"
        " AND NOT EXISTS (SELECT 1 FROM sale s WHERE s.journal = j.number)",
        (row[0], row[1]),
    ).fetchone()
    return int(held[0])


def sales_of(db: Connection, day: date) -> list[tuple[int, int, int]]:
    """Return journal entry, first message and number of settlements of the day's sales that have any."""
    rows = db.execute(
        f"SELECT s.journal, s.first_message, s.messages {_OF_DAY} AND s.messages > 0 ORDER BY s.serial",
        (day.isoformat(),),
    )
    return [(row[0], row[1], row[2]) for row in rows.fetchall()]


def last_serial(db: Connection, day: date) -> int:
    """Return the serial of the day's newest sale, 0 without one."""
    row = db.execute(f"SELECT coalesce(max(s.serial), 0) {_OF_DAY}", (day.isoformat(),)).fetchone()
    return int(row[0])


def close(db: Connection, day: date, serial: int, *, at: datetime, journal: int, body: str) -> None:
    """Note that ``day`` is closed up to sale ``serial``, as journal entry ``journal`` says."""
    db.execute(
        "INSERT INTO day_closed (day, serial, at, journal, body) VALUES (?, ?, ?, ?, ?)",
        (day.isoformat(), serial, to_text(at), journal, body),
    )


def is_closed(db: Connection, day: date, serial: int) -> bool:
    """Tell whether ``day`` was closed with ``serial`` as its newest sale."""
    row = db.execute(
        "SELECT EXISTS (SELECT 1 FROM day_closed WHERE day = ? AND serial = ?)", (day.isoformat(), serial)
    ).fetchone()
    return bool(row[0])


def keep_answer(db: Connection, day: date, insurance: str, serial: int, body: str) -> None:
    """Keep what the agency answered about a day and insurance, with ``serial`` as its newest sale."""
    db.execute(
        "INSERT INTO day_answer (day, insurance, serial, body) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (day, insurance) DO UPDATE SET serial = excluded.serial, body = excluded.body",
        (day.isoformat(), insurance, serial, body),
    )


def answer(db: Connection, day: date, insurance: str, serial: int) -> str | None:
    """Return what the agency last answered, if nothing was sold since."""
    row = db.execute(
        "SELECT body FROM day_answer WHERE day = ? AND insurance = ? AND serial = ?",
        (day.isoformat(), insurance, serial),
    ).fetchone()
    return row[0] if row else None
