"""`commit`: a sale made durable, beside one bare row made durable in the same kind of database.

Timed is the transaction: sealing and writing the journal entry, the sale's row with its trace codes, its
messages in the outbox, COMMIT. What is written was made ready before (``settle.prepare``: numbering, the
check that no box was sold before, the journal's text and digest); that is timed apart and printed beside it.
Not timed are the quote before it and the paper after.

The sale is the tour's first: a person, a signed prescription, three traced lines, two settlements; person and
boxes are new each time. The bare row is one short text in a one-column table. Both databases have the same
key, page size, journal mode and synchronous=FULL, and stand on the same disk; they take turns.

Before each commit, of either kind, the counter quotes baskets for ``QUOTING_S``. No counter commits twice in
one tick of the file system's clock (4 ms), and within a tick a second fsync of a file is cheaper than any
that follows a customer; and no commit comes out of idleness: the sale that is settled is quoted first.
Checkpoints and the sales that fill a run come within the timing, of both kinds and as they fall.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from statistics import fmean, median
from time import perf_counter

from msgspec import Struct
from msgspec.structs import replace

from app.storage.connection import Connection, open_database
from app.usecases import settle
from app.usecases.quote import Quote, quote
from app.usecases.show import open_store
from bench.result import Result
from engine.sale import Draft
from tests.fakes.fake_counter import KEY, Bench, FakeClock
from tests.fakes.sealed_shop import seal_all

BEFORE = 3_000
"""Sales, and bare rows, that the databases hold before the first one is timed."""
ROW = "INSERT INTO row (text) VALUES ('一行')"
BETWEEN_SALES = timedelta(seconds=4)
"""By the counter's clock: a second has serials for 5,000 messages only, and a claim is of one day."""
WARM_UP = 32
ROUNDS = 320
QUOTING_S = 0.006
BUDGET = 1.5


class Times(Struct):
    """Seconds of each commit timed, and the pages that the sales wrote into the write-ahead log."""

    sales: list[float] = []
    rows: list[float] = []


def measure() -> Result:
    """Commit sales and bare rows in turn, and compare the medians."""
    with tempfile.TemporaryDirectory() as folder:
        clock = FakeClock()
        counter = _Counter(Bench(Path(folder), clock=clock), clock)
        bare = open_database(Path(folder) / "bare.db", KEY)
        try:
            counter.sell_quickly(BEFORE)
            times = _take_turns(counter, bare)
            preparing_s = median(counter.preparing[-ROUNDS:])
            pages = counter.pages_a_sale()
        finally:
            bare.close()
            counter.close()
    return _result(times, pages, preparing_s)


def _result(times: Times, pages: float, preparing_s: float) -> Result:
    sale, row = median(times.sales), median(times.rows)
    mean = fmean(times.sales) / fmean(times.rows)
    return Result(
        name="commit",
        unit="ms",
        value=sale * 1000,
        baseline=row * 1000,
        ratio=sale / row,
        budget=f"≤ {BUDGET} × one bare one-row durable commit",
        met=sale / row <= BUDGET,
        notes=(
            f"ratio of the means {mean:.2f}; {pages:.1f} pages a sale; after {BEFORE} sales",
            f"made ready before, not in the figure: {preparing_s * 1000:.3f} ms",
        ),
    )


def _take_turns(counter: _Counter, bare: Connection) -> Times:
    bare.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT")
    bare.execute("PRAGMA synchronous = OFF")
    for _ in range(BEFORE):  # So that its log, like the counter's, has its full length and is written over.
        bare.execute(ROW)
    bare.execute("PRAGMA synchronous = FULL")
    times = Times()
    for _ in range(WARM_UP + ROUNDS):
        times.sales.append(counter.sale_s())
        times.rows.append(counter.row_s(bare))
    return Times(times.sales[WARM_UP:], times.rows[WARM_UP:])


class _Counter:
    """A counter that sells one basket again and again, to new people and of new boxes."""

    def __init__(self, bench: Bench, clock: FakeClock) -> None:
        self._bench, self._clock, self._sold = bench, clock, 0
        self.preparing: list[float] = []
        self._draft = _typical(bench)
        self._store = open_store(bench.desk)
        quoted: Quote | None = quote(bench.desk, self._store, self._draft)
        if quoted is None:
            raise ValueError("nothing to sell")
        self._quoted = quoted

    def sell_quickly(self, count: int) -> None:
        """Sell ``count`` times without waiting for the disk."""
        self._bench.db.execute("PRAGMA synchronous = OFF")
        for _ in range(count):
            self._next_basket()
            settle.commit(self._bench.db, self._prepared())
        self._bench.db.execute("PRAGMA synchronous = FULL")

    def sale_s(self) -> float:
        """Return the seconds in which a sale is committed."""
        self._next_basket()
        self._quote_on()
        prepared = self._prepared()
        begin = perf_counter()
        settle.commit(self._bench.db, prepared)
        return perf_counter() - begin

    def row_s(self, bare: Connection) -> float:
        """Return the seconds in which a bare row is committed."""
        self._quote_on()
        begin = perf_counter()
        bare.execute(ROW)
        return perf_counter() - begin

    def pages_a_sale(self) -> float:
        """Return how many pages a sale writes, from a run of sales that fills one index run."""
        self._bench.db.execute("PRAGMA wal_autocheckpoint = 0")
        self._bench.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.sell_quickly(WARM_UP)
        _busy, written, _moved = self._bench.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return float(written) / WARM_UP

    def close(self) -> None:
        self._bench.close()

    def _prepared(self) -> settle.Prepared:
        begin = perf_counter()
        prepared = settle.prepare(self._bench.desk, self._store, self._quoted)
        self.preparing.append(perf_counter() - begin)
        return prepared

    def _quote_on(self) -> None:
        until = perf_counter() + QUOTING_S
        while perf_counter() < until:
            quote(self._bench.desk, self._store, self._bench.desk.draft)

    def _next_basket(self) -> None:
        self._sold += 1
        self._clock.at += BETWEEN_SALES
        person = self._draft.person
        lines = tuple(
            replace(line, trace_codes=tuple(f"{code[:7]}{self._sold:013d}" for code in line.trace_codes))
            for line in self._draft.lines
        )
        buyer = replace(person, psn_no=f"{self._sold:020d}") if person else None
        self._bench.desk.draft = replace(self._draft, person=buyer, lines=lines)


def _typical(bench: Bench) -> Draft:
    """Return the tour's first sale: one person, a signed prescription, three lines, two settlements."""
    bench.till.start()
    seal_all(bench)
    stops = bench.till.tour()
    for stop in stops:
        if stop.group == stops[0].group:
            bench.till.demonstrate(stop)
    bench.sign()
    return bench.desk.draft
