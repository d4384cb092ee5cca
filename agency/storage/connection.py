"""What the agency asks of its database, whichever it is: one SQL, transactions, and who waits for whom.

SQL is written once for SQLite and PostgreSQL, with ``?`` marks. A connection belongs to one thread at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeAlias

Parameters: TypeAlias = Sequence[object]
Late: TypeAlias = Callable[[], None]
Letter: TypeAlias = tuple[str, str, str, str]
"""Shop, kind, person and key."""


class Cursor(Protocol):
    """What a statement brought."""

    @property
    def rowcount(self) -> int:
        """Rows that the statement wrote."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...


class Connection(Protocol):
    """One connection; its methods raise NotNow where the database stands in the way, Again after a clash.

    ``serial`` tells that writing transactions never run side by side. Of the running transaction, ``held``
    names whom it has locked, ``known`` is what it read and need not read again, ``letters`` what shops are to
    hear by mail, ``late`` what it does last of all, in the order of the keys.
    """

    serial: bool
    held: set[str]
    known: dict[tuple[str, str], Any]
    letters: dict[Letter, str]
    late: dict[tuple[str, ...], Late]

    @property
    def in_transaction(self) -> bool: ...

    def execute(self, sql: str, parameters: Parameters = ()) -> Cursor:
        """Run one statement."""
        ...

    def executemany(self, sql: str, rows: Sequence[Parameters]) -> None:
        """Run one statement for each row."""
        ...

    def begin(self) -> None:
        """Begin a transaction that may write."""
        ...

    def commit(self) -> None:
        """End the transaction: it is on disk then."""
        ...

    def rollback(self) -> None:
        """Undo the transaction."""
        ...

    def next_number(self, name: str) -> int:
        """Return the next number of ``name``; numbers may be left out, and nobody waits for them."""
        ...

    def close(self) -> None:
        """Give the connection up."""
        ...


class Database(Protocol):
    """The agency's database: connections for those who need one."""

    def connection(self) -> AbstractContextManager[Connection]:
        """Lend a connection; raise NotNow when none can be had."""
        ...

    def connect(self) -> Connection:
        """Return a connection of one's own, to be closed; raise AgencyTrouble."""
        ...

    def close(self) -> None:
        """Close all connections that were lent."""
        ...


@contextmanager
def transaction(db: Connection) -> Iterator[None]:
    """Run the block as one transaction; an exception undoes it all.

    Raises NotNow where the database stands in the way: nothing was applied then.
    """
    for of_the_last_one in (db.held, db.known, db.letters, db.late):
        of_the_last_one.clear()
    db.begin()
    try:
        yield
        for key in sorted(db.late):
            db.late[key]()
        db.commit()
    except BaseException:
        # A full disk may have rolled back by itself already.
        if db.in_transaction:
            db.rollback()
        raise


@contextmanager
def undone_by(db: Connection, kind: type[Exception]) -> Iterator[None]:
    """Run the block inside a transaction; an exception of ``kind`` undoes the block alone, and goes on.

    What the block locked is not let go of before the transaction ends, but is no longer relied on.
    """
    held, letters, late = set(db.held), dict(db.letters), dict(db.late)
    db.execute("SAVEPOINT effects")
    try:
        yield
    except kind:
        db.execute("ROLLBACK TO SAVEPOINT effects")
        db.execute("RELEASE SAVEPOINT effects")
        db.held, db.letters, db.late = held, letters, late
        db.known.clear()
        raise
    db.execute("RELEASE SAVEPOINT effects")


_AT_ONCE = 50


def select_in(db: Connection, sql: str, *lists: Sequence[str]) -> Iterator[Any]:
    """Yield the rows of ``sql``, whose ``{marks}`` stand for the values of ``lists``, of equal length each.

    Some at a time, always as many marks: the database knows the statement again.
    """
    text = sql.replace("{marks}", ", ".join("?" * _AT_ONCE))
    for start in range(0, len(lists[0]), _AT_ONCE):
        parameters: list[object] = []
        for values in lists:
            some = values[start : start + _AT_ONCE]
            parameters += [*some, *[some[-1]] * (_AT_ONCE - len(some))]
        yield from db.execute(text, parameters).fetchall()
