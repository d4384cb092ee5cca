"""A prescription at the counter: genuine or not, used up or not, written off once, refused and reported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from app.errors import NotForSale, PrescriptionUnfit
from app.storage import outbox
from app.usecases.state import PaperPrescription
from engine.calendar import CHINA, business_day
from engine.prescription import Prescription
from engine.prescription_use import Given, Standing
from tests.fakes.fake_counter import NOW, TODAY, Bench
from tests.fakes.sealed_shop import forge, keep, prescription_for, row_of, seal_all, walk
from tests.fakes.stocked_shelves import box

SHAOXING_FIRST, LIAOCHENG = 0, 3


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    seal_all(bench)
    yield bench
    bench.close()


def once(bench: Bench, name: str = "王秀英") -> Prescription:
    """Give a person a signed prescription that one sale uses up, in place of the demonstration's."""
    made = replace(prescription_for(bench, name), repeats=0)
    keep(bench, made)
    return made


def codes(bench: Bench) -> set[str]:
    return {finding.code for finding in bench.till.refresh().findings}


def sell(bench: Bench) -> str:
    settled = bench.settle().settled
    assert settled is not None, bench.desk.notice
    return settled.number


def queued(bench: Bench) -> list[str]:
    return [each.infno for each in reversed(outbox.recent(bench.db, 99))]


def test_a_signed_prescription_is_genuine_and_says_so(bench: Bench) -> None:
    walk(bench, SHAOXING_FIRST)

    assert "signature_sound" in codes(bench)
    assert "signature_altered" not in codes(bench)


def test_one_that_was_altered_on_the_disk_is_not_put_on_the_counter(bench: Bench) -> None:
    number = prescription_for(bench, "王秀英").number
    forge(bench, number)

    walk(bench, SHAOXING_FIRST, 1)
    state = bench.till.enter(number)

    assert state.draft.prescription is None
    assert state.notice is not None
    assert state.notice.tone == "refused"
    assert "签章不符" in state.notice.what
    assert "上报" in state.notice.advice
    assert row_of(bench, number).state == "not_authentic"


def test_one_that_is_altered_while_it_lies_on_the_counter_sells_nothing(bench: Bench) -> None:
    walk(bench, SHAOXING_FIRST)
    here = bench.desk.draft.prescription
    assert here is not None
    more = (replace(here.lines[0], quantity=9), *here.lines[1:])
    bench.desk.draft = replace(bench.desk.draft, prescription=replace(here, lines=more))
    bench.till.refresh()

    with pytest.raises(PrescriptionUnfit, match="签章不符"):
        bench.settle()

    assert bench.till.sales(None) == ()


def test_an_electronic_prescription_without_a_seal_is_pointed_out_and_may_be_sold_on(bench: Bench) -> None:
    walk(bench, SHAOXING_FIRST)
    here = bench.desk.draft.prescription
    assert here is not None
    bench.desk.draft = replace(bench.desk.draft, prescription=replace(here, seal=None))

    assert "prescription_unverified" in codes(bench)
    bench.settle()
    assert bench.settle().settled is not None
    assert "7204" not in queued(bench)


def test_a_prescription_is_used_up_by_one_sale_also_without_the_network(bench: Bench) -> None:
    prescription = once(bench)
    walk(bench, SHAOXING_FIRST)
    for line in bench.desk.draft.lines:
        bench.till.enter(box(line.drug, 77))
    number = sell(bench)
    bench.till.next_customer()

    walk(bench, SHAOXING_FIRST, 1)
    state = bench.till.enter(prescription.number)

    assert state.draft.prescription is None
    assert state.notice is not None
    assert number in state.notice.what
    row = row_of(bench, prescription.number)
    assert (row.state, row.sales) == ("used", (number,))
    assert {line.left for line in row.lines} == {"已配完"}


@pytest.mark.parametrize(
    ("name", "code"), [("氨氯地平片", None), ("氨氯地平片", "H-1"), ("苯磺酸氨氯地平片", "H-1")]
)
def test_boxes_count_on_the_line_that_means_them_whatever_it_calls_them(
    bench: Bench, name: str, code: str | None
) -> None:
    known = prescription_for(bench, "王秀英")
    line = replace(known.lines[0], name=name, drug=code)
    prescription = replace(known, repeats=0, lines=(line,))
    keep(bench, prescription)
    walk(bench, SHAOXING_FIRST, 4)
    sell(bench)
    assert "7204" in queued(bench)
    bench.till.next_customer()

    walk(bench, SHAOXING_FIRST, 4)
    row = row_of(bench, prescription.number)
    assert row.lines[0].left == "1 盒"
    bench.till.change_quantity(bench.desk.draft.lines[0].id, 2)
    with pytest.raises(NotForSale, match="还剩 1 盒"):
        bench.settle()
    bench.till.change_quantity(bench.desk.draft.lines[0].id, 1)
    sell(bench)
    bench.till.next_customer()

    assert row_of(bench, prescription.number).state == "used"


def test_what_a_part_left_is_dispensed_and_not_a_pack_more(bench: Bench) -> None:
    prescription = once(bench)
    walk(bench, SHAOXING_FIRST)
    for line in bench.desk.draft.lines[1:]:
        bench.till.change_quantity(line.id, 0)
    sell(bench)
    bench.till.next_customer()

    walk(bench, SHAOXING_FIRST)
    first = bench.desk.draft.lines[0]
    assert "prescription_begun" in codes(bench)
    bench.till.change_quantity(first.id, 2)

    assert "prescription_partly_used" in codes(bench)
    with pytest.raises(NotForSale, match="还剩 1 盒"):
        bench.settle()
    bench.till.change_quantity(first.id, 1)
    sell(bench)
    bench.till.next_customer()
    walk(bench, SHAOXING_FIRST, 1)
    (row,) = [each for each in bench.till.prescriptions() if each.number == prescription.number]
    assert row.lines[0].left == "已配完"
    assert row.state == "partly_used"


def test_what_others_dispensed_counts_as_far_as_it_was_told(bench: Bench) -> None:
    prescription = once(bench)
    given = tuple(
        Given(provider="P33068199999", sale="02-000001", at=NOW, drug=line.drug or "", quantity=line.quantity)
        for line in prescription.lines
    )
    keep(
        bench,
        prescription,
        standing=Standing(number=prescription.number, issued=prescription.issued, state="used", given=given),
    )

    walk(bench, SHAOXING_FIRST, 1)
    state = bench.till.enter(prescription.number)

    assert state.draft.prescription is None
    assert state.notice is not None
    assert "别的药店" in state.notice.what


def test_own_sales_that_the_platform_tells_of_are_not_counted_twice(bench: Bench) -> None:
    prescription = replace(prescription_for(bench, "王秀英"), repeats=1)
    keep(bench, prescription)
    walk(bench, SHAOXING_FIRST)
    number = sell(bench)
    lines = bench.desk.draft.lines
    given = tuple(
        Given(provider="P33068100001", sale=number, at=NOW, drug=line.drug.code, quantity=line.quantity)
        for line in lines
    )
    keep(
        bench,
        prescription,
        standing=Standing(number=prescription.number, issued=TODAY, state="valid", given=given),
    )
    bench.till.next_customer()
    walk(bench, SHAOXING_FIRST, 2)

    row = row_of(bench, prescription.number)

    assert row.state == "on_desk"
    assert [line.left for line in row.lines] == ["2 盒", "2 盒", "2 盒"]


def test_a_withdrawn_prescription_is_told_with_its_reason(bench: Bench) -> None:
    prescription = once(bench)
    keep(
        bench,
        prescription,
        standing=Standing(number=prescription.number, issued=TODAY, state="withdrawn", reason="开错剂量"),
    )

    walk(bench, SHAOXING_FIRST, 1)
    state = bench.till.enter(prescription.number)

    assert state.draft.prescription is None
    assert state.notice is not None
    assert "开错剂量" in state.notice.what


def test_a_repeat_waits_for_its_day(bench: Bench) -> None:
    prescription = replace(
        prescription_for(bench, "陈阿根"), repeats=1, interval_days=20, valid_until=TODAY + timedelta(days=60)
    )
    keep(bench, prescription)
    walk(bench, 1)
    line = bench.desk.draft.lines[0]
    other = next(each for each in bench.demonstration.drugs if each.code == prescription.lines[1].drug)
    bench.till.enter(box(other, 77))
    assert line.quantity == 1
    sell(bench)
    bench.till.next_customer()
    walk(bench, 1, 1)

    row = row_of(bench, prescription.number)

    assert row.state == "too_early"
    assert "12 月 12 日" in row.round
    state = bench.till.enter(prescription.number)
    assert state.draft.prescription is None


def test_the_delivered_end_counts_to_the_minute(bench: Bench) -> None:
    end = NOW.astimezone(CHINA) - timedelta(minutes=1)
    made = replace(once(bench), valid_end=end, valid_until=business_day(end))
    keep(bench, made)

    walk(bench, SHAOXING_FIRST, 1)
    state = bench.till.enter(made.number)

    assert state.draft.prescription is None
    assert state.notice is not None
    assert "已过期" in state.notice.what


def test_a_paper_prescription_with_a_number_that_was_used_is_refused(bench: Bench) -> None:
    walk(bench, SHAOXING_FIRST, 1)
    form = PaperPrescription(
        number="P-17",
        source="external",
        issuer="某卫生院",
        issuer_designated=True,
        doctor="某医师",
        diagnosis="高血压病",
        diseases=frozenset({"hypertension"}),
        issued=TODAY.isoformat(),
        valid_until="",
        supply_days="28",
        travel=False,
        confirmed=True,
        lines=((bench.demonstration.prescriptions[0].lines[0].name, "1", ""),),
    )
    drug = next(
        each
        for each in bench.demonstration.drugs
        if each.code == bench.demonstration.prescriptions[0].lines[0].drug
    )
    for turn in range(2):
        bench.till.prescribe(form)
        bench.till.enter(box(drug, 70 + turn))
        if "prescription_used" in codes(bench):
            break
        sell(bench)
        bench.till.next_customer()
        walk(bench, SHAOXING_FIRST, 1)

    found = {finding.code: finding for finding in bench.till.refresh().findings}
    assert found["prescription_used"].may_override
    bench.till.prescribe(replace(form, issuer="另一家卫生院"))
    assert "prescription_used" not in codes(bench)


def test_the_sale_of_insured_drugs_tells_the_review_now_and_the_write_off_later(bench: Bench) -> None:
    walk(bench, SHAOXING_FIRST)
    number = sell(bench)

    assert queued(bench) == ["2102", "2102", "3505A", "7204", "SY03"]
    row = row_of(bench, prescription_for(bench, "王秀英").number)
    assert (row.review, row.write_off) == ("waiting", "waiting")
    told = next(each for each in outbox.recent(bench.db, 9) if each.infno == "7204")
    data = msgspec.json.decode(outbox.text_of(bench.db, told))["data"]
    assert data["hi_rxno"] == prescription_for(bench, "王秀英").number
    assert number in data["expContent"]


def test_a_sale_at_the_patients_own_cost_is_written_off_at_once(bench: Bench) -> None:
    walk(bench, 5)  # Nobody pays for the person from Hangzhou.
    sell(bench)

    assert queued(bench) == ["3505A", "7204", "7206", "SY03"]
    told = next(each for each in outbox.recent(bench.db, 9) if each.infno == "7206")
    first, again = outbox.text_of(bench.db, told), outbox.text_of(bench.db, told)
    assert first == again
    data = msgspec.json.decode(first)["data"]
    assert (data["payMode"], data["setl_id"]) == ("1", None)


def test_drugs_beside_the_prescription_neither_use_nor_write_it_off(bench: Bench) -> None:
    prescription = once(bench)
    walk(bench, SHAOXING_FIRST, 2)
    free = next(each for each in bench.demonstration.drugs if not each.prescription_only and each.barcode)
    bench.till.enter(free.barcode or "")
    sell(bench)
    bench.till.next_customer()
    walk(bench, SHAOXING_FIRST, 1)

    assert row_of(bench, prescription.number).state == "known"
    assert "7206" not in queued(bench)
    assert "7204" not in queued(bench)
