"""What a transaction keeps in mind: what it read, and what it still has to write.

Writes of which nobody asks the outcome wait, and go to the database together: before the next statement that
is asked for an answer, and at the end. So nothing is ever read that lacks a write, and a batch of messages
costs a few round trips and not some for each message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any, TypeAlias

from agency.storage.rows import Cursor, Parameters

Late: TypeAlias = Callable[[], None]
Letter: TypeAlias = tuple[str, str, str, str]
"""Shop, kind, person and key."""

_TABLE = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) (\w+) ").match


class _Nothing(dict[tuple[str, str], Any]):
    """What is known outside of a transaction: another one may change all of it at any time."""

    def __setitem__(self, key: tuple[str, str], value: Any) -> None:
        return

    def update(self, *_more: Any, **_named: Any) -> None:
        return


class Mark:
    """A place in a transaction to go back to; ``made`` once the database knows it too."""

    def __init__(self, place: int, held: set[str], known: dict[tuple[str, str], Any]) -> None:
        self.place = place
        self.held, self.known = held, known
        self.letters: dict[Letter, str] = {}
        self.late: dict[tuple[str, ...], Late] = {}
        self.made = False


class Behind:
    """The part of a connection that is the same on every database (``agency.storage.connection``)."""

    def __init__(self) -> None:
        self._writes: list[tuple[str, Parameters]] = []
        self._marks: list[Mark] = []
        self._catching_up = False
        self.forget()

    def execute(self, sql: str, parameters: Parameters = ()) -> Cursor:
        """Run one statement, after all that waits to be written."""
        raise NotImplementedError

    def executemany(self, sql: str, rows: Sequence[Parameters]) -> None:
        """Run one statement for each row, likewise."""
        raise NotImplementedError

    def write(self, sql: str, row: Parameters) -> None:
        """Have a row inserted or changed, at the latest before anything else is read."""
        if self._open:
            self._writes.append((sql, row))
        else:
            self.execute(sql, row)

    def forget(self, *, open: bool = False) -> None:
        """Begin anew with nothing in mind; ``open`` is whether a transaction begins with it."""
        self.held: set[str] = set()
        self.known: dict[tuple[str, str], Any] = {} if open else _Nothing()
        self.letters: dict[Letter, str] = {}
        self.late: dict[tuple[str, ...], Late] = {}
        self._writes.clear()
        self._marks.clear()
        self._open = open
        self._catching_up = False

    def mark(self) -> Mark:
        """Return a place to go back to; the database hears of it with the first write after it."""
        mark = Mark(len(self._writes), set(self.held), dict(self.known))
        mark.letters, mark.late = dict(self.letters), dict(self.late)
        self._marks.append(mark)
        return mark

    def go_back(self, mark: Mark) -> None:
        """Undo what was written after ``mark``, the latest of all, and forget what was read since."""
        self._marks.remove(mark)
        del self._writes[mark.place :]
        if mark.made:
            self._at_once("ROLLBACK TO SAVEPOINT effects")
            self._at_once("RELEASE SAVEPOINT effects")
        self.held, self.known = mark.held, mark.known
        self.letters, self.late = mark.letters, mark.late

    def let_go(self, mark: Mark) -> None:
        """Keep what was written after ``mark``, the latest of all."""
        self._marks.remove(mark)
        if mark.made:
            self._at_once("RELEASE SAVEPOINT effects")

    def _catch_up(self, sql: str) -> None:
        """Write what waits, before ``sql``."""
        if self._catching_up or not (self._writes or (self._marks and not sql.startswith("SELECT"))):
            return
        writes, self._writes = self._writes, []
        self._catching_up = True
        begin = 0
        for mark in self._marks:
            if not mark.made:
                self._send(writes[begin : mark.place])
                begin, mark.place, mark.made = mark.place, 0, True
                self.execute("SAVEPOINT effects")
        self._send(writes[begin:])
        self._catching_up = False

    def _send(self, writes: Sequence[tuple[str, Parameters]]) -> None:
        """Write table by table, in their order within each; no table's rows depend on another's."""
        tables: dict[str, list[tuple[str, list[Parameters]]]] = {}
        for sql, row in writes:
            runs = tables.setdefault(_table_of(sql), [])
            if not runs or runs[-1][0] != sql:
                runs.append((sql, []))
            runs[-1][1].append(row)
        with self._together():
            for runs in tables.values():
                for sql, rows in runs:
                    self.executemany(sql, rows)

    def _together(self) -> AbstractContextManager[object]:
        """Return what statements run in whose outcome is not asked for."""
        return nullcontext()

    def _at_once(self, sql: str) -> None:
        """Run a statement that what waits has nothing to do with."""
        before, self._catching_up = self._catching_up, True
        self.execute(sql)
        self._catching_up = before


@lru_cache(maxsize=200)
def _table_of(sql: str) -> str:
    found = _TABLE(sql)
    if found is None:
        raise AssertionError(f"only what is written to one table may wait: {sql}")
    return found[1]
