"""Opens the database that an address names."""

from __future__ import annotations

from pathlib import Path

from agency.storage.connection import Database
from agency.storage.sqlite import SqliteDatabase

FILE = "agency.db"
_SCHEMES = ("postgresql://", "postgres://")


def is_address(where: str) -> bool:
    """Tell whether ``where`` names a PostgreSQL database."""
    return where.startswith(_SCHEMES)


def open_database(where: Path | str, partitions: int | None = None) -> Database:
    """Return the database at a PostgreSQL address, or in the folder ``where``; raise AgencyTrouble."""
    if isinstance(where, Path):
        return SqliteDatabase(where / FILE)
    from agency.storage.postgres import PostgresDatabase  # noqa: PLC0415 - a tenth of a second for who needs it

    return PostgresDatabase(where, partitions)
