"""What was settled, as answered and as adjusted since; it is kept with its person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from agency.storage.connection import Connection, select_in
from agency.storage.instants import instant, read_instant
from engine.money import Fen
from engine.policy.claim import Accumulators, Claim
from engine.protocol.adjustment import Computed
from engine.protocol.wire import encode


class Settlement(Struct, frozen=True, kw_only=True):
    """A settlement in force or reversed.

    ``fund``, ``assistance`` and ``patient`` are as answered, ``now_`` as adjusted since. ``added`` is what it
    holds of the person's sums now, nothing once it is reversed. ``claim`` is what it was computed from,
    ``computed`` what it came to last, step by step. ``gap`` is what the provider bears.
    ``epoch`` is 0 of a till that is not enrolled.
    """

    setl_id: str
    mdtrt_id: str
    msgid: str
    psn_no: str
    provider: str
    till: str
    epoch: int
    year: int
    benefit: str
    sale: str
    settled_at: datetime
    received_at: datetime
    insutype: str
    total: Fen
    fund: Fen
    assistance: Fen
    patient: Fen
    now_fund: Fen
    now_assistance: Fen
    now_patient: Fen
    added: Accumulators
    claim: Claim
    computed: Computed
    input: str
    output: str
    lease: str | None = None
    gap: Fen = 0
    reversed_by: str | None = None


_PLAIN = (
    "setl_id",
    "mdtrt_id",
    "msgid",
    "psn_no",
    "provider",
    "till",
    "epoch",
    "year",
    "benefit",
    "sale",
    "insutype",
    "lease",
    "gap",
    "total",
    "fund",
    "assistance",
    "patient",
    "now_fund",
    "now_assistance",
    "now_patient",
    "input",
    "output",
    "reversed_by",
)
_COLUMNS = (
    *_PLAIN,
    "settled_at",
    "received_at",
    "deductible_added",
    "fund_added",
    "class_b_added",
    "claim",
    "computed",
)
_LATEST = "settled last"
_CLOCKS_APART = timedelta(hours=1)
"""No settlement is received so long before it was settled; more than clocks may be apart."""
_SUMS = "COALESCE(SUM(deductible_added), 0), COALESCE(SUM(fund_added), 0), COALESCE(SUM(class_b_added), 0)"
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM settlement"
_INSERT = f"INSERT INTO settlement ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


def save(db: Connection, made: Settlement) -> None:
    """Keep a settlement, inside the transaction that changes the person's sums."""
    latest = db.known.get((_LATEST, made.psn_no))
    if latest is not None:
        db.known[_LATEST, made.psn_no] = max(latest, instant(made.settled_at))
    db.write(
        _INSERT,
        (
            *(getattr(made, name) for name in _PLAIN),
            instant(made.settled_at),
            instant(made.received_at),
            made.added.deductible_paid,
            made.added.fund_paid,
            made.added.fund_paid_class_b,
            encode(made.claim),
            encode(made.computed),
        ),
    )


def settlement(db: Connection, psn_no: str, setl_id: str) -> Settlement | None:
    """Return a person's settlement by its number."""
    row = db.execute(f"{_SELECT} WHERE psn_no = ? AND setl_id = ?", (psn_no, setl_id)).fetchone()
    return _read(row) if row else None


def of_message(db: Connection, psn_no: str, msgid: str) -> Settlement | None:
    """Return the settlement that a message made."""
    row = db.execute(f"{_SELECT} WHERE psn_no = ? AND msgid = ?", (psn_no, msgid)).fetchone()
    return _read(row) if row else None


def in_order(db: Connection, psn_no: str, year: int, benefit: str) -> list[Settlement]:
    """Return a person's settlements of a year and benefit in order of settlement time, reversed ones too."""
    rows = db.execute(
        f"{_SELECT} WHERE psn_no = ? AND year = ? AND benefit = ? ORDER BY settled_at, setl_id",
        (psn_no, year, benefit),
    ).fetchall()
    return [_read(row) for row in rows]


def mark_reversed(db: Connection, psn_no: str, setl_id: str, reversed_by: str | None) -> None:
    """Note the reversal of a settlement, or, with None, that it is in force again."""
    db.execute(
        "UPDATE settlement SET reversed_by = ? WHERE psn_no = ? AND setl_id = ?",
        (reversed_by, psn_no, setl_id),
    )


class Later(Struct, frozen=True):
    """What was settled after some instant: ``count`` settlements in force, which hold ``held`` of the sums.

    ``borne``: something of that year is not as the law would have it now, and the fund bears it.
    """

    count: int
    held: Accumulators
    borne: bool


def later(db: Connection, psn_no: str, year: int, benefit: str, at: datetime) -> Later:
    """Return what of a person's year and benefit was settled after ``at``."""
    latest = db.known.get((_LATEST, psn_no))
    if latest is not None and latest <= instant(at):
        return Later(0, Accumulators(), borne=False)
    of_year = (psn_no, year, benefit)
    count, borne, *held = db.execute(
        "SELECT COUNT(*), (SELECT COALESCE(SUM(borne), 0) FROM adjustment WHERE psn_no = ? AND year = ?"
        f" AND benefit = ?), {_SUMS} FROM settlement WHERE psn_no = ? AND year = ? AND benefit = ?"
        " AND settled_at > ? AND reversed_by IS NULL",
        (*of_year, *of_year, instant(at)),
    ).fetchone()
    return Later(int(count), _held(held), bool(borne))


def read_ahead(db: Connection, psn_nos: Sequence[str]) -> None:
    """Read together when people settled last, for ``later``; they are locked."""
    for psn_no in psn_nos:
        db.known[_LATEST, psn_no] = ""
    last = "SELECT psn_no, MAX(settled_at) FROM settlement WHERE psn_no IN ({marks}) GROUP BY psn_no"
    for psn_no, latest in select_in(db, last, psn_nos):
        db.known[_LATEST, psn_no] = latest
    borne = "SELECT DISTINCT psn_no FROM adjustment WHERE psn_no IN ({marks}) AND borne <> 0"
    for (psn_no,) in select_in(db, borne, psn_nos):
        forget(db, psn_no)


def forget(db: Connection, psn_no: str) -> None:
    """Have it read anew what was settled of somebody, and borne for them."""
    db.known.pop((_LATEST, psn_no), None)


def held_under(db: Connection, psn_no: str, lease: str) -> Accumulators:
    """Return what settlements in force under a lease hold of the person's sums."""
    row = db.execute(
        f"SELECT {_SUMS} FROM settlement WHERE psn_no = ? AND lease = ? AND reversed_by IS NULL",
        (psn_no, lease),
    ).fetchone()
    return _held(row)


def years_of(
    db: Connection, region: str, after: tuple[str, int, str], limit: int
) -> list[tuple[str, int, str]]:
    """Return person, year and benefit of what was settled, in order, after a given one: a sweep over all.

    ``region`` is that of the settlements' agency, six digits or fewer; empty for all.
    """
    rows = db.execute(
        "SELECT DISTINCT psn_no, year, benefit FROM settlement WHERE setl_id LIKE ?"
        " AND (psn_no > ? OR (psn_no = ? AND (year > ? OR (year = ? AND benefit > ?))))"
        " ORDER BY psn_no, year, benefit LIMIT ?",
        (f"{region}%", after[0], after[0], after[1], after[1], after[2], limit),
    ).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


def of_shop(db: Connection, provider: str, begin: datetime, end: datetime) -> list[Settlement]:
    """Return what a shop settled from ``begin`` on and before ``end``, reversed ones too, over all people."""
    rows = db.execute(
        f"{_SELECT} WHERE provider = ? AND received_at >= ? AND settled_at >= ? AND settled_at < ?"
        " ORDER BY settled_at, setl_id",
        (provider, instant(begin - _CLOCKS_APART), instant(begin), instant(end)),
    ).fetchall()
    return [_read(row) for row in rows]


def adjust(db: Connection, made: Settlement) -> None:
    """Keep what a settlement comes to now, and what it holds of the sums; what was answered stays."""
    added = made.added
    db.execute(
        "UPDATE settlement SET now_fund = ?, now_assistance = ?, now_patient = ?, deductible_added = ?,"
        " fund_added = ?, class_b_added = ?, gap = ?, computed = ? WHERE psn_no = ? AND setl_id = ?",
        (
            made.now_fund,
            made.now_assistance,
            made.now_patient,
            added.deductible_paid,
            added.fund_paid,
            added.fund_paid_class_b,
            made.gap,
            encode(made.computed),
            made.psn_no,
            made.setl_id,
        ),
    )


def _held(row: Any) -> Accumulators:
    deductible, fund, class_b = (int(each) for each in row)
    return Accumulators(
        deductible_paid=deductible, fund_paid=fund, fund_paid_class_b=class_b, pool_fund_paid=fund
    )


def _read(row: Any) -> Settlement:
    known: dict[str, Any] = dict(zip(_PLAIN, row, strict=False))
    settled, received, deductible, fund, class_b, claim, computed = row[len(_PLAIN) :]
    added = Accumulators(
        deductible_paid=deductible, fund_paid=fund, fund_paid_class_b=class_b, pool_fund_paid=fund
    )
    return Settlement(
        **known,
        settled_at=read_instant(settled),
        received_at=read_instant(received),
        added=added,
        claim=msgspec.json.decode(claim, type=Claim),
        computed=msgspec.json.decode(computed, type=Computed),
    )
