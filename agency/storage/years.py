"""Each person's sums of each insurance year, in fen."""

from __future__ import annotations

import sqlite3

from agency.storage.counters import next_number
from engine.policy.claim import Accumulators

_COLUMNS = (
    "deductible_paid, fund_paid, ordinary_fund_paid, ordinary_exhausted, fund_paid_class_b, pool_fund_paid"
)


def read(db: sqlite3.Connection, psn_no: str, year: int) -> Accumulators:
    """Return a person's sums of ``year``: zeros before the first settlement."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM accumulator WHERE psn_no = ? AND year = ?", (psn_no, year)
    ).fetchone()
    if row is None:
        return Accumulators()
    return Accumulators(
        deductible_paid=row[0],
        fund_paid=row[1],
        ordinary_fund_paid=row[2],
        ordinary_exhausted=bool(row[3]),
        fund_paid_class_b=row[4],
        pool_fund_paid=row[5],
    )


def begin(db: sqlite3.Connection, psn_no: str, year: int, sums: Accumulators) -> None:
    """Set a person's first sums of ``year``; nothing happens where there are some."""
    row = db.execute("SELECT 1 FROM accumulator WHERE psn_no = ? AND year = ?", (psn_no, year)).fetchone()
    if row is None:
        write(db, psn_no, year, sums)


def write(db: sqlite3.Connection, psn_no: str, year: int, sums: Accumulators) -> None:
    """Set a person's sums of ``year``, as a change that tills hear of."""
    db.execute(
        f"INSERT OR REPLACE INTO accumulator (psn_no, year, change, {_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            psn_no,
            year,
            next_number(db, "change"),
            sums.deductible_paid,
            sums.fund_paid,
            sums.ordinary_fund_paid,
            int(sums.ordinary_exhausted),
            sums.fund_paid_class_b,
            sums.pool_fund_paid,
        ),
    )
