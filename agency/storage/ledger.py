"""What was settled, and what was answered to which message."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from msgspec import Struct

from engine.money import Fen
from engine.policy.claim import Accumulators


class Answered(Struct, frozen=True):
    """The first answer to a message: it is the answer to every repetition."""

    digest: str
    answer: str


class Settlement(Struct, frozen=True, kw_only=True):
    """A settlement in force or reversed; ``added`` is what it added to the person's year."""

    setl_id: str
    mdtrt_id: str
    msgid: str
    psn_no: str
    provider: str
    year: int
    sale: str
    total: Fen
    fund: Fen
    assistance: Fen
    patient: Fen
    added: Accumulators
    input: str
    output: str
    reversed_by: str | None = None


def answered(db: sqlite3.Connection, msgid: str) -> Answered | None:
    """Return the first answer to ``msgid``."""
    row = db.execute("SELECT digest, answer FROM message WHERE msgid = ?", (msgid,)).fetchone()
    return Answered(*row) if row else None


def remember(db: sqlite3.Connection, msgid: str, infno: str, first: Answered, at: datetime) -> None:
    """Keep the first answer to ``msgid``, inside the transaction of its effects."""
    db.execute(
        "INSERT INTO message (msgid, infno, digest, at, answer) VALUES (?, ?, ?, ?, ?)",
        (msgid, infno, first.digest, at.isoformat(), first.answer),
    )


def forget(db: sqlite3.Connection, infnos: tuple[str, ...], before: datetime) -> None:
    """Drop old answers of transactions that change nothing; a till repeats those within minutes or never."""
    marks = ", ".join("?" * len(infnos))
    db.execute(f"DELETE FROM message WHERE infno IN ({marks}) AND at < ?", (*infnos, before.isoformat()))


def save_settlement(db: sqlite3.Connection, made: Settlement) -> None:
    """Keep a settlement, inside the transaction that changes the person's year."""
    db.execute(
        "INSERT INTO settlement (setl_id, mdtrt_id, msgid, psn_no, provider, year, sale, total, fund,"
        " assistance, patient, deductible_added, fund_added, class_b_added, pool_added, input, output)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            made.setl_id,
            made.mdtrt_id,
            made.msgid,
            made.psn_no,
            made.provider,
            made.year,
            made.sale,
            made.total,
            made.fund,
            made.assistance,
            made.patient,
            made.added.deductible_paid,
            made.added.fund_paid,
            made.added.fund_paid_class_b,
            made.added.pool_fund_paid,
            made.input,
            made.output,
        ),
    )


def settlement(db: sqlite3.Connection, setl_id: str) -> Settlement | None:
    """Return a settlement by its number."""
    row = db.execute(
        "SELECT setl_id, mdtrt_id, msgid, psn_no, provider, year, sale, total, fund, assistance, patient,"
        " deductible_added, fund_added, class_b_added, pool_added, input, output, reversed_by"
        " FROM settlement WHERE setl_id = ?",
        (setl_id,),
    ).fetchone()
    if row is None:
        return None
    added = Accumulators(
        deductible_paid=row[11], fund_paid=row[12], fund_paid_class_b=row[13], pool_fund_paid=row[14]
    )
    names = ("setl_id", "mdtrt_id", "msgid", "psn_no", "provider", "year", "sale")
    sums = ("total", "fund", "assistance", "patient")
    known = dict(zip((*names, *sums), row[:11], strict=True))
    return Settlement(**known, added=added, input=row[15], output=row[16], reversed_by=row[17])


def mark_reversed(db: sqlite3.Connection, setl_id: str, reversed_by: str) -> None:
    """Note the reversal of a settlement."""
    db.execute("UPDATE settlement SET reversed_by = ? WHERE setl_id = ?", (reversed_by, setl_id))
