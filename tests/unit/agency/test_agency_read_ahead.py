"""What a batch reads ahead and writes together changes nothing but the time that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agency.storage import findings, settlements
from agency.storage.connection import transaction, undone_by
from engine.protocol.journal import journal_input
from engine.protocol.settlement import settlement_input
from tests.fakes.agency_line import NOW, SHAOXING, Bureau, benefit_of, claim_of, draft_of, person, store
from tests.fakes.enrolled_till import EnrolledTill

BOX = "81234567890123456789"
NAMES = ("王秀英", "陈阿根")


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    with closing(Bureau(tmp_path)) as made:
        yield made


def numbers(bureau: Bureau) -> list[str]:
    rows = bureau.db.execute("SELECT number FROM prescribed WHERE psn_no = 'one' ORDER BY number").fetchall()
    return [row[0] for row in rows]


def sold(name: str, hours_ago: int, number: str) -> str:
    """Return the 2102 of what a person's prescription says, settled so long ago."""
    draft = draft_of(person(name))
    claim, answer = claim_of(draft, SHAOXING)
    insured = next(each for each in answer.settlements if each.benefit != "self_pay")
    at = NOW - timedelta(hours=hours_ago)
    return settlement_input(
        sale_number=number,
        made_at=at,
        draft=draft,
        claim=claim,
        settlement=insured,
        policy=answer.policy,
    )


def day_of(till: EnrolledTill) -> list[bytes]:
    """Return messages of a day: one that comes late, one that is refused, and a box that is sold twice."""
    bodies = []
    for place, (name, hours_ago) in enumerate(
        [(NAMES[0], 5), (NAMES[0], 1), (NAMES[1], 4), (NAMES[0], 3), (NAMES[1], 2)]
    ):
        number = f"01-{place + 1:06d}"
        bodies.append(till.body("2102", sold(name, hours_ago, number)))
        lines = [{"id": "1", "trace_codes": [BOX]}] if place in (1, 3) else []
        till.write(body=msgspec.json.encode({"number": number, "draft": {"lines": lines}}).decode())
        bodies.append(till.body("SY03", journal_input(store(SHAOXING), till.entries[-1:])))
    bodies.insert(3, till.body("2102", sold(NAMES[0], 2, "01-000009").replace('"cnt":', '"cnt":9')))
    bodies.insert(8, till.body("SY03", journal_input(store(SHAOXING), till.entries[1:2])))
    return bodies


def told(folder: Path, *, together: bool) -> list[Any]:
    """Return what an agency answers to the day, and what its books are after it."""
    with closing(Bureau(folder)) as bureau:
        till = EnrolledTill(bureau)
        till.enrol()
        bodies = day_of(till)
        said: Sequence[Any] = till.send_all(bodies) if together else [till.send(each) for each in bodies]
        people = [person(name) for name in NAMES]
        held = [settlements.in_order(bureau.db, each.psn_no, 2026, benefit_of(each)) for each in people]
        return [
            [each.refused or each.output for each in said],
            held,
            [bureau.sums(name) for name in NAMES],
            findings.recent(bureau.db, 9),
        ]


def test_a_day_sent_together_is_answered_and_booked_as_message_by_message(tmp_path: Path) -> None:
    alone = told(tmp_path / "alone", together=False)

    together = told(tmp_path / "together", together=True)

    assert together == alone
    assert [len(each) for each in alone[1]] == [3, 2]
    assert [isinstance(each, str) for each in alone[0]].count(True) == 1
    assert len(alone[3]) == 1


def test_what_an_undone_block_wrote_and_read_is_forgotten_and_the_rest_is_written(bureau: Bureau) -> None:
    insert = "INSERT INTO prescribed (psn_no, number) VALUES (?, ?)"
    with transaction(bureau.db):
        bureau.db.write(insert, ("one", "before"))
        bureau.db.known["x", "y"] = 1
        for read in (False, True):
            with suppress(KeyError), undone_by(bureau.db, KeyError):
                bureau.db.write(insert, ("one", "undone"))
                bureau.db.known["x", "y"] = 2
                assert not read or numbers(bureau) == ["before", "undone"]
                raise KeyError
        assert bureau.db.known["x", "y"] == 1
        with undone_by(bureau.db, KeyError):
            bureau.db.write(insert, ("one", "kept"))

    assert numbers(bureau) == ["before", "kept"]


def test_many_rows_written_together_are_all_there_once(bureau: Bureau) -> None:
    insert = "INSERT INTO prescribed (psn_no, number) VALUES (?, ?) ON CONFLICT DO NOTHING"
    with transaction(bureau.db):
        for number in [*range(33), *range(5, 15)]:
            bureau.db.write(insert, ("one", f"{number:02d}"))

    assert numbers(bureau) == [f"{number:02d}" for number in range(33)]


def test_outside_of_a_transaction_nothing_is_known_and_writes_do_not_wait(bureau: Bureau) -> None:
    bureau.db.known["x", "y"] = 1

    bureau.db.write("INSERT INTO prescribed (psn_no, number) VALUES (?, ?)", ("one", "at once"))

    with bureau.database.connection() as other:
        assert other.execute("SELECT COUNT(*) FROM prescribed WHERE psn_no = 'one'").fetchone()[0] == 1
    assert ("x", "y") not in bureau.db.known


def test_writes_that_wait_do_not_outlive_a_transaction_that_failed(bureau: Bureau) -> None:
    with suppress(KeyError), transaction(bureau.db):
        bureau.db.write("INSERT INTO prescribed (psn_no, number) VALUES (?, ?)", ("one", "lost"))
        raise KeyError
    with transaction(bureau.db):
        pass

    assert numbers(bureau) == []


def test_writes_that_wait_do_not_outlive_a_transaction_that_the_database_ended(bureau: Bureau) -> None:
    with suppress(KeyError), transaction(bureau.db):
        bureau.db.execute("ROLLBACK")  # As a full disk does.
        bureau.db.write("INSERT INTO prescribed (psn_no, number) VALUES (?, ?)", ("one", "lost"))
        raise KeyError

    assert numbers(bureau) == []
