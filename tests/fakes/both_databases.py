"""The agency's books on PostgreSQL: as fresh for every Bureau that a test makes as a new folder would be."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg

from agency.storage.opening import open_database
from agency.storage.schema import NUMBERED, TABLES
from tests.fakes import agency_line
from tests.fakes.postgres import Server

PARTITIONS = 2
_PRISTINE = "demonstration"


@contextlib.contextmanager
def on_postgres(server: Server, partitions: int = PARTITIONS) -> Iterator[None]:
    """Let every Bureau made inside the block keep its books on ``server``, in a database of its own."""
    used = 0

    def fresh(_folder: Path) -> str:
        nonlocal used
        used += 1
        address = server.address(server.template(f"bureau_{partitions}_{used}", partial(_fill, partitions)))
        _wipe(address)
        return address

    before, agency_line.books = agency_line.books, fresh
    try:
        yield
    finally:
        agency_line.books = before


def _fill(partitions: int, address: str) -> None:
    """Make the tables with the demonstration in them, and put a copy of all rows aside."""
    database = open_database(address, partitions)
    with database.connection() as db:
        agency_line.seed(db, agency_line.demonstration(), agency_line.law(), agency_line.NOW)
    database.close()
    with psycopg.connect(address, autocommit=True) as db:
        db.execute(f"CREATE SCHEMA {_PRISTINE}".encode())
        for table in TABLES:
            db.execute(f"CREATE TABLE {_PRISTINE}.{table.name} AS TABLE {table.name}".encode())


def _wipe(address: str) -> None:
    """Bring all rows back to what was put aside: quicker than a new database by far."""
    with psycopg.connect(address, autocommit=True) as db:
        for table in TABLES:
            db.execute(f"DELETE FROM {table.name}".encode())
            db.execute(f"INSERT INTO {table.name} TABLE {_PRISTINE}.{table.name}".encode())
        for name in NUMBERED:
            db.execute(f"ALTER SEQUENCE {name}_number RESTART".encode())
