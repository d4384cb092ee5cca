"""A price above what was agreed keeps a drug from being sold, and the window says why and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.errors import NotForSale
from app.storage import catalogue, sales
from app.storage.connection import transaction
from app.usecases.tour import go_to_store
from engine.catalogue import Drug
from tests.fakes.fake_counter import Bench

SHAOXING, EZHOU, LIAOCHENG = "P33068100001", "P42070000001", "P37150000001"


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.till.start()
    yield bench
    bench.close()


def otc(bench: Bench) -> Drug:
    """Return a drug of the list that anybody may buy, sold above its agreed price in Ezhou."""
    return next(
        drug
        for drug in bench.demonstration.drugs
        if drug.trade_name == "演之必" and not drug.prescription_only
    )


def test_a_price_above_the_agreement_is_refused_and_nothing_is_recorded(bench: Bench) -> None:
    go_to_store(bench.desk, EZHOU)
    state = bench.till.enter(otc(bench).barcode or "")
    assert [finding.code for finding in state.findings if finding.bars] == ["price_above_agreed"]

    with pytest.raises(NotForSale) as refused:
        bench.till.settle()

    assert "高于协议价" in refused.value.what
    assert "没有入账" in refused.value.what
    assert sales.last(bench.db) is None


def test_once_the_price_is_changed_it_is_sold(bench: Bench) -> None:
    sold = otc(bench)
    agreed = next(price.fen for price in sold.prices if price.kind == "agreed")
    with transaction(bench.catalogue):
        catalogue.save(bench.catalogue, [replace(sold, price=agreed)])
    go_to_store(bench.desk, EZHOU)

    bench.till.enter(sold.barcode or "")

    assert bench.settle().settled is not None


def test_the_same_price_is_nobody_s_business_in_another_city(bench: Bench) -> None:
    go_to_store(bench.desk, LIAOCHENG)
    bench.till.enter(otc(bench).barcode or "")

    assert bench.settle().settled is not None


def test_the_tours_are_sold_without_a_finding_on_prices(bench: Bench) -> None:
    for stop in bench.till.tour():
        state = bench.till.demonstrate(stop)
        assert not [finding for finding in state.findings if finding.code.startswith("price_")]


def test_a_chronic_drug_off_the_platform_is_pointed_out_where_platform_prices_are_known(bench: Bench) -> None:
    group = [stop for stop in bench.till.tour() if stop.store == SHAOXING][:2]
    for stop in group:
        bench.till.demonstrate(stop)
    unlisted = next(drug for drug in bench.demonstration.drugs if drug.generic_name == "苯磺酸左氨氯地平片")

    state = bench.till.enter(unlisted.barcode or "")

    (finding,) = [each for each in state.findings if each.code == "price_not_on_platform"]
    assert (finding.severity, finding.bars) == ("attention", False)
    with transaction(bench.catalogue):
        catalogue.save(bench.catalogue, [replace(drug, prices=()) for drug in bench.demonstration.drugs])
    state = bench.till.change_quantity(state.selected or "", 2)
    assert "price_not_on_platform" not in {each.code for each in state.findings}
