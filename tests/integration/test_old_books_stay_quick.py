"""However many years of sales there are, a list reads the sales that it shows and no others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from app.storage import outbox, sales
from app.storage.connection import Connection, open_database
from app.storage.migrations import migrate
from tests.fakes.fake_counter import KEY, TODAY


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Connection]:
    db = open_database(tmp_path / "counter.db", KEY)
    migrate(db)
    yield db
    db.close()


def steps(db: Connection, said: list[str]) -> list[str]:
    return [
        row[3] for sql in said if sql.startswith("SELECT") for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")
    ]


@pytest.mark.parametrize("day", [TODAY, date(2024, 2, 29)])
def test_the_list_of_a_day_reads_no_sale_of_another(books: Connection, day: date) -> None:
    said: list[str] = []
    books.set_trace_callback(said.append)
    sales.listed(books, day, 500)
    books.set_trace_callback(None)

    plan = steps(books, said)

    assert [step for step in plan if step.startswith("SCAN")] == [
        "SCAN r"
    ]  # A row for each day, not each sale.
    assert [step for step in plan if "outbox_rejected (sale=?)" in step]


def test_what_waits_and_what_was_rejected_is_counted_without_reading_what_is_settled(
    books: Connection,
) -> None:
    said: list[str] = []
    books.set_trace_callback(said.append)
    outbox.counts(books)
    books.set_trace_callback(None)

    plan = steps(books, said)

    assert plan
    assert not [step for step in plan if step == "SCAN outbox"]
