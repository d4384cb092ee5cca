"""`trip_pack_http` and `trip_pack_stick`: a service point made ready for a trip to 3,000 people.

What it must take along: the catalogue of 5,000 drugs, and of each of the 3,000 people who they are, their
filings and sums, a prescription, a year's history (twelve drugs dispensed), and a lease until the trip's end.
A till that knows nothing but its shop and its keys gets all of that:

* by HTTP, from the agency in a process of its own: the catalogue as news (SY04), the people by
  ``prepare_trip`` (SY05), every page one durable transaction at the till;
* by stick: the till writes its bundle with the question, ``python -m agency bundle import`` answers it in a
  process of its own, the till takes the answer in. All three are timed, walking is not.

The agency keeps its books in SQLite. The baseline is the time of moving the same bytes: fetched over HTTP
from a server that just hands them out, or written to the stick's folder; and on disk at the end (fsync).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any

import httpx
import msgspec

from agency.storage import dispensed as agency_history
from agency.storage.connection import transaction as agency_transaction
from app.bootstrap import OpenCounter
from app.clock import SystemClock
from app.storage import catalogue, stores
from app.storage.connection import Connection, transaction
from app.sync.bundles import Satchel
from app.sync.client import AgencyClient
from app.sync.counter_line import CounterLine
from app.sync.deliver import sender_of
from app.sync.enrol import introduce
from app.sync.pull import pull_news
from app.usecases.ports import Trip
from bench import city, population, sample_shop, served
from bench.result import Result
from engine.calendar import CHINA, business_day
from engine.protocol.lease import Dispensed
from engine.protocol.profile import DEMONSTRATION
from engine.sale import Store

PEOPLE, DRUGS, HISTORY = 3_000, 5_000, 12
HTTP_S, STICK_S = 60, 20
DAYS = 7
OPERATOR = "当班药师"


def measure_http() -> Result:
    """Make a service point ready over HTTP."""
    with _service_point() as (till, url, _folder):
        db = sample_shop.books(till)
        client = AgencyClient(url=url, credentials=DEMONSTRATION, clock=SystemClock())
        with closing(client):
            introduce(db, client)
            store = stores.all(db)[0]
            begin = perf_counter()
            pull_news(
                db,
                sample_shop.drugs(till),
                client,
                SystemClock(),
                sender=sender_of(db, store.provider.id, OPERATOR),
            )
            news_s = perf_counter() - begin
            report = till.prepare_trip(_names(), _until())
            took_s = perf_counter() - begin
        size = _bytes_held(db, sample_shop.drugs(till))
        whole = _is_whole(db, sample_shop.drugs(till))
    bare_s = _fetched(size)
    notes = (
        report.text,
        f"the catalogue {news_s:.1f} s of it; {size / 2**20:.1f} MiB of records at the till",
    )
    return _result("trip_pack_http", took_s, bare_s, HTTP_S, whole=whole, notes=notes)


def measure_stick() -> Result:
    """Make a service point ready by stick."""
    with _service_point() as (till, _url, folder):
        db, steps = sample_shop.books(till), []
        store = stores.all(db)[0]
        satchel = Satchel(db=db, drugs=sample_shop.drugs(till), clock=SystemClock(), operator=OPERATOR)
        end = datetime.combine(_until(), datetime.max.time().replace(microsecond=0), CHINA)
        stick, down = folder / "stick", folder / "stick" / "down.syb"
        stick.mkdir()
        up = _timed(
            steps, lambda: satchel.export_bundle(store.provider.id, stick, Trip(people=_names(), until=end))
        )
        command = ["bundle", "import", str(up.path), "--data", str(folder / "agency"), "--out", str(down)]
        _timed(
            steps,
            lambda: subprocess.run(
                [sys.executable, "-m", "agency", *command], check=True, capture_output=True
            ),
        )
        report = _timed(steps, lambda: satchel.import_bundle(down))
        sizes = (Path(up.path).stat().st_size, down.stat().st_size)
        whole = _is_whole(db, sample_shop.drugs(till))
        bare_s = sum(_written(folder / "bare", os.urandom(size)) for size in sizes)
    notes = (
        report.text,
        f"export {steps[0]:.1f} s, at the agency {steps[1]:.1f} s, import {steps[2]:.1f} s;"
        f" {sizes[0] / 1024:.0f} KiB there, {sizes[1] / 2**20:.1f} MiB back",
    )
    return _result("trip_pack_stick", sum(steps), bare_s, STICK_S, whole=whole, notes=notes)


@contextmanager
def _service_point() -> Iterator[tuple[OpenCounter, str, Path]]:
    """Yield a till that enrolled and knows its shop alone, the agency's address, and the folder of both."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = population.stores(1, now)[0]
        _agency_books(folder / "agency", store, now)
        with (
            served.serving("agency", str(folder / "agency")) as url,
            sample_shop.opened(folder / "till", SystemClock()) as till,
        ):
            db = sample_shop.books(till)
            with transaction(db):
                stores.save(db, [store])
            till.start()
            till._desk.line = CounterLine(
                db=db,
                open_client=lambda: AgencyClient(url=url, credentials=DEMONSTRATION, clock=SystemClock()),
                clock=SystemClock(),
                operator=OPERATOR,
            )
            with closing(till._desk.line):
                till._desk.line.enrol(store.provider.id, f"DEMO-{store.provider.id}")
                yield till, url, folder


def _agency_books(where: Path, store: Store, now: datetime) -> None:
    people, drugs = population.people(PEOPLE, now), population.drugs(DRUGS, now)
    with closing(served.opened(str(where))) as database:
        city.register(
            database,
            now,
            stores=[store],
            people={store.provider.id: people},
            drugs=drugs,
            prescribed=population.prescriptions(people, now),
            followed=False,
        )
        with database.connection() as db, agency_transaction(db):
            for number, person in enumerate(people):
                given = [
                    Dispensed(
                        psn_no=person.psn_no,
                        at=now - timedelta(days=30 * month + 1),
                        provider=store.provider.id,
                        drug=drugs[(number + month) % DRUGS].code,
                        quantity=2,
                        days=28,
                    )
                    for month in range(HISTORY)
                ]
                agency_history.save(db, f"{number:010d}", given)


def _names() -> tuple[str, ...]:
    return tuple(person.cert_no for person in population.people(PEOPLE, datetime.now(UTC)))


def _until() -> date:
    return business_day(datetime.now(UTC)) + timedelta(days=DAYS)


def _is_whole(db: Connection, drugs: Connection) -> bool:
    """Tell whether all of it is at the till: by counting."""
    (held,) = db.execute(
        "SELECT (SELECT count(*) FROM person) = ?1 AND (SELECT count(*) FROM prescription) = ?1"
        " AND (SELECT count(*) FROM lease) = ?1 AND (SELECT count(*) FROM dispensed) = ?2",
        (PEOPLE, PEOPLE * HISTORY),
    ).fetchone()
    return bool(held) and catalogue.count(drugs) == DRUGS


def _bytes_held(db: Connection, drugs: Connection) -> int:
    codes = [row[0] for row in drugs.execute("SELECT code FROM drug").fetchall()]
    of_drugs = sum(len(msgspec.json.encode(drug)) for drug in catalogue.by_codes(drugs, codes))
    row = db.execute(
        "SELECT (SELECT sum(length(CAST(body AS BLOB))) FROM person)"
        " + (SELECT sum(length(CAST(body AS BLOB))) FROM prescription)"
        " + (SELECT sum(length(CAST(body AS BLOB)) + length(signature)) FROM lease)"
        " + (SELECT sum(length(psn_no) + length(drug) + length(at) + length(provider) + 8) FROM dispensed)"
    ).fetchone()
    return int(row[0]) + of_drugs


def _timed(steps: list[float], work: Callable[[], Any]) -> Any:
    begin = perf_counter()
    done = work()
    steps.append(perf_counter() - begin)
    return done


def _fetched(size: int) -> float:
    """Return the seconds in which ``size`` bytes come over HTTP and are on disk."""
    data = os.urandom(size)

    class Hand(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(size))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hand)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            begin = perf_counter()
            got = httpx.get(f"http://127.0.0.1:{server.server_address[1]}", trust_env=False).content
            return perf_counter() - begin + _written(Path(folder) / "bare", got)
    finally:
        server.shutdown()
        server.server_close()


def _written(path: Path, data: bytes) -> float:
    begin = perf_counter()
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return perf_counter() - begin


def _result(
    name: str, took_s: float, bare_s: float, most_s: int, *, whole: bool, notes: tuple[str, ...]
) -> Result:
    return Result(
        name=name,
        unit="s",
        value=took_s,
        baseline=bare_s,
        ratio=took_s / bare_s,
        budget=f"≤ {most_s} s for {PEOPLE} people and {DRUGS} drugs, all of it counted at the till",
        met=whole and took_s <= most_s,
        notes=notes if whole else (*notes, "something is missing at the till"),
    )
