"""Whose sale it is: a new credential never leaves the former person's insurance on the desk."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from app.storage import sales
from app.usecases.ports import PersonAnswer
from engine.catalogue import Drug
from engine.person import Person
from tests.fakes.fake_counter import Bench

UNKNOWN_CARD = "Z9999999X"


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

    bench.settle()

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


def test_person_whom_the_agency_names_for_the_scan_replaces_the_one_known_here(bench: Bench) -> None:
    bench.courier.online = True
    bench.till.enter(known(bench).cert_no)
    moved = replace(known(bench), psn_no="9" * 20)

    bench.courier.hear(PersonAnswer(scan=bench.courier.looked_up[-1], person=moved))

    state = bench.till.refresh()
    assert state.draft.person == moved
    assert "换上" in str(state.notice)


def test_no_from_the_agency_about_a_person_known_here_is_said(bench: Bench) -> None:
    bench.courier.online = True
    bench.till.enter(known(bench).cert_no)
    scan = bench.courier.looked_up[-1]

    bench.courier.hear(PersonAnswer(scan=scan, person=None, trouble="此人没有参保", refused=True))

    notice = bench.till.refresh().notice
    assert notice is not None
    assert (notice.tone, "此人没有参保" in notice.what) == ("attention", True)


def test_trouble_on_the_line_says_nothing_about_a_person_known_here(bench: Bench) -> None:
    bench.courier.online = True
    bench.till.enter(known(bench).cert_no)
    scan = bench.courier.looked_up[-1]

    bench.courier.hear(PersonAnswer(scan=scan, person=None, trouble="连不上医保中心"))

    state = bench.till.refresh()
    assert (state.notice, state.draft.person) == (None, known(bench))


def test_answer_to_an_earlier_scan_does_not_touch_the_next_person(bench: Bench) -> None:
    bench.courier.online = True
    first, second, third = bench.demonstration.people[:3]
    bench.till.enter(first.cert_no)
    scan = bench.courier.looked_up[-1]
    bench.till.enter(second.cert_no)

    bench.courier.hear(PersonAnswer(scan=scan, person=third))
    bench.courier.hear(PersonAnswer(scan=scan, person=None, trouble="此人没有参保", refused=True))

    state = bench.till.refresh()
    assert (state.draft.person, state.notice) == (second, None)


def test_answer_to_a_scan_taken_back_does_not_touch_the_former_person(bench: Bench) -> None:
    bench.courier.online = True
    first, second = bench.demonstration.people[:2]
    bench.till.enter(first.cert_no)
    bench.till.enter(second.cert_no)
    scan = bench.courier.looked_up[-1]
    bench.till.undo()

    bench.courier.hear(PersonAnswer(scan=scan, person=second))
    bench.courier.hear(PersonAnswer(scan=scan, person=None, trouble="此人没有参保", refused=True))

    state = bench.till.refresh()
    assert (state.draft.person, state.notice) == (first, None)
