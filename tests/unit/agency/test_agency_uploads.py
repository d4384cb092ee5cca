"""SY03: a till's journal is only ever lengthened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.journal import GENESIS, Entry, seal
from engine.protocol.journal import journal_input
from tests.fakes.agency_line import EZHOU, NOW, SHAOXING, Bureau, Said, store


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


def chain(length: int, word: str = "sale") -> list[Entry]:
    entries: list[Entry] = []
    for number in range(1, length + 1):
        previous = entries[-1].hash if entries else GENESIS
        body = f'{{"{word}":{number}}}'
        entries.append(seal(number=number, at=NOW, kind="sale", body=body, previous=previous))
    return entries


def upload(bureau: Bureau, entries: Sequence[Entry], provider: str = SHAOXING) -> Said:
    bureau.provider = provider
    return bureau.call("SY03", journal_input(store(provider), entries))


def held(bureau: Bureau) -> int:
    return int(bureau.db.execute("SELECT count(*) FROM journal").fetchone()[0])


def test_entries_are_kept_and_repeated_ones_are_fine(bureau: Bureau) -> None:
    entries = chain(5)

    assert upload(bureau, entries[:3]).output["journal"]["number"] == 3
    assert upload(bureau, entries[1:5]).output["journal"] == {"number": 5, "hash": entries[4].hash}
    assert upload(bureau, entries[:2]).output["journal"]["number"] == 5
    assert held(bureau) == 5


def test_a_gap_is_refused_with_the_number_to_go_on_from(bureau: Bureau) -> None:
    entries = chain(5)
    upload(bureau, entries[:2])

    said = upload(bureau, entries[3:])

    assert said.refused == "journal_gap:3"
    assert "第 3 条" in said.envelope["err_msg"]
    assert held(bureau) == 2


def test_an_altered_entry_is_refused_by_its_number_and_nothing_of_its_page_is_kept(bureau: Bureau) -> None:
    entries = chain(4)
    entries[2] = replace(entries[2], body='{"sale":99}')

    said = upload(bureau, entries)

    assert said.refused == "journal_broken"
    assert "第 3 条" in said.envelope["err_msg"]
    assert held(bureau) == 0


def test_a_missing_entry_inside_a_page_is_found(bureau: Bureau) -> None:
    entries = chain(4)

    assert upload(bureau, [entries[0], entries[1], entries[3]]).refused == "journal_broken"


def test_another_entry_under_a_number_already_held_is_a_fork(bureau: Bureau) -> None:
    entries = chain(3)
    upload(bureau, entries)
    other = seal(number=3, at=NOW, kind="sale", body="{}", previous=entries[1].hash)

    said = upload(bureau, [other])

    assert said.refused == "journal_fork"
    assert "第 3 条" in said.envelope["err_msg"]


def test_a_till_that_begins_its_journal_anew_is_a_fork(bureau: Bureau) -> None:
    upload(bureau, chain(3))

    assert upload(bureau, chain(1, "other")).refused == "journal_fork"
    assert held(bureau) == 3


def test_one_tills_journal_goes_on_when_it_sells_for_another_shop(bureau: Bureau) -> None:
    entries = chain(3)
    upload(bureau, entries[:2])

    assert upload(bureau, entries[2:], EZHOU).refused == ""
    assert held(bureau) == 3


def test_empty_and_oversized_pages_are_refused(bureau: Bureau) -> None:
    assert upload(bureau, []).refused == "invalid"
    assert upload(bureau, chain(501)).refused == "invalid"
