"""A recall finds every sale that may have handed out its batch, whatever the sale knew of its lot."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from app.storage import catalogue, sales
from app.storage.connection import transaction
from app.usecases.stock_state import RecallSale
from engine.catalogue import Drug
from tests.fakes.fake_counter import Bench
from tests.fakes.stocked_shelves import box, buy, receive

RUN = 16


def found(bench: Bench, drug: Drug, batch: str) -> tuple[RecallSale, ...]:
    return bench.till.recall(drug.code, batch, "药监通知 2026-11")[0].sold


@pytest.mark.parametrize("later", [0, RUN])
def test_what_was_sold_before_the_first_delivery_may_be_of_the_batch(
    bench: Bench, drug: Drug, later: int
) -> None:
    number = buy(bench, drug.barcode or "")
    receive(bench.till, drug, "B1", "2029-05", packs=20)
    sure = [buy(bench, drug.barcode or "") for _ in range(later)]

    sold = found(bench, drug, "B1")

    assert [(each.number, each.sure) for each in sold] == [
        *((each, True) for each in reversed(sure)),
        (number, False),
    ]


def test_what_was_sold_of_another_batch_is_not_among_it(bench: Bench, drug: Drug) -> None:
    other = next(each for each in bench.demonstration.drugs if each.barcode and each.code != drug.code)
    receive(bench.till, drug, "B1", "2029-05", packs=1)
    receive(bench.till, drug, "B2", "2029-06", packs=5, note="SH-2")
    first = buy(bench, drug.barcode or "")
    buy(bench, drug.barcode or "")

    assert [each.number for each in found(bench, drug, "B1")] == [first]
    assert found(bench, other, "B1") == ()


def test_of_more_than_the_books_had_the_rest_may_be_of_the_batch(bench: Bench, drug: Drug) -> None:
    receive(bench.till, drug, "B1", "2029-05", packs=1)
    buy(bench, drug.barcode or "", drug.barcode or "", drug.barcode or "")

    assert [(each.quantity, each.sure) for each in found(bench, drug, "B1")] == [(1, True), (2, False)]


@pytest.mark.parametrize("later", [0, RUN])
def test_a_box_of_the_batch_is_found_though_its_lot_was_sold_out_by_the_books(
    bench: Bench, drug: Drug, later: int
) -> None:
    receive(bench.till, drug, "B1", "2029-05", codes=(box(drug, 1),))
    receive(bench.till, drug, "B2", "2029-06", packs=30, note="SH-2")
    by_barcode = buy(bench, drug.barcode or "")
    by_box = buy(bench, box(drug, 1))
    for _ in range(later):
        buy(bench, drug.barcode or "")

    assert [(each.number, each.sure) for each in found(bench, drug, "B1")] == [
        (by_box, True),
        (by_barcode, True),
    ]


def test_a_drug_recalled_whole_was_sold_by_every_sale_of_it(bench: Bench, drug: Drug) -> None:
    number = buy(bench, drug.barcode or "")

    assert [(each.number, each.sure) for each in found(bench, drug, "")] == [(number, True)]


def test_sales_of_older_books_are_found_by_their_entries(bench: Bench, drug: Drug) -> None:
    number = buy(bench, drug.barcode or "")
    bench.db.execute("UPDATE sale SET goods = NULL")

    assert [(each.number, each.sure) for each in found(bench, drug, "B1")] == [(number, False)]


def test_pieces_of_an_opened_pack_are_found(bench: Bench, drug: Drug) -> None:
    known = replace(drug, pack_size=20, pack_unit="丸")
    with transaction(bench.catalogue):
        catalogue.save(bench.catalogue, [known])
    receive(bench.till, known, "B1", "2029-05", codes=(box(drug, 1),))
    bench.till.split(bench.till.enter(box(drug, 1)).selected or "")
    bench.till.settle()

    assert [(each.quantity, each.unit, each.sure) for each in found(bench, drug, "B1")] == [(1, "丸", True)]
    assert sales.last(bench.db) is not None
