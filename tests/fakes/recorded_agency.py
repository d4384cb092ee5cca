"""An agency on PostgreSQL that notes down every statement, to be asked afterwards what it touched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from agency.storage.connection import Connection, Parameters
from agency.storage.postgres import PostgresConnection, PostgresDatabase
from agency.storage.schema import TABLES

SPREAD = {table.name: table.spread_by for table in TABLES if table.spread_by is not None}
Statement = tuple[str, tuple[Any, ...]]


class _Recording(PostgresConnection):
    def __init__(self, raw: psycopg.Connection[Any], said: list[Statement]) -> None:
        super().__init__(raw)
        self._said = said

    def execute(self, sql: str, parameters: Parameters = ()) -> psycopg.Cursor[Any]:
        self._said.append((sql, tuple(parameters)))
        return super().execute(sql, parameters)

    def executemany(self, sql: str, rows: Any) -> None:
        self._said.extend((sql, tuple(row)) for row in rows)
        super().executemany(sql, rows)


class RecordedDatabase(PostgresDatabase):
    """A database whose lent connection notes down what is asked of it, in ``said``."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.said: list[Statement] = []
        self._plain = psycopg.connect(address, autocommit=True, cursor_factory=psycopg.ClientCursor)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with psycopg.connect(self._address, autocommit=True) as raw:
            yield _Recording(raw, self.said)

    def close(self) -> None:
        self._plain.close()
        super().close()

    def touched(self) -> dict[str, set[str]]:
        """Return the partitions, table by table, that the noted statements look into by their plans."""
        found: dict[str, set[str]] = {}
        for statement in self.said:
            for table, partition in self._relations(*statement):
                found.setdefault(table, set()).add(partition)
        return found

    def _relations(self, sql: str, parameters: tuple[Any, ...]) -> set[tuple[str, str]]:
        insert = re.match(r"INSERT INTO (\w+) \(([^)]*)\)", sql)
        if insert and insert[1] in SPREAD:
            # Where a row goes is the same as where one would look for it.
            column = SPREAD[insert[1]]
            place = [name.strip() for name in insert[2].split(",")].index(str(column))
            sql, parameters = f"SELECT 1 FROM {insert[1]} WHERE {column} = ?", (parameters[place],)
        if sql.split()[0] not in ("SELECT", "UPDATE", "DELETE", "INSERT"):
            return set()
        asked = "EXPLAIN (FORMAT JSON) " + sql.replace("%", "%%").replace("?", "%s")
        row = self._plain.execute(asked.encode(), parameters).fetchone()
        assert row is not None
        names = set(_names(row[0]))
        return {
            (table, name)
            for name in names
            for table in (name.rpartition("_")[0],)
            if table in SPREAD and name not in SPREAD
        }


def _names(plan: Any) -> Iterator[str]:
    if isinstance(plan, list):
        for each in plan:
            yield from _names(each)
    elif isinstance(plan, dict):
        if "Relation Name" in plan:
            yield plan["Relation Name"]
        for value in plan.values():
            yield from _names(value)
