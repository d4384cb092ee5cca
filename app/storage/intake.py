"""What an import writes into the catalogue, in the transaction of its caller, and the record of imports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from msgspec import Struct

from app.storage.connection import Connection
from app.storage.instants import from_text, to_text

_CACHE_KIB = 256_000
"""An import turns over the whole file: pages that must be read again cost it most of its time."""

Row = Sequence[Any]


class Run(Struct, frozen=True, kw_only=True):
    """One import: of which kind and file, when, and what came of its rows."""

    at: datetime
    kind: str
    name: str
    digest: str
    rows: int
    added: int
    changed: int
    unchanged: int
    delisted: int
    doubtful: int
    refused: int
    id: int = 0


class Remark(Struct, frozen=True, kw_only=True):
    """Something about a line of a file that a person should know; line 0: about the file as a whole."""

    line: int
    severity: str  # "refused", "doubtful", "delisted" or "note".
    what: str
    why: str


class Placed(Struct, frozen=True, kw_only=True):
    """As much of a drug as another's row is laid beside to find it."""

    code: str
    generic_name: str
    form: str
    strength: str
    spec: str
    pack_size: int | None
    pack_unit: str
    maker: str
    approval: str
    listing_key: str


def make_room(db: Connection) -> None:
    """Let this connection hold the whole catalogue in memory; outside a transaction."""
    db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")


@contextmanager
def indexed_afterwards(db: Connection) -> Iterator[None]:
    """Index the drugs once all of them are there, in the caller's transaction: for many into few.

    An index that is sorted once costs a third of one that is kept in order row by row.
    """
    rows = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'drug' AND sql IS NOT NULL"
    ).fetchall()
    for name, _sql in rows:
        db.execute(f"DROP INDEX {name}")
    yield
    for _name, sql in rows:
        db.execute(sql)


def put_drugs(db: Connection, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Keep ``rows``, whose first column is the code; return how many are new or say something new."""
    told = ", ".join(columns)
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    before = ", ".join(f"drug.{name}" for name in columns[1:])
    after = ", ".join(f"excluded.{name}" for name in columns[1:])
    begin = db.total_changes
    db.executemany(
        f"INSERT INTO drug ({told}) VALUES ({', '.join('?' * len(columns))})"
        f" ON CONFLICT (code) DO UPDATE SET {changed} WHERE ({before}) IS NOT ({after})",
        rows,
    )
    return db.total_changes - begin


def put_former(db: Connection, rows: Iterable[tuple[str, str]]) -> None:
    """Keep which code took the place of a former one."""
    db.executemany("INSERT OR REPLACE INTO former_code (former, code) VALUES (?, ?)", rows)


def put_price(db: Connection, row: Row) -> bool:
    """Keep (code, kind, region, begins, ends, fen, document); tell whether it is new."""
    return bool(
        db.execute(
            "INSERT INTO price (code, kind, region, begins, ends, fen, document, own)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET ends = excluded.ends,"
            " fen = excluded.fen, document = excluded.document, own = 0"
            " WHERE (ends, fen, document) IS NOT (excluded.ends, excluded.fen, excluded.document)",
            row,
        ).rowcount
    )


def count_drugs(db: Connection) -> int:
    """Return how many drugs there are."""
    return int(db.execute("SELECT count(*) FROM drug").fetchone()[0])


def mirror_items(db: Connection, rows: Iterable[Row]) -> int:
    """Note (code, price, own number, a barcode) of the shop's goods; return how many drugs that changed.

    The books hold them; here they are only found and ordered by.
    """
    begin = db.total_changes
    db.executemany(
        "UPDATE drug SET price = coalesce(?2, price), shop_code = coalesce(?3, shop_code),"
        " barcode = coalesce(barcode, ?4) WHERE code = ?1 AND (price, shop_code, barcode) IS NOT"
        " (coalesce(?2, price), coalesce(?3, shop_code), coalesce(barcode, ?4))",
        rows,
    )
    return db.total_changes - begin


def on_market(db: Connection, origin: str) -> dict[str, str]:
    """Return the drugs of an origin that are on the market, with the entry that each hangs on."""
    rows = db.execute("SELECT code, listing_key FROM drug WHERE origin = ? AND on_market = 1", (origin,))
    return dict(rows.fetchall())


def take_off(db: Connection, codes: Iterable[str]) -> None:
    """Take drugs off the market; they stay in the catalogue, for there may be boxes of them."""
    db.executemany("UPDATE drug SET on_market = 0 WHERE code = ?", [(code,) for code in codes])


def name_of(db: Connection, code: str) -> str:
    """Return the generic name of a drug; empty where there is none."""
    row = db.execute("SELECT generic_name FROM drug WHERE code = ?", (code,)).fetchone()
    return str(row[0]) if row else ""


def hung_keys(db: Connection) -> set[str]:
    """Return the entries of the lists that drugs hang on."""
    rows = db.execute("SELECT DISTINCT listing_key FROM drug WHERE listing_key <> ''").fetchall()
    return {row[0] for row in rows}


_PLACED = (
    "SELECT code, generic_name, form, strength, spec, pack_size, pack_unit, maker, approval, listing_key"
    " FROM drug"
)


def hanging_on(db: Connection, key: str) -> list[Placed]:
    """Return the drugs that hang on an entry."""
    return _placed(db, f"{_PLACED} WHERE listing_key = ?", key)


def by_name(db: Connection, name: str) -> list[Placed]:
    """Return the drugs with a generic name."""
    return _placed(db, f"{_PLACED} WHERE generic_name = ?", name)


def by_approval(db: Connection, approval: str) -> list[Placed]:
    """Return the drugs with an approval number."""
    return _placed(db, f"{_PLACED} WHERE approval = ? AND approval <> ''", approval)


def by_code(db: Connection, code: str) -> Placed | None:
    """Return the drug with a national code, a former one included."""
    for where in ("code = ?", "code = (SELECT code FROM former_code WHERE former = ?)"):
        found = _placed(db, f"{_PLACED} WHERE {where}", code)
        if found:
            return found[0]
    return None


def by_standard_code(db: Connection, code: str) -> list[Placed]:
    """Return the drugs with a drug standard code: packs of different sizes share one."""
    return _placed(db, f"{_PLACED} WHERE standard_code = ?", code) if code else []


def by_barcode(db: Connection, barcode: str) -> list[Placed]:
    """Return the drugs with an EAN."""
    return _placed(db, f"{_PLACED} WHERE barcode = ?", barcode) if barcode else []


def note_run(db: Connection, run: Run, remarks: Sequence[Remark]) -> int:
    """Record an import with its remarks, in place of those of its kind before; return its id."""
    db.execute(
        "DELETE FROM import_remark WHERE run IN (SELECT id FROM import_run WHERE kind = ?)", (run.kind,)
    )
    cursor = db.execute(
        "INSERT INTO import_run (at, kind, name, digest, rows, added, changed, unchanged, delisted, doubtful,"
        " refused) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            to_text(run.at),
            run.kind,
            run.name,
            run.digest,
            run.rows,
            run.added,
            run.changed,
            run.unchanged,
            run.delisted,
            run.doubtful,
            run.refused,
        ),
    )
    number = int(cursor.lastrowid or 0)
    db.executemany(
        "INSERT INTO import_remark (run, number, line, severity, what, why) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (number, place, each.line, each.severity, each.what, each.why)
            for place, each in enumerate(remarks)
        ],
    )
    return number


def runs(db: Connection, limit: int) -> list[Run]:
    """Return the last imports, the latest first."""
    rows = db.execute(
        "SELECT id, at, kind, name, digest, rows, added, changed, unchanged, delisted, doubtful, refused"
        " FROM import_run ORDER BY id DESC LIMIT ?",
        (limit,),
    )
    return [_run(row) for row in rows.fetchall()]


def last_of_each_kind(db: Connection) -> list[Run]:
    """Return the last import of every kind, the latest first."""
    rows = db.execute(
        "SELECT id, at, kind, name, digest, rows, added, changed, unchanged, delisted, doubtful, refused"
        " FROM import_run WHERE id IN (SELECT max(id) FROM import_run GROUP BY kind) ORDER BY id DESC"
    )
    return [_run(row) for row in rows.fetchall()]


def run_of_file(db: Connection, kind: str, digest: str) -> Run | None:
    """Return the last import of a kind, where it was this very file."""
    row = db.execute(
        "SELECT id, at, kind, name, digest, rows, added, changed, unchanged, delisted, doubtful, refused"
        " FROM import_run WHERE kind = ? ORDER BY id DESC LIMIT 1",
        (kind,),
    ).fetchone()
    return _run(row) if row and row[4] == digest else None


def remarks(db: Connection, run: int, limit: int | None = None) -> list[Remark]:
    """Return the remarks of an import: what was refused, what is doubtful, the rest; each in file order."""
    rows = db.execute(
        "SELECT line, severity, what, why FROM import_remark WHERE run = ? ORDER BY"
        " CASE severity WHEN 'refused' THEN 0 WHEN 'doubtful' THEN 1 WHEN 'delisted' THEN 2 ELSE 3 END,"
        " number"
        " LIMIT ?",
        (run, -1 if limit is None else limit),
    )
    return [Remark(line=row[0], severity=row[1], what=row[2], why=row[3]) for row in rows.fetchall()]


def count_remarks(db: Connection, run: int) -> int:
    """Return how many remarks an import has."""
    return int(db.execute("SELECT count(*) FROM import_remark WHERE run = ?", (run,)).fetchone()[0])


def holdings(db: Connection) -> dict[str, int]:
    """Return how much of what the catalogue holds: drugs by how they stand, lists, prices."""
    counted = {
        "drugs": "SELECT count(*) FROM drug",
        "on_market": "SELECT count(*) FROM drug WHERE on_market = 1",
        "listed": "SELECT count(*) FROM drug WHERE listing_key <> ''",
        "entries": "SELECT count(*) FROM entry",
        "matches": "SELECT count(*) FROM entry_match",
        "prices": "SELECT count(*) FROM price WHERE own = 0",
    }
    return {name: int(db.execute(query).fetchone()[0]) for name, query in counted.items()}


def _placed(db: Connection, query: str, key: str) -> list[Placed]:
    return [
        Placed(
            code=row[0],
            generic_name=row[1],
            form=row[2],
            strength=row[3],
            spec=row[4],
            pack_size=row[5],
            pack_unit=row[6],
            maker=row[7],
            approval=row[8],
            listing_key=row[9],
        )
        for row in db.execute(query, (key,)).fetchall()
    ]


def _run(row: Any) -> Run:
    return Run(
        id=row[0],
        at=from_text(row[1]),
        kind=row[2],
        name=row[3],
        digest=row[4],
        rows=row[5],
        added=row[6],
        changed=row[7],
        unchanged=row[8],
        delisted=row[9],
        doubtful=row[10],
        refused=row[11],
    )
