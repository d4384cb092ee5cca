"""What lies on the counter can be taken off again without losing the boxes, and had back."""

from __future__ import annotations

from app.usecases.state import CounterState
from tests.fakes.fake_counter import Bench


def scanned(bench: Bench) -> CounterState:
    first = bench.demonstration.tour[0].group
    for stop in bench.demonstration.tour:
        if stop.group == first and len(bench.desk.draft.lines) < 2:
            bench.till.demonstrate(stop)
    state = bench.till.refresh()
    assert state.draft.person is not None
    assert state.draft.prescription is not None
    assert len(state.draft.lines) == 2
    return state


def test_a_prescription_is_taken_off_alone_and_can_be_had_back(bench: Bench) -> None:
    before = scanned(bench)

    state = bench.till.drop_prescription()

    assert state.draft.prescription is None
    assert (state.draft.person, state.draft.lines) == (before.draft.person, before.draft.lines)
    assert state.notice is not None
    assert state.notice.what == "处方已撤下。"
    assert bench.till.undo().draft.prescription == before.draft.prescription


def test_a_person_is_taken_off_with_their_prescription_and_the_boxes_are_sold_without_insurance(
    bench: Bench,
) -> None:
    before = scanned(bench)

    state = bench.till.take_person_off()

    assert (state.draft.person, state.draft.prescription, state.claim) == (None, None, None)
    assert state.draft.lines == before.draft.lines
    assert state.answer is not None
    assert state.answer.fund == 0
    assert state.notice is not None
    assert "按自费卖" in state.notice.what
    assert bench.till.undo().draft.person == before.draft.person


def test_where_nothing_lies_nothing_is_said_to_be_taken_off(bench: Bench) -> None:
    assert bench.till.drop_prescription().notice is None
    assert bench.till.take_person_off().notice is None
