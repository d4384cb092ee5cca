"""Where the boxes are that came with their trace codes, and packs opened to be sold by pieces."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct

from app.storage import runs, stock_runs
from app.storage.connection import Connection
from app.storage.instants import to_text
from engine.stock_boxes import Box, BoxState, may_go

_COLUMNS = "code, drug, lot, state, sale"
_STANDING = ("shelf", "missing")
"""States that a sale since the last full run ends, without a word of it in the box's row."""

_PACK = "number, provider, drug, lot, code, size, gone, at, who"


class OpenedPack(Struct, frozen=True, kw_only=True):
    """An opened pack; ``left`` pieces are in it still. ``lot`` None: the shop keeps no stock of the drug."""

    number: int
    provider: str
    drug: str
    lot: int | None
    code: str | None
    size: int
    gone: int
    at: str
    who: str

    @property
    def left(self) -> int:
        return self.size - self.gone


def box(db: Connection, code: str) -> Box | None:
    """Return where the box with ``code`` is, what was sold since the last full run included."""
    row = db.execute(f"SELECT {_COLUMNS} FROM box WHERE code = ?", (code,)).fetchone()
    if row is None:
        return None
    found = Box(code=row[0], drug=row[1], lot=row[2], state=row[3], sale=row[4])
    if found.state in _STANDING:
        serial = runs.last_sale_of(db, code)
        if serial is not None and serial > (found.sale or 0):
            return Box(code=code, drug=found.drug, lot=found.lot, state="sold", sale=serial)
    return found


def sold_as_unknown(db: Connection, code: str) -> str | None:
    """Return the number of the sale that handed out a box that was never received; None for none."""
    sold = runs.sold(db, [code])
    return sold[1] if sold else None


def drugs_beginning(db: Connection, prefix: str) -> set[str]:
    """Return the drugs of the first and the last box whose trace codes begin with the digits ``prefix``."""
    within = "FROM box WHERE code >= ? AND code < ? ORDER BY code"
    bounds = (prefix, f"{prefix}:")  # The colon comes next after the digits.
    ends = [db.execute(f"SELECT drug {within} {way} LIMIT 1", bounds).fetchone() for way in ("ASC", "DESC")]
    return {row[0] for row in ends if row}


def lots_of(db: Connection, codes: Collection[str]) -> dict[str, int]:
    """Return the lots of those of ``codes`` that are in custody and may be sold."""
    if not codes:
        return {}
    marks = ", ".join("?" * len(codes))
    rows = db.execute(
        f"SELECT code, lot FROM box WHERE code IN ({marks}) AND state IN {_STANDING}", tuple(codes)
    ).fetchall()
    return dict(rows)


def released(db: Connection, codes: Collection[str]) -> dict[str, int]:
    """Return those of ``codes`` that came back and lie on the shelf again, with the sale they came back
    from."""
    if not codes:
        return {}
    marks = ", ".join("?" * len(codes))
    rows = db.execute(
        f"SELECT code, sale FROM box WHERE code IN ({marks}) AND state = 'shelf' AND sale IS NOT NULL",
        tuple(codes),
    ).fetchall()
    return dict(rows)


def on_shelf(db: Connection, lot: int) -> list[str]:
    """Return the codes of a lot's boxes that are on the shelf."""
    rows = db.execute(
        "SELECT code, coalesce(sale, 0) FROM box WHERE lot = ? AND state = 'shelf' ORDER BY code", (lot,)
    ).fetchall()
    gone = stock_runs.sold_in_run(db) if rows else {}
    return [code for code, before in rows if gone.get(code, 0) <= before]


def in_state(db: Connection, lot: int, state: BoxState) -> list[str]:
    """Return the codes of a lot's boxes in ``state``, as far as full runs tell."""
    rows = db.execute(
        "SELECT code FROM box WHERE lot = ? AND state = ? ORDER BY code", (lot, state)
    ).fetchall()
    return [row[0] for row in rows]


def put(db: Connection, boxes: Iterable[Box], at: datetime, journal: int) -> None:
    """Keep where ``boxes`` are from now on, in the caller's transaction.

    Raises ValueError for a box that cannot go there from where it is: every caller looked before.
    """
    boxes = list(boxes)
    for each in boxes:
        before = box(db, each.code)
        if not may_go(before.state if before else None, each.state):
            raise ValueError(f"box …{each.code[-4:]} cannot go to {each.state}")
    db.executemany(
        f"INSERT INTO box ({_COLUMNS}, at, journal) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (code) DO UPDATE"
        " SET drug = excluded.drug, lot = excluded.lot, state = excluded.state, sale = excluded.sale,"
        " at = excluded.at, journal = excluded.journal",
        [
            (each.code, each.drug, each.lot, each.state, each.sale, to_text(at), journal)
            for each in sorted(boxes, key=lambda each: each.code)
        ],
    )


def opened(db: Connection, provider: str, drug: str) -> list[OpenedPack]:
    """Return the opened packs of ``drug`` that have pieces left, the oldest first."""
    rows = db.execute(
        f"SELECT {_PACK} FROM opened_pack WHERE drug = ? AND provider = ? AND gone < size ORDER BY number",
        (drug, provider),
    ).fetchall()
    return [_pack(row) for row in rows]


def opened_by_code(db: Connection, code: str) -> OpenedPack | None:
    """Return the opened pack with the trace ``code``, emptied ones too."""
    row = db.execute(f"SELECT {_PACK} FROM opened_pack WHERE code = ?", (code,)).fetchone()
    return _pack(row) if row else None


def opened_of(db: Connection, provider: str, limit: int) -> list[OpenedPack]:
    """Return the packs that a shop opened, the newest first."""
    rows = db.execute(
        f"SELECT {_PACK} FROM opened_pack WHERE provider = ? ORDER BY number DESC LIMIT ?", (provider, limit)
    ).fetchall()
    return [_pack(row) for row in rows]


def open_pack(db: Connection, pack: OpenedPack, journal: int) -> None:
    """Keep a pack that is opened now, in the caller's transaction."""
    db.execute(
        f"INSERT INTO opened_pack ({_PACK}, journal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            pack.number,
            pack.provider,
            pack.drug,
            pack.lot,
            pack.code,
            pack.size,
            pack.gone,
            pack.at,
            pack.who,
            journal,
        ),
    )


def next_pack(db: Connection) -> int:
    """Return the number of the next opened pack."""
    return int(db.execute("SELECT coalesce(max(number), 0) + 1 FROM opened_pack").fetchone()[0])


class PiecesSold(Struct, frozen=True, kw_only=True):
    """What one line of a sale (its serial) handed out of an opened pack."""

    pack: int
    sale: int
    line: str
    pieces: int
    at: str
    who: str


def pieces_of(db: Connection, pack: int) -> list[PiecesSold]:
    """Return what was sold out of an opened pack, oldest first."""
    rows = db.execute(
        "SELECT pack, sale, line, pieces, at, who FROM pieces_sold WHERE pack = ? ORDER BY sale, line",
        (pack,),
    ).fetchall()
    return [
        PiecesSold(pack=row[0], sale=row[1], line=row[2], pieces=row[3], at=row[4], who=row[5])
        for row in rows
    ]


def take_pieces(db: Connection, sold: PiecesSold) -> None:
    """Take what a sale hands out of an opened pack, and of its lot; the tables refuse more than there is."""
    number, pieces = sold.pack, sold.pieces
    db.execute(
        "INSERT INTO pieces_sold (pack, sale, line, pieces, at, who) VALUES (?, ?, ?, ?, ?, ?)",
        (number, sold.sale, sold.line, pieces, sold.at, sold.who),
    )
    db.execute("UPDATE opened_pack SET gone = gone + ? WHERE number = ?", (pieces, number))
    db.execute(
        "UPDATE lot SET pieces = pieces - ? WHERE number = (SELECT lot FROM opened_pack WHERE number = ?)",
        (pieces, number),
    )


def empty(db: Connection, lot: int, pieces: int) -> None:
    """Take ``pieces`` that left otherwise than by a sale out of a lot's opened packs, the oldest first."""
    rows = db.execute(
        "SELECT number, size - gone FROM opened_pack WHERE lot = ? AND gone < size ORDER BY number", (lot,)
    ).fetchall()
    for number, left in rows:
        some = min(left, pieces)
        db.execute("UPDATE opened_pack SET gone = gone + ? WHERE number = ?", (some, number))
        pieces -= some


def _pack(row: Any) -> OpenedPack:
    return OpenedPack(
        number=row[0],
        provider=row[1],
        drug=row[2],
        lot=row[3],
        code=row[4],
        size=row[5],
        gone=row[6],
        at=row[7],
        who=row[8],
    )
