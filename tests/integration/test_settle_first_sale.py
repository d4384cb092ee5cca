"""A sale at the counter, from scan to receipt, on a real database with no network."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec import Raw
from msgspec.structs import replace

from app import errors
from app.storage import journal, outbox, sales
from app.usecases.ports import ClaimAnswer, PersonAnswer
from app.usecases.quote import effective_accumulators
from engine.ids import Scan
from engine.protocol.journal import read_journal
from engine.protocol.settlement import read_settlement
from tests.fakes.fake_counter import NOW, Bench


def scan_stops(bench: Bench, title: str) -> None:
    stops = [stop for stop in bench.demonstration.tour if stop.group.startswith(title)]
    assert stops
    for stop in stops:
        bench.till.demonstrate(stop)


def test_sale_offline_is_provisional_and_waits_for_the_agency(bench: Bench) -> None:
    scan_stops(bench, "绍兴：便民")
    before = bench.till.refresh()
    assert before.answer is not None
    assert before.answer.fund > 0
    assert before.certainty == "provisional"
    assert before.bound > 0

    state = bench.settle()

    assert state.settled is not None
    assert state.settled.certainty == "provisional"
    row = bench.till.sales(bench.desk.today())[0]
    assert (row.number, row.fund, row.delivery) == (state.settled.number, before.answer.fund, "waiting")
    kinds = [message.infno for message in outbox.recent(bench.db, 10)]
    assert kinds == ["SY03", "3505A", "2102", "2102"]
    assert [paper.number for paper in bench.printer.papers] == [row.number]
    assert journal.verify(bench.db) == []


def test_messages_say_what_was_sold(bench: Bench) -> None:
    scan_stops(bench, "绍兴：便民")
    number = bench.settle().settled
    assert number is not None
    upload, _goods, *settlements = outbox.recent(bench.db, 10)

    asked = [read_settlement(Raw(outbox.text_of(bench.db, each).encode())) for each in settlements]
    index = sales.index_of(bench.db, number.number)
    assert index is not None
    insured = [s for s in sales.read(bench.db, index.journal).answer.settlements if s.benefit != "self_pay"]

    assert sorted(each.total for each in asked) == sorted(each.total for each in insured)
    assert [
        entry.number for entry in read_journal(Raw(outbox.text_of(bench.db, upload).encode())).entries
    ] == [1]


def test_second_sale_sees_what_the_first_used_up(bench: Bench) -> None:
    scan_stops(bench, "绍兴：便民")
    state = bench.settle()
    assert state.draft.person is not None
    assert state.answer is not None

    sums = effective_accumulators(bench.db, state.draft.person, bench.desk.today())

    before = state.draft.person.snapshot.accumulators
    assert sums.fund_paid == before.fund_paid + state.answer.fund


def test_snapshot_of_last_year_begins_the_new_year_at_zero(bench: Bench) -> None:
    person = bench.demonstration.people[0]
    old = replace(person, snapshot=replace(person.snapshot, year=2025))

    sums = effective_accumulators(bench.db, old, bench.desk.today())

    assert sums.fund_paid == 0


def test_box_sold_already_is_refused_at_the_scan_and_not_sold_twice(bench: Bench) -> None:
    scan_stops(bench, "绍兴：便民")
    code = bench.till.refresh().draft.lines[0].trace_codes[0]
    number = bench.settle().settled
    assert number is not None

    state = bench.till.enter(code)

    assert state.notice is not None
    assert state.notice.tone == "refused"
    assert number.number in state.notice.what
    assert state.draft.lines == ()


def test_box_in_the_basket_is_not_counted_twice(bench: Bench) -> None:
    scan_stops(bench, "绍兴：便民")
    state = bench.till.refresh()

    again = bench.till.enter(state.draft.lines[0].trace_codes[0])

    assert again.draft == state.draft
    assert again.notice is not None
    assert again.notice.tone == "refused"


def test_prescription_drug_is_never_sold_without_a_prescription(bench: Bench) -> None:
    drug = next(drug for drug in bench.demonstration.drugs if drug.prescription_only and drug.barcode)
    bench.till.enter(drug.barcode or "")

    with pytest.raises(errors.PrescriptionNeeded, match="没有入账"):
        bench.settle()

    assert journal.head(bench.db)[0] == 0


def test_empty_basket_and_too_little_cash_record_nothing(bench: Bench) -> None:
    with pytest.raises(errors.NothingToSettle):
        bench.settle()
    scan_stops(bench, "绍兴：便民")

    with pytest.raises(errors.CashTooLittle, match="还差"):
        bench.till.tender("0.01")

    assert bench.till.refresh().draft.tendered is None
    assert journal.head(bench.db)[0] == 0


@pytest.mark.parametrize("typed", ["0.01", "五十", "1e3", "-1", "53.567"])
def test_cash_that_is_too_little_or_unclear_is_never_taken_for_the_exact_sum(
    bench: Bench, typed: str
) -> None:
    scan_stops(bench, "绍兴：便民")
    bench.till.tender("100")

    with pytest.raises((errors.CashTooLittle, errors.CashUnclear), match="没有结算"):
        bench.till.tender(typed)

    assert bench.till.refresh().draft.tendered is None


def test_prescription_that_has_run_out_sells_no_prescription_drug(bench: Bench) -> None:
    scan_stops(bench, "绍兴：便民")
    prescription = bench.desk.draft.prescription
    assert prescription is not None
    old = replace(prescription, issued=date(2026, 1, 5), valid_until=date(2026, 1, 7))
    bench.desk.draft = replace(bench.desk.draft, prescription=old)
    bench.till.refresh()

    with pytest.raises(errors.PrescriptionUnfit, match="没有入账"):
        bench.settle()

    assert journal.head(bench.db)[0] == 0


def test_more_boxes_than_prescribed_are_not_sold(bench: Bench) -> None:
    scan_stops(bench, "绍兴：便民")
    line = bench.desk.draft.lines[0]
    bench.till.change_quantity(line.id, 90)

    with pytest.raises(errors.PrescriptionUnfit, match="请减到"):
        bench.settle()


def test_prescription_that_no_fund_accepts_may_still_be_sold_on_at_the_patients_cost(bench: Bench) -> None:
    scan_stops(bench, "无锡")

    state = bench.settle()

    assert state.settled is not None
    assert state.answer is not None
    assert state.answer.fund == 0


def test_change_is_what_was_tendered_less_the_patients_share(bench: Bench) -> None:
    scan_stops(bench, "绍兴：便民")
    bench.till.tender("500")

    settled = bench.settle().settled

    assert settled is not None
    assert settled.change == 50_000 - settled.patient


def test_without_a_person_everything_is_self_paid_and_nothing_is_settled_with_the_agency(
    bench: Bench,
) -> None:
    drug = next(drug for drug in bench.demonstration.drugs if not drug.prescription_only and drug.barcode)
    state = bench.till.enter(drug.barcode or "")
    assert state.answer is not None
    assert (state.answer.patient, state.certainty, state.claim) == (drug.price, None, None)
    assert "没有出示医保凭证" in state.answer.settlements[0].steps[0].text

    bench.settle()

    assert [message.infno for message in outbox.recent(bench.db, 5)] == ["SY03", "3505A"]


def test_silent_printer_leaves_the_sale_recorded_and_its_paper_is_an_original_later(bench: Bench) -> None:
    scan_stops(bench, "绍兴：便民")
    bench.printer.silent = True

    state = bench.settle()

    assert state.settled is not None
    assert state.notice is not None
    assert f"销售已入账（第 {state.settled.number} 号）" in state.notice.what
    bench.printer.silent = False
    bench.till.reprint(None)
    bench.till.reprint(state.settled.number)
    marked = ["补打" in paper.rows[0].left for paper in bench.printer.papers]
    assert marked == [False, True]
    assert bench.till.sales(None)[0].copies == 1


def test_paper_that_never_came_out_is_offered_at_the_next_start(bench: Bench) -> None:
    scan_stops(bench, "绍兴：便民")
    bench.printer.silent = True
    bench.settle()
    bench.till.next_customer()

    state = bench.till.start()

    assert state.notice is not None
    assert "没有打出" in state.notice.what


def test_settling_twice_is_one_sale(bench: Bench) -> None:
    scan_stops(bench, "绍兴：便民")
    first = bench.settle().settled
    second = bench.settle().settled

    assert first == second
    assert len(bench.till.sales(None)) == 1


def test_next_scan_begins_the_next_sale(bench: Bench) -> None:
    scan_stops(bench, "绍兴：便民")
    bench.settle()

    state = bench.till.enter("amlp")

    assert state.settled is None
    assert state.draft.person is None


def test_undo_takes_the_last_change_back(bench: Bench) -> None:
    scan_stops(bench, "绍兴：便民")
    before = bench.till.refresh().draft
    bench.till.change_quantity("1", 3)

    assert bench.till.undo().draft == before


def test_wuxi_is_refused_at_a_pharmacy_and_still_sold(bench: Bench) -> None:
    scan_stops(bench, "无锡")
    state = bench.till.refresh()
    assert state.answer is not None
    assert state.answer.fund == 0
    assert any(finding.code == "provider_kind_not_covered" for finding in state.findings)

    assert bench.settle().settled is not None


def test_every_stop_of_the_tour_can_be_sold(bench: Bench) -> None:
    groups = list(dict.fromkeys(stop.group for stop in bench.demonstration.tour))
    for group in groups:
        bench.till.next_customer()
        scan_stops(bench, group)
        state = bench.till.refresh()
        if state.draft.lines:
            assert bench.settle().settled is not None, group
    assert journal.verify(bench.db) == []


def test_missing_figure_of_the_agency_is_sold_self_paid_with_a_finding(bench: Bench) -> None:
    scan_stops(bench, "聊城")
    person = bench.desk.draft.person
    assert person is not None
    parameters = replace(person.snapshot.parameters, disease_class=None)
    bare = replace(person, snapshot=replace(person.snapshot, parameters=parameters))
    bench.desk.draft = replace(bench.desk.draft, person=bare)

    state = bench.till.refresh()

    assert state.answer is not None
    assert state.answer.fund == 0
    assert [finding.text for finding in state.findings if finding.code == "missing_parameter"] == [
        "缺少医保中心参数 parameters.disease_class，请联网同步后重试，或按自费。"
    ]


def test_unknown_person_online_is_asked_for_and_put_on_the_desk_when_the_answer_comes(bench: Bench) -> None:
    bench.courier.online = True
    stranger = replace(bench.demonstration.people[0], psn_no="9" * 20, card_no="Z9999999X")
    state = bench.till.enter("Z9999999X")
    assert "正在向医保中心查询" in state.hint

    bench.courier.hear(PersonAnswer(scan=bench.courier.looked_up[0], person=stranger))

    assert bench.till.refresh().draft.person == stranger


def test_unknown_person_offline_may_be_sold_to_self_paid(bench: Bench) -> None:
    state = bench.till.enter("Z9999999X")

    assert state.notice is not None
    assert "自费" in state.notice.advice


def test_late_answer_about_somebody_else_changes_nothing(bench: Bench) -> None:
    bench.courier.online = True
    bench.till.enter("Z9999999X")
    bench.till.next_customer()

    bench.courier.hear(PersonAnswer(scan=Scan("card", "Z9999999X"), person=bench.demonstration.people[1]))

    assert bench.till.refresh().draft.person is None


def test_pre_settlement_of_this_very_claim_shows_agreement(bench: Bench) -> None:
    bench.courier.online = True
    scan_stops(bench, "绍兴：便民")
    state = bench.till.refresh()
    assert state.claim is not None
    assert state.answer is not None
    assert bench.courier.presettled[-1].claim == state.claim
    sums = {"fund": state.answer.fund, "assistance": 0, "patient": state.answer.patient}

    bench.courier.hear(ClaimAnswer(claim=state.claim, **sums))
    assert bench.till.refresh().agreed

    assert not bench.till.change_quantity("1", 2).agreed


def test_unreadable_text_says_what_it_looked_like(bench: Bench) -> None:
    state = bench.till.enter("6901234567890123")

    assert state.notice is not None
    assert state.notice.tone == "attention"
    assert state.draft.lines == ()


def test_clock_of_the_fakes_is_the_day_of_the_demonstration(bench: Bench) -> None:
    assert bench.desk.now() > NOW
