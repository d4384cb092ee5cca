"""What the database refuses, and what it says when the environment fails it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

import pytest

from app import errors
from app.storage import journal
from app.storage.connection import Connection, open_database, sqlite, transaction
from app.storage.guard import Guard
from app.storage.key import mark_in_use, read_or_make
from app.storage.migrations import STEPS, migrate

KEY = bytes(range(32))
AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def opened(path: Path) -> Connection:
    db = open_database(path, KEY)
    migrate(db)
    return db


def with_entries(path: Path, number: int) -> Connection:
    db = opened(path)
    with transaction(db):
        for place in range(number):
            journal.append(db, "sale", f'{{"place":{place}}}', AT)
    return db


def foreign(path: Path) -> Connection:
    """A connection that sets none of our pragmas, as another program's would."""
    db: Connection = sqlite.connect(str(path), isolation_level=None)
    db.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    db.execute("PRAGMA cipher_hmac_algorithm = HMAC_SHA256")  # How the file is written, like the key.
    db.execute("PRAGMA recursive_triggers = OFF")
    return db


CHANGES = [
    "UPDATE journal SET body = '{}' WHERE number = 1",
    "DELETE FROM journal WHERE number = 2",
    "INSERT OR REPLACE INTO journal VALUES (1, 'a', 'b', 'c', 'd', 'e')",
    "REPLACE INTO journal VALUES (2, 'a', 'b', 'c', 'd', 'e')",
    "UPDATE OR REPLACE journal SET number = 2 WHERE number = 1",
    "INSERT INTO journal VALUES (9, 'a', 'b', 'c', 'd', 'e')",
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("door", [open_database, lambda path, _key: foreign(path)], ids=["ours", "foreign"])
def test_journal_entries_are_never_changed_through_any_door(tmp_path: Path, change: str, door) -> None:  # type: ignore[no-untyped-def]
    with_entries(tmp_path / "a.db", 2).close()
    db = door(tmp_path / "a.db", KEY)

    with pytest.raises(sqlite.IntegrityError, match="append-only"):
        db.execute(change)

    assert [entry.body for entry in journal.read(db, 0, 9)] == ['{"place":0}', '{"place":1}']
    db.close()


def test_entry_that_came_between_is_followed_not_replaced(tmp_path: Path) -> None:
    db = with_entries(tmp_path / "a.db", 1)
    ready = journal.make_ready("sale", '{"place":1}', AT, journal.head(db))
    with transaction(db):
        journal.append(db, "agency_answer", "{}", AT)

    with transaction(db):
        entry = journal.put(db, ready)

    assert entry.number == 3
    assert journal.verify(db) == []
    db.close()


def test_mark_of_a_start_is_one_write_so_that_a_cut_leaves_the_old_one_or_the_new(tmp_path: Path) -> None:
    db = with_entries(tmp_path / "a.db", 5)
    assert journal.verify_news(db) == []
    journal.append(db, "sale", "{}", AT)
    said: list[str] = []
    db.set_trace_callback(said.append)
    assert journal.verify_news(db) == []
    db.set_trace_callback(None)

    assert len([sql for sql in said if not sql.startswith("SELECT")]) == 1
    assert db.execute("SELECT number FROM verified").fetchall() == [(6,)]
    db.close()


def test_verified_mark_finds_a_database_that_was_put_back(tmp_path: Path) -> None:
    db = with_entries(tmp_path / "a.db", 3)
    assert journal.verify_news(db) == []
    db.execute("UPDATE verified SET number = 4")

    assert [fault.number for fault in journal.verify_news(db)] == [4]
    db.close()


def test_database_without_its_key_is_refused_and_gets_no_new_one(tmp_path: Path) -> None:
    read_or_make(tmp_path / "k", tmp_path / "a.db")
    opened(tmp_path / "a.db").close()
    (tmp_path / "k").unlink()

    with pytest.raises(errors.KeyMissing, match="密钥"):
        read_or_make(tmp_path / "k", tmp_path / "a.db")

    assert not (tmp_path / "k").exists()


def test_key_is_made_once_and_only_its_user_reads_it(tmp_path: Path) -> None:
    first = read_or_make(tmp_path / "k", tmp_path / "a.db")

    assert read_or_make(tmp_path / "k", tmp_path / "a.db") == first
    assert len(first) == 32
    if os.name == "posix":
        assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "zz", "00" * 31])
def test_broken_key_file_is_said_to_be_broken(tmp_path: Path, text: str) -> None:
    (tmp_path / "k").write_text(text, encoding="ascii")

    with pytest.raises(errors.KeyUnreadable):
        read_or_make(tmp_path / "k", tmp_path / "a.db")


def test_wrong_key_and_damaged_file_say_so_and_leave_the_file_alone(tmp_path: Path) -> None:
    opened(tmp_path / "a.db").close()
    before = (tmp_path / "a.db").read_bytes()
    with pytest.raises(errors.DatabaseDamaged):
        open_database(tmp_path / "a.db", bytes(32))
    assert (tmp_path / "a.db").read_bytes() == before

    (tmp_path / "b.db").write_bytes(b"not a database at all" * 500)
    with pytest.raises(errors.DatabaseDamaged):
        open_database(tmp_path / "b.db", KEY)


def test_newer_database_is_refused_untouched(tmp_path: Path) -> None:
    db = opened(tmp_path / "a.db")
    db.execute("PRAGMA user_version = 99")

    with pytest.raises(errors.DatabaseTooNew, match="99"):
        migrate(db)

    assert db.execute("PRAGMA user_version").fetchone()[0] == 99
    db.close()


def test_each_step_is_recorded_and_taken_once(tmp_path: Path) -> None:
    db = opened(tmp_path / "a.db")
    migrate(db)

    names = [row[0] for row in db.execute("SELECT name FROM _sqlite_migrations").fetchall()]

    assert names == [name for name, _ in STEPS]
    db.close()


def test_every_table_is_strict_and_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    db = opened(tmp_path / "a.db")

    loose = db.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0").fetchall()

    assert [name for (name,) in loose if name not in ("sqlite_schema", "sqlite_sequence")] == []
    assert db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    db.close()


def test_full_disk_is_said_and_nothing_is_half_written(tmp_path: Path) -> None:
    db = with_entries(tmp_path / "a.db", 1)
    db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")

    with pytest.raises(errors.DiskFull, match="没有入账"), transaction(db):
        journal.append(db, "sale", token_hex(100_000), AT)

    assert journal.head(db)[0] == 1
    db.close()


def test_database_busy_elsewhere_is_said(tmp_path: Path) -> None:
    first, second = opened(tmp_path / "a.db"), open_database(tmp_path / "a.db", KEY)
    second.execute("PRAGMA busy_timeout = 1")

    with transaction(first), pytest.raises(errors.DatabaseBusy, match="没有入账"), transaction(second):
        pass

    first.close()
    second.close()


def test_second_counter_on_the_same_database_is_refused(tmp_path: Path) -> None:
    guard = Guard(tmp_path / "lock")

    with pytest.raises(errors.CounterAlreadyOpen):
        Guard(tmp_path / "lock")

    guard.release()
    Guard(tmp_path / "lock").release()


@pytest.mark.parametrize("loss", ["missing", "emptied"])
def test_books_that_are_gone_are_never_begun_anew_under_their_old_key(tmp_path: Path, loss: str) -> None:
    key, database = tmp_path / "k", tmp_path / "a.db"
    read_or_make(key, database)
    mark_in_use(key)
    mark_in_use(key)
    if loss == "emptied":
        database.touch()

    with pytest.raises(errors.DatabaseGone, match="没有新的销售入账"):
        read_or_make(key, database)


def test_key_whose_database_was_never_made_begins_afresh(tmp_path: Path) -> None:
    first = read_or_make(tmp_path / "k", tmp_path / "a.db")

    assert read_or_make(tmp_path / "k", tmp_path / "a.db") == first


def test_key_in_use_opens_the_same_database(tmp_path: Path) -> None:
    key, database = tmp_path / "k", tmp_path / "a.db"
    first = read_or_make(key, database)
    database.write_bytes(b"something")
    mark_in_use(key)

    assert read_or_make(key, database) == first
