"""The agency on SQLite: WAL, one writer at a time, every commit on disk before it is answered."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agency.errors import AgencyTrouble, NotNow
from agency.storage.behind import Behind
from agency.storage.connection import Connection, Parameters
from agency.storage.schema import VERSION, sqlite_statements

BUSY_TIMEOUT_MS = 5_000
_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA trusted_schema = OFF",
)
_DAMAGED = "经办端的数据库已损坏（{path}）。没有改动它；请换回备份，或移走该文件后重新启动。"
_NEWER = "经办端的数据库是另一个版本的程序建立的（{path}），请用那个版本打开，或换一个数据目录。"
_UNREADABLE = "经办端的数据库打不开（{path}），请检查数据目录是否存在、是否有读写权限。"
_NOT_NOW = "医保中心的数据库暂时不能写入，本次没有办理，请稍后重试。"


class SqliteConnection(Behind):
    """A connection to an SQLite file; may be used from any thread, one at a time."""

    serial = True

    def __init__(self, raw: sqlite3.Connection) -> None:
        super().__init__()
        self._raw = raw

    @property
    def in_transaction(self) -> bool:
        return self._raw.in_transaction

    def execute(self, sql: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        self._catch_up(sql)
        try:
            return self._raw.execute(sql, parameters)
        except sqlite3.DatabaseError as error:
            raise _explained(error) from error

    def executemany(self, sql: str, rows: Sequence[Parameters]) -> None:
        self._catch_up(sql)
        try:
            self._raw.executemany(sql, rows)
        except sqlite3.DatabaseError as error:
            raise _explained(error) from error

    def begin(self) -> None:
        self.forget()
        self.execute("BEGIN IMMEDIATE")
        self.forget(open=True)

    def commit(self) -> None:
        self.execute("COMMIT")
        self.forget()

    def rollback(self) -> None:
        self.forget()
        self.execute("ROLLBACK")

    def next_numbers(self, name: str, count: int) -> list[int]:
        row = self.execute(
            "INSERT INTO counter (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value RETURNING value",
            (name, count),
        ).fetchone()
        return list(range(int(row[0]) - count + 1, int(row[0]) + 1))

    def close(self) -> None:
        self._raw.close()


class SqliteDatabase:
    """One file and one lent connection: writers wait for one another in any case, and here in order."""

    def __init__(self, path: Path) -> None:
        """Open the file, made when there is none; raise AgencyTrouble when it is of no use."""
        self._path = path
        self._mine = self._open(prepare=True)
        self._turn = threading.Lock()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with self._turn:
            yield self._mine

    def connect(self) -> SqliteConnection:
        return self._open(prepare=False)

    def close(self) -> None:
        self._mine.close()

    def _open(self, *, prepare: bool) -> SqliteConnection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            raw = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise AgencyTrouble(_UNREADABLE.format(path=self._path)) from error
        try:
            for pragma in _PRAGMAS:
                raw.execute(pragma)
            if prepare:
                _prepare(raw, self._path)
        except sqlite3.OperationalError as error:
            raw.close()
            raise AgencyTrouble(_UNREADABLE.format(path=self._path)) from error
        except sqlite3.DatabaseError as error:
            raw.close()
            raise AgencyTrouble(_DAMAGED.format(path=self._path)) from error
        except AgencyTrouble:
            raw.close()
            raise
        return SqliteConnection(raw)


def _prepare(raw: sqlite3.Connection, path: Path) -> None:
    raw.execute("BEGIN IMMEDIATE")
    version = raw.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, VERSION):
        raise AgencyTrouble(_NEWER.format(path=path))
    if raw.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise AgencyTrouble(_DAMAGED.format(path=path))
    if version == 0:
        for statement in sqlite_statements():
            raw.execute(statement)
        raw.execute(f"PRAGMA user_version = {VERSION}")
    raw.execute("COMMIT")


def _explained(error: sqlite3.DatabaseError) -> Exception:
    """Return what to raise: NotNow for the world's troubles, the error itself for a bug of ours."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    bug = isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError) or code == sqlite3.SQLITE_ERROR
    return error if bug else NotNow(_NOT_NOW)
