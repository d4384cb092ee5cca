"""`growth`: every act at the counter with 2,000,000 sales in its books, beside the same act with 1,000.

Two counters, open side by side, take turns, act by act. Both hold the same people, drugs and prescriptions,
and 300 sales of today; what differs is the past (``bench.grown``): a day and a half, or eight years of 700
sales a day, which is 8 GB. Each round serves a customer: a patient with a prescription, boxes, cash, paper;
then it looks into books, prescriptions, stock and catalogue, and at a receipt of today. Every ninth round
closes and opens the counter, and asks at once for the receipt of a sale of any age. Whoever comes was there
three times in the last 90 days, in both.

It is the books that are compared, not the memory of the machine. Of 1,000 sales the 80 customers are soon
known, and all of the books lie in memory; of 2,000,000 there are 6,000 customers, and the books may be larger
than the memory. So 80 customers come to both, and both have alike at hand what is no work of the books.
Somebody else reads beforehand the sales of the last two days, which a shop has just written, and before a
round the customer's last sales: their pages come from the machine's memory, and the counter decrypts
them all the same. The customer's own row and prescription, which both hold, the counter reads itself.

Before the counter is closed, it is asked for the receipt that is timed again when it is open: then both read
each page anew, and neither from the disk. The first time is shown and not counted: with 1,000 sales it lies
decrypted in the counter's memory by then, with 2,000,000 it comes from the disk.

What was cast is on the disk before an act is timed: else the first commits would wait for gigabytes that the
casting left to be written.

Stood in for are the clock and the printer (making the PDF costs the same at any age, and would hide growth),
and the keeper of backups: it copies the whole database beside the acts, which by nature grows with it.
There is no courier: the acts are those of a counter offline, in which nothing waits for a network.
The value is the act that grew most: its median with 2,000,000 sales, beside that with 1,000.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import datetime, time, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from app.bootstrap import DATABASE, DEMONSTRATION_PROVIDER, KEY, OpenCounter
from app.storage import dispensed, people, prescriptions, receipts, sales
from app.storage.connection import Connection, open_database
from app.storage.key import read_or_make
from app.usecases.dispensing import LOOK_BACK
from bench import population
from bench.filled import filled
from bench.grown import A_DAY, TODAY
from bench.result import Result
from bench.sale_kind import patients_of
from bench.unkept import open_unkept
from engine.calendar import CHINA, business_day
from engine.person import Person
from engine.prescription import Prescription
from tests.fakes.fake_counter import FakeClock, FakePrinter
from tests.fakes.signing import sign

FEW, MANY = 1_000, 2_000_000
BUDGET = 1.3
ROUNDS = 200
WARM_UP = 20
REOPEN_EVERY = 9
BETWEEN_SALES = timedelta(seconds=4)
SPACE = 30 * 10**9
OLD = "receipt of any age (not counted)"
ANEW = "receipt of any age, just opened"
_SHELF = 10**12
"""Boxes from this number on were never sold."""


def measure() -> Result:
    """Fill both books, work both counters in turn, and compare the medians of each act."""
    with tempfile.TemporaryDirectory() as folder:
        if shutil.disk_usage(folder).free < SPACE:
            return _impossible(f"{folder} has less than {SPACE // 10**9} GB left")
        begin = perf_counter()
        now = _tomorrow_afternoon()
        data = {count: filled(Path(folder), count, now) for count in (FEW, MANY)}
        filled_s, size = perf_counter() - begin, (data[MANY] / DATABASE).stat().st_size
        with ExitStack() as stack:
            shops = {count: stack.enter_context(_Shop(place, count, now)) for count, place in data.items()}
            for place in range(WARM_UP + ROUNDS):
                for steps in zip(*(shop.round() for shop in shops.values()), strict=True):
                    for step in steps[:: -1 if place % 2 else 1]:  # Whoever comes second finds the code warm.
                        step()
            return _result(shops[FEW].times, shops[MANY].times, filled_s, size)


def _tomorrow_afternoon() -> datetime:
    # After whatever the sample's agency said today, and within one business day for all rounds.
    day = business_day(datetime.now(CHINA)) + timedelta(days=1)
    return datetime.combine(day, time(21), CHINA)


class _Shop:
    """A counter at which customers are served, and how long each act took, in seconds."""

    def __init__(self, data: Path, count: int, now: datetime) -> None:
        self._data, self._count = data, count
        self._clock = FakeClock(now)
        self._random = random.Random(1)  # The same customers come to both.
        many, few = patients_of(count, now), len(patients_of(FEW, now))
        step = len(many) // few  # The pairs of as many customers, out of all.
        self._patients = [each for place, each in enumerate(many) if place // 2 % step == 0][:few]
        self._prescriptions = {each.psn_no: each for each in population.prescriptions(many, now)}
        self._drugs = {drug.code: drug for drug in population.demonstration(now).drugs}
        self._boxes = self._rounds = 0
        self._seen: dict[str, list[float]] = {}

    def __enter__(self) -> _Shop:
        self._counter = self._open()
        self._know_the_last_days()
        return self

    def __exit__(self, *_error: object) -> None:
        self._counter.close()

    @property
    def times(self) -> dict[str, float]:
        """The median of each act, in seconds."""
        return {name: median(seen[len(seen) // 10 :]) for name, seen in self._seen.items()}

    def round(self) -> list[Callable[[], None]]:
        """Return the acts of one customer, to be done in order."""
        self._rounds += 1
        self._clock.at += BETWEEN_SALES
        # Each draw lands at the same place of both books, however long they are; every second is of a kind.
        pairs, kind = len(self._patients) // 2, self._random.randrange(2)
        person = self._patients[2 * int(self._random.random() * pairs) + kind]
        number = f"01-{self._count - int(self._random.random() * TODAY):06d}"
        acts = [self._timed(name, act) for name, act in self._acts(person, number)]
        reopen: list[Callable[[], None]] = []
        if self._rounds % REOPEN_EVERY == 0:
            old = f"01-{1 + int(self._random.random() * (self._count - TODAY)):06d}"
            before, after = (self._timed(name, lambda: self._counter.receipt(old)) for name in (OLD, ANEW))
            reopen = [before, self._reopen, after]
        return [lambda: self._know(person), *acts, *reopen]

    def _know(self, person: Person) -> None:
        db = self._counter._desk.db
        people.by_card_no(db, person.card_no or "")
        people.by_cert_no(db, person.cert_no)
        prescriptions.by_number(db, self._prescriptions[person.psn_no].number)
        today = business_day(self._clock.at)
        with self._somebody_else() as other:
            dispensed.here(other, person.psn_no, today - LOOK_BACK, DEMONSTRATION_PROVIDER)
            sales.own_settlements(other, person.psn_no, today.year, person.snapshot.as_of)

    def _know_the_last_days(self) -> None:
        with self._somebody_else() as other:
            for each in sales.listed(other, None, A_DAY + TODAY):
                sales.read(other, each.journal)
                receipts.by_serial(other, each.serial)

    def _somebody_else(self) -> closing[Connection]:
        return closing(
            open_database(self._data / DATABASE, read_or_make(self._data / KEY, self._data / DATABASE))
        )

    def _acts(self, person: Person, number: str) -> list[tuple[str, Callable[[], Any]]]:
        prescription = self._prescriptions[person.psn_no]
        till, today = self._counter, business_day(self._clock.at)
        return [
            ("start", till.start),
            ("enter a card", lambda: till.enter(person.card_no or "")),
            ("enter a prescription", lambda: till.enter(prescription.number)),
            *self._scans(prescription),
            ("search", lambda: till.search("xbd")),
            ("refresh", till.refresh),
            ("find a diagnosis", lambda: till.find_diagnoses("gxy")),
            ("cheaper ways", till.cheaper),
            ("tender", lambda: till.tender("2000")),
            ("sign", lambda: sign(till, till.refresh())),
            ("settle", till.settle),
            ("enter a resident id", lambda: till.enter(person.cert_no)),
            ("sales of today", lambda: till.sales(today)),
            ("last sales", lambda: till.sales(None)),
            ("sales of a day", lambda: till.sales(today - timedelta(days=1))),
            ("receipt", lambda: till.receipt(number)),
            ("reprint", lambda: till.reprint(number)),
            ("messages", till.messages),
            ("world", till.world),
            ("sync now", till.sync_now),
            ("prescriptions", till.prescriptions),
            ("stock", lambda: till.stock("")),
            ("catalogue", till.catalogue),
        ]

    def _scans(self, prescription: Prescription) -> list[tuple[str, Callable[[], Any]]]:
        till = self._counter
        drugs = [self._drugs[line.drug] for line in prescription.lines if line.drug]
        scans: list[tuple[str, Callable[[], Any]]] = [
            ("enter a barcode", lambda: till.enter(drugs[0].barcode or ""))
        ]
        for drug in drugs:
            self._boxes += 1
            code = f"{drug.trace_prefix}{_SHELF + self._boxes:013d}"
            scans.append(("enter a trace code", lambda code=code: till.enter(code)))  # type: ignore[misc]
        return scans

    def _timed(self, name: str, act: Callable[[], Any]) -> Callable[[], None]:
        def work() -> None:
            begin = perf_counter()
            act()
            self._seen.setdefault(name, []).append(perf_counter() - begin)

        return work

    def _reopen(self) -> None:
        self._counter.close()
        begin = perf_counter()
        self._counter = self._open()
        self._counter.start()
        self._seen.setdefault("open and start", []).append(perf_counter() - begin)

    def _open(self) -> OpenCounter:
        counter = open_unkept(self._data, self._clock)
        counter._desk.printer = FakePrinter()
        return counter


def _result(few: dict[str, float], many: dict[str, float], filled_s: float, size: int) -> Result:
    ratios = {name: many[name] / few[name] for name in few}
    worst = max((name for name in ratios if name != OLD), key=lambda name: ratios[name])
    acts = (
        f"{name}: {few[name] * 1000:.3f} ms, {many[name] * 1000:.3f} ms, {ratios[name]:.2f} ×"
        for name in sorted(ratios, key=lambda name: -ratios[name])
    )
    return Result(
        name="growth",
        unit="ms",
        value=many[worst] * 1000,
        baseline=few[worst] * 1000,
        ratio=ratios[worst],
        budget=f"every act ≤ {BUDGET} × what it takes with {FEW} sales",
        met=ratios[worst] <= BUDGET,
        notes=(
            f"the worst act is: {worst}; medians of {ROUNDS} rounds, {TODAY} sales of today in both",
            f"{MANY} sales cast in {filled_s:.0f} s, {size / 10**9:.1f} GB",
            *acts,
        ),
    )


def _impossible(why: str) -> Result:
    return Result(
        name="growth", unit="ms", value=0, baseline=None, ratio=None,
        budget=f"every act ≤ {BUDGET} ×", met=False, notes=(f"not measured: {why}",),
    )  # fmt: skip
