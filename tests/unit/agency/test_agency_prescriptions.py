"""Electronic prescriptions at the agency: found, downloaded once, reviewed, written off, never used twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from msgspec.structs import replace

from agency import eprescriptions
from agency.storage import findings
from agency.storage.connection import transaction
from engine.calendar import CHINA, business_day
from engine.prescription_use import Standing, left_of
from engine.protocol.eprescription import qr_input
from engine.protocol.eprescription_content import download_input
from engine.protocol.eprescription_result import write_off_input
from engine.protocol.eprescription_seal import is_authentic, without_seal
from engine.protocol.history import HistoryRequest, history_input, read_history
from engine.protocol.news import news_input, read_news
from engine.protocol.settlement import reversal_input
from engine.sale import Sale, set_quantity, split_line
from tests.fakes.agency_line import (
    LIAOCHENG,
    NOW,
    SHAOXING,
    Bureau,
    claim_of,
    store,
)
from tests.fakes.prescriptions import (
    HOURS,
    LI,
    NEXT_DOOR,
    ONCE,
    content,
    download,
    downloaded,
    open_town,
    raw,
    sale_of,
    setl_id,
    settle,
    token,
    waits,
)


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path, provider=LIAOCHENG)
    open_town(made)
    yield made
    made.close()


def found(bureau: Bureau) -> set[str]:
    return {each.kind for each in findings.recent(bureau.db, 50)}


def test_a_scanned_code_leads_to_the_prescription_as_it_was_signed(bureau: Bureau) -> None:
    told = content(bureau)

    assert without_seal(told.prescription) == without_seal(ONCE)
    assert is_authentic(told.prescription, bureau.agency.keys.public) is True
    assert told.standing is not None
    assert (told.standing.state, told.standing.given) == ("valid", ())


def test_a_code_that_is_no_prescriptions_is_told_as_such(bureau: Bureau) -> None:
    said = bureau.call("7201", qr_input("371502Y00000000000000000099"))

    assert said.refused == "unknown_prescription"
    assert "伪造" in said.envelope["err_msg"]


def test_a_token_is_good_once_for_one_shop_for_a_day(bureau: Bureau) -> None:
    first, second, third = token(bureau), token(bureau), token(bureau)
    assert download(bureau, first).refused == ""

    assert download(bureau, first).refused == "token_used"
    bureau.provider = SHAOXING
    assert download(bureau, second).refused == "unknown_token"
    bureau.provider = LIAOCHENG
    bureau.clock.pass_by(25 * HOURS)
    assert download(bureau, third).refused == "token_used"
    assert download(bureau, "0" * 64).refused == "unknown_token"


def test_a_repeated_download_of_one_message_is_answered_as_the_first_time(bureau: Bureau) -> None:
    body = bureau.body("7203", download_input(region=LI.region, token=token(bureau)))

    first = bureau.send(body)
    assert bureau.send(body) == first
    assert first.refused == ""


def test_what_waits_for_a_person_is_told_by_their_id_with_a_number_good_once(bureau: Bureau) -> None:
    (waiting,) = waits(bureau)

    assert waiting.number == ONCE.number
    assert len(waiting.auth_rxno) == 30
    asked = download_input(region=LI.region, auth_rxno=waiting.auth_rxno)
    assert bureau.call("7203", asked).refused == ""
    assert bureau.call("7203", asked).refused == "token_used"


def test_a_prescription_that_was_written_off_is_not_downloaded_again_anywhere(bureau: Bureau) -> None:
    ready = token(bureau)
    sale = sale_of(downloaded(bureau))
    paid = setl_id(settle(bureau, sale))

    assert bureau.call("7206", write_off_input(sale, (paid,), sale.answer.fund)).refused == ""

    assert waits(bureau) == ()
    said = download(bureau, ready)
    assert said.refused == "prescription_used"
    assert store(LIAOCHENG).name in said.envelope["err_msg"]
    bureau.provider = SHAOXING
    assert download(bureau, token(bureau)).refused == "prescription_used"


def test_a_write_off_told_again_is_counted_once(bureau: Bureau) -> None:
    sale = sale_of(downloaded(bureau))
    paid = setl_id(settle(bureau, sale))
    text = write_off_input(sale, (paid,), sale.answer.fund)
    body = bureau.body("7206", text)

    assert bureau.send(body) == bureau.send(body)
    assert bureau.call("7206", text).refused == ""

    assert bureau.db.execute("SELECT count(*) FROM written_off").fetchone()[0] == 1
    assert found(bureau) == set()


def test_a_write_off_of_a_settlement_that_does_not_exist_is_refused(bureau: Bureau) -> None:
    sale = sale_of(downloaded(bureau))

    assert bureau.call("7206", write_off_input(sale, ("none",), 1)).refused == "unknown_settlement"


def test_the_settlement_alone_uses_a_prescription_up(bureau: Bureau) -> None:
    settle(bureau, sale_of(downloaded(bureau)))

    assert download(bureau, token(bureau)).refused == "prescription_used"


def test_what_a_part_left_may_still_be_dispensed(bureau: Bureau) -> None:
    prescription = downloaded(bureau)
    part = sale_of(prescription)
    line = replace(part.draft.lines[0], quantity=1)
    draft = replace(part.draft, lines=(line,))
    claim, answer = claim_of(draft, LIAOCHENG)
    settle(bureau, replace(part, draft=draft, claim=claim, answer=answer))

    told = content(bureau).standing

    assert told is not None
    assert told.state == "valid"
    assert [(each.sale, each.quantity) for each in told.given] == [("01-000001", 1)]


def test_another_shop_that_could_have_known_is_refused(bureau: Bureau) -> None:
    prescription = downloaded(bureau)
    settle(bureau, sale_of(prescription))
    bureau.clock.pass_by(HOURS)
    bureau.provider = NEXT_DOOR
    later = sale_of(prescription, "01-000007", made_at=bureau.clock.at)

    said = settle(bureau, later)

    assert said.refused == "prescription_used"
    assert LIAOCHENG in said.envelope["err_msg"]
    assert bureau.call("7206", write_off_input(later)).refused == "unknown_token"  # It is the first shop's.
    brought = replace(later, draft=replace(later.draft, prescription=replace(prescription, download_id=None)))
    assert bureau.call("7206", write_off_input(brought)).refused == "prescription_used"
    assert found(bureau) == set()


def test_another_shop_that_sold_without_the_network_is_taken_and_is_a_finding(bureau: Bureau) -> None:
    prescription = downloaded(bureau)
    settle(bureau, sale_of(prescription))
    bureau.provider = NEXT_DOOR
    sold = sale_of(prescription, "01-000007", made_at=NOW + HOURS)
    bureau.clock.pass_by(30 * HOURS)

    assert settle(bureau, sold).refused == ""

    (finding,) = findings.recent(bureau.db, 50)
    assert finding.kind == "prescription_used"
    assert finding.provider == NEXT_DOOR
    assert LI.name not in finding.text


def test_self_paid_drugs_on_a_prescription_use_it_up_and_are_seen_by_others(bureau: Bureau) -> None:
    sale = sale_of(downloaded(bureau), claim=None)

    assert bureau.call("7206", write_off_input(sale)).refused == ""

    assert waits(bureau) == ()
    rows = bureau.db.execute("SELECT count(*) FROM dispensed WHERE psn_no = ?", (LI.psn_no,)).fetchone()
    assert rows[0] == len(ONCE.lines)


def test_a_reversed_sale_gives_its_prescription_back(bureau: Bureau) -> None:
    sale = sale_of(downloaded(bureau))
    made = settle(bureau, sale).output["setlinfo"]
    bureau.call("7206", write_off_input(sale, (made["setl_id"],), sale.answer.fund))

    asked = {name: made[name] for name in ("psn_no", "mdtrt_id", "setl_id")}
    assert bureau.call("2103", reversal_input(**asked)).refused == ""

    assert len(waits(bureau)) == 1
    assert content(bureau).standing == Standing(number=ONCE.number, issued=ONCE.issued, state="valid")
    assert bureau.db.execute("SELECT count(*) FROM dispensed").fetchone()[0] == 0


def test_a_sale_that_was_undone_before_its_write_off_came_uses_nothing(bureau: Bureau) -> None:
    sale = sale_of(downloaded(bureau))
    made = settle(bureau, sale).output["setlinfo"]
    asked = {name: made[name] for name in ("psn_no", "mdtrt_id", "setl_id")}
    assert bureau.call("2103", reversal_input(**asked)).refused == ""

    late = write_off_input(sale, (made["setl_id"],), sale.answer.fund)
    assert bureau.call("7206", late).refused == ""
    assert bureau.call("7206", late).refused == ""

    assert len(waits(bureau)) == 1
    assert content(bureau).standing == Standing(number=ONCE.number, issued=ONCE.issued, state="valid")
    assert bureau.db.execute("SELECT count(*) FROM dispensed").fetchone()[0] == 0


def by_the_piece(sale: Sale, pieces: int) -> Sale:
    """Return the sale of so many pieces of one opened pack."""
    (line,) = sale.draft.lines
    draft = split_line(replace(sale.draft, lines=(replace(line, quantity=1, trace_codes=()),)), line.id)
    draft = set_quantity(draft, line.id, pieces)
    claim, answer = claim_of(draft, LIAOCHENG)
    return replace(sale, draft=draft, claim=claim, answer=answer)


def test_pieces_of_a_pack_count_as_parts_of_it_when_settled_and_when_written_off(bureau: Bureau) -> None:
    prescription = downloaded(bureau)
    first = by_the_piece(sale_of(prescription), 7)
    assert first.draft.lines[0].drug.pack_size == 14
    told = settle(bureau, first)
    left = content(bureau)
    assert left.standing is not None
    assert left_of(left.prescription, left.standing.given, NOW.date()).packs == (Fraction(3, 2),)

    off = write_off_input(first, (setl_id(told),), first.answer.fund)
    assert bureau.call("7206", off).refused == ""

    standing = content(bureau).standing
    assert standing is not None
    assert left_of(prescription, standing.given, NOW.date()).packs == (Fraction(3, 2),)
    bureau.clock.pass_by(HOURS)
    bureau.provider = NEXT_DOOR
    brought = replace(prescription, download_id=None)
    more = by_the_piece(sale_of(brought, "01-000007", made_at=bureau.clock.at), 21)
    assert settle(bureau, more).refused == ""
    assert waits(bureau) == ()
    since = HistoryRequest(psn_no=LI.psn_no, begin=NOW - HOURS)
    history = read_history(raw(bureau.call("5205", history_input(since))))
    assert [each.quantity for each in history] == [1, 2]


def test_a_box_counts_on_the_line_that_the_shop_names(bureau: Bureau) -> None:
    (line,) = ONCE.lines
    with transaction(bureau.db):
        eprescriptions.issue(bureau.db, [replace(ONCE, lines=(replace(line, name="另一个写法", drug=None),))])
    sale = sale_of(downloaded(bureau))
    named = tuple(replace(each, prescribed_as="另一个写法") for each in sale.draft.lines)
    sale = replace(sale, draft=replace(sale.draft, lines=named))

    assert bureau.call("7206", write_off_input(sale)).refused == ""

    assert waits(bureau) == ()


def test_a_withdrawn_prescription_is_told_as_such_with_its_reason(bureau: Bureau) -> None:
    ready, prescription = token(bureau), downloaded(bureau)
    with transaction(bureau.db):
        eprescriptions.withdraw(bureau.db, prescription.number, "开错剂量", NOW)

    said = download(bureau, ready)

    assert said.refused == "prescription_withdrawn"
    assert "开错剂量" in said.envelope["err_msg"]
    assert waits(bureau) == ()
    bureau.clock.pass_by(HOURS)
    late = sale_of(prescription, made_at=bureau.clock.at)
    assert settle(bureau, late).refused == "prescription_withdrawn"


def test_an_expired_prescription_is_told_as_such(bureau: Bureau) -> None:
    bureau.start_at(NOW + 5 * 24 * HOURS)

    assert download(bureau, token(bureau)).refused == "prescription_expired"
    assert waits(bureau) == ()


def test_the_delivered_end_counts_to_the_second(bureau: Bureau) -> None:
    end = NOW.astimezone(CHINA).replace(microsecond=0) + HOURS
    with transaction(bureau.db):
        eprescriptions.issue(bureau.db, [replace(ONCE, valid_end=end, valid_until=business_day(end))])
    bureau.clock.at = end
    assert len(waits(bureau)) == 1

    bureau.clock.pass_by(timedelta(seconds=1))
    assert waits(bureau) == ()


def test_a_repeat_waits_for_its_day_and_ends_after_the_last(bureau: Bureau) -> None:
    repeated = replace(ONCE, repeats=1, interval_days=28, valid_until=business_day(NOW + 90 * 24 * HOURS))
    with transaction(bureau.db):
        eprescriptions.issue(bureau.db, [repeated])
    prescription = downloaded(bureau)
    assert bureau.call("7206", write_off_input(sale_of(prescription))).refused == ""

    assert download(bureau, token(bureau)).refused == "prescription_too_early"
    bureau.start_at(NOW + 28 * 24 * HOURS)
    assert len(waits(bureau)) == 1
    again = sale_of(prescription, "01-000002", made_at=bureau.clock.at)
    assert bureau.call("7206", write_off_input(again)).refused == ""
    bureau.start_at(NOW + 70 * 24 * HOURS)
    assert download(bureau, token(bureau)).refused == "prescription_used"


def test_shops_that_follow_a_person_hear_how_their_prescriptions_stand(bureau: Bureau) -> None:
    sale = sale_of(downloaded(bureau))
    bureau.provider = SHAOXING
    page = read_news(raw(bureau.call("SY04", news_input(0))))
    bureau.provider = LIAOCHENG
    bureau.call("7206", write_off_input(sale))

    bureau.provider = SHAOXING
    told = read_news(raw(bureau.call("SY04", news_input(page.cursor, mailbox=page.mailbox)))).standings

    assert [(each.number, each.state) for each in told] == [(ONCE.number, "used")]
    assert told[0].given[0].provider == LIAOCHENG
