"""Each person's sums of each insurance year and benefit, in fen."""

from __future__ import annotations

from agency.storage import mailbox, persons
from agency.storage.connection import Connection
from engine.policy.claim import Accumulators


def read(db: Connection, psn_no: str, year: int, benefit: str) -> Accumulators:
    """Return a person's sums: zeros before the first settlement."""
    return _found(db, psn_no, year, benefit) or Accumulators()


def begin(db: Connection, psn_no: str, year: int, benefit: str, sums: Accumulators) -> None:
    """Set a person's first sums; nothing happens where there are some."""
    if _found(db, psn_no, year, benefit) is None:
        write(db, psn_no, year, benefit, sums)


def write(db: Connection, psn_no: str, year: int, benefit: str, sums: Accumulators) -> None:
    """Set a person's sums, inside the transaction that locked the person; their shops will hear of it."""
    values = (
        sums.deductible_paid,
        sums.fund_paid,
        sums.ordinary_fund_paid,
        int(sums.ordinary_exhausted),
        sums.fund_paid_class_b,
        sums.pool_fund_paid,
    )
    key = (psn_no, year, benefit)
    changed = db.execute(
        "UPDATE accumulator SET deductible_paid = ?, fund_paid = ?, ordinary_fund_paid = ?,"
        " ordinary_exhausted = ?, fund_paid_class_b = ?, pool_fund_paid = ?"
        " WHERE psn_no = ? AND year = ? AND benefit = ?",
        (*values, *key),
    )
    if changed.rowcount == 0:
        db.execute(
            "INSERT INTO accumulator (psn_no, year, benefit, deductible_paid, fund_paid,"
            " ordinary_fund_paid, ordinary_exhausted, fund_paid_class_b, pool_fund_paid)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, *values),
        )
    tell(db, psn_no)


def tell(db: Connection, psn_no: str) -> None:
    """Let the shops that follow a person hear of their sums again: they changed, or less is reserved of them.

    A pre-settlement told a shop the sums with what is reserved for others counted in; without this it would
    take a limit for exhausted for ever.
    """
    for provider in persons.followers(db, psn_no):
        mailbox.post(db, provider, mailbox.SNAPSHOT, psn_no)


def _found(db: Connection, psn_no: str, year: int, benefit: str) -> Accumulators | None:
    row = db.execute(
        "SELECT deductible_paid, fund_paid, ordinary_fund_paid, ordinary_exhausted, fund_paid_class_b,"
        " pool_fund_paid FROM accumulator WHERE psn_no = ? AND year = ? AND benefit = ?",
        (psn_no, year, benefit),
    ).fetchone()
    if row is None:
        return None
    return Accumulators(
        deductible_paid=row[0],
        fund_paid=row[1],
        ordinary_fund_paid=row[2],
        ordinary_exhausted=bool(row[3]),
        fund_paid_class_b=row[4],
        pool_fund_paid=row[5],
    )
