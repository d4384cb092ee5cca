"""2601: whatever became of a message, nothing of it is in force after, nor can it take effect late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from agency.storage import dispensed, settlements
from engine.policy.claim import Accumulators
from engine.protocol.reversal import UndoRequest, UndoResult, read_undone, undo_input
from tests.fakes.agency_line import EZHOU, SHAOXING, Bureau, Said, person
from tests.fakes.enrolled_till import EnrolledTill
from tests.fakes.lease_counter import HOURS, Counter, Sold, books_of, newcomer


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


@pytest.fixture
def counter(bureau: Bureau) -> Counter:
    till = EnrolledTill(bureau)
    assert till.enrol().refused == ""
    return Counter(till, newcomer(bureau, person("王秀英")))


def sold(counter: Counter, quantity: int = 10) -> Sold:
    made = counter.sell(quantity, leased=False)
    assert made is not None
    return made


def undo(counter: Counter, msgid: str, infno: str = "2102") -> Said:
    asked = UndoRequest(psn_no=counter.whose.psn_no, omsgid=msgid, oinfno=infno)
    return counter.till.call("2601", undo_input(asked))


def result(said: Said) -> UndoResult:
    assert said.refused == "", said
    told = read_undone(Raw(msgspec.json.encode(said.output)))
    assert told is not None
    assert told.text.endswith("。")
    return told


def test_reversal_lies_in_the_lane_of_whom_it_is_about_whoever_else_it_names(
    bureau: Bureau, counter: Counter
) -> None:
    made = sold(counter)
    info = counter.deliver(made).output["setlinfo"]
    asked = {each: info[each] for each in ("psn_no", "mdtrt_id", "setl_id")}
    both = {"druginfo": {"psn_no": person("胡桂兰").psn_no}, "data": asked}
    msgid = counter.till.fresh_id()
    assert counter.till.call("2103", msgspec.json.encode(both).decode(), msgid).refused == ""

    assert result(undo(counter, msgid, "2103")).outcome == "reversed"

    kept = settlements.of_message(bureau.db, counter.whose.psn_no, made.msgid)
    assert kept is not None
    assert kept.reversed_by is None


def test_settlement_that_took_effect_is_undone_by_its_message_id(bureau: Bureau, counter: Counter) -> None:
    before = books_of(bureau, counter.whose)
    made = sold(counter)
    settled = counter.deliver(made).output["setlinfo"]["setl_id"]

    told = result(undo(counter, made.msgid))

    assert (told.outcome, told.setl_id) == ("reversed", settled)
    assert books_of(bureau, counter.whose) == before
    assert dispensed.of_person(bureau.db, counter.whose.psn_no, bureau.clock.at - timedelta(days=9)) == []


def test_undone_message_is_refused_when_it_comes_again_and_its_content_may_come_anew(
    bureau: Bureau, counter: Counter
) -> None:
    made = sold(counter)
    counter.deliver(made)
    undo(counter, made.msgid)

    assert counter.deliver(made).refused == "cancelled"

    fresh = replace(made, msgid=counter.till.fresh_id())
    assert counter.deliver(fresh).refused == ""
    paid = books_of(bureau, counter.whose).paid.fund_paid
    assert paid == counter.whose.snapshot.accumulators.fund_paid + made.printed.fund


def test_message_that_never_came_is_said_to_be_so_and_is_refused_when_it_comes_late(
    bureau: Bureau, counter: Counter
) -> None:
    before = books_of(bureau, counter.whose)
    made = sold(counter)

    assert result(undo(counter, made.msgid)).outcome == "never_arrived"

    assert counter.deliver(made).refused == "cancelled"
    assert books_of(bureau, counter.whose) == before


def test_undoing_twice_undoes_once(bureau: Bureau, counter: Counter) -> None:
    before = books_of(bureau, counter.whose)
    made = sold(counter)
    counter.deliver(made)
    body = counter.till.body(
        "2601",
        undo_input(UndoRequest(psn_no=counter.whose.psn_no, omsgid=made.msgid, oinfno="2102")),
    )

    first, again = counter.till.send(body), counter.till.send(body)

    assert first == again
    assert result(undo(counter, made.msgid)).outcome == "already"
    assert books_of(bureau, counter.whose) == before


def test_settlement_that_was_refused_has_nothing_to_undo(counter: Counter) -> None:
    made = sold(counter)
    wrong = replace(made, input=made.input.replace('"cnt":10', '"cnt":11'))
    assert counter.deliver(wrong).refused == "sum_mismatch"
    assert result(undo(counter, made.msgid)).outcome == "refused"


@pytest.mark.parametrize("is_closed", [False, True])
def test_what_was_undone_comes_again_under_its_lease_as_printed(
    bureau: Bureau, counter: Counter, is_closed: bool
) -> None:
    counter.ask_for(10)
    made = counter.sell(10)
    assert made is not None
    counter.deliver(made)
    if is_closed:
        counter.close()
    assert result(counter.undo(made)).outcome == "reversed"

    said = counter.deliver(counter.again(made))

    facts = msgspec.json.decode(said.output["setlinfo"]["expContent"])
    assert (facts["under_lease"], facts["gap"]) == (made.lease, 0)
    paid = books_of(bureau, counter.whose).paid.fund_paid
    assert paid == counter.whose.snapshot.accumulators.fund_paid + made.printed.fund


def test_reversal_is_undone_and_the_settlement_stands_again(bureau: Bureau, counter: Counter) -> None:
    made = sold(counter)
    settled = counter.deliver(made)
    standing = books_of(bureau, counter.whose)
    counter.bureau.clock.pass_by(HOURS)
    info = settled.output["setlinfo"]
    back = counter.take_back(settled).output["setlinfo"]

    told = result(undo(counter, back["medins_setl_id"], "2103"))

    assert (told.outcome, told.setl_id) == ("reversed", info["setl_id"])
    assert books_of(bureau, counter.whose) == standing
    assert counter.take_back(settled).refused == ""


def test_reversal_cannot_be_undone_once_the_limit_was_spent_otherwise(
    bureau: Bureau, counter: Counter
) -> None:
    first = counter.deliver(sold(counter, 400))
    back = counter.take_back(first).output["setlinfo"]
    assert counter.deliver(sold(counter, 700)).refused == ""
    before = books_of(bureau, counter.whose)

    assert undo(counter, back["medins_setl_id"], "2103").refused == "limit_used"

    assert books_of(bureau, counter.whose) == before


def test_other_shops_messages_and_questions_cannot_be_undone(bureau: Bureau, counter: Counter) -> None:
    made = sold(counter)
    counter.deliver(made)
    elsewhere = EnrolledTill(bureau, EZHOU)
    assert elsewhere.enrol().refused == ""
    other = Counter(elsewhere, newcomer(bureau, person("胡桂兰")))
    other.whose = counter.whose

    assert undo(other, made.msgid).refused == "wrong_provider"
    assert undo(counter, made.msgid, "2101").refused == "not_reversible"
    assert books_of(bureau, counter.whose).paid != Accumulators()
    assert counter.provider == SHAOXING
