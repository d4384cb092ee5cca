"""One counter for each database: an exclusive lock that the system gives back when its owner dies.

The lock is SQLite's own, on a small file beside the database, so that it works alike on every system.
"""

from __future__ import annotations

from pathlib import Path

import sqlcipher3.dbapi2 as sqlite

from app import errors


class Guard:
    """Holds the lock from its making to ``release``; raises CounterAlreadyOpen when another holds it."""

    def __init__(self, path: Path) -> None:
        try:
            # The window's worker may release what the main thread took.
            self._db = sqlite.connect(str(path), timeout=0.2, isolation_level=None, check_same_thread=False)
        except sqlite.Error as error:
            raise errors.DatabaseCannotOpen(path=path) from error
        try:
            self._db.execute("BEGIN EXCLUSIVE")
        except sqlite.Error as error:
            self._db.close()
            raise errors.CounterAlreadyOpen() from error

    def release(self) -> None:
        """Let another counter open the database."""
        self._db.close()
