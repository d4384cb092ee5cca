"""Where a box and a person are found among the sales: an index of full runs, and the few rows since the last.

The keys of one sale lie far apart (each drug has its own range of trace codes), so that each would rewrite a
page of its own. A run's keys go in together, sorted, in the transaction of the sale that fills the run; until
then its rows are read. So a code is found from the commit of its sale on, and the table is never behind by
more than a run.
"""

from __future__ import annotations

from typing import Any

import msgspec

from app.storage.connection import Connection

LENGTH = 16
"""Sales in a run: that many rows lie on one or two pages, which a reader has at hand anyway."""

AFTER_FULL_RUNS = f"(SELECT coalesce(max(serial), 0) / {LENGTH} * {LENGTH} FROM sale)"


def as_text(codes: list[str]) -> str | None:
    """Return trace codes as a sale's row holds them: a JSON array; None when there are none."""
    return msgspec.json.encode(codes).decode() if codes else None


def close_run(db: Connection, serial: int) -> None:
    """Put the run that sale ``serial`` fills into the index; nothing happens while it is not full."""
    if serial % LENGTH:
        return
    db.execute(
        # A box that came back and was released is sold a second time, under its own code.
        "INSERT INTO trace_code (code, sale) SELECT code.value, serial FROM sale, json_each(traces) code"
        " WHERE serial > ? ORDER BY code.value, serial"
        " ON CONFLICT (code) DO UPDATE SET sale = excluded.sale",
        (serial - LENGTH,),
    )
    db.execute(
        "INSERT INTO person_sale (psn_no, sale, day, lease) SELECT psn_no, serial, day, lease FROM sale"
        " WHERE serial > ? AND psn_no IS NOT NULL ORDER BY psn_no",
        (serial - LENGTH,),
    )
    db.execute(
        "INSERT INTO prescription_sale (key, sale) SELECT prescription, serial FROM sale"
        " WHERE serial > ? AND prescription IS NOT NULL ORDER BY prescription",
        (serial - LENGTH,),
    )
    db.execute(
        "INSERT INTO drug_sold (code, sales, last_day) SELECT good.value ->> 0, count(*), max(day)"
        " FROM sale, json_each(goods) good WHERE serial > ? GROUP BY 1 ORDER BY 1"
        " ON CONFLICT (code) DO UPDATE SET sales = sales + excluded.sales, last_day = excluded.last_day",
        (serial - LENGTH,),
    )


def full_runs(db: Connection) -> int:
    """Return how many runs are full: when it grows, ``most_sold`` says something new."""
    return int(db.execute(f"SELECT coalesce(max(serial), 0) / {LENGTH} FROM sale").fetchone()[0])


def most_sold(db: Connection) -> dict[str, int]:
    """Return how many sales each drug was in, of the full runs: what this shop sells."""
    return dict(db.execute("SELECT code, sales FROM drug_sold").fetchall())


def sold(db: Connection, codes: list[str]) -> tuple[str, str] | None:
    """Return one of ``codes`` that was sold here, and the number of its latest sale; None when none was."""
    if not codes:
        return None
    marks = ", ".join("?" * len(codes))
    any_of = " OR ".join(["instr(traces, ?)"] * len(codes))
    row = db.execute(
        f"SELECT sale FROM trace_code WHERE code IN ({marks}) UNION ALL SELECT serial FROM sale"
        f" WHERE serial > {AFTER_FULL_RUNS} AND ({any_of})"
        " ORDER BY 1 DESC LIMIT 1",
        (*codes, *(f'"{code}"' for code in codes)),
    ).fetchone()
    return _which(db, codes, row[0]) if row else None


def last_sale_of(db: Connection, code: str) -> int | None:
    """Return the serial of the latest sale that handed out the box with ``code``; None when none did."""
    row = db.execute(
        "SELECT sale FROM trace_code WHERE code = ? UNION ALL SELECT serial FROM sale"
        f" WHERE serial > {AFTER_FULL_RUNS} AND instr(traces, ?) ORDER BY 1 DESC LIMIT 1",
        (code, f'"{code}"'),
    ).fetchone()
    return row[0] if row else None


def sales_beginning(db: Connection, prefix: str) -> list[int]:
    """Return the journal entries of some sales that handed out boxes whose codes begin with ``prefix``:
    of the first and the last code of the full runs, and of the sales since."""
    within = "SELECT sale FROM trace_code WHERE code >= ? AND code < ? ORDER BY code"
    bounds = (prefix, f"{prefix}:")  # The colon comes next after the digits.
    rows = db.execute(
        f"SELECT journal FROM sale WHERE serial IN (SELECT * FROM ({within} LIMIT 1))"
        f" OR serial IN (SELECT * FROM ({within} DESC LIMIT 1))"
        f" OR serial > {AFTER_FULL_RUNS} AND instr(traces, ?)",
        (*bounds, *bounds, f'"{prefix}'),
    ).fetchall()
    return [row[0] for row in rows]


def _which(db: Connection, codes: list[str], serial: int) -> tuple[str, str]:
    number, traces = db.execute("SELECT number, traces FROM sale WHERE serial = ?", (serial,)).fetchone()
    there = msgspec.json.decode(traces, type=frozenset[str])
    return next(code for code in codes if code in there), number


def sales_of(
    db: Connection,
    psn_no: str,
    columns: str,
    where: str,
    arguments: tuple[Any, ...],
    *,
    sought: str,
    by: Any,
) -> list[Any]:
    """Return ``columns`` of a person's sales, oldest first; ``where`` is about sale ``s``.

    ``sought`` is a condition with the value ``by`` that all of them fulfil, about their entry ``p`` in the
    index (its sale, day or lease): a person of many years has more sales than can be read one by one.
    """
    return db.execute(
        f"SELECT {columns}, serial FROM person_sale p JOIN sale s ON s.serial = p.sale"
        f" WHERE p.psn_no = ? AND p.{sought} AND {where} UNION ALL"
        f" SELECT {columns}, serial FROM sale s"
        f" WHERE s.serial > {AFTER_FULL_RUNS} AND s.psn_no = ? AND {where}"
        " ORDER BY serial",
        (psn_no, by, *arguments, psn_no, *arguments),
    ).fetchall()
