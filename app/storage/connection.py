"""The one door to SQLite: SQLCipher's build, one raw key, WAL, every commit on disk before it counts.

This module also aliases SQLCipher for sqlite-utils, which otherwise looks for the standard library's
exception classes (it prefers ``pysqlite3`` when there is one), and turns what the environment may do to a
database into UserErrors. Anything else that SQLite says is a bug and stays one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlcipher3
import sqlcipher3.dbapi2 as sqlite

from app import errors

sys.modules["pysqlite3"] = sqlcipher3  # Before anything imports sqlite_utils.
sys.modules["pysqlite3.dbapi2"] = sqlite

if TYPE_CHECKING:
    from sqlite3 import Connection, Cursor
else:
    Connection, Cursor = sqlite.Connection, sqlite.Cursor

__all__ = ["Connection", "Cursor", "open_database", "open_unchanging", "sqlite", "transaction"]

_BUSY, _LOCKED, _READONLY, _IOERR, _CORRUPT, _FULL, _PERM, _NOTADB = 5, 6, 8, 10, 11, 13, 3, 26
_KINDS: dict[int, type[errors.StorageTrouble]] = {
    _BUSY: errors.DatabaseBusy,
    _LOCKED: errors.DatabaseBusy,
    _READONLY: errors.DatabaseReadOnly,
    _PERM: errors.DatabaseReadOnly,
    _IOERR: errors.DiskTrouble,
    _CORRUPT: errors.DatabaseDamaged,
    _NOTADB: errors.DatabaseDamaged,
    _FULL: errors.DiskFull,
}

BUSY_TIMEOUT_MS = 5_000
STATEMENTS = 1_000
"""Statements kept ready by a connection: more than there are. Once its cache is full, sqlcipher3 throws the
newest out first, and a sale's own would be prepared anew each time: measured, almost twice the work of a
commit."""
CACHE_KIB = 16_000
"""A page that is not at hand is read, authenticated and decrypted: the catalogue fits, whatever was sold."""

PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",  # Else INSERT OR REPLACE deletes unseen.
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode = WAL",
    f"PRAGMA cache_size = -{CACHE_KIB}",
    "PRAGMA synchronous = FULL",  # A paid sale must survive a power cut; NORMAL was measured to lose some.
)


class TroubleCursor(Cursor):
    """A cursor that says the environment's troubles in the counter's words."""

    def execute(self, *arguments: Any) -> Any:
        try:
            return super().execute(*arguments)
        except sqlite.Error as error:
            _explain(error)
            raise

    def executemany(self, *arguments: Any) -> Any:
        try:
            return super().executemany(*arguments)
        except sqlite.Error as error:
            _explain(error)
            raise

    def fetchone(self) -> Any:
        try:
            return super().fetchone()
        except sqlite.Error as error:
            _explain(error)
            raise

    def fetchall(self) -> list[Any]:
        try:
            return super().fetchall()
        except sqlite.Error as error:
            _explain(error)
            raise

    def __next__(self) -> Any:
        try:
            return super().__next__()
        except sqlite.Error as error:
            _explain(error)
            raise


class TroubleConnection(Connection):
    """A connection whose cursors explain themselves."""

    def cursor(self, *_ignored: Any) -> Any:
        return super().cursor(TroubleCursor)


def open_database(path: Path, key: bytes) -> Connection:
    """Open (or make) the encrypted database at ``path`` with its raw 32-byte ``key``.

    Each thread opens its own. Raises a StorageTrouble when the file cannot be opened, is damaged, or is
    encrypted with another key.
    """
    try:
        db: Connection = sqlite.connect(
            str(path), factory=TroubleConnection, isolation_level=None, cached_statements=STATEMENTS
        )
    except sqlite.Error as error:
        raise errors.DatabaseCannotOpen(path=path) from error
    try:
        _unlock(db, key)
        for pragma in PRAGMAS:
            db.execute(pragma)
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()  # A wrong key shows here at the latest.
    except BaseException:
        db.close()
        raise
    return db


def open_unchanging(path: Path, key: bytes) -> Connection:
    """Open a database that nobody writes, to read it; not even its header is touched.

    Raises a StorageTrouble as ``open_database``.
    """
    where = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        db: Connection = sqlite.connect(where, uri=True, factory=TroubleConnection, isolation_level=None)
    except sqlite.Error as error:
        raise errors.DatabaseCannotOpen(path=path) from error
    try:
        _unlock(db, key)
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def transaction(db: Connection) -> Iterator[None]:
    """Make everything done inside one durable step; an exception takes all of it back."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _unlock(db: Connection, key: bytes) -> None:
    db.execute("PRAGMA cipher_log_level = NONE")  # Else a wrong key writes to the terminal.
    db.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    # Each page of a commit is authenticated; processors have instructions for this hash, not for SHA-512.
    db.execute("PRAGMA cipher_hmac_algorithm = HMAC_SHA256")


def _explain(error: sqlite.Error) -> None:
    """Raise the UserError that SQLite's ``error`` of the environment is; return for any other."""
    trouble = _KINDS.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF)
    if trouble is not None:
        raise trouble() from error
