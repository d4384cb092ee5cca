"""The drugs that this till sells, found by what a scanner reads or a person types."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from app.storage.connection import Connection
from engine.catalogue import Drug

_DECODE = msgspec.json.Decoder(Drug).decode


def save(db: Connection, drugs: Iterable[Drug]) -> None:
    """Keep ``drugs`` as they are now."""
    db.executemany(
        "INSERT INTO drug (code, barcode, trace_prefix, words, body) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (code) DO UPDATE SET barcode = excluded.barcode,"
        " trace_prefix = excluded.trace_prefix, words = excluded.words, body = excluded.body",
        [
            (drug.code, drug.barcode, drug.trace_prefix, _words(drug), msgspec.json.encode(drug).decode())
            for drug in drugs
        ],
    )


def by_barcode(db: Connection, barcode: str) -> Drug | None:
    """Return the drug with the EAN ``barcode``."""
    return _one(db, "SELECT body FROM drug WHERE barcode = ?", barcode)


def by_code(db: Connection, code: str) -> Drug | None:
    """Return the drug with the national code ``code``."""
    return _one(db, "SELECT body FROM drug WHERE code = ?", code)


def by_trace_prefix(db: Connection, prefix: str) -> Drug | None:
    """Return the drug whose trace codes begin with the seven digits ``prefix``."""
    return _one(db, "SELECT body FROM drug WHERE trace_prefix = ?", prefix)


def search(db: Connection, words: str, limit: int) -> list[Drug]:
    """Return drugs that contain each of ``words``, nearest first: names, pinyin initials, maker."""
    parts = [_escaped(part) for part in words.lower().split()]
    if not parts:
        return []
    where = " AND ".join("words LIKE ? ESCAPE '\\'" for _ in parts)
    rows = db.execute(
        f"SELECT body FROM drug WHERE {where} ORDER BY words NOT LIKE ? ESCAPE '\\', words LIMIT ?",
        (*(f"%{part}%" for part in parts), f"{parts[0]}%", limit),
    )
    return [_DECODE(row[0]) for row in rows.fetchall()]


def count(db: Connection) -> int:
    """Return how many drugs there are."""
    return int(db.execute("SELECT count(*) FROM drug").fetchone()[0])


def _words(drug: Drug) -> str:
    parts = (drug.pinyin, drug.generic_name, drug.trade_name or "", drug.spec, drug.maker, drug.code)
    return " ".join(part for part in parts if part).lower()


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _one(db: Connection, sql: str, key: str) -> Drug | None:
    row = db.execute(sql, (key,)).fetchone()
    return _DECODE(row[0]) if row else None
