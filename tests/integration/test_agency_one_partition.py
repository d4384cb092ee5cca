"""All work on one person stays in one partition of each table: the plans of every statement show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agency.service import Agency
from agency.storage.schema import PERSONS
from engine.ids import Scan
from engine.protocol.person import look_up_input, whose_input
from engine.protocol.profile import DEMONSTRATION
from tests.fakes.agency_line import EZHOU, PROFILE, Bureau, law, person
from tests.fakes.both_databases import on_postgres
from tests.fakes.enrolled_till import EnrolledTill
from tests.fakes.lease_counter import Counter
from tests.fakes.postgres import Server
from tests.fakes.recorded_agency import RecordedDatabase

PARTITIONS = 8
OF_PERSONS = {table.name for table in PERSONS}


@pytest.fixture
def bureau(postgres: Server, tmp_path: Path) -> Iterator[Bureau]:
    with on_postgres(postgres, PARTITIONS):
        made = Bureau(tmp_path)
    # One shop alone follows them: to tell other shops is to write into their mailboxes, wherever those are.
    made.db.execute("DELETE FROM follower WHERE provider <> ?", (made.provider,))
    yield made
    made.close()


@pytest.fixture
def recorded(bureau: Bureau) -> Iterator[RecordedDatabase]:
    database = RecordedDatabase(bureau.database._address)  # type: ignore[attr-defined]
    bureau.agency = Agency(
        database=database, law=law(), clock=bureau.clock, profile=PROFILE, credentials=DEMONSTRATION
    )
    yield database
    database.close()


def check(recorded: RecordedDatabase, *, least: int) -> None:
    touched = recorded.touched()

    assert len(touched) >= least
    assert {table: parts for table, parts in touched.items() if len(parts) > 1} == {}
    numbers = {max(parts).rpartition("_")[2] for table, parts in touched.items() if table in OF_PERSONS}
    assert len(numbers) == 1


Act = Callable[[Counter], object]
ACTS: dict[str, Act] = {
    "1101": lambda c: c.till.call("1101", look_up_input(Scan("resident_id", c.whose.cert_no))),
    "5206": lambda c: c.till.call("5206", whose_input(c.whose.psn_no, 2026)),
    "5301": lambda c: c.till.call("5301", whose_input(c.whose.psn_no)),
    "2101 with a lease": lambda c: c.ask_for(1),
    "SY01": lambda c: c.ask(10_000),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_request_about_a_person_looks_into_one_partition_of_each_table(
    bureau: Bureau, recorded: RecordedDatabase, act: str
) -> None:
    till = EnrolledTill(bureau)
    assert till.enrol().refused == ""
    counter = Counter(till, person("王秀英"))
    recorded.said.clear()

    said = ACTS[act](counter)

    assert said.refused == ""
    if act in ("1101", "SY01"):
        # The message itself lies in the shop's lane: before it is read, nobody knows of whom it is.
        recorded.said[:] = [each for each in recorded.said if " message " not in each[0]]
    check(recorded, least=3)


def test_a_settlement_under_a_lease_its_repetition_its_reversal_and_the_closing_stay_in_one_partition(
    bureau: Bureau, recorded: RecordedDatabase
) -> None:
    till = EnrolledTill(bureau)
    assert till.enrol().refused == ""
    counter = Counter(till, person("王秀英"))
    assert counter.ask_for(1).refused == ""
    sold = counter.sell(1)
    assert sold is not None
    recorded.said.clear()

    said = counter.deliver(sold)
    assert said.refused == ""
    assert counter.deliver(sold) == said
    assert counter.take_back(said).refused == ""
    assert counter.close().refused == ""

    check(recorded, least=8)


def test_the_check_sees_a_statement_that_looks_everywhere(recorded: RecordedDatabase) -> None:
    recorded.said.append(("SELECT * FROM settlement WHERE setl_id = ?", ("1",)))

    assert len(recorded.touched()["settlement"]) == PARTITIONS


def test_other_shops_that_follow_a_person_hear_of_it_in_their_own_mailboxes_only(
    bureau: Bureau, recorded: RecordedDatabase
) -> None:
    bureau.db.execute(
        "INSERT INTO follower (psn_no, provider) VALUES (?, ?)", (person("王秀英").psn_no, EZHOU)
    )
    till = EnrolledTill(bureau)
    assert till.enrol().refused == ""
    counter = Counter(till, person("王秀英"))
    sold = counter.sell(1, leased=False)
    assert sold is not None
    recorded.said.clear()

    assert counter.deliver(sold).refused == ""

    spread = {table for table, parts in recorded.touched().items() if len(parts) > 1}
    assert spread <= {"mailbox", "mailbox_head"}
