"""The agency on PostgreSQL: a pool of connections for each worker, and troubles in the agency's own words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from typing import Any

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper
from psycopg_pool import ConnectionPool, PoolTimeout

from agency.errors import Again, AgencyTrouble, NotNow
from agency.storage.behind import Behind
from agency.storage.connection import Connection, Parameters
from agency.storage.partitions import prepare

POOL = 10
"""Connections of one worker; calls beyond that wait for one."""
PATIENCE_S = 5
_SETTINGS = (
    "SET synchronous_commit = on",
    "SET default_transaction_isolation = 'read committed'",
    f"SET lock_timeout = '{PATIENCE_S}s'",
    "SET idle_in_transaction_session_timeout = '60s'",
    "SET client_min_messages = warning",
    # To plan for each value anew would cost more than the statement: the partition is chosen as it begins.
    "SET plan_cache_mode = force_generic_plan",
)
_PLAIN_INSERT = re.compile(
    r"(INSERT INTO \w+ \([^)]*\) VALUES )(\((?:\?, )*\?\))( ON CONFLICT DO NOTHING)?$"
).match
_AT_ONCE = 10
"""Rows of one INSERT: most of what a row costs is what its statement costs."""
_NOT_NOW = "医保中心的数据库暂时不能写入，本次没有办理，请稍后重试。"
_BUSY = "医保中心正忙，本次没有办理，请稍后重试。"
_UNREACHABLE = "连不上经办端的数据库，请检查 --database 的地址、数据库是否在运行、账号和权限。"
_CLASHES = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)


class PostgresConnection(Behind):
    """A connection to PostgreSQL that commits by itself outside of transactions."""

    serial = False

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        super().__init__()
        self._raw = raw

    @property
    def in_transaction(self) -> bool:
        return self._raw.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    def execute(self, sql: str, parameters: Parameters = ()) -> psycopg.Cursor[Any]:
        self._catch_up(sql)
        try:
            return self._raw.execute(_translated(sql), parameters or None)
        except psycopg.Error as error:
            raise _explained(error, self._raw) from error

    def executemany(self, sql: str, rows: Sequence[Parameters]) -> None:
        self._catch_up(sql)
        several = _of_several(sql)
        whole = len(rows) - len(rows) % _AT_ONCE if several else 0
        try:
            with self._raw.cursor() as cursor:
                if several and whole:
                    blocks = [rows[start : start + _AT_ONCE] for start in range(0, whole, _AT_ONCE)]
                    cursor.executemany(several, [list(chain.from_iterable(block)) for block in blocks])
                if rows[whole:]:
                    cursor.executemany(_translated(sql), rows[whole:])
        except psycopg.Error as error:
            raise _explained(error, self._raw) from error

    @contextmanager
    def _together(self) -> Iterator[None]:
        try:
            with self._raw.pipeline():
                yield
        except psycopg.Error as error:
            raise _explained(error, self._raw) from error

    def begin(self) -> None:
        self.forget()
        self.execute("BEGIN")
        self.forget(open=True)

    def commit(self) -> None:
        if self.execute("COMMIT").statusmessage != "COMMIT":
            # The server turns the end of a failed transaction into a rollback and calls that no error.
            raise AssertionError("a failed statement was passed over")
        self.forget()

    def rollback(self) -> None:
        self.forget()
        self.execute("ROLLBACK")

    def next_numbers(self, name: str, count: int) -> list[int]:
        taken = self.execute("SELECT nextval(?) FROM generate_series(1, ?)", (f"{name}_number", count))
        return [int(row[0]) for row in taken.fetchall()]

    def close(self) -> None:
        self._raw.close()


class PostgresDatabase:
    """A database on a PostgreSQL server; its tables are made by whoever comes first."""

    def __init__(self, address: str, partitions: int | None = None) -> None:
        """Open the database at a libpq ``address``; raise AgencyTrouble when it is of no use."""
        self._address = address
        first = self.connect()
        try:
            prepare(first, partitions)
        except NotNow as error:
            raise AgencyTrouble(_UNREACHABLE) from error
        finally:
            first.close()
        self._pool = ConnectionPool(
            address,
            kwargs={"autocommit": True, "prepare_threshold": 1},
            configure=_configure,
            min_size=1,
            max_size=POOL,
            timeout=PATIENCE_S,
            open=True,
        )

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        try:
            raw = self._pool.getconn()
        except PoolTimeout as error:
            raise NotNow(_BUSY) from error
        try:
            yield PostgresConnection(raw)
        finally:
            lost = raw.broken
            self._pool.putconn(raw)
            if lost:
                # The server went away: what else lies in the pool is as dead.
                self._pool.check()

    def connect(self) -> PostgresConnection:
        try:
            raw = psycopg.connect(self._address, autocommit=True, connect_timeout=PATIENCE_S)
            _configure(raw)
        except psycopg.Error as error:
            raise AgencyTrouble(_UNREACHABLE) from error
        return PostgresConnection(raw)

    def close(self) -> None:
        self._pool.close()


def _configure(raw: psycopg.Connection[Any]) -> None:
    # Every whole number as 64 bits: a statement is prepared once, and not once for each size of amount.
    raw.adapters.register_dumper(int, Int8Dumper)
    for setting in _SETTINGS:
        raw.execute(setting.encode())


@lru_cache(maxsize=1_000)
def _translated(sql: str) -> bytes:
    return sql.replace("%", "%%").replace("?", "%s").encode()


@lru_cache(maxsize=1_000)
def _of_several(sql: str) -> bytes | None:
    """Return a plain INSERT of one row as that of ``_AT_ONCE``, None for any other statement."""
    plain = _PLAIN_INSERT(sql)
    return _translated(f"{plain[1]}{', '.join([plain[2]] * _AT_ONCE)}{plain[3] or ''}") if plain else None


def _explained(error: psycopg.Error, raw: psycopg.Connection[Any]) -> Exception:
    """Return what to raise: Again or NotNow for the world's troubles, the error itself for a bug of ours."""
    if isinstance(error, _CLASHES) or raw.broken:
        return Again(_BUSY)
    if isinstance(error, psycopg.OperationalError | errors.ReadOnlySqlTransaction):
        return NotNow(_NOT_NOW)
    return error
