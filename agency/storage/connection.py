"""The one door to the agency's database: WAL, every commit on disk before it is answered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from agency.errors import AgencyTrouble, NotNow
from agency.storage.schema import TABLES, VERSION

Connection: TypeAlias = sqlite3.Connection

BUSY_TIMEOUT_MS = 5_000
_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
)
_DAMAGED = "经办端的数据库已损坏（{path}）。没有改动它；请换回备份，或移走该文件后重新启动。"
_NEWER = "经办端的数据库是另一个版本的程序建立的（{path}），请用那个版本打开，或换一个数据目录。"
_UNREADABLE = "经办端的数据库打不开（{path}），请检查数据目录是否存在、是否有读写权限。"


def open_database(path: Path) -> Connection:
    """Return the database at ``path``, made when there is none; raise AgencyTrouble when it is of no use.

    It may be used from any thread, one at a time.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise AgencyTrouble(_UNREADABLE.format(path=path)) from error
    try:
        _prepare(db, path)
    except sqlite3.OperationalError as error:
        db.close()
        raise AgencyTrouble(_UNREADABLE.format(path=path)) from error
    except sqlite3.DatabaseError as error:
        db.close()
        raise AgencyTrouble(_DAMAGED.format(path=path)) from error
    except AgencyTrouble:
        db.close()
        raise
    return db


@contextmanager
def transaction(db: Connection) -> Iterator[None]:
    """Run the block as one transaction that no other writer interleaves with; an exception undoes it all.

    Raises NotNow where the disk or another process stands in the way: nothing was applied then.
    """
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")
        except BaseException:
            # A full disk may have rolled back by itself already.
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.ProgrammingError) or _is_bug(error):
            raise
        raise NotNow("医保中心的数据库暂时不能写入，本次没有办理，请稍后重试。") from error


@contextmanager
def undone_by(db: Connection, kind: type[Exception]) -> Iterator[None]:
    """Run the block inside a transaction; an exception of ``kind`` undoes the block alone, and goes on."""
    db.execute("SAVEPOINT effects")
    try:
        yield
    except kind:
        db.execute("ROLLBACK TO effects")
        raise
    finally:
        if db.in_transaction:
            db.execute("RELEASE effects")


def _is_bug(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR


def _prepare(db: Connection, path: Path) -> None:
    for pragma in _PRAGMAS:
        db.execute(pragma)
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, VERSION):
        raise AgencyTrouble(_NEWER.format(path=path))
    if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise AgencyTrouble(_DAMAGED.format(path=path))
    if version == 0:
        with transaction(db):
            for table in TABLES:
                db.execute(table)
            db.execute(f"PRAGMA user_version = {VERSION}")
