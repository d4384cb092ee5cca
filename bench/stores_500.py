"""`stores_500`: 500 stores at once against one agency on PostgreSQL, on this machine.

Every store has an enrolled till, a line of its own and its own customers. For each customer it asks what the
basket comes to and has that reserved (2101 with a lease), then settles under the lease that it was granted
(2102), signed both times; the next call leaves when the answer is there. The last settlement of each store is
then sent again. Afterwards the books are counted: every settlement once, nothing else, and the years' sums
grew by exactly what was settled.

The value is the p99 of those 2101 and 2102; the baseline is the p99 of the same number of calls, from the
same 500 lines, to a server that only makes a row durable (``bench.served``), with as many workers. All at
once means a queue: 500 callers share two cores with the workers, PostgreSQL and this client. So the same is
measured once more as calls come in a city: somebody's customer every 40 ms, whoever is still being served.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from itertools import cycle
from statistics import median
from time import perf_counter

from msgspec import Struct

from agency.law import read_law
from agency.resources import read_texts
from bench import city, population, postgres_server, served
from bench.city_shop import PROFILE, Customer, Shop
from bench.crowd import Caller, percentile
from bench.result import Result, impossible

STORES = 500
CUSTOMERS = 4
PACED = 500
PACED_EVERY_S = 0.04
WORKERS = 2
ENOUGH_LEFT = 500_00
BUDGET = "nothing lost, nothing doubled"
_SETTLING = ("2101", "2102")


class Load(Struct, frozen=True):
    """How long calls took, in seconds each, and all of them together."""

    calls: list[float]
    took_s: float

    @property
    def p99_ms(self) -> float:
        return 1000 * percentile(self.calls, 99)

    def text(self) -> str:
        """Return it in one line."""
        return (
            f"median {1000 * median(self.calls):.1f} ms, p99 {self.p99_ms:.1f} ms,"
            f" {len(self.calls) / self.took_s:.0f} calls/s"
        )


class Books(Struct, frozen=True):
    """What the agency's books hold: settlements, those that differ in their message, and fen."""

    settlements: int
    messages: int
    fund: int
    sums: int
    gaps: int


def measure() -> Result:
    """Have 500 stores settle at once and paced, count the books, and do the same with bare rows."""
    if why := postgres_server.missing():
        return impossible("stores_500", "ms", BUDGET, why)
    with postgres_server.running() as address:
        agency, bare = (postgres_server.database(address, name) for name in ("agency", "bare"))
        shops = _found(agency)
        before = _books(agency)
        with served.serving("agency", agency, WORKERS) as url:
            settled = asyncio.run(_settle(url, shops))
        books = _books(agency)
        with served.serving("bare", bare, WORKERS) as url:
            rows = asyncio.run(_insert(url))
    return _result(shops, settled, rows, before, books)


def _found(agency: str) -> list[Shop]:
    """Write the city into the books, and return its shops."""
    now, each = datetime.now(UTC), CUSTOMERS + -(-PACED // STORES)
    known = population.people(2 * STORES * each, now)
    people = [one for one in known if one.snapshot.accumulators.fund_paid < ENOUGH_LEFT]
    prescribed = population.prescriptions(people, now)
    drugs = {drug.code: drug for drug in population.demonstration(now).drugs}
    stores = population.stores(STORES, now)
    with closing(served.opened(agency)) as database:
        city.register(
            database,
            now,
            stores=stores,
            people={
                store.provider.id: people[place * each : (place + 1) * each]
                for place, store in enumerate(stores)
            },
            drugs=tuple(drugs.values()),
            prescribed=prescribed,
        )
    customers = [
        Customer(person, prescription, drugs[prescription.lines[0].drug or ""])
        for person, prescription in zip(people, prescribed, strict=True)
    ]
    law = read_law(read_texts("policies"), read_texts("ranges"))
    return [
        Shop(store, customers[place * each : (place + 1) * each], law) for place, store in enumerate(stores)
    ]


async def _settle(url: str, shops: list[Shop]) -> tuple[Load, Load, int]:
    """Return the calls of all at once, the paced ones, and how many repetitions were answered alike."""
    callers = await _opened(url)
    await asyncio.gather(*(shop.enrol(caller) for shop, caller in zip(shops, callers, strict=True)))

    async def serve_all(place: int) -> bool:
        for _ in range(CUSTOMERS):
            await shops[place].serve(callers[place])
        return await shops[place].repeat(callers[place])

    at_once, alike = await _load(callers, serve_all)
    paced = await _paced(callers, lambda place: shops[place].serve(callers[place]))
    await _closed(callers)
    return at_once, paced, sum(map(bool, alike))


async def _insert(url: str) -> tuple[Load, Load]:
    callers = await _opened(url)

    async def insert(place: int, count: int = 2) -> None:
        for _ in range(count):
            await callers[place].post("2102", b"{}", {})

    at_once, _nothing = await _load(callers, lambda place: insert(place, 2 * CUSTOMERS))
    paced = await _paced(callers, insert)
    await _closed(callers)
    return at_once, paced


async def _load(callers: list[Caller], work: Callable[[int], Awaitable[object]]) -> tuple[Load, list[object]]:
    for caller in callers:
        caller.seconds.clear()
    begin = perf_counter()
    done = await asyncio.gather(*(work(place) for place in range(STORES)))
    return _of(callers, perf_counter() - begin), done


async def _paced(callers: list[Caller], work: Callable[[int], Awaitable[None]]) -> Load:
    for caller in callers:
        caller.seconds.clear()
    begin, running = perf_counter(), []
    for number, place in zip(range(PACED), cycle(range(STORES)), strict=False):
        await asyncio.sleep(max(0.0, begin + number * PACED_EVERY_S - perf_counter()))
        running.append(asyncio.ensure_future(work(place)))
    await asyncio.gather(*running)
    return _of(callers, perf_counter() - begin)


def _of(callers: list[Caller], took_s: float) -> Load:
    return Load(
        [each for caller in callers for what in _SETTLING for each in caller.seconds.get(what, ())], took_s
    )


async def _opened(url: str) -> list[Caller]:
    callers = [Caller(url, PROFILE.path) for _ in range(STORES)]
    for caller in callers:
        await caller.open()
    return callers


async def _closed(callers: list[Caller]) -> None:
    for caller in callers:
        await caller.close()


def _books(agency: str) -> Books:
    with closing(served.opened(agency)) as database, database.connection() as db:
        row = db.execute(
            "SELECT count(*), count(DISTINCT msgid), coalesce(sum(fund), 0),"
            " (SELECT sum(fund_paid) FROM accumulator), coalesce(sum(gap), 0) FROM settlement"
        ).fetchone()
        return Books(*(int(each) for each in row))


def _result(
    shops: list[Shop], settled: tuple[Load, Load, int], rows: tuple[Load, Load], before: Books, books: Books
) -> Result:
    at_once, paced, alike = settled
    made, fund = sum(shop.settled for shop in shops), sum(shop.fund for shop in shops)
    refused = [why for shop in shops for why in shop.refused]
    meant = STORES * CUSTOMERS + PACED
    whole = (
        (made, alike) == (meant, STORES)
        and (books.settlements, books.messages) == (meant, meant)
        and books.fund == fund == books.sums - before.sums
        and books.gaps == 0
    )
    return Result(
        name="stores_500",
        unit="ms",
        value=at_once.p99_ms,
        baseline=rows[0].p99_ms,
        ratio=at_once.p99_ms / rows[0].p99_ms,
        budget=BUDGET,
        met=whole,
        notes=(
            f"{meant} settlements meant, {made} answered, {books.settlements} in the books under"
            f" {books.messages} messages",
            f"{fund / 100:.2f} yuan answered, {books.fund / 100:.2f} in the books, the years grew by"
            f" {(books.sums - before.sums) / 100:.2f}; gaps {books.gaps / 100:.2f}",
            f"{alike} of {STORES} repetitions got the first answer to the letter;"
            f" without a lease: {sum(shop.unleased for shop in shops)}; refused: {len(refused)}",
            *refused[:1],
            f"500 at once, 2101 and 2102: {at_once.text()}; bare rows: {rows[0].text()}",
            f"a customer every {1000 * PACED_EVERY_S:.0f} ms: {paced.text()}; bare rows: {rows[1].text()}",
            f"{WORKERS} workers, PostgreSQL and the callers share the machine's cores",
        ),
    )
