"""Opens the database that an address names."""

from __future__ import annotations

from pathlib import Path

from agency.storage.connection import Database
from agency.storage.sqlite import SqliteDatabase

FILE = "agency.db"


def open_database(where: Path) -> Database:
    """Return the database in the folder ``where``; raise AgencyTrouble when it is of no use."""
    return SqliteDatabase(where / FILE)
