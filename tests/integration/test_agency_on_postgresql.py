"""What only PostgreSQL can do to the agency: connections that die, tables that are there, two who begin."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from agency.__main__ import TROUBLE, main
from agency.errors import Again, AgencyTrouble
from agency.storage import persons
from agency.storage.connection import Connection, transaction, undone_by
from agency.storage.opening import open_database
from agency.storage.schema import VERSION
from engine.protocol.signin import sign_in_input
from tests.fakes.agency_line import Bureau, person
from tests.fakes.both_databases import on_postgres
from tests.fakes.postgres import Server


@pytest.fixture
def bureau(postgres: Server, tmp_path: Path) -> Iterator[Bureau]:
    with on_postgres(postgres):
        made = Bureau(tmp_path)
    yield made
    made.close()


def empty(postgres: Server, name: str) -> str:
    """Return the address of a database that a test is the first to use."""
    return postgres.address(postgres.template(name, lambda _address: None))


def test_a_call_is_answered_though_every_connection_died_since_the_last_one(bureau: Bureau) -> None:
    assert bureau.call("9001", sign_in_input("01")).refused == ""
    rows = bureau.db.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    ).fetchall()
    assert rows

    assert bureau.call("9001", sign_in_input("01")).refused == ""


def test_what_another_wrote_first_undoes_the_whole_transaction_to_be_tried_again(bureau: Bureau) -> None:
    other = bureau.database.connect()

    def overtaken() -> None:
        with transaction(bureau.db):
            bureau.db.execute("INSERT INTO counter (name, value) VALUES ('mine', 1)")
            other.execute("INSERT INTO counter (name, value) VALUES ('theirs', 1)")
            bureau.db.execute("INSERT INTO counter (name, value) VALUES ('theirs', 1)")

    with pytest.raises(Again):
        overtaken()
    other.close()

    names = bureau.db.execute("SELECT name FROM counter WHERE name IN ('mine', 'theirs')").fetchall()
    assert names == [("theirs",)]


def test_two_who_lock_the_same_people_in_a_ring_do_not_both_wait_for_ever(bureau: Bureau) -> None:
    first, second = person("王秀英").psn_no, person("陈阿根").psn_no
    other = bureau.database.connect()

    def in_the_other_order() -> None:
        with transaction(other):
            persons.lock(other, second)
            persons.lock(other, first)

    def in_a_ring(people: ThreadPoolExecutor) -> None:
        with transaction(bureau.db):
            persons.lock(bureau.db, first)
            theirs = people.submit(in_the_other_order)
            wait_for_a_lock(bureau)
            persons.lock(bureau.db, second)
        theirs.result()

    with ThreadPoolExecutor(1) as people, pytest.raises(Again):
        in_a_ring(people)
    other.close()


def wait_for_a_lock(bureau: Bureau) -> None:
    """Return when somebody waits for a lock in the bureau's database."""
    with psycopg.connect(bureau.database._address, autocommit=True) as watcher:  # type: ignore[attr-defined]
        while not watcher.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
            pass


def test_a_statement_that_failed_cannot_be_passed_over(bureau: Bureau) -> None:
    def careless(db: Connection) -> None:
        with transaction(db), pytest.raises(psycopg.errors.UndefinedTable):
            db.execute("SELECT 1 FROM nowhere")

    with pytest.raises(AssertionError, match="passed over"):
        careless(bureau.db)


def test_an_undone_block_leaves_the_rest_of_its_transaction(bureau: Bureau) -> None:
    with transaction(bureau.db):
        bureau.db.execute("INSERT INTO counter (name, value) VALUES ('kept', 1)")
        with suppress(KeyError), undone_by(bureau.db, KeyError):
            bureau.db.execute("INSERT INTO counter (name, value) VALUES ('undone', 1)")
            raise KeyError

    names = bureau.db.execute("SELECT name FROM counter WHERE name IN ('kept', 'undone')").fetchall()
    assert names == [("kept",)]


def test_two_workers_that_begin_in_an_empty_database_make_its_tables_once(postgres: Server) -> None:
    address = empty(postgres, "two_beginners")

    with ThreadPoolExecutor(4) as workers:
        for database in workers.map(lambda _: open_database(address, 2), range(4)):
            database.close()

    with psycopg.connect(address) as db:
        assert db.execute("SELECT version, partitions FROM agency_schema").fetchall() == [(VERSION, 2)]


def test_tables_of_another_version_or_another_number_of_partitions_are_left_alone(postgres: Server) -> None:
    address = empty(postgres, "other_tables")
    open_database(address, 2).close()

    with pytest.raises(AgencyTrouble) as partitions:
        open_database(address, 4)
    with psycopg.connect(address) as db:
        db.execute("UPDATE agency_schema SET version = 999")
    with pytest.raises(AgencyTrouble) as version:
        open_database(address)

    assert "2 个分区" in partitions.value.text
    assert "另一个版本" in version.value.text


def test_a_database_that_cannot_be_reached_is_a_sentence_and_no_password(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    address = f"postgresql://agency:geheim@/agency?host={tmp_path}"

    assert main(["serve", "--database", address, "--port", "0"]) == TROUBLE
    said = capsys.readouterr()
    assert said.out == ""
    assert "连不上" in said.err
    assert "geheim" not in said.err


def test_a_text_that_postgresql_cannot_hold_is_refused_and_not_a_crash(bureau: Bureau) -> None:
    body = bureau.body("9001", sign_in_input("01")).replace("演示药店".encode(), b"a\\u0000b")

    said = bureau.send(body)

    assert said.refused == "invalid"
    assert "空字符" in said.envelope["err_msg"]
