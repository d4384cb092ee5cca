"""The tables in PostgreSQL, each spread table divided by hash; a partition is a table of its own.

A partition has its own key and indexes, and the whole has none: so a partition may as well be a foreign
table, on another server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from agency.errors import AgencyTrouble
from agency.storage.connection import Connection, transaction
from agency.storage.schema import NUMBERED, TABLES, VERSION, Table

PARTITIONS = 16
NOWHERE: Mapping[int, str] = MappingProxyType({})
_LOCK = 5_411_820_261_122
_OTHER_VERSION = "经办端的数据库是另一个版本的程序建立的，请用那个版本打开，或换一个数据库。"
_OTHER_PARTITIONS = (
    "这个数据库已按 {held} 个分区建立，不能改为 {asked} 个；请去掉 --partitions，或换一个数据库。"
)


def prepare(db: Connection, partitions: int | None, abroad: Mapping[int, str] = NOWHERE) -> None:
    """Make the tables in an empty database; raise AgencyTrouble where they are of another make.

    ``partitions`` None takes what there is, and PARTITIONS where there is nothing. ``abroad`` names the
    foreign server of each partition that lies on one; ``statements_abroad`` were run there before.
    """
    with transaction(db):
        db.execute("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
        db.execute(
            "CREATE TABLE IF NOT EXISTS agency_schema (version BIGINT NOT NULL, partitions BIGINT NOT NULL)"
        )
        row = db.execute("SELECT version, partitions FROM agency_schema").fetchone()
        if row is None:
            for statement in statements(partitions or PARTITIONS, abroad):
                db.execute(statement)
            db.execute("INSERT INTO agency_schema VALUES (?, ?)", (VERSION, partitions or PARTITIONS))
        elif row[0] != VERSION:
            raise AgencyTrouble(_OTHER_VERSION)
        elif partitions not in (None, row[1]):
            raise AgencyTrouble(_OTHER_PARTITIONS.format(held=row[1], asked=partitions))


def statements(partitions: int, abroad: Mapping[int, str] = NOWHERE) -> list[str]:
    """Return the statements that make all tables in PostgreSQL."""
    made = [f"CREATE SEQUENCE {name}_number" for name in NUMBERED]
    for table in TABLES:
        if table.spread_by is None:
            made += [f"CREATE TABLE {table.name} ({_columns(table)})", *_keys(table, table.name)]
        else:
            made.append(
                f"CREATE TABLE {table.name} ({_columns(table)}) PARTITION BY HASH ({table.spread_by})"
            )
            for remainder in range(partitions):
                made += _partition(table, partitions, remainder, abroad.get(remainder))
    return made


def statements_abroad(remainders: Iterable[int]) -> list[str]:
    """Return the statements that make some partitions as plain tables, on a server that another looks at."""
    return [
        statement
        for table in TABLES
        if table.spread_by is not None
        for remainder in remainders
        for statement in (
            f"CREATE TABLE {_name(table, remainder)} ({_columns(table)})",
            *_keys(table, _name(table, remainder)),
        )
    ]


def _partition(table: Table, partitions: int, remainder: int, server: str | None) -> list[str]:
    name = _name(table, remainder)
    which = f"PARTITION OF {table.name} FOR VALUES WITH (MODULUS {partitions}, REMAINDER {remainder})"
    if server is not None:
        return [f"CREATE FOREIGN TABLE {name} {which} SERVER {server}"]
    return [f"CREATE TABLE {name} {which}", *_keys(table, name)]


def _keys(table: Table, name: str) -> list[str]:
    """Return the statements that give the table ``name`` the key and the indexes of ``table``."""
    made = [f"ALTER TABLE {name} ADD PRIMARY KEY ({table.key})"]
    for place, index in enumerate(table.indexes):
        unique = "UNIQUE " if index.startswith("unique ") else ""
        made.append(f"CREATE {unique}INDEX {name}_{place} ON {name} ({index.removeprefix('unique ')})")
    return made


def _columns(table: Table) -> str:
    # As SQLite compares text: byte by byte, the same on every server.
    return table.columns.replace(" INTEGER", " BIGINT").replace(" TEXT", ' TEXT COLLATE "C"')


def _name(table: Table, remainder: int) -> str:
    return f"{table.name}_{remainder:02}"
