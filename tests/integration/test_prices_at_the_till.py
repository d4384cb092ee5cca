"""A price above what was agreed keeps a drug from being sold, and the window says why and what to do."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from app.errors import DiskFull, NotForSale
from app.storage import catalogue, journal, sales
from app.storage.connection import transaction
from app.usecases.repricing import PRICE_KIND, PriceSet, PriceUnclear
from app.usecases.tour import go_to_store
from engine.catalogue import Drug
from engine.sale import reprice
from tests.fakes.fake_counter import Bench

SHAOXING, EZHOU, LIAOCHENG = "P33068100001", "P42070000001", "P37150000001"


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
    assert "依据：鄂州市优化职工医保门诊统筹便民服务措施清单 三。" in refused.value.what
    assert "请把售价改到协议价以内" in refused.value.what
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


def written(bench: Bench) -> list[tuple[str, int | None, int, str]]:
    """Return the prices that the journal says were set: name, before, after, by whom."""
    entries = [entry for entry in journal.read(bench.db, 0, 100) if entry.kind == PRICE_KIND]
    made = [msgspec.json.decode(entry.body, type=PriceSet) for entry in entries]
    return [(each.name, each.before, each.price, each.operator) for each in made]


def test_a_price_too_high_is_put_right_at_the_counter_and_the_sale_goes_through(bench: Bench) -> None:
    go_to_store(bench.desk, EZHOU)
    state = bench.till.enter(otc(bench).barcode or "")
    (barred,) = [finding for finding in state.findings if finding.bars]
    assert "按 Ctrl 3" in barred.advice

    state = bench.till.enter("售价 18.41")

    assert [line.unit_price for line in state.draft.lines] == [1_841]
    assert not [finding for finding in state.findings if finding.bars]
    assert state.notice is not None
    assert "从 19.80 元改为 18.41 元" in state.notice.what
    assert "协议价 18.41 元" in state.notice.advice
    assert bench.settle().settled is not None
    assert written(bench) == [("布洛芬缓释胶囊", 1_980, 1_841, bench.desk.settings.operator)]


def test_the_next_box_costs_the_new_price_and_esc_brings_no_old_one_back(bench: Bench) -> None:
    go_to_store(bench.desk, EZHOU)
    code = otc(bench).barcode or ""
    bench.till.enter(code)
    bench.till.enter(code)

    bench.till.enter("售价：１８．００")  # As an input method writes it.
    state = bench.till.undo()

    assert [(line.quantity, line.unit_price) for line in state.draft.lines] == [(1, 1_800)]
    bench.till.next_customer()
    assert [line.unit_price for line in bench.till.enter(code).draft.lines] == [1_800]


def test_a_price_that_could_not_be_written_down_is_not_charged(bench: Bench) -> None:
    go_to_store(bench.desk, LIAOCHENG)
    sold = otc(bench)
    bench.till.enter(sold.barcode or "")

    def full_disk() -> None:
        raise DiskFull()

    with pytest.raises(DiskFull):
        bench.desk.restate(lambda draft: reprice(draft, sold.code, 1_800), full_disk)

    assert [line.unit_price for line in bench.till.refresh().draft.lines] == [1_980]


def test_a_box_without_a_price_waits_for_it_and_is_then_in_the_basket(bench: Bench) -> None:
    sold = otc(bench)
    with transaction(bench.catalogue):
        catalogue.save(bench.catalogue, [replace(sold, price=None)])
    go_to_store(bench.desk, LIAOCHENG)
    box = f"{sold.trace_prefix}{7:013d}"
    state = bench.till.enter(box)
    assert state.notice is not None
    assert "还没有售价" in state.notice.what
    assert "Ctrl 3" in state.notice.advice

    state = bench.till.enter("售价 19.80")

    assert [(line.unit_price, line.trace_codes) for line in state.draft.lines] == [(1_980, (box,))]
    assert written(bench)[0][1] is None


def test_pieces_of_an_opened_pack_follow_its_price(bench: Bench) -> None:
    go_to_store(bench.desk, LIAOCHENG)
    state = bench.till.enter(otc(bench).barcode or "")
    bench.till.split(state.draft.lines[0].id)

    assert [line.unit_price for line in bench.till.enter("售价 10").draft.lines] == [50]
    with pytest.raises(PriceUnclear):
        bench.till.enter("售价 0.10")  # Twenty pieces of it.
    assert [line.unit_price for line in bench.till.refresh().draft.lines] == [50]
    assert len(written(bench)) == 1


@pytest.mark.parametrize("typed", ["售价 0", "售价 12.605", "售价 1,2", "售价 1.2.3", "售价 69012345"])
def test_what_is_no_price_changes_nothing(bench: Bench, typed: str) -> None:
    go_to_store(bench.desk, LIAOCHENG)
    bench.till.enter(otc(bench).barcode or "")

    with pytest.raises(PriceUnclear):
        bench.till.enter(typed)

    assert [line.unit_price for line in bench.till.refresh().draft.lines] == [1_980]
    assert not written(bench)


def test_the_word_alone_tells_what_the_drug_costs_here_and_by_whose_word(bench: Bench) -> None:
    go_to_store(bench.desk, EZHOU)
    bench.till.enter(otc(bench).barcode or "")

    state = bench.till.enter("售价")

    assert state.notice is not None
    assert "售价 19.80 元" in state.notice.what
    assert "省平台挂网价 20.35 元，协议价 18.41 元。" in state.notice.advice
    assert not written(bench)


def test_without_a_drug_at_hand_no_price_is_set(bench: Bench) -> None:
    go_to_store(bench.desk, EZHOU)

    state = bench.till.enter("售价 12.60")

    assert state.notice is not None
    assert "没有改动售价" in state.notice.what
    assert not written(bench)
