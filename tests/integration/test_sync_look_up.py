"""What the agency answers about a credential: believed when it fits, told apart from trouble on the line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from app.storage import people
from app.storage.connection import Connection, open_database, transaction
from app.storage.migrations import migrate
from app.sync import ask
from app.sync.client import Accepted, AgencyClient, Rejected, Reply, Unreachable, provider_sender
from engine.calendar import business_day
from engine.ids import Scan
from engine.person import Person
from engine.protocol.person import filings_output, person_output, sums_output
from tests.fakes.agency_line import NOW, SHAOXING, StillClock, demonstration

SENDER = provider_sender(SHAOXING, "01")
FIRST, SECOND = demonstration().people[:2]


class Answering:
    """A client whose agency always speaks of ``person``, or knows nobody."""

    def __init__(self, person: Person | None) -> None:
        self._person = person

    def ask(self, infno: str, *_asked: object) -> Reply:
        person = self._person
        if person is None:
            return Rejected("unknown_person", "没有查到此人。")
        outputs = {
            "1101": person_output(person, business_day(NOW)),
            "5301": filings_output(person.filings),
            "5206": sums_output(person.insurance, person.snapshot),
        }
        return Accepted(outputs[infno])


def client(person: Person | None) -> AgencyClient:
    return cast("AgencyClient", Answering(person))


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    db = open_database(tmp_path / "till.db", bytes(32))
    migrate(db)
    yield db
    db.close()


def test_answer_about_another_resident_id_is_not_believed_and_not_kept(db: Connection) -> None:
    scan = Scan("resident_id", FIRST.cert_no)

    with pytest.raises(Unreachable, match="另一"):
        ask.look_up(db, client(SECOND), StillClock(), scan, SENDER)

    assert people.by_psn_no(db, SECOND.psn_no) is None
    assert ask.look_up(db, client(FIRST), StillClock(), scan, SENDER).person is not None


def test_refusal_of_the_agency_is_marked_as_its_word(db: Connection) -> None:
    answer = ask.look_up(db, client(None), StillClock(), Scan("card", "Z00000000"), SENDER)

    assert (answer.person, answer.refused) == (None, True)


def test_person_registered_anew_is_found_by_resident_id_and_card(db: Connection) -> None:
    anew = replace(FIRST, psn_no="0" * 20)
    with transaction(db):
        people.save(db, [FIRST, anew])

    found = [people.by_cert_no(db, FIRST.cert_no), people.by_card_no(db, FIRST.card_no or "")]

    assert found == [anew, anew]


def test_sums_of_an_older_year_never_replace_the_newer_years(db: Connection) -> None:
    old = FIRST.snapshot
    new = replace(old, year=old.year + 1)
    late = replace(old, as_of=old.as_of + timedelta(days=1))
    with transaction(db):
        people.save(db, [replace(FIRST, snapshot=new)])

        people.save_snapshot(db, FIRST.psn_no, late)
        people.save(db, [replace(FIRST, snapshot=late)])

    kept = people.by_psn_no(db, FIRST.psn_no)
    assert kept is not None
    assert kept.snapshot == new


def test_sums_of_a_newer_year_replace_the_older_years(db: Connection) -> None:
    old = FIRST.snapshot
    new = replace(old, year=old.year + 1, as_of=old.as_of - timedelta(seconds=1))
    with transaction(db):
        people.save(db, [FIRST])

        people.save_snapshot(db, FIRST.psn_no, new)

    kept = people.by_psn_no(db, FIRST.psn_no)
    assert kept is not None
    assert kept.snapshot == new
