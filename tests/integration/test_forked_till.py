"""A till whose journal forked: it says so, sells on without leases, and is itself again by a new code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agency import enrolment
from agency.storage.connection import transaction as agency_transaction
from app.errors import EnrolmentRefused
from tests.fakes.agency_at_hand import Town
from tests.fakes.fake_leases import scan_first


@pytest.fixture(name="town")
def _town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    with agency_transaction(town.bureau.db):
        town.bureau.db.execute("UPDATE till SET state = 'forked' WHERE epoch = 1")
    yield town
    town.close()


def presettled(town: Town) -> None:
    town.bench.till.next_customer()
    scan_first(town.bench)
    town.presettle()


def test_a_forked_till_hears_of_it_at_the_next_sale_and_settles_it_all_the_same(town: Town) -> None:
    presettled(town)

    assert "分叉" in town.bench.till.world().till_trouble
    assert town.bench.till.leases() == ()
    assert town.bench.settle().settled is not None


def test_a_wrong_code_mends_no_fork_and_begins_no_epoch(town: Town) -> None:
    with pytest.raises(EnrolmentRefused, match="登记码不对"):
        town.line.enrol(town.provider, "AAAA-BBBB-CCCC")

    assert town.bench.till.world().epoch == 1


def test_a_new_code_begins_a_new_epoch_and_brings_leases_again(town: Town) -> None:
    presettled(town)
    with agency_transaction(town.bureau.db):
        code = enrolment.give_code(town.bureau.db, town.provider, "01", town.clock.at).code

    town.line.enrol(town.provider, code)
    presettled(town)

    world = town.bench.till.world()
    assert (world.epoch, world.till_trouble) == (2, "")
    assert [row.state for row in town.bench.till.leases()] == ["open"]
