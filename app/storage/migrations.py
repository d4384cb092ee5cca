"""Schema steps, applied in order and once. Never edit a step that has shipped.

Loading sqlite-utils costs 80 ms, so it is loaded only when ``user_version`` says that a step is pending.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from app import errors
from app.storage import (
    schema,
    schema_catalogue,
    schema_delivery,
    schema_goods,
    schema_items,
    schema_leases,
    schema_packed,
    schema_prescriptions,
    schema_search,
    schema_stock,
)

if TYPE_CHECKING:
    from app.storage.connection import Connection

Steps: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]

STEPS: Steps = (
    ("0001_first_sale", schema.FIRST_SALE),
    ("0002_delivery", schema_delivery.DELIVERY),
    ("0003_leases", schema_leases.LEASES),
    ("0004_goods", schema_goods.GOODS),
    ("0005_stock", schema_stock.STOCK),
    ("0006_prescriptions", schema_prescriptions.PRESCRIPTIONS),
    ("0007_items", schema_items.ITEMS),
    ("0008_packed", schema_packed.PACKED),
    ("0009_refused", schema_prescriptions.REFUSED),
    ("0010_missing_boxes", schema_stock.MISSING),
)
CATALOGUE_STEPS: Steps = (
    ("0001_first_catalogue", schema_catalogue.FIRST_CATALOGUE),
    ("0002_search", schema_search.SEARCH),
    ("0003_hung", schema_catalogue.HUNG),
)
"""Of the catalogue's own database."""

# As sqlite-utils would make it, but STRICT like every table here.
_RECORD = (
    "CREATE TABLE IF NOT EXISTS _sqlite_migrations"
    " (id INTEGER PRIMARY KEY, migration_set TEXT, name TEXT, applied_at TEXT) STRICT",
    "CREATE UNIQUE INDEX IF NOT EXISTS idx__sqlite_migrations_migration_set_name"
    " ON _sqlite_migrations (migration_set, name)",
)


def version(db: Connection) -> int:
    """Return how many steps the database has taken."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: Connection, steps: Steps = STEPS) -> None:
    """Take the pending steps, each with its record in one transaction; refuse a newer database untouched."""
    found = version(db)
    if found > len(steps):
        raise errors.DatabaseTooNew(found=found, known=len(steps))
    if found < len(steps):
        _take_steps(db, steps)


def _take_steps(db: Connection, steps: Steps) -> None:
    from sqlite_utils import Database, Migrations  # noqa: PLC0415

    for statement in _RECORD:
        db.execute(statement)
    migrations = Migrations("counter")
    for number, (name, statements) in enumerate(steps, start=1):
        migrations(name=name)(_step(number, statements))
    migrations.apply(Database(db, recursive_triggers=True))


def _step(number: int, statements: tuple[str, ...]) -> Any:
    def take(database: Any) -> None:
        for statement in statements:
            database.conn.execute(statement)
        database.conn.execute(f"PRAGMA user_version = {number}")

    return take
