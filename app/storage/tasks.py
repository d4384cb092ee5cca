"""What a person at the counter must see to; each row names the journal entries that say why and by whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from app.storage.connection import Connection
from app.storage.instants import from_text, to_text

Kind: TypeAlias = Literal["give_back", "correction", "gap"]


class Task(Struct, frozen=True, kw_only=True):
    """One task; ``body`` is JSON text of the use case that made it, ``amount`` in fen, > 0 is paid out."""

    id: str
    kind: Kind
    at: datetime
    sale: str
    amount: int
    body: str
    done_at: datetime | None = None
    done_by: str | None = None


_COLUMNS = "id, kind, at, sale, amount, body, done_at, done_by"


def put(db: Connection, task: Task, journal: int) -> None:
    """Keep a new task, which journal entry ``journal`` tells of, in the caller's transaction."""
    db.execute(
        "INSERT INTO task (id, kind, at, sale, amount, body, journal) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (task.id, task.kind, to_text(task.at), task.sale, task.amount, task.body, journal),
    )


def get(db: Connection, id: str) -> Task | None:
    """Return the task ``id``."""
    row = db.execute(f"SELECT {_COLUMNS} FROM task WHERE id = ?", (id,)).fetchone()
    return _task(row) if row else None


def finish(db: Connection, id: str, at: datetime, by: str, journal: int) -> None:
    """Note that a task is done, as entry ``journal`` says; done it stays."""
    db.execute(
        "UPDATE task SET done_at = ?, done_by = ?, done_journal = ? WHERE id = ?",
        (to_text(at), by, journal, id),
    )


def listed(db: Connection, limit: int) -> list[Task]:
    """Return open tasks, oldest first, then done ones, newest first."""
    still = db.execute(f"SELECT {_COLUMNS} FROM task WHERE done_at IS NULL ORDER BY number LIMIT ?", (limit,))
    found = [_task(row) for row in still.fetchall()]
    done = db.execute(
        f"SELECT {_COLUMNS} FROM task WHERE done_at IS NOT NULL ORDER BY number DESC LIMIT ?",
        (max(0, limit - len(found)),),
    )
    return [*found, *(_task(row) for row in done.fetchall())]


def count_open(db: Connection) -> int:
    """Return how many tasks are to be done."""
    return int(db.execute("SELECT count(*) FROM task WHERE done_at IS NULL").fetchone()[0])


def _task(row: Any) -> Task:
    return Task(
        id=row[0],
        kind=row[1],
        at=from_text(row[2]),
        sale=row[3],
        amount=row[4],
        body=row[5],
        done_at=from_text(row[6]) if row[6] else None,
        done_by=row[7],
    )
