"""A drug whose listing names no disease treats the same at the till as at the agency."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from agency.storage import registry
from agency.storage.connection import transaction as agency_transaction
from app.storage import catalogue
from app.storage.connection import transaction
from engine.catalogue import Drug
from tests.fakes.agency_at_hand import Town
from tests.fakes.fake_leases import scan_first


@pytest.fixture(name="town")
def _town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    town.close()


def imported(drug: Drug) -> Drug:
    """Return ``drug`` as a national file brings it: no row of it says what it is for."""
    return replace(drug, listings=tuple(replace(row, diseases=frozenset()) for row in drug.listings))


def test_an_imported_drug_is_paid_for_as_the_demonstration_s_is_and_both_sides_agree(town: Town) -> None:
    scan_first(town.bench)
    before = town.bench.till.refresh()
    town.bench.till.next_customer()
    drugs = [imported(drug) for drug in town.bench.demonstration.drugs]
    with transaction(town.bench.catalogue):
        catalogue.save(town.bench.catalogue, drugs)
    with agency_transaction(town.bureau.db):
        registry.save_drugs(town.bureau.db, drugs)

    scan_first(town.bench)
    town.presettle()
    state = town.bench.till.refresh()

    assert state.claim is not None
    assert [line.disease for line in state.claim.lines] == ["hypertension", "hypertension", "diabetes"]
    assert before.answer is not None
    assert state.answer is not None
    assert (state.answer.fund, state.answer.patient) == (before.answer.fund, before.answer.patient)
    assert state.agreed
