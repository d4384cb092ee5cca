"""What the agency asks of its database, whichever it is: one SQL, transactions, and who waits for whom.

SQL is written once for SQLite and PostgreSQL, with ``?`` marks. A connection belongs to one thread at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from agency.storage.behind import Late, Letter, Mark
from agency.storage.rows import Cursor, Parameters

__all__ = ["Connection", "Cursor", "Database", "Late", "Letter", "Parameters", "transaction", "undone_by"]


class Connection(Protocol):
    """One connection; its methods raise NotNow where the database stands in the way, Again after a clash.

    ``serial`` tells that writing transactions never run side by side. Of the running transaction, ``held``
    names whom it has locked, ``known`` is what it read and need not read again, ``letters`` what shops are to
    hear by mail, ``late`` what it does last of all, in the order of the keys. A value of ``known`` is
    replaced, never changed: an undone block goes back to those before it. Outside of transactions nothing is
    known.
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

    def write(self, sql: str, row: Parameters) -> None:
        """Have a row of one table inserted or changed; its troubles show later, at the latest at the end."""
        ...

    def mark(self) -> Mark:
        """Return a place in the transaction to go back to."""
        ...

    def go_back(self, mark: Mark) -> None:
        """Undo what was written since ``mark``, the latest of all."""
        ...

    def let_go(self, mark: Mark) -> None:
        """Keep what was written since ``mark``, the latest of all."""
        ...

    def forget(self) -> None:
        """Drop what is known, and what waits to be written."""
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

    def next_numbers(self, name: str, count: int) -> list[int]:
        """Return the next ``count`` numbers of ``name``; some may be left out, and nobody waits for them."""
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
    db.begin()
    try:
        yield
        for key in sorted(db.late):
            db.late[key]()
        db.commit()
    except BaseException:
        db.forget()  # What still waited to be written must never be.
        # A full disk may have rolled back by itself already.
        if db.in_transaction:
            db.rollback()
        raise


@contextmanager
def undone_by(db: Connection, kind: type[Exception]) -> Iterator[None]:
    """Run the block inside a transaction; an exception of ``kind`` undoes the block alone, and goes on.

    What the block locked is not let go of before the transaction ends, but is no longer relied on.
    """
    mark = db.mark()
    try:
        yield
    except kind:
        db.go_back(mark)
        raise
    db.let_go(mark)


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
