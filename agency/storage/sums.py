"""Each person's sums of each insurance year and benefit, in fen."""

from __future__ import annotations

from collections.abc import Sequence

from agency.storage import mailbox, persons
from agency.storage.connection import Connection, select_in
from engine.policy.claim import Accumulators

_KEY = ("psn_no", "year", "benefit")
_VALUES = (
    "deductible_paid",
    "fund_paid",
    "ordinary_fund_paid",
    "ordinary_exhausted",
    "fund_paid_class_b",
    "pool_fund_paid",
)
_OF = " AND ".join(f"{name} = ?" for name in _KEY)
_SELECT = f"SELECT {', '.join(_VALUES)} FROM accumulator WHERE {_OF}"
_UPDATE = f"UPDATE accumulator SET {', '.join(f'{name} = ?' for name in _VALUES)} WHERE {_OF}"
_INSERT = f"INSERT INTO accumulator ({', '.join((*_VALUES, *_KEY))}) VALUES ({', '.join('?' * 9)})"
_ALL = "all"
"""Known of a person of whom every row was read."""


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
    begun = _found(db, psn_no, year, benefit) is not None
    db.write(_UPDATE if begun else _INSERT, (*values, psn_no, year, benefit))
    db.known[_of(psn_no), f"{year} {benefit}"] = sums
    tell(db, psn_no)


def tell(db: Connection, psn_no: str) -> None:
    """Let the shops that follow a person hear of their sums again: they changed, or less is reserved of them.

    A pre-settlement told a shop the sums with what is reserved for others counted in; without this it would
    take a limit for exhausted for ever.
    """
    for provider in persons.followers(db, psn_no):
        mailbox.post(db, provider, mailbox.SNAPSHOT, psn_no)


def read_ahead(db: Connection, psn_nos: Sequence[str]) -> None:
    """Read together the sums that the transaction will ask for one by one; the people are locked."""
    for psn_no in psn_nos:
        db.known[_of(psn_no), _ALL] = True
    sql = f"SELECT {', '.join((*_KEY, *_VALUES))} FROM accumulator WHERE psn_no IN ({{marks}})"
    for psn_no, year, benefit, *values in select_in(db, sql, psn_nos):
        db.known[_of(psn_no), f"{year} {benefit}"] = _read(values)


def _found(db: Connection, psn_no: str, year: int, benefit: str) -> Accumulators | None:
    place = (_of(psn_no), f"{year} {benefit}")
    found: Accumulators | None
    if place in db.known or (_of(psn_no), _ALL) in db.known:
        found = db.known.get(place)
    else:
        row = db.execute(_SELECT, (psn_no, year, benefit)).fetchone()
        found = _read(row) if row else None
        if psn_no in db.held:  # Of somebody who is not locked they may change at any time.
            db.known[place] = found
    return found


def _of(psn_no: str) -> str:
    return f"sums {psn_no}"


def _read(row: Sequence[int]) -> Accumulators:
    return Accumulators(
        deductible_paid=row[0],
        fund_paid=row[1],
        ordinary_fund_paid=row[2],
        ordinary_exhausted=bool(row[3]),
        fund_paid_class_b=row[4],
        pool_fund_paid=row[5],
    )
