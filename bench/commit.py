"""`commit`: a sale made durable, beside one bare row made durable in the same kind of database."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter

from msgspec.structs import replace

from app.clock import SystemClock
from app.storage.connection import Connection, open_database
from app.storage.migrations import migrate
from app.usecases import settle
from app.usecases.quote import Quote, quote
from app.usecases.show import open_store
from bench.result import Result, alternately
from engine.sale import Draft
from tests.fakes.fake_counter import Bench

ROUNDS = 400
BUDGET = 1.5


def measure() -> Result:
    """Commit sales and bare rows in turn, and compare the medians."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), clock=SystemClock())
        bare = open_database(Path(folder) / "bare.db", bytes(32))
        try:
            return _compare(bench, bare)
        finally:
            bare.close()
            bench.close()


def _compare(bench: Bench, bare: Connection) -> Result:
    migrate(bench.db)
    bare.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT")
    draft = _typical(bench)
    works = {"sale": lambda: _sale_s(bench, draft), "row": lambda: _row_s(bare)}
    alternately(works, 50)
    times = alternately(works, ROUNDS)
    ratio = times["sale"] / times["row"]
    return Result(
        name="commit",
        unit="ms",
        value=times["sale"] * 1000,
        baseline=times["row"] * 1000,
        ratio=ratio,
        budget=f"≤ {BUDGET} × one bare one-row durable commit",
        met=ratio <= BUDGET,
    )


def _typical(bench: Bench) -> Draft:
    """Return the tour's first sale: one person, one prescription, three lines, two settlements."""
    bench.till.start()
    first = bench.demonstration.tour[0].group
    for stop in bench.demonstration.tour:
        if stop.group == first:
            bench.till.demonstrate(stop)
    return bench.desk.draft


_boxes = iter(range(10**9))


def _sale_s(bench: Bench, draft: Draft) -> float:
    """Return the seconds in which a sale of fresh boxes is committed: journal, outbox, trace codes, sums."""
    lines = tuple(
        replace(line, trace_codes=tuple(f"{code[:7]}{next(_boxes):013d}" for code in line.trace_codes))
        for line in draft.lines
    )
    bench.desk.draft = replace(draft, lines=lines)
    store = open_store(bench.desk)
    quoted: Quote | None = quote(bench.desk, store, draft)
    if quoted is None:
        raise ValueError("nothing to sell")
    begin = perf_counter()
    settle.commit(bench.desk, store, quoted)
    return perf_counter() - begin


def _row_s(bare: Connection) -> float:
    begin = perf_counter()
    bare.execute("INSERT INTO row (text) VALUES ('一行')")
    return perf_counter() - begin
