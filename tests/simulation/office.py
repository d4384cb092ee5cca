"""The agency in the simulation: the real service over a database in memory, which may fall over in a call."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any, Protocol

from agency import eprescriptions, trueup
from agency.bootstrap import seed
from agency.bundles import Counter
from agency.enrolment import give_code
from agency.service import Agency
from agency.storage import prescriptions
from agency.storage.connection import Parameters, transaction
from agency.storage.schema import VERSION, sqlite_statements
from agency.storage.sqlite import SqliteConnection
from engine.demonstration import Demonstration
from engine.person import Person
from engine.prescription import Prescription
from engine.protocol.profile import DEMONSTRATION, Profile
from tests.simulation import town


class Fell(BaseException):
    """The agency's machine went down in the middle of a call."""


class Time(Protocol):
    now: datetime


class OfficeClock:
    """The agency's clock is right; no two readings are alike."""

    def __init__(self, world: Time) -> None:
        self._world = world
        self._tick = 0

    def now(self) -> datetime:
        self._tick += 1
        return self._world.now + timedelta(microseconds=self._tick % 1_000_000)


class Books(SqliteConnection):
    """The agency's database, in memory; ``fuse`` is after how many statements its machine goes down."""

    commits_late = False  # A deliberate fault: answers leave before their commit.

    def __init__(self, raw: sqlite3.Connection) -> None:
        super().__init__(raw)
        self.raw = raw
        self.fuse: int | None = None
        self._owed = False

    def execute(self, sql: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse <= 0:
                self.fuse = None
                self.go_down()
        if self.commits_late and sql == "COMMIT":
            self._owed = True
            return self.raw.cursor()
        return super().execute(sql, parameters)

    def begin(self) -> None:
        if self._owed:
            if self.fuse is not None:
                self.fuse = None
                self.go_down()
            self._owed = False
            self.raw.execute("COMMIT")
        super().begin()

    def go_down(self) -> None:
        """Forget all that was not committed, as a machine without power does."""
        self._owed = False
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")
        raise Fell()


class Memory:
    """The agency's database as its service asks for it."""

    def __init__(self, books: Books) -> None:
        self._books = books

    @contextmanager
    def connection(self) -> Iterator[Books]:
        yield self._books

    def connect(self) -> Books:
        return self._books

    def close(self) -> None:
        """Nothing is left behind."""


@cache
def _mould(start: datetime) -> sqlite3.Connection:
    raw = sqlite3.connect(":memory:", isolation_level=None)
    for statement in sqlite_statements():
        raw.execute(statement)
    raw.execute(f"PRAGMA user_version = {VERSION}")
    shown = Demonstration(
        stores=town.stores(),
        people=town.people(start.year),
        vouchers={},
        drugs=town.drugs(),
        prescriptions=(),
        tour=(),
    )
    books = Books(raw)
    books.commits_late = False
    seed(books, shown, town.agency_law(), start)
    return raw


class Office:
    """The agency and its books."""

    def __init__(self, world: Time, start: datetime) -> None:
        raw = sqlite3.connect(":memory:", isolation_level=None)
        _mould(start).backup(raw)
        self.books = Books(raw)
        self._world = world
        self.law_changed = False
        self.signs_prescriptions = False
        self._law = town.agency_law()
        self._agency = self._open()

    def change_law(self) -> None:
        """Apply the document that reaches back."""
        self.books.fuse = None
        self.law_changed, self._law = True, town.agency_law(True)
        self._agency = self._open()
        trueup.sweep(Memory(self.books), self._law, self._world.now)

    def reclaim(self) -> None:
        """End the leases whose time is over, as the agency does every hour."""
        trueup.reclaim_all(Memory(self.books), self._law, self._world.now)

    def take_in(self, data: bytes, fresh: bytes) -> bytes | None:
        """Take a bundle from a stick, and return the one to carry back."""
        counter = Counter(agency=self._agency, database=Memory(self.books), clock=OfficeClock(self._world))
        return counter.take_in(data, fresh).down

    def code_for(self, provider: str, till: str) -> str:
        """Give a shop a one-time code for its till."""
        with transaction(self.books):
            return give_code(self.books, provider, till, self._world.now).code

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Answer one call as the service over HTTP would; raise Fell where it went down meanwhile."""
        answer = self._agency.answer(headers, body)
        return answer.status, answer.text.encode()

    def prescription(self, person: Person, day: date) -> Prescription:
        """Return a person's prescription of a day: on paper, or as the platform signed it."""
        written = town.prescription(person, day)
        if not self.signs_prescriptions:
            return written
        fuse, self.books.fuse = self.books.fuse, None
        with transaction(self.books):
            if prescriptions.prescription(self.books, written.number) is None:
                eprescriptions.issue(self.books, [written])
            signed = prescriptions.prescription(self.books, written.number)
        self.books.fuse = fuse
        return signed or written

    def rows(self, sql: str, arguments: Any = ()) -> list[Any]:
        """Read the books past the service, for the checks."""
        return self.books.raw.execute(sql, arguments).fetchall()

    def _open(self) -> Agency:
        return Agency(
            database=Memory(self.books),
            law=self._law,
            clock=OfficeClock(self._world),
            profile=Profile(),
            credentials=DEMONSTRATION,
        )


@contextmanager
def seeded(number: int) -> Iterator[None]:
    """Draw keys, nonces and codes from a seed while a run lasts."""
    import secrets

    chance = Random(f"{number}/secrets")
    kept = {name: getattr(secrets, name) for name in ("token_bytes", "token_hex", "randbelow", "choice")}
    secrets.token_bytes = lambda count=32: chance.randbytes(count)  # type: ignore[assignment,misc]
    secrets.token_hex = lambda count=32: chance.randbytes(count).hex()  # type: ignore[assignment,misc]
    secrets.randbelow = chance.randrange
    secrets.choice = chance.choice
    try:
        yield
    finally:
        for name, function in kept.items():
            setattr(secrets, name, function)
