"""A catalogue that says nothing of trace codes: they are asked for all the same, and learned from a box."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from app.storage import catalogue, sales
from app.storage.connection import transaction
from app.usecases.stock_errors import TraceCodesNeeded
from engine.catalogue import Drug
from tests.fakes.fake_counter import Bench
from tests.fakes.fake_leases import scan_first
from tests.fakes.stocked_shelves import box, free_drug, left, receive


@pytest.fixture
def drug(bench: Bench) -> Drug:
    """A drug as an imported list has it."""
    return unsaid(bench, free_drug(bench))


def unsaid(bench: Bench, drug: Drug) -> Drug:
    """Let the catalogue no longer say how the codes of ``drug`` begin; the box still bears the same."""
    with transaction(bench.catalogue):
        catalogue.save(bench.catalogue, [replace(drug, trace_prefix=None)])
    return drug


def test_on_insurance_a_drug_whose_codes_the_catalogue_does_not_know_needs_them_too(bench: Bench) -> None:
    for drug in bench.demonstration.drugs:
        unsaid(bench, drug)
    scan_first(bench, all_codes=False)

    with pytest.raises(TraceCodesNeeded):
        bench.settle()
    assert bench.till.refresh().lacking


def test_a_kind_of_drug_that_has_no_codes_is_settled_without(bench: Bench, drug: Drug) -> None:
    slices = replace(drug, code="T000000001", barcode="6901234567892", trace_prefix=None)
    with transaction(bench.catalogue):
        catalogue.save(bench.catalogue, [slices])

    state = bench.till.enter(slices.barcode or "")

    assert state.draft.lines
    assert not state.lacking
    assert not state.findings


def test_a_code_of_unknown_beginning_is_of_the_box_scanned_before_it(bench: Bench, drug: Drug) -> None:
    first = bench.till.enter(box(drug, 1))
    assert first.draft.lines == ()
    assert first.notice is not None
    assert "商品条码" in first.notice.advice
    bench.till.enter(drug.barcode or "")

    state = bench.till.enter(box(drug, 1))

    assert [(line.quantity, line.trace_codes) for line in state.draft.lines] == [(1, (box(drug, 1),))]
    assert not state.lacking


def test_a_code_is_not_taken_for_a_box_that_has_one(bench: Bench, drug: Drug) -> None:
    bench.till.enter(drug.barcode or "")
    bench.till.enter(box(drug, 1))

    state = bench.till.enter("87999990000000000001")

    assert [line.trace_codes for line in state.draft.lines] == [(box(drug, 1),)]
    assert state.notice is not None
    assert "没有加入" in state.notice.what


@pytest.mark.parametrize("between", [0, 16])
def test_what_was_sold_teaches_whose_codes_begin_so(bench: Bench, drug: Drug, between: int) -> None:
    bench.till.enter(drug.barcode or "")
    bench.till.enter(box(drug, 1))
    bench.settle()
    for serial in range(between):
        bench.till.next_customer()
        bench.till.enter(box(drug, 2 + serial))
        bench.settle()
    bench.till.next_customer()

    state = bench.till.enter(box(drug, 99))

    assert [line.drug.code for line in state.draft.lines] == [drug.code]
    last = sales.last(bench.db)
    assert last is not None
    assert last.serial == between + 1


def test_a_delivery_learns_the_codes_of_a_drug_from_its_barcode(bench: Bench, drug: Drug) -> None:
    assert bench.till.scan_delivery(box(drug, 1)).lines == ()
    bench.till.scan_delivery(drug.barcode or "")
    bench.till.scan_delivery("2")

    for serial in (1, 2, 3):
        shown = bench.till.scan_delivery(box(drug, serial))

    assert [(line.packs, len(line.codes)) for line in shown.lines] == [(3, 3)]
    assert bench.till.scan_delivery("87999990000000000001").lines == shown.lines


def test_what_was_received_teaches_whose_codes_begin_so(bench: Bench, drug: Drug) -> None:
    bench.till.scan_delivery(drug.barcode or "")
    receive(bench.till, drug, "B1", "2029-05", codes=(box(drug, 1), box(drug, 2)))

    state = bench.till.enter(box(drug, 9))

    assert [line.drug.code for line in state.draft.lines] == [drug.code]
    assert left(bench, drug) == {"B1": (2, 0, 0)}


def test_nothing_is_concluded_from_boxes_of_two_drugs_that_begin_alike(bench: Bench, drug: Drug) -> None:
    other = next(each for each in bench.demonstration.drugs if each.barcode and each.code != drug.code)
    for named, serial in ((drug, 1), (other, 2)):
        with transaction(bench.catalogue):
            catalogue.save(bench.catalogue, [replace(named, trace_prefix=drug.trace_prefix)])
        receive(bench.till, named, "B1", "2029-05", codes=(box(drug, serial),), note=f"SH-{serial}")
        unsaid(bench, named)

    state = bench.till.enter(box(drug, 9))

    assert state.draft.lines == ()
