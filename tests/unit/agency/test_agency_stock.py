"""3501 to 3507: a record is kept once under its own number, corrected by 3507, joined with journals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from agency import eprescriptions
from agency.storage import dispensed, findings, stock_records
from engine.catalogue import Drug, listing_on
from engine.protocol.stock import (
    SaleRecord,
    StockRecord,
    TraceCode,
    about,
    count_input,
    deletion_input,
    joined_sales,
    purchase_input,
    read_records,
    read_results,
)
from engine.protocol.stock_sales import batch_input
from engine.sale import set_quantity, split_line
from engine.stock import Lot
from tests.fakes.agency_line import (
    EZHOU,
    NOW,
    SHAOXING,
    Bureau,
    as_told,
    claim_of,
    demonstration,
    draft_of,
    paid_by_law,
    person,
)
from tests.fakes.enrolled_till import EnrolledTill

DRUG = demonstration().drugs[0]
LOT = Lot(number=1, drug=DRUG.code, name=DRUG.generic_name, batch="B1", received=NOW.date(), note="D-1")
BOX = "81234567890123456789"


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


def sold(number: str, sale: str, *codes: str, count: int = 1) -> SaleRecord:
    return SaleRecord(
        **about(DRUG, number),
        manu_lotnum="B1",
        trdn_flag="0",
        sel_retn_cnt=Decimal(count),
        sel_retn_time="2026-11-22 10:00:00",
        sel_retn_opter_name="药师 李",
        rtal_docno=sale,
        drugtracinfo=[TraceCode(code) for code in codes] or None,
    )


def purchase(number: str, count: int = 10) -> str:
    return purchase_input(number, LOT, DRUG, count=Decimal(count), at=NOW, who="药师 李", no_batch="无")


def held(bureau: Bureau) -> dict[str, int]:
    return stock_records.counts(bureau.db)


def test_a_record_sent_again_is_kept_once(bureau: Bureau) -> None:
    for _ in range(3):
        assert bureau.call("3503", purchase("M01.1-1")).refused == ""

    assert held(bureau) == {"3503": 1}


def test_another_record_under_the_same_number_is_refused(bureau: Bureau) -> None:
    bureau.call("3503", purchase("M01.1-1"))

    assert bureau.call("3503", purchase("M01.1-1", count=11)).refused == "record_conflict"


def test_a_deleted_record_may_be_sent_anew_with_other_content(bureau: Bureau) -> None:
    bureau.call("3503", purchase("M01.1-1"))

    assert bureau.call("3507", deletion_input("M01.1-1", "3503")).refused == ""
    assert held(bureau) == {}
    assert bureau.call("3503", purchase("M01.1-1", count=11)).refused == ""
    assert held(bureau) == {"3503": 1}


def test_a_sale_told_before_its_settlement_had_a_number_and_again_with_it_is_one_record(
    bureau: Bureau,
) -> None:
    early = sold("N1", "01-000001", BOX)
    late = replace(early, setl_id="330681202611221000000000000001")
    for record in (early, late, early, late):
        assert told_of(bureau, record) == "1"

    assert told_of(bureau, replace(late, setl_id="330681202611221000000000000002")) == "0"
    assert told_of(bureau, replace(early, sel_retn_cnt=Decimal(2))) == "0"
    assert '"setl_id":"330681202611221000000000000001"' in kept_body(bureau, "N1")


def told_of(bureau: Bureau, record: SaleRecord) -> str:
    said = bureau.call("3505A", batch_input([record]))
    return read_results(Raw(msgspec.json.encode(said.output)))["N1"].retRslt


def kept_body(bureau: Bureau, number: str) -> str:
    return stock_records.held(bureau.db, "P33068100001", [number])[number].body


def test_what_nobody_told_is_not_deleted(bureau: Bureau) -> None:
    assert bureau.call("3507", deletion_input("M01.1-9", "3503")).refused == "unknown_record"
    bureau.call("3503", purchase("M01.1-1"))
    assert bureau.call("3507", deletion_input("M01.1-1", "3505")).refused == "wrong_record_type"


def test_two_shops_may_use_the_same_number(bureau: Bureau) -> None:
    bureau.call("3503", purchase("M01.1-1"))
    bureau.provider = EZHOU
    bureau.call("3503", purchase("M01.1-1", count=2))

    assert held(bureau) == {"3503": 2}


def test_of_a_batch_only_the_record_in_conflict_is_refused(bureau: Bureau) -> None:
    bureau.call("3505A", batch_input([sold("X1-1-1", "1")]))

    said = bureau.call("3505A", batch_input([sold("X1-1-1", "1", count=9), sold("X2-1-1", "2")]))

    results = read_results(Raw(msgspec.json.encode(said.output)))
    assert {number: each.retRslt for number, each in results.items()} == {"X1-1-1": "0", "X2-1-1": "1"}
    assert results["X1-1-1"].msgRslt.endswith("。")
    assert held(bureau) == {"3505A": 2}


def test_joined_batches_are_one_batch() -> None:
    texts = [batch_input([sold("X1-1-1", "1")]), batch_input([sold("X2-1-1", "2"), sold("X2-2-1", "2")])]

    read = read_records("3505A", Raw(joined_sales(texts).encode()))

    assert [each.number for each in read] == ["X1-1-1", "X2-1-1", "X2-2-1"]
    with pytest.raises(ValueError, match="3505A"):
        joined_sales([purchase("M1")])


def test_a_count_is_read_back_as_it_was_told(bureau: Bureau) -> None:
    text = count_input("M1", LOT, DRUG, day=NOW.date(), packs=Decimal("0"), no_batch="无")

    record = read_records("3501", Raw(text.encode()))[0]

    assert isinstance(record, StockRecord)
    assert (record.number, record.drug, record.count) == ("M1", DRUG.code, Decimal(0))
    assert bureau.call("3501", text).refused == ""


@pytest.mark.parametrize(
    "infno, text",
    [
        ("3503", "{}"),
        ("3503", '{"purcinfo":[]}'),
        ("3505A", '{"selinfoDetail":[]}'),
        ("3505", '{"selinfo":{"med_list_codg":"X"}}'),
        ("3507", '{"data":{"fixmedins_bchno":""}}'),
        ("3502", '{"invinfo":null}'),
    ],
)
def test_a_record_of_another_form_is_refused_with_the_reason(bureau: Bureau, infno: str, text: str) -> None:
    said = bureau.call(infno, text)

    assert said.refused == "invalid"
    assert said.envelope["err_msg"].endswith("。")


def test_boxes_of_software_without_a_journal_are_found_when_sold_twice(bureau: Bureau) -> None:
    bureau.call("3505A", batch_input([sold("X1-1-1", "01-000001", BOX)]))
    bureau.provider = EZHOU

    bureau.call("3505", msgspec.json.encode({"selinfo": sold("X9-1-1", "01-000009", BOX)}).decode())

    found = findings.recent(bureau.db, 9)
    assert [each.kind for each in found] == ["trace_repeated"]
    assert SHAOXING in found[0].text


def test_a_sale_told_by_journal_and_by_record_is_one_sale(bureau: Bureau) -> None:
    bureau.call("3505A", batch_input([sold("X1-1-1", "01-000001", BOX)]))
    till = EnrolledTill(bureau, SHAOXING)
    till.enrol()
    sell(till, "01-000001", BOX)

    till.upload()

    assert findings.recent(bureau.db, 9) == []


def test_an_opened_pack_is_sold_from_again_and_again_and_elsewhere_it_is_found(bureau: Bureau) -> None:
    here, there = EnrolledTill(bureau, SHAOXING), EnrolledTill(bureau, EZHOU)
    for till in (here, there):
        till.enrol()
    for number in ("01-000001", "01-000002"):
        sell(here, number, BOX, split=True)
    here.upload()
    assert findings.recent(bureau.db, 9) == []

    sell(there, "01-000001", BOX)
    there.upload()

    assert [each.kind for each in findings.recent(bureau.db, 9)] == ["trace_repeated"]


def test_a_box_that_came_back_and_was_released_is_sold_once_more(bureau: Bureau) -> None:
    till = EnrolledTill(bureau, SHAOXING)
    till.enrol()
    sell(till, "01-000001", BOX)
    till.upload()
    released = {"provider": SHAOXING, "who": "药师 李", "boxes": [{"code": BOX}]}
    till.write("stock_released", msgspec.json.encode(released).decode())
    sell(till, "01-000002", BOX)
    till.upload()
    assert findings.recent(bureau.db, 9) == []

    sell(till, "01-000003", BOX)
    till.upload()

    assert "01-000002" in findings.recent(bureau.db, 9)[0].text


def sell(till: EnrolledTill, number: str, *codes: str, split: bool = False) -> None:
    line = {"id": "1", "trace_codes": codes, **({"split": True} if split else {})}
    body = {"number": number, "store": {"provider": {"id": till.provider}}, "draft": {"lines": [line]}}
    till.write("sale", msgspec.json.encode(body).decode())


def test_a_split_pack_comes_to_the_same_sums_at_the_agency(bureau: Bureau) -> None:
    whose = as_told(person("王秀英"))
    draft = draft_of(whose)
    line = next(each for each in draft.lines if each.drug.listings and _standard(each.drug) is not None)
    draft = split_line(replace(draft, lines=(replace(line, quantity=1),)), line.id)
    draft = set_quantity(draft, line.id, 10)
    claim, answer = claim_of(draft, SHAOXING)
    assert claim.lines[0].payment_standard == (_standard(line.drug) or 0) // (line.drug.pack_size or 1)

    for settled, text in paid_by_law(draft):
        said = bureau.call("2102", text)

        assert said.refused == ""
        facts = msgspec.json.decode(said.output["setlinfo"]["expContent"])
        assert not facts["differs"]
        assert settled.total == answer.total == 10 * draft.lines[0].unit_price


def test_pieces_count_as_part_of_a_pack_in_history_and_on_the_prescription(bureau: Bureau) -> None:
    whose = as_told(person("王秀英"))
    draft = draft_of(whose)
    line = next(each for each in draft.lines if each.drug.prescription_only and each.drug.pack_size)
    draft = split_line(replace(draft, lines=(replace(line, quantity=1),)), line.id)
    draft = set_quantity(draft, line.id, 10)
    (_settled, text), *_rest = paid_by_law(draft)
    assert draft.prescription is not None

    assert bureau.call("2102", text).refused == ""

    (row,) = dispensed.of_person(bureau.db, whose.psn_no, NOW - timedelta(days=9))
    assert (row.packs, row.quantity, row.pack_size) == (1, 10, line.drug.pack_size)
    (given,) = eprescriptions.use_of(bureau.db, replace(draft.prescription, psn_no=whose.psn_no), NOW).given
    assert (given.quantity, given.pack_size) == (10, line.drug.pack_size)


def _standard(drug: Drug) -> int | None:
    return listing_on(drug, NOW.date(), "330681", "resident").payment_standard
