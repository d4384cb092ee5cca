"""A refused prescription is reported once, by the clause that asks for it, and put on a slip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from app.devices.slips import PdfSlips
from app.errors import AlreadyReported, NothingToReport, PrescriptionUnknown, PrinterSilent
from app.storage import journal, outbox
from engine.refusal import RefusalReport
from tests.fakes.fake_counter import Bench
from tests.fakes.sealed_shop import forge, keep, prescription_for, row_of, seal_all, walk

SHAOXING_FIRST, LIAOCHENG = 0, 3


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    seal_all(bench)
    yield bench
    bench.close()


def codes(bench: Bench) -> set[str]:
    return {finding.code for finding in bench.till.refresh().findings}


def queued(bench: Bench) -> list[str]:
    return [each.infno for each in reversed(outbox.recent(bench.db, 99))]


def refused(bench: Bench) -> str:
    """Put the prescription of Liaocheng on the counter, for more days than its law allows."""
    made = replace(prescription_for(bench, "李建国"), supply_days=90)
    keep(bench, made)
    walk(bench, LIAOCHENG)
    return made.number


def test_a_dual_channel_pharmacy_refuses_and_reports_to_both_by_the_clause(bench: Bench) -> None:
    number = refused(bench)
    assert "supply_too_long" in codes(bench)
    assert "F3" in bench.till.refresh().hint
    row = row_of(bench, number)
    assert row.act == "report"
    assert "第二十二条" in row.duty

    (filed,) = [each for each in bench.till.report_refusal(row.key) if each.number == number]

    assert filed.act == "print"
    assert filed.report is not None
    assert filed.report.to == ("开方的定点医疗机构", "医疗保障部门")
    assert queued(bench)[-2:] == ["7204", "SY03"]
    (entry,) = [each for each in journal.read(bench.db, 0, 99) if each.kind == "refusal_report"]
    kept = msgspec.json.decode(entry.body, type=RefusalReport)
    assert [each.code for each in kept.found] == ["supply_too_long"]
    assert "refusal_reported" in codes(bench)
    assert journal.verify(bench.db) == []


def test_a_refusal_is_reported_once(bench: Bench) -> None:
    key = row_of(bench, refused(bench)).key
    bench.till.report_refusal(key)

    with pytest.raises(AlreadyReported):
        bench.till.report_refusal(key)

    assert queued(bench).count("7204") == 1


def outside_scope(bench: Bench) -> str:
    """Put the prescription of Liaocheng on the counter with a drug that is paid for another disease only."""
    walk(bench, LIAOCHENG)
    draft = bench.desk.draft
    (line,) = draft.lines
    rows = tuple(replace(row, scope="限肺动脉高压患者") for row in line.drug.listings)
    limited = replace(line, drug=replace(line.drug, listings=rows))
    bench.desk.change(replace(draft, lines=(limited,)))
    assert "outside_limited_scope" in codes(bench)
    return prescription_for(bench, "李建国").number


def test_what_was_refused_to_the_fund_and_reported_is_not_settled_with_it(bench: Bench) -> None:
    number = outside_scope(bench)
    before = bench.till.refresh().answer
    assert before is not None
    assert before.fund > 0
    bench.till.report_refusal(row_of(bench, number).key)

    shown = bench.till.refresh()

    assert shown.answer is not None
    assert (shown.answer.fund, shown.answer.patient) == (0, shown.answer.total)
    assert "拒绝联网结算" in shown.answer.settlements[0].steps[0].text
    settled = bench.settle()
    assert settled.settled is not None
    assert settled.answer is not None
    assert settled.answer.fund == 0
    assert "2102" not in queued(bench)
    assert "7206" in queued(bench)


def test_a_prescription_that_was_corrected_after_its_report_is_settled_again(bench: Bench) -> None:
    number = outside_scope(bench)
    bench.till.report_refusal(row_of(bench, number).key)
    here = bench.desk.draft.prescription
    assert here is not None
    corrected = replace(here, diagnosis="肺动脉高压")
    bench.desk.change(replace(bench.desk.draft, prescription=corrected))

    shown = bench.till.refresh().answer

    assert shown is not None
    assert shown.fund > 0
    assert "refusal_reported" not in codes(bench)
    (row,) = [each for each in bench.till.prescriptions() if each.diagnosis == "肺动脉高压"]
    assert row.report is None


def test_a_paper_prescription_is_reported_under_our_own_number(bench: Bench) -> None:
    refused(bench)
    here = bench.desk.draft.prescription
    assert here is not None
    paper = replace(here, number="P-9", psn_no=None, seal=None, issuer_code="")
    bench.desk.draft = replace(bench.desk.draft, prescription=paper)
    bench.till.refresh()

    (row,) = [each for each in bench.till.prescriptions() if each.number == "P-9"]
    bench.till.report_refusal(row.key)

    assert queued(bench)[-2:] == ["SY07", "SY03"]


def test_where_no_clause_asks_for_it_nothing_is_reported(bench: Bench) -> None:
    walk(bench, SHAOXING_FIRST)
    row = row_of(bench, prescription_for(bench, "王秀英").number)

    assert row.act == "none"
    with pytest.raises(NothingToReport):
        bench.till.report_refusal(row.key)
    with pytest.raises(PrescriptionUnknown):
        bench.till.report_refusal("here nothing")
    assert queued(bench) == []


def test_a_forged_prescription_is_reported_anywhere(bench: Bench) -> None:
    number = prescription_for(bench, "王秀英").number
    forge(bench, number)
    walk(bench, SHAOXING_FIRST, 1)
    row = row_of(bench, number)
    assert row.act == "report"

    bench.till.report_refusal(row.key)

    assert queued(bench) == ["7204", "SY03"]
    (entry,) = [each for each in journal.read(bench.db, 0, 99) if each.kind == "refusal_report"]
    report = msgspec.json.decode(entry.body, type=RefusalReport)
    assert report.to == ("开方机构", "医保经办机构")
    assert not report.is_owed  # The clause forbids to dispense; it does not ask for a report.
    assert report.found[0].clause is not None
    assert report.found[0].clause.section == "第四十条"


def test_the_slip_is_one_page_in_chinese_and_always_the_same(bench: Bench, tmp_path: Path) -> None:
    key = row_of(bench, refused(bench)).key
    bench.till.report_refusal(key)
    assert bench.till.print_refusal(key).endswith(".pdf")
    (report,) = bench.slips.reports

    slips = PdfSlips(tmp_path / "slips")
    first = slips.print_slip(report).read_bytes()

    assert first.startswith(b"%PDF")
    assert slips.print_slip(report).read_bytes() == first
    assert first.count(b"/Type /Page\n") == 1


def test_a_folder_that_takes_no_slip_is_told_and_the_report_stands(bench: Bench, tmp_path: Path) -> None:
    key = row_of(bench, refused(bench)).key
    bench.till.report_refusal(key)
    bench.till.print_refusal(key)
    (tmp_path / "full").write_text("no folder", encoding="utf-8")

    with pytest.raises(PrinterSilent, match="已经记下"):
        PdfSlips(tmp_path / "full").print_slip(bench.slips.reports[0])


def test_a_prescription_that_was_dispensed_is_reported_only_when_it_is_shown_again(bench: Bench) -> None:
    made = replace(prescription_for(bench, "李建国"), repeats=0)
    keep(bench, made)
    walk(bench, LIAOCHENG)
    assert bench.settle().settled is not None
    assert row_of(bench, made.number).act == "none"
    bench.till.next_customer()
    row = row_of(bench, made.number)
    assert (row.state, row.act, row.duty) == ("used", "none", "")

    shown = bench.till.enter(made.number)

    assert shown.draft.prescription is None
    assert shown.notice is not None
    assert "F3" in shown.notice.advice
    row = row_of(bench, made.number)
    assert (row.act, row.sales) == ("report", ("01-000001",))
    bench.till.next_customer()
    assert row_of(bench, made.number).act == "none"


def test_without_a_person_the_list_shows_what_was_used_and_reported_last(bench: Bench) -> None:
    refused(bench)
    bench.till.report_refusal(bench.till.prescriptions()[0].key)
    bench.till.next_customer()
    walk(bench, 1)
    assert bench.settle().settled is not None
    bench.till.next_customer()

    first, second, *rest = bench.till.prescriptions()

    assert first.report is not None
    assert second.sales
    assert len({row.key for row in (first, second, *rest)}) == 2 + len(rest)
