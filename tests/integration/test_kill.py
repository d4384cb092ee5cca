"""The power goes at any moment: no told sale is lost, none is doubled, the chain holds, the stock tallies."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import msgspec

from app.storage import journal, sales, stock, stock_check
from app.storage.connection import Connection, open_database
from app.storage.stock_moves import Booking
from tests.fakes.fake_counter import KEY
from tests.fakes.stocked_shelves import SHOP

ROOT = Path(__file__).parents[2]
SALES = 200
SEED = 20261122

SELLER = """
import sys
from datetime import timedelta
from pathlib import Path
from msgspec.structs import replace
from app.clock import SystemClock
from app.storage import prescriptions
from tests.fakes.fake_counter import Bench, stocked
from tests.fakes.stocked_shelves import receive

clock = SystemClock()
bench = Bench(Path(sys.argv[1]), clock=clock, stock=lambda db, drugs: stocked(db, drugs, clock.now()))
bench.till.start()
endless = [replace(each, repeats=9_999) for each in bench.demonstration.prescriptions]
prescriptions.save(bench.db, endless)
drug = next(drug for drug in bench.demonstration.drugs if not drug.prescription_only and drug.barcode)
person = bench.demonstration.people[0]
paid = next(stop for stop in bench.demonstration.tour if stop.title == "扫电子处方")
begun = int(clock.now().timestamp() * 1000) * 100
print("open", flush=True)
serial = 0
for line in sys.stdin:
    if serial % 4 == 0:
        ends = (clock.now() + timedelta(days=900)).date().isoformat()
        receive(bench.till, drug, f"B{begun + serial}", ends, packs=3, note=f"SH-{begun + serial}")
    bench.till.enter(person.card_no)
    bench.till.enter(paid.code)
    serial += 1
    bench.till.enter(f"{bench.demonstration.drugs[0].trace_prefix}{begun + serial:013d}")
    bench.till.enter(drug.barcode)
    print(bench.settle().settled.number, flush=True)
"""


class Seller:
    """A till in a process of its own that makes a sale for each line it is given."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SELLER, str(folder)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._read() == "open"

    def sell_and_kill(self, told: int, delay_s: float) -> list[str]:
        """Let it sell, kill it ``delay_s`` after the sale ``told``, and return the numbers that it told."""
        assert self._process.stdin is not None
        self._process.stdin.write("next\n" * (told + 30))
        self._process.stdin.flush()
        numbers = [self._read() for _ in range(told)]
        try:
            self._process.wait(delay_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
        rest, _ = self._process.communicate()
        # A number that was being written when the power went was not told.
        return [*numbers, *(line.strip() for line in rest.splitlines(keepends=True) if line.endswith("\n"))]

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def test_no_told_sale_is_lost_or_doubled_when_the_power_goes(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    told: list[str] = []
    rounds = 0
    while len(told) < SALES:
        rounds += 1
        told += Seller(tmp_path).sell_and_kill(chance.randint(5, 20), chance.uniform(0, 0.03))

        db = open_database(tmp_path / "counter.db", KEY)
        try:
            check(db, told)
        finally:
            db.close()
    assert rounds > 3


def check(db: Connection, told: list[str]) -> None:
    assert journal.verify(db) == []
    rows = sales.listed(db, None, 10 * SALES)
    numbers = [row.number for row in rows]
    assert len(set(numbers)) == len(numbers)
    assert set(told) <= set(numbers)
    assert len(set(told)) == len(told)
    messages = db.execute("SELECT sale, infno, id FROM outbox").fetchall()
    assert len({id_ for _, _, id_ in messages}) == len(messages)
    for row in rows:
        sale = sales.read(db, row.journal)
        mine = [(infno, id_) for number, infno, id_ in messages if number == row.number]
        assert sale.number == row.number
        assert tuple(id_ for infno, id_ in mine if infno == "2102") == sale.message_ids
        assert [infno for infno, _ in mine].count("SY03") == 1
    entries = db.execute("SELECT count(*) FROM journal WHERE kind = 'sale'").fetchone()[0]
    assert entries == len(rows)
    check_stock(db)


def check_stock(db: Connection) -> None:
    """What came in by the journal is what was sold by it and what is there, told to the agency each once."""
    assert stock_check.faults(db) == []
    received = [
        msgspec.json.decode(journal.body_of(db, number), type=Booking)
        for (number,) in db.execute("SELECT number FROM journal WHERE kind = 'stock_received'").fetchall()
    ]
    came = sum(each.packs for booking in received for each in booking.moves)
    sold = sum(
        use.quantity
        for row in sales.listed(db, None, 10 * SALES)
        for line in sales.read(db, row.journal).draft.lines
        for use in line.lots
    )
    there = sum(each.balance.packs for each in stock.all_of(db, SHOP))
    assert came == sold + there
    assert came > 0
    told = db.execute("SELECT count(*) FROM outbox WHERE infno = '3503'").fetchone()[0]
    assert told == len(received)
