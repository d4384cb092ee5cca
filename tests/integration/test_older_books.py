"""Books that an earlier version began are taken over as they are: nothing of them is lost or changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import astuple

from app.storage import journal, migrations, outbox, stock, stock_check
from app.storage.connection import Connection, open_database, sqlite, transaction
from engine.journal import GENESIS, seal

KEY = bytes(range(32))
AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture
def books(tmp_path: Path) -> Connection:
    """Return books of the first version: a journal, a message that waits, one that was refused."""
    db = open_database(tmp_path / "counter.db", KEY)
    migrations.migrate(db, migrations.STEPS[:1])
    assert migrations.version(db) == 1
    with transaction(db):
        entry = seal(number=1, at=AT, kind="note", body='{"text": "1"}', previous=GENESIS)
        db.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)", astuple(entry))  # As it was written then.
        for number, state in enumerate(("waiting", "rejected", "accepted"), 1):
            db.execute(
                "INSERT INTO outbox (id, infno, provider, sale, made_at, input, state, attempts, trouble)"
                " VALUES (?, '2102', 'P33068100001', ?, ?, '{}', ?, 3, '原因。')",
                (f"m{number}", f"01-00000{number}", AT.isoformat(timespec="microseconds"), state),
            )
    return db


def test_messages_of_the_first_version_go_on_where_they_were(books: Connection) -> None:
    migrations.migrate(books)

    told = [(each.id, each.state, each.attempts, each.trouble) for each in outbox.recent(books, 9)]
    assert told == [
        ("m3", "accepted", 3, "原因。"),
        ("m2", "rejected", 3, "原因。"),
        ("m1", "waiting", 3, "原因。"),
    ]
    assert [each.id for each in outbox.waiting(books, 0, 9)] == ["m1"]
    books.close()


def test_texts_of_older_books_stay_to_the_letter_and_new_ones_follow_them(books: Connection) -> None:
    migrations.migrate(books)
    with transaction(books):
        journal.append(books, "note", '{"text": "2"}', AT)

    assert [each.body for each in journal.read(books, 0, 9)] == ['{"text": "1"}', '{"text": "2"}']
    assert journal.body_of(books, 1) == '{"text": "1"}'
    assert not journal.verify(books)
    books.close()


def test_sales_of_books_without_stock_go_on_with_it(tmp_path: Path) -> None:
    db = open_database(tmp_path / "counter.db", KEY)
    migrations.migrate(db, migrations.STEPS[:4])
    db.execute(
        "INSERT INTO sale (serial, journal, number, at, day, who, provider, total, fund, assistance,"
        " patient, certainty, first_message, messages, goods) VALUES (1, 1, '01-000001', ?1, ?1, '自费顾客',"
        " 'P33068100001', 1, 0, 0, 1, 'provisional', 1, 0, ?2)",
        ("2026-11-22", '[["X",1,0,[]]]'),
    )

    migrations.migrate(db)

    assert stock.all_of(db, "P33068100001") == []
    assert stock_check.faults(db) == []
    assert db.execute("SELECT count(*) FROM sale").fetchone()[0] == 1
    db.close()


def test_books_taken_over_still_refuse_to_forget(books: Connection) -> None:
    migrations.migrate(books)

    with pytest.raises(sqlite.IntegrityError, match="never deleted"):
        books.execute("DELETE FROM outbox")
    with pytest.raises(sqlite.IntegrityError, match="append-only"):
        books.execute("UPDATE journal SET body = '{}'")
    assert books.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    books.close()
