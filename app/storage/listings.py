"""The lists of drugs: dated facts as they were told, and the rows in force that follow from them.

``db`` is the catalogue's database. Whoever puts facts collects the keys that changed and has ``reflow`` make
their rows anew, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from app.storage.connection import Connection
from engine.catalogue import Listing, Price
from engine.listings import Entry, SelfPay, Standard, clipped, flatten, overlay
from engine.standards import UnitStandard, pack_standard

OPEN_END = "9999-12-31"

_DISEASES = msgspec.json.Decoder(frozenset[str]).decode
_LISTING = (
    "region, insurance, begins, ends, klass, first_self_pay, payment_standard, in_scope, negotiated,"
    " procured, scope, diseases"
)
_PUT_ENTRY = (
    "INSERT INTO entry (listing_key, source, region, begins, ends, klass, scope, negotiated, procured)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET ends = excluded.ends,"
    " klass = excluded.klass, scope = excluded.scope, negotiated = excluded.negotiated,"
    " procured = excluded.procured WHERE (ends, klass, scope, negotiated, procured) IS NOT"
    " (excluded.ends, excluded.klass, excluded.scope, excluded.negotiated, excluded.procured)"
)
_PUT_SELF_PAY = (
    "INSERT INTO self_pay (listing_key, region, insurance, begins, ends, ratio) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET ends = excluded.ends, ratio = excluded.ratio"
    " WHERE (ends, ratio) IS NOT (excluded.ends, excluded.ratio)"
)
_PUT_STANDARD = (
    "INSERT INTO standard (listing_key, region, kind, begins, per, ends, amount) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET ends = excluded.ends, amount = excluded.amount"
    " WHERE (ends, amount) IS NOT (excluded.ends, excluded.amount)"
)
_PUT_MATCH = (
    "INSERT INTO entry_match (code, region, begins, listing_key, ends) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET listing_key = excluded.listing_key, ends = excluded.ends"
    " WHERE (listing_key, ends) IS NOT (excluded.listing_key, excluded.ends)"
)
_DROP = {
    "entry": "DELETE FROM entry WHERE listing_key = ? AND source = ? AND region = ? AND begins = ?",
    "self_pay": "DELETE FROM self_pay WHERE listing_key = ? AND region = ? AND insurance = ? AND begins = ?",
    "standard": "DELETE FROM standard WHERE listing_key = ? AND region = ? AND kind = ? AND begins = ?"
    " AND per = ?",
    "entry_match": "DELETE FROM entry_match WHERE code = ? AND region = ? AND begins = ?",
}
_RANKS = ("workbook", "slices", "list", "agency")
"""What an entry's source begins with; of two that say something for one day the later here counts."""

Row = Sequence[Any]


class Hanging(Struct, frozen=True, kw_only=True):
    """What of a drug decides which rows of the lists are its own."""

    code: str
    listing_key: str
    strength: str
    pack_unit: str
    pack_size: int | None


def put_entry(db: Connection, row: Row) -> bool:
    """Keep (key, source, region, begins, ends, class, scope, negotiated, procured); tell if it is new."""
    return bool(db.execute(_PUT_ENTRY, row).rowcount)


def put_self_pay(db: Connection, row: Row) -> bool:
    """Keep (key, region, insurance, begins, ends, ratio in basis points), likewise."""
    return bool(db.execute(_PUT_SELF_PAY, row).rowcount)


def put_standard(db: Connection, row: Row) -> bool:
    """Keep (key, region, kind, begins, per, ends, amount), likewise."""
    return bool(db.execute(_PUT_STANDARD, row).rowcount)


def put_match(db: Connection, row: Row) -> bool:
    """Keep (code, region, begins, key, ends), likewise."""
    return bool(db.execute(_PUT_MATCH, row).rowcount)


def drop(db: Connection, table: str, key: Row) -> bool:
    """Take back a fact by its key, as the agency's ``vali_flag`` says; tell whether it was there."""
    return bool(db.execute(_DROP[table], key).rowcount)


def entries_of(db: Connection, source: str) -> set[tuple[str, str, str]]:
    """Return (key, region, begins) of all that one list says."""
    rows = db.execute("SELECT listing_key, region, begins FROM entry WHERE source = ?", (source,))
    return {tuple(row) for row in rows.fetchall()}


def drop_standards_of(db: Connection, key: str, begins: str) -> int:
    """Take back what was printed for the units of one entry; return how many standards went."""
    return int(
        db.execute(
            "DELETE FROM standard WHERE listing_key = ? AND kind = 'unit' AND begins = ?", (key, begins)
        ).rowcount
    )


def units_of(db: Connection, key: str, begins: str) -> set[tuple[str, str, int]]:
    """Return (per, ends, amount) of the standards printed for the units of one entry."""
    rows = db.execute(
        "SELECT per, ends, amount FROM standard WHERE listing_key = ? AND kind = 'unit' AND begins = ?",
        (key, begins),
    )
    return {tuple(row) for row in rows.fetchall()}


def end_edition(db: Connection, source: str, last: date) -> set[str]:
    """Let what ``source`` left open end on ``last``, because another edition follows; return the keys."""
    ends = last.isoformat()
    rows = db.execute(
        "UPDATE entry SET ends = ? WHERE source = ? AND ends = ? AND begins <= ?"
        " RETURNING listing_key, begins",
        (ends, source, OPEN_END, ends),
    ).fetchall()
    db.executemany(
        "UPDATE standard SET ends = ? WHERE listing_key = ? AND kind = 'unit' AND begins = ? AND ends = ?",
        [(ends, key, begins, OPEN_END) for key, begins in rows],
    )
    return {key for key, _begins in rows}


def part(db: Connection, hung: Iterable[tuple[str, str]], last: date) -> None:
    """Keep which entry drugs (code, key) hung on up to ``last``; they hang on another now, or on none."""
    db.executemany(
        "INSERT OR IGNORE INTO hung (code, listing_key, ends) VALUES (?, ?, ?)",
        [(code, key, last.isoformat()) for code, key in hung],
    )


def reflow(db: Connection, keys: Iterable[str]) -> None:
    """Make the rows in force of ``keys`` anew from their facts."""
    told = [name for name in ("self_pay", "standard") if _holds_any(db, name)]
    changed = list(keys)
    drop_own(db, changed)
    for key in changed:
        shares = _self_pays(db, key) if "self_pay" in told else ()
        standards = _pack_standards(db, key) if "standard" in told else ()
        put_own(db, key, flatten(_entries(db, key), shares, standards))


def put_own(db: Connection, key: str, rows: Iterable[Listing]) -> None:
    """Keep rows in force under ``key``, which has none of these."""
    db.executemany(
        f"INSERT OR REPLACE INTO listing ({_LISTING}, listing_key) VALUES ({', '.join('?' * 13)})",
        [(*_listing_row(row), key) for row in rows],
    )


def drop_own(db: Connection, keys: Iterable[str]) -> None:
    """Take back the rows in force under ``keys``."""
    db.executemany("DELETE FROM listing WHERE listing_key = ?", [(key,) for key in keys])


def of_drug(db: Connection, drug: Hanging) -> tuple[Listing, ...]:
    """Return a drug's rows in force: its own where it came with some, else those of the lists.

    The region's list counts where the drug is matched to it; the national one stands behind it.
    """
    own = _rows(db, drug.code)
    if own:
        return own
    national = _national(db, drug)
    regional: list[Listing] = []
    for key, region, begins, ends in _matches(db, drug.code):
        regional += clipped(_rows(db, key), region, date.fromisoformat(begins), end(ends))
    if not regional:
        return national
    return (*national, *overlay(regional, national))


def _national(db: Connection, drug: Hanging) -> tuple[Listing, ...]:
    """Return what the national list says of a drug, each edition by the entry that it hung on then."""
    rows: list[Listing] = []
    first = date.min
    parted = db.execute("SELECT listing_key, ends FROM hung WHERE code = ? ORDER BY ends", (drug.code,))
    for key, ends in parted.fetchall():
        last = date.fromisoformat(ends)
        rows += clipped(_of_entry(db, drug, key), "", first, last)
        first = last + timedelta(days=1)
    return (*rows, *clipped(_of_entry(db, drug, drug.listing_key), "", first, None))


def _of_entry(db: Connection, drug: Hanging, key: str) -> tuple[Listing, ...]:
    return _with_standards(db, drug, key, _rows(db, key)) if key else ()


def ceilings(db: Connection, code: str) -> tuple[Price, ...]:
    """Return the highest prices that count (1318) for a drug that is matched to the region's list."""
    return tuple(
        Price(
            kind="ceiling",
            fen=row[3],
            begins=date.fromisoformat(row[1]),
            ends=end(row[2]),
            region=row[0],
            document="医保目录限价（1318）",
        )
        for key, _region, _begins, _ends in _matches(db, code)
        for row in db.execute(
            "SELECT region, begins, ends, amount FROM standard WHERE listing_key = ? AND kind = 'ceiling'"
            " ORDER BY region, begins",
            (key,),
        ).fetchall()
    )


def _holds_any(db: Connection, table: str) -> bool:
    return db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None


def end(text: str) -> date | None:
    """Return the last day that ``text`` is; None for an open end."""
    return None if text == OPEN_END else date.fromisoformat(text)


def end_text(day: date | None) -> str:
    """Return a last day as it is kept."""
    return day.isoformat() if day else OPEN_END


def _matches(db: Connection, code: str) -> list[Any]:
    return db.execute(
        "SELECT listing_key, region, begins, ends FROM entry_match WHERE code = ?", (code,)
    ).fetchall()


def _rows(db: Connection, key: str) -> tuple[Listing, ...]:
    rows = db.execute(
        f"SELECT {_LISTING} FROM listing WHERE listing_key = ? ORDER BY region, insurance, begins", (key,)
    )
    return tuple(_listing(row) for row in rows.fetchall())


def _with_standards(
    db: Connection, drug: Hanging, key: str, rows: tuple[Listing, ...]
) -> tuple[Listing, ...]:
    """Return ``rows`` with the standards that the list prints for a unit, as this pack's."""
    printed = db.execute(
        "SELECT begins, ends, amount, per FROM standard WHERE listing_key = ? AND kind = 'unit'",
        (key,),
    ).fetchall()
    if not printed:
        return rows
    return tuple(_with_standard(row, printed, drug) for row in rows)


def _with_standard(row: Listing, printed: list[Any], drug: Hanging) -> Listing:
    day = row.begins.isoformat()
    units = [UnitStandard(each[2], each[3]) for each in printed if each[0] <= day <= each[1]]
    if row.payment_standard is not None or not units:
        return row
    fen = pack_standard(units, strength=drug.strength, pack_unit=drug.pack_unit, pack_size=drug.pack_size)
    return replace(row, payment_standard=fen)


def _entries(db: Connection, key: str) -> list[Entry]:
    rows = db.execute(
        "SELECT region, begins, ends, klass, scope, negotiated, procured, source FROM entry"
        " WHERE listing_key = ?",
        (key,),
    )
    return [
        Entry(
            region=row[0],
            begins=date.fromisoformat(row[1]),
            ends=end(row[2]),
            klass=row[3],
            scope=row[4],
            negotiated=bool(row[5]),
            procured=bool(row[6]),
            rank=_RANKS.index(row[7].partition(":")[0]),
        )
        for row in rows.fetchall()
    ]


def _self_pays(db: Connection, key: str) -> list[SelfPay]:
    rows = db.execute(
        "SELECT region, insurance, begins, ends, ratio FROM self_pay WHERE listing_key = ?", (key,)
    )
    return [
        SelfPay(
            region=row[0],
            insurance=row[1] or None,
            begins=date.fromisoformat(row[2]),
            ends=end(row[3]),
            ratio_bp=row[4],
        )
        for row in rows.fetchall()
    ]


def _pack_standards(db: Connection, key: str) -> list[Standard]:
    rows = db.execute(
        "SELECT region, begins, ends, amount FROM standard WHERE listing_key = ? AND kind = 'standard'",
        (key,),
    )
    return [
        Standard(region=row[0], begins=date.fromisoformat(row[1]), ends=end(row[2]), fen=row[3])
        for row in rows.fetchall()
    ]


def _listing_row(row: Listing) -> tuple[Any, ...]:
    return (
        row.region,
        row.insurance or "",
        row.begins.isoformat(),
        end_text(row.ends),
        row.klass,
        row.first_self_pay_bp,
        row.payment_standard,
        int(row.in_scope),
        int(row.negotiated),
        int(row.procured),
        row.scope,
        msgspec.json.encode(sorted(row.diseases)).decode(),
    )


def _listing(row: Any) -> Listing:
    return Listing(
        region=row[0],
        insurance=row[1] or None,
        begins=date.fromisoformat(row[2]),
        ends=end(row[3]),
        klass=row[4],
        first_self_pay_bp=row[5],
        payment_standard=row[6],
        in_scope=bool(row[7]),
        negotiated=bool(row[8]),
        procured=bool(row[9]),
        scope=row[10],
        diseases=_DISEASES(row[11]),
    )
