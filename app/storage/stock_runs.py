"""What sales take from the lots: applied a run of sales at a time, looked up in the few sales since.

Of each line a sale's row holds [drug, quantity, split, lots]. What is of a split pack was taken with its
sale.
"""

from __future__ import annotations

from app.storage.connection import Connection
from app.storage.runs import AFTER_FULL_RUNS, LENGTH

_TAKEN = (
    "SELECT used.value ->> 0 AS lot, sum(used.value ->> 1) AS packs FROM sale, json_each(goods) good,"
    " json_each(good.value, '$[3]') used WHERE serial > {after} AND good.value ->> 2 = 0 GROUP BY 1"
)
_PENDING = _TAKEN.format(after=AFTER_FULL_RUNS)
_GONE = (
    "SELECT code.value AS code, serial, at FROM sale, json_each(traces) code WHERE serial > ? ORDER BY serial"
)


def close_run(db: Connection, serial: int) -> None:
    """Take from lots and boxes what the run sold that sale ``serial`` fills; nothing while it is not full."""
    if serial % LENGTH:
        return
    db.execute(
        f"UPDATE lot SET packs = lot.packs - taken.packs FROM ({_TAKEN.format(after='?')}) taken"
        " WHERE lot.number = taken.lot",
        (serial - LENGTH,),
    )
    db.execute(
        "INSERT INTO lot_sale (lot, sale) SELECT DISTINCT used.value ->> 0, serial FROM sale,"
        " json_each(goods) good, json_each(good.value, '$[3]') used WHERE serial > ? ORDER BY 1, 2",
        (serial - LENGTH,),
    )
    # A box that has come back since stays where it lies now.
    db.execute(
        f"UPDATE box SET state = 'sold', sale = gone.serial, at = gone.at FROM ({_GONE}) gone WHERE"
        " box.code = gone.code AND box.state IN ('shelf', 'missing') AND coalesce(box.sale, 0) < gone.serial",
        (serial - LENGTH,),
    )


def sales_of_lot(db: Connection, lot: int) -> list[int]:
    """Return the serials of the sales that handed out a lot, or a box that came with it, oldest first."""
    rows = db.execute(
        "SELECT sale FROM lot_sale WHERE lot = ? UNION SELECT serial FROM sale, json_each(goods) good,"
        f" json_each(good.value, '$[3]') used WHERE serial > {AFTER_FULL_RUNS} AND used.value ->> 0 = ?"
        " UNION SELECT sale FROM box WHERE lot = ? AND sale IS NOT NULL"
        " UNION SELECT serial FROM sale, json_each(traces) code JOIN box ON box.code = code.value"
        f" WHERE serial > {AFTER_FULL_RUNS} AND box.lot = ? ORDER BY 1",
        (lot, lot, lot, lot),
    ).fetchall()
    return [row[0] for row in rows]


def of_no_lot(db: Connection, provider: str, drug: str) -> list[int]:
    """Return the serials of a shop's sales that handed out ``drug`` from no known lot, wholly or in part.

    Reads every sale. What was sold before the goods were kept in the row is told by its entry alone: it is
    left to the caller by ``without_goods``.
    """
    rows = db.execute(
        "SELECT serial FROM sale WHERE instr(goods, ?) AND provider = ? AND EXISTS (SELECT 1 FROM"
        " json_each(goods) good WHERE good.value ->> 0 = ? AND good.value ->> 1 >"
        " (SELECT coalesce(sum(used.value ->> 1), 0) FROM json_each(good.value, '$[3]') used)) ORDER BY 1",
        (f'"{drug}"', provider, drug),
    ).fetchall()
    return [row[0] for row in rows]


def without_goods(db: Connection, provider: str) -> list[tuple[int, int]]:
    """Return serial and journal entry of a shop's sales whose rows do not tell their goods."""
    return db.execute(
        "SELECT serial, journal FROM sale WHERE goods IS NULL AND provider = ? ORDER BY 1", (provider,)
    ).fetchall()


def sold_in_run(db: Connection) -> dict[str, int]:
    """Return the boxes that the sales since the last full run handed out, each with its latest sale."""
    return {code: serial for code, serial, _at in db.execute(_GONE.replace("?", AFTER_FULL_RUNS)).fetchall()}


def pending(db: Connection) -> dict[int, int]:
    """Return the packs of each lot that the sales since the last full run took."""
    return dict(db.execute(_PENDING).fetchall())
