"""The drugs that there are, found by the codes on them; ``db`` is the catalogue's own database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from app.storage import listings, search
from app.storage.connection import Connection, open_database, transaction
from app.storage.listings import Hanging, end, end_text
from app.storage.migrations import CATALOGUE_STEPS, migrate
from engine.catalogue import Drug, Price, PriceKind

_CACHE_KIB = 1_000
"""A keystroke, a box and a listing read a few pages here and there; more of them at hand were no use."""
_DRUG = (
    "code, generic_name, trade_name, form, spec, strength, pack_size, pack_unit, unit, maker, approval,"
    " standard_code, barcode, trace_prefix, pinyin, prescription_only, on_market, price, shop_code,"
    " listing_key"
)


def open_catalogue(path: Path, key: bytes, *, patience_ms: int | None = None) -> Connection:
    """Open (or make) the catalogue at ``path``; raise a StorageTrouble as ``open_database``.

    ``patience_ms`` is how long a write waits for an import that holds the file; None: as for the books.
    """
    db = open_database(path, key)
    try:
        migrate(db, CATALOGUE_STEPS)
        db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        if patience_ms is not None:
            db.execute(f"PRAGMA busy_timeout = {patience_ms}")
    except BaseException:
        db.close()
        raise
    return db


def save(db: Connection, drugs: Iterable[Drug]) -> None:
    """Keep ``drugs`` as they are now, with listings and prices of their own, in the caller's transaction.

    What lists and price files say of them stays: it is another's word.
    """
    kept = list(drugs)
    with search.following(db, [drug.code for drug in kept]):
        _save(db, kept)


def carry_over(books: Connection, db: Connection) -> None:
    """Take over the drugs that books of an older version hold, where the catalogue is empty."""
    if db.execute("SELECT 1 FROM drug LIMIT 1").fetchone():
        return
    rows = books.execute("SELECT body FROM drug").fetchall()
    if rows:
        with transaction(db):
            save(db, [msgspec.json.decode(row[0], type=Drug) for row in rows])


def by_barcode(db: Connection, barcode: str) -> Drug | None:
    """Return the drug with the EAN ``barcode``."""
    return _one(db, "barcode = ?", barcode)


def by_code(db: Connection, code: str) -> Drug | None:
    """Return the drug with the national code ``code``, with that drug standard code, or that former code."""
    return (
        _one(db, "code = ?", code)
        or _one(db, "standard_code = ?", code)
        or _one(db, "code = (SELECT code FROM former_code WHERE former = ?)", code)
    )


def by_trace_prefix(db: Connection, prefix: str) -> Drug | None:
    """Return the drug whose trace codes begin with the seven digits ``prefix``."""
    return _one(db, "trace_prefix = ?", prefix)


class Named(Struct, frozen=True):
    """What a drug is called and what it is, for a history that knows its code alone."""

    generic_name: str
    form: str
    prescription_only: bool


def names_of(db: Connection, codes: Collection[str]) -> dict[str, Named]:
    """Return the drugs with these national codes by code; those that the catalogue lacks are missing."""
    marks = ", ".join("?" * len(codes))
    rows = db.execute(
        f"SELECT code, generic_name, form, prescription_only FROM drug WHERE code IN ({marks})",
        tuple(codes),
    )
    return {row[0]: Named(row[1], row[2], bool(row[3])) for row in rows.fetchall()}


def by_codes(db: Connection, codes: Iterable[str]) -> list[Drug]:
    """Return the drugs with national ``codes``, in their order; those that are not there are left out."""
    found = (_one(db, "code = ?", code) for code in codes)
    return [drug for drug in found if drug is not None]


def of_same_ingredient(db: Connection, code: str, limit: int) -> list[Drug]:
    """Return packs on sale here of the ingredient that the national ``code`` names, the cheapest first."""
    rows = db.execute(
        f"SELECT {_DRUG} FROM drug WHERE substr(code, 1, 10) = ? AND price IS NOT NULL AND on_market = 1"
        " ORDER BY price LIMIT ?",
        (code[:10], limit),
    )
    return [_drug(db, row) for row in rows.fetchall()]


def knows_prices(db: Connection, kind: PriceKind, region: str) -> bool:
    """Tell whether any drug has a price of ``kind`` that holds in ``region`` or a part of what it lies in."""
    regions = [region[:length] for length in range(0, len(region) + 1, 2)]
    row = db.execute(
        f"SELECT 1 FROM price WHERE kind = ? AND region IN ({', '.join('?' * len(regions))}) LIMIT 1",
        (kind, *regions),
    ).fetchone()
    return row is not None


def count(db: Connection) -> int:
    """Return how many drugs there are."""
    return int(db.execute("SELECT count(*) FROM drug").fetchone()[0])


def put_mark(db: Connection, name: str, value: str) -> None:
    """Note how far something was taken over, in the caller's transaction."""
    db.execute("INSERT OR REPLACE INTO mark (name, value) VALUES (?, ?)", (name, value))


def mark(db: Connection, name: str) -> str | None:
    """Return how far something was taken over; None where it never was."""
    row = db.execute("SELECT value FROM mark WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def marks_of(db: Connection, beginning: str) -> dict[str, str]:
    """Return the marks whose name begins with ``beginning``."""
    rows = db.execute(
        "SELECT name, value FROM mark WHERE substr(name, 1, ?) = ?", (len(beginning), beginning)
    )
    return dict(rows.fetchall())


def _save(db: Connection, drugs: Sequence[Drug]) -> None:
    changes = ", ".join(
        f"{name} = excluded.{name}" for name in _DRUG.split(", ")[1:] if name != "listing_key"
    )
    db.executemany(
        f"INSERT INTO drug ({_DRUG}) VALUES ({', '.join('?' * 20)})"
        f" ON CONFLICT (code) DO UPDATE SET {changes}",
        [_row(drug) for drug in drugs],
    )
    listings.drop_own(db, [drug.code for drug in drugs])
    db.executemany("DELETE FROM price WHERE code = ? AND own = 1", [(drug.code,) for drug in drugs])
    for drug in drugs:
        listings.put_own(db, drug.code, drug.listings)
    db.executemany(
        "INSERT OR REPLACE INTO price (code, kind, region, begins, ends, fen, document, own)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
        [(drug.code, *_price_row(row)) for drug in drugs for row in drug.prices],
    )


def _one(db: Connection, where: str, key: str) -> Drug | None:
    row = db.execute(
        f"SELECT {_DRUG} FROM drug WHERE {where} ORDER BY on_market DESC, code", (key,)
    ).fetchone()
    return _drug(db, row) if row else None


def _drug(db: Connection, row: Any) -> Drug:
    hanging = Hanging(code=row[0], strength=row[5], pack_size=row[6], pack_unit=row[7], listing_key=row[19])
    prices = db.execute(
        "SELECT kind, region, begins, ends, fen, document FROM price WHERE code = ?"
        " ORDER BY kind, region, begins",
        (row[0],),
    ).fetchall()
    return Drug(
        code=row[0],
        generic_name=row[1],
        trade_name=row[2],
        form=row[3],
        spec=row[4],
        strength=row[5],
        pack_size=row[6],
        pack_unit=row[7],
        unit=row[8],
        maker=row[9],
        approval=row[10],
        standard_code=row[11],
        barcode=row[12],
        trace_prefix=row[13],
        pinyin=row[14],
        prescription_only=bool(row[15]),
        on_market=bool(row[16]),
        price=row[17],
        shop_code=row[18],
        listings=listings.of_drug(db, hanging),
        prices=(*(_price(each) for each in prices), *listings.ceilings(db, row[0])),
    )


def _row(drug: Drug) -> tuple[Any, ...]:
    return (
        drug.code,
        drug.generic_name,
        drug.trade_name,
        drug.form,
        drug.spec,
        drug.strength,
        drug.pack_size,
        drug.pack_unit,
        drug.unit,
        drug.maker,
        drug.approval,
        drug.standard_code,
        drug.barcode,
        drug.trace_prefix,
        drug.pinyin,
        int(drug.prescription_only),
        int(drug.on_market),
        drug.price,
        drug.shop_code,
        "",
    )


def _price_row(row: Price) -> tuple[Any, ...]:
    return row.kind, row.region, row.begins.isoformat(), end_text(row.ends), row.fen, row.document


def _price(row: Any) -> Price:
    return Price(
        kind=row[0],
        region=row[1],
        begins=date.fromisoformat(row[2]),
        ends=end(row[3]),
        fen=row[4],
        document=row[5],
    )
