"""Whose sale it is: a new credential never leaves the former person's insurance on the desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.storage import sales
from app.usecases.ports import PersonAnswer
from engine.catalogue import Drug
from engine.person import Person
from tests.fakes.fake_counter import Bench

UNKNOWN_CARD = "Z9999999X"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.till.start()
    yield bench
    bench.close()


def known(bench: Bench) -> Person:
    return bench.demonstration.people[0]


def free_drug(bench: Bench) -> Drug:
    return next(drug for drug in bench.demonstration.drugs if not drug.prescription_only)


def stranger_to(bench: Bench) -> Person:
    """Return somebody whom the agency knows by the unknown card, and this till does not."""
    return replace(known(bench), psn_no="9" * 20, card_no=UNKNOWN_CARD)


@pytest.mark.parametrize("online", [False, None, True])
def test_unknown_credential_takes_the_former_person_off_the_desk(bench: Bench, online: bool | None) -> None:
    bench.courier.online = online
    bench.till.enter(known(bench).cert_no)

    state = bench.till.enter(UNKNOWN_CARD)

    assert state.draft.person is None


def test_sale_after_an_unknown_credential_is_not_on_the_former_persons_insurance(bench: Bench) -> None:
    bench.till.enter(known(bench).cert_no)
    assert "撤下" in str(bench.till.enter(UNKNOWN_CARD).notice)
    bench.till.choose(free_drug(bench).code)

    bench.till.settle()

    sold = sales.read(bench.db, 1)
    assert sold.draft.person is None
    assert sold.claim is None


def test_former_persons_prescription_goes_with_them_and_another_stays(bench: Bench) -> None:
    former = known(bench)
    theirs = next(each for each in bench.demonstration.prescriptions if each.psn_no == former.psn_no)
    bench.till.enter(former.cert_no)
    assert bench.till.enter(theirs.number).draft.prescription is not None

    assert bench.till.enter(UNKNOWN_CARD).draft.prescription is None

    assert bench.till.enter(theirs.number).draft.prescription == theirs
    assert bench.till.enter(UNKNOWN_CARD).draft.prescription == theirs


def test_scan_taken_back_gives_the_former_person_back_and_its_late_answer_changes_nothing(
    bench: Bench,
) -> None:
    bench.courier.online = True
    bench.till.enter(known(bench).cert_no)
    bench.till.enter(UNKNOWN_CARD)

    assert bench.till.undo().draft.person == known(bench)
    bench.courier.hear(PersonAnswer(scan=bench.courier.looked_up[-1], person=stranger_to(bench)))

    assert bench.till.refresh().draft.person == known(bench)
