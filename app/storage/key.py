"""The database's key: 32 random bytes in a file that only its user can read, made once and never again."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from app import errors

LENGTH = 32
_IN_USE = "in use"


def read_or_make(key_path: Path, database_path: Path) -> bytes:
    """Return the key beside the database; make one only where there is no database yet.

    Raises KeyMissing for a database without its key (a new key would lock its owner out for good),
    DatabaseGone for a key in use whose database is not there or empty (a new one would begin its numbers
    again), and KeyUnreadable for a file that cannot be read or is not a key. On Windows the profile folder's
    own access list keeps others out; the mode given here means nothing there.
    """
    try:
        text = key_path.read_text("ascii")
    except FileNotFoundError:
        if _holds_something(database_path):
            raise errors.KeyMissing(path=key_path) from None
        return _make(key_path)
    except (OSError, UnicodeDecodeError) as error:
        raise errors.KeyUnreadable(path=key_path) from error
    key, _, mark = text.strip().partition("\n")
    if mark == _IN_USE and not _holds_something(database_path):
        raise errors.DatabaseGone(path=database_path)
    return _parsed(key, key_path)


def read_key(key_path: Path) -> bytes:
    """Return the key alone, whatever became of its database; raise KeyMissing or KeyUnreadable."""
    try:
        text = key_path.read_text("ascii")
    except FileNotFoundError as error:
        raise errors.KeyMissing(path=key_path) from error
    except (OSError, UnicodeDecodeError) as error:
        raise errors.KeyUnreadable(path=key_path) from error
    return _parsed(text.strip().partition("\n")[0], key_path)


def mark_in_use(key_path: Path) -> None:
    """Note once that the key's database has been made; from now on its absence is no fresh start."""
    try:
        if key_path.read_text("ascii").strip().endswith(_IN_USE):
            return
        with key_path.open("a", encoding="ascii") as file:
            file.write(_IN_USE + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise errors.KeyUnreadable(path=key_path) from error


def _holds_something(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _make(path: Path) -> bytes:
    key = secrets.token_bytes(LENGTH)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())  # A database without its key is lost, so the key is on disk first.
    except OSError as error:
        raise errors.DatabaseCannotOpen(path=path) from error
    return key


def _parsed(text: str, path: Path) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError as error:
        raise errors.KeyUnreadable(path=path) from error
    if len(key) != LENGTH:
        raise errors.KeyUnreadable(path=path)
    return key
