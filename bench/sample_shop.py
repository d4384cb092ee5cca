"""A shop's database as the program itself makes it: the demonstration's counter sells its tour and boxes
without a prescription, and its courier delivers all of it to the agency. Every other row is cast from these.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import sleep

from app.bootstrap import DEMONSTRATION_PROVIDER, OpenCounter, open_counter
from app.clock import Clock, SystemClock
from app.settings import Settings, read_settings
from app.storage import catalogue, people, prescriptions
from app.storage.connection import Connection, transaction
from bench import population
from tests.fakes.signing import LICENCE, PHARMACIST, sign

ROUNDS = 3
PATIENTS = 6_000
"""A shop with 175 sales a day on somebody's insurance, to people who come once a month, has that many."""
DRUGS = 5_000
_DELIVERED_S = 60.0


def settings(data: Path, *, demonstration: bool) -> Settings:
    """Return a counter's settings on ``data``, whatever the environment says."""
    told = {
        "SHANYAO_ANSWER_WAIT_S": "5",
        "SHANYAO_PHARMACIST": PHARMACIST,
        "SHANYAO_LICENCE": LICENCE,
    }
    return read_settings(told, data=data, demonstration=demonstration)


@contextmanager
def opened(data: Path, clock: Clock, *, demonstration: bool = False) -> Iterator[OpenCounter]:
    """Open the counter on ``data``, and close it in the end."""
    counter = open_counter(settings(data, demonstration=demonstration), clock)
    try:
        yield counter
    finally:
        counter.close()


def make(data: Path) -> None:
    """Make the sample in ``data``: sold, delivered, answered; with its patients and drugs."""
    clock = SystemClock()
    with opened(data, clock, demonstration=True) as counter:
        counter.start()
        for _ in range(ROUNDS):
            _sell_tour(counter)
            _sell_without_person(counter)
        _deliver(counter)
        stock(books(counter), drugs(counter), clock.now())


def books(counter: OpenCounter) -> Connection:
    """Return the counter's own connection: to be read and filled between its acts."""
    return counter._desk.db


def drugs(counter: OpenCounter) -> Connection:
    """Return the counter's own connection to the catalogue."""
    return counter._desk.catalogue


def stock(db: Connection, shelves: Connection, now: datetime) -> None:
    """Put patients, each with a prescription, into the books, and drugs into the catalogue."""
    patients = population.people(PATIENTS, now)
    with transaction(db):
        people.save(db, patients)
        prescriptions.save(db, population.prescriptions(patients, now))
    with transaction(shelves):
        catalogue.save(shelves, population.drugs(DRUGS, now))


def _sell_tour(counter: OpenCounter) -> None:
    stops = [stop for stop in counter.tour() if stop.store == DEMONSTRATION_PROVIDER]
    for group in dict.fromkeys(stop.group for stop in stops):
        counter.next_customer()
        for stop in stops:
            if stop.group == group:
                counter.demonstrate(stop)
        sign(counter, counter.refresh())
        counter.settle()


def _sell_without_person(counter: OpenCounter) -> None:
    kinds = population.demonstration(SystemClock().now()).drugs
    free = [drug for drug in kinds if not drug.prescription_only]
    for place, drug in enumerate(free):
        counter.next_customer()
        counter.enter(drug.barcode or drug.code)
        if place % 2:
            serial = int(SystemClock().now().timestamp() * 1000) % 10**13
            counter.enter(f"{drug.trace_prefix}{serial:013d}")
        if not counter.refresh().signing.barring:  # What is sold to registered buyers only is left out.
            counter.settle()


def _deliver(counter: OpenCounter) -> None:
    counter.sync_now()
    for _ in range(int(_DELIVERED_S * 20)):
        if not counter.world().waiting:
            return
        sleep(0.05)
    raise AssertionError(f"the sample shop was not delivered: {counter.messages()}")
