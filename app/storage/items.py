"""What the shop says of its goods, and how it names its columns; in the books, so that backups hold it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from app.storage.connection import Connection
from app.storage.instants import to_text
from engine.catalogue import Drug
from engine.money import Fen

Mirrored: TypeAlias = tuple[str, Fen | None, str | None, str | None]
"""Code, price, own number, one barcode: as the catalogue notes them, to find and to order by."""


class Item(Struct, frozen=True, kw_only=True):
    """A shop's own word on a drug: None where it says nothing."""

    code: str
    shop_code: str | None = None
    price: Fen | None = None
    prescription_only: bool | None = None
    name: str = ""
    barcodes: tuple[str, ...] = ()


def put(db: Connection, item: Item, at: datetime) -> tuple[bool, bool]:
    """Keep ``item``; return whether it is new and whether anything changed.

    What it does not say stays as it was: a price list says nothing of barcodes.
    """
    held, now = beside_held(db, item)
    if now == held:
        return False, False
    db.execute(
        "INSERT OR REPLACE INTO shop_item (code, shop_code, price, prescription_only, name, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            now.code,
            now.shop_code,
            now.price,
            None if now.prescription_only is None else int(now.prescription_only),
            now.name,
            to_text(at),
        ),
    )
    db.executemany(
        "INSERT OR REPLACE INTO shop_barcode (barcode, code) VALUES (?, ?)",
        [(barcode, now.code) for barcode in now.barcodes],
    )
    return held is None, True


def beside_held(db: Connection, item: Item) -> tuple[Item | None, Item]:
    """Return what is held of ``item``'s drug, None for nothing, and what that is with ``item`` put to it."""
    held = by_code(db, item.code)
    return held, item if held is None else _merged(held, item)


def as_mirrored(item: Item) -> Mirrored:
    """Return ``item`` as the catalogue notes it."""
    return item.code, item.price, item.shop_code, min(item.barcodes, default=None)


def by_code(db: Connection, code: str) -> Item | None:
    """Return what the shop says of the drug with a national code."""
    row = db.execute(
        "SELECT code, shop_code, price, prescription_only, name FROM shop_item WHERE code = ?", (code,)
    ).fetchone()
    if row is None:
        return None
    barcodes = db.execute(
        "SELECT barcode FROM shop_barcode WHERE code = ? ORDER BY barcode", (code,)
    ).fetchall()
    return Item(
        code=row[0],
        shop_code=row[1],
        price=row[2],
        prescription_only=None if row[3] is None else bool(row[3]),
        name=row[4],
        barcodes=tuple(each[0] for each in barcodes),
    )


def with_shop_s_word(books: Connection, drug: Drug) -> Drug:
    """Return ``drug`` with the shop's price, number, barcode and prescription flag, where it says them."""
    item = by_code(books, drug.code)
    return drug if item is None else _overlaid(drug, item)


def code_of_barcode(db: Connection, barcode: str) -> str | None:
    """Return the drug that the shop says a barcode is of."""
    row = db.execute("SELECT code FROM shop_barcode WHERE barcode = ?", (barcode,)).fetchone()
    return row[0] if row else None


def code_of_number(db: Connection, number: str) -> str | None:
    """Return the drug that the shop has a number of its own for; None where several have it."""
    rows = db.execute("SELECT code FROM shop_item WHERE shop_code = ? LIMIT 2", (number,)).fetchall()
    return rows[0][0] if len(rows) == 1 else None


def of_same_ingredient(db: Connection, code: str, limit: int) -> list[str]:
    """Return the codes of packs that the shop has a price for, of the ingredient that ``code`` names."""
    rows = db.execute(
        "SELECT code FROM shop_item WHERE substr(code, 1, 10) = ? AND price IS NOT NULL"
        " ORDER BY price LIMIT ?",
        (code[:10], limit),
    )
    return [row[0] for row in rows.fetchall()]


def mirrored(db: Connection, codes: Iterable[str] | None = None) -> list[Mirrored]:
    """Return (code, price, own number, a barcode) of the shop's goods, or of those with ``codes``."""
    query = (
        "SELECT code, price, shop_code, (SELECT min(barcode) FROM shop_barcode b WHERE b.code = i.code)"
        " FROM shop_item i"
    )
    if codes is None:
        return [tuple(row) for row in db.execute(query).fetchall()]
    rows = (db.execute(f"{query} WHERE code = ?", (code,)).fetchone() for code in codes)
    return [tuple(row) for row in rows if row is not None]


def priced(db: Connection) -> list[str]:
    """Return the codes of the drugs that the shop has a price for."""
    return [row[0] for row in db.execute("SELECT code FROM shop_item WHERE price IS NOT NULL").fetchall()]


def latest(db: Connection) -> int:
    """Return a number that grows whenever the shop says something new of a drug."""
    return int(db.execute("SELECT coalesce(max(rowid), 0) FROM shop_item").fetchone()[0])


def count(db: Connection) -> int:
    """Return of how many drugs the shop says something."""
    return int(db.execute("SELECT count(*) FROM shop_item").fetchone()[0])


def remember_mapping(
    db: Connection, headings: Iterable[str], mapping: Mapping[str, int], at: datetime
) -> None:
    """Keep which column is what for files with these headings."""
    db.execute(
        "INSERT OR REPLACE INTO column_mapping (headings, mapping, used_at) VALUES (?, ?, ?)",
        (_key(headings), msgspec.json.encode(dict(mapping)).decode(), to_text(at)),
    )


def mapping_of(db: Connection, headings: Iterable[str]) -> dict[str, int] | None:
    """Return which column is what in files with these headings; None where nobody has said so."""
    row = db.execute("SELECT mapping FROM column_mapping WHERE headings = ?", (_key(headings),)).fetchone()
    return msgspec.json.decode(row[0], type=dict[str, int]) if row else None


def _key(headings: Iterable[str]) -> str:
    return msgspec.json.encode(list(headings)).decode()


def _merged(held: Item, said: Item) -> Item:
    return Item(
        code=held.code,
        shop_code=held.shop_code if said.shop_code is None else said.shop_code,
        price=held.price if said.price is None else said.price,
        prescription_only=(
            held.prescription_only if said.prescription_only is None else said.prescription_only
        ),
        name=said.name or held.name,
        barcodes=tuple(sorted({*held.barcodes, *said.barcodes})),
    )


def _overlaid(drug: Drug, item: Item) -> Drug:
    rx = item.prescription_only
    return replace(
        drug,
        price=drug.price if item.price is None else item.price,
        shop_code=item.shop_code or drug.shop_code,
        barcode=drug.barcode or next(iter(item.barcodes), None),
        prescription_only=drug.prescription_only if rx is None else rx,
    )
