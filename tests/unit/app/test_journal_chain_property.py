"""Any edit, cut or swap in the chain is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.journal import GENESIS, Entry, find_faults, seal

AT = datetime(2026, 11, 22, tzinfo=UTC)


def chain(bodies: list[str]) -> list[Entry]:
    entries: list[Entry] = []
    for number, body in enumerate(bodies, 1):
        previous = entries[-1].hash if entries else GENESIS
        at = AT + timedelta(seconds=number)
        entries.append(seal(number=number, at=at, kind="sale", body=body, previous=previous))
    return entries


chains = st.lists(st.text(max_size=20), min_size=2, max_size=8).map(chain)


@given(chains)
def test_untouched_chain_holds(entries: list[Entry]) -> None:
    assert find_faults(entries) == []


@given(chains, st.data())
def test_changed_field_is_found(entries: list[Entry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    field = data.draw(st.sampled_from(["at", "kind", "body", "previous", "hash"]))
    entry = entries[place]
    entries[place] = replace(entry, **{field: getattr(entry, field) + "x"})

    assert find_faults(entries)


@given(chains, st.data())
def test_cut_entry_is_found_unless_it_was_the_last(entries: list[Entry], data: st.DataObject) -> None:
    del entries[data.draw(st.integers(0, len(entries) - 2))]

    assert find_faults(entries)


@given(chains, st.data())
def test_swapped_entries_are_found(entries: list[Entry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entries) - 2))
    entries[place], entries[place + 1] = entries[place + 1], entries[place]

    assert find_faults(entries)
