"""The demonstration's shelves: lots to look at, one expired, one recalled, and a tour that sells without
friction."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

import pytest

from app.bootstrap import build_counter
from app.storage import outbox, stock_check
from app.usecases.stock_demonstration import fill_shelves
from engine.demonstration_stock import parse_stock
from tests.fakes.fake_counter import Bench, only_shops, texts
from tests.fakes.stocked_shelves import SHOP, box, lots

WANTED = parse_stock(texts("demonstration"))
OF_STOCK = {"stock_short", "stock_expired", "stock_recalled", "box_unknown", "expires_within_supply"}


def test_a_newcomer_finds_lots_some_near_their_end_one_expired_one_recalled(bench: Bench) -> None:
    assert fill_shelves(bench.desk, WANTED, SHOP)

    listed = bench.till.stock("")
    assert (listed.expired, listed.recalled) == (1, 1)
    assert listed.near >= 2
    assert listed.lots > listed.expired + listed.recalled + listed.near
    assert stock_check.faults(bench.db) == []
    assert bench.desk.clock is bench.clock


def test_the_shelves_are_filled_once(bench: Bench) -> None:
    fill_shelves(bench.desk, WANTED, SHOP)
    before = bench.till.stock("").lots

    assert fill_shelves(bench.desk, WANTED, SHOP)

    assert bench.till.stock("").lots == before


def test_before_the_drugs_have_come_nothing_is_filled(tmp_path: Path) -> None:
    bench = Bench(tmp_path, stock=only_shops)
    bench.till.start()

    assert not fill_shelves(bench.desk, WANTED, SHOP)

    assert bench.till.stock("").lots == 0
    bench.close()


def test_the_whole_tour_sells_without_a_word_about_stock(bench: Bench) -> None:
    fill_shelves(bench.desk, WANTED, SHOP)
    tour = bench.till.tour()
    for group in dict.fromkeys(stop.group for stop in tour):
        bench.till.next_customer()
        for stop in tour:
            if stop.group == group:
                state = bench.till.demonstrate(stop)
        assert not OF_STOCK & {finding.code for finding in state.findings}
        if any(line.drug.prescription_only for line in state.draft.lines) and state.draft.prescription:
            assert bench.settle().settled is not None
    assert stock_check.faults(bench.db) == []


def test_a_recalled_box_of_the_demonstration_is_refused_at_the_scan(bench: Bench) -> None:
    fill_shelves(bench.desk, WANTED, SHOP)
    drug = next(each for each in bench.demonstration.drugs if each.code == WANTED.recalls[0].drug)
    assert [each.lot.batch for each in lots(bench, drug)] == [WANTED.recalls[0].batch]

    state = bench.till.enter(box(drug, 1))

    assert state.draft.lines == ()
    assert state.notice is not None
    assert "召回" in state.notice.what


def test_the_demonstration_as_it_opens_has_its_shelves_filled_and_tells_the_agency(tmp_path: Path) -> None:
    with closing(build_counter(data=tmp_path, demonstration=True)) as counter:
        counter.start()
        until = monotonic() + 20
        while not counter.stock("").lots or outbox.counts(counter._desk.db)[0]:
            assert monotonic() < until, "the shelves stay empty, or the agency is not told"
            counter.refresh()
            sleep(0.05)

        assert counter.stock("").expired == 1
        told = outbox.recent(counter._desk.db, 50)
        assert {each.state for each in told} == {"accepted"}
        assert {each.infno for each in told} >= {"3503"}


def test_a_key_that_no_drug_has_is_named() -> None:
    broken = {**texts("demonstration"), "stock.toml": '[[recall]]\ndrug = "x"\nbatch = ""\nwhy = "y"\n'}

    with pytest.raises(ValueError, match="no such drug: x"):
        parse_stock(broken)
