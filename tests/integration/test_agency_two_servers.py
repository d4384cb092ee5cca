"""Partitions may lie on another server: the agency works on both as on one, on SQL and the planner alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from agency.storage.partitions import prepare, statements_abroad
from agency.storage.postgres import PostgresConnection
from engine.person import Person
from tests.fakes import agency_line
from tests.fakes.agency_line import Bureau, person
from tests.fakes.enrolled_till import EnrolledTill
from tests.fakes.lease_counter import Counter, books_of, newcomer
from tests.fakes.postgres import Server, running

PARTITIONS = 4
ABROAD = (1, 3)
_SETTLED = "SELECT COUNT(*) FROM settlement_{:02} WHERE psn_no = %s"


class TwoServers:
    """An agency at home whose partitions 1 and 3 are foreign tables: the rows lie on the other server."""

    def __init__(self, home: Server, other: Server) -> None:
        self.there = other.address(other.template("half", _make_half))
        self.home = home.address(home.template("whole", lambda address: _make_whole(address, other)))

    def abroad(self, whose: Person) -> int:
        """Return how many settlements of a person lie on the other server."""
        with psycopg.connect(self.there) as db:
            counts = [db.execute(_SETTLED.format(each).encode(), (whose.psn_no,)) for each in ABROAD]
            return sum(int(row[0]) for count in counts for row in count.fetchall())


def _make_half(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as db:
        for statement in statements_abroad(ABROAD):
            db.execute(statement.encode())


def _make_whole(address: str, other: Server) -> None:
    with psycopg.connect(address, autocommit=True) as db:
        db.execute("CREATE EXTENSION postgres_fdw")
        db.execute(
            f"CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw"
            f" OPTIONS (host '{other.folder}', dbname 'half', options '-c lock_timeout=5s')".encode()
        )
        db.execute("CREATE USER MAPPING FOR CURRENT_USER SERVER other")
        prepare(PostgresConnection(db), PARTITIONS, dict.fromkeys(ABROAD, "other"))


@pytest.fixture(scope="module")
def servers(postgres: Server) -> Iterator[TwoServers]:
    with psycopg.connect(postgres.address("postgres")) as db:
        known = db.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'postgres_fdw'").fetchone()
    if known is None:
        pytest.skip("postgres_fdw is not installed (it comes with Debian's postgresql)")
    with running() as other:
        yield TwoServers(postgres, other)


@pytest.fixture
def bureau(servers: TwoServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bureau]:
    monkeypatch.setattr(agency_line, "books", lambda _folder: servers.home)
    made = Bureau(tmp_path)
    yield made
    made.close()


def test_leases_settlements_reversals_and_true_up_go_on_with_half_of_the_people_on_another_server(
    servers: TwoServers, bureau: Bureau
) -> None:
    till = EnrolledTill(bureau)
    assert till.enrol().refused == ""
    people = [newcomer(bureau, person("王秀英")) for _ in range(8)]

    for whose in people:
        a_day(bureau, till, whose)

    places = {servers.abroad(whose) for whose in people}
    assert places == {0, 2}, "some people's settlements lie here, some there, and none in both places"
    everybody_at_once(till, people)


def a_day(bureau: Bureau, till: EnrolledTill, whose: Person) -> None:
    """Sell under a lease, deliver twice, sell again, take one back, close; the books agree with the paper."""
    counter = Counter(till, whose)
    assert counter.ask_for(1).refused == ""
    first = counter.sell(1)
    assert first is not None
    said = counter.deliver(first)
    assert said.refused == ""
    assert counter.deliver(first) == said
    paid = whose.snapshot.accumulators.fund_paid + first.printed.fund
    assert books_of(bureau, whose).paid.fund_paid == paid

    assert counter.ask(100_000).refused == ""
    second = counter.sell(2)
    assert second is not None
    taken = counter.deliver(second)
    assert taken.refused == ""
    assert counter.take_back(taken).refused == ""
    assert counter.close().refused == ""
    assert books_of(bureau, whose).paid.fund_paid == paid


def everybody_at_once(till: EnrolledTill, people: list[Person]) -> None:
    """One batch locks people on both servers, and takes effect on both."""
    sold = []
    for whose in people:
        counter = Counter(till, whose)
        made = counter.sell(1, leased=False)
        assert made is not None
        sold.append(made)

    answers = till.send_all([till.body("2102", each.input, each.msgid) for each in sold])

    assert [each.refused for each in answers] == [""] * len(people)
    assert till.send_all([till.body("2102", each.input, each.msgid) for each in sold]) == answers


def test_people_are_spread_over_both_servers_by_nothing_but_their_number(servers: TwoServers) -> None:
    with psycopg.connect(servers.home) as db:
        for number in range(200):
            db.execute("INSERT INTO turn (psn_no, number) VALUES (%s, 0)", (f"{number:020}",))
        rows = db.execute("SELECT tableoid::regclass::text, COUNT(*) FROM turn GROUP BY 1").fetchall()
        db.rollback()

    assert {name for name, count in rows if count > 20} == {f"turn_{each:02}" for each in range(PARTITIONS)}
