"""The card of cheaper ways without a display: what it says, what a key does, and what has become too old."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.usecases.cheaper_state import CheaperWay
from app.usecases.state import CounterState
from tests.fakes.fake_counter import Bench
from ui.counter.cheaper_page import CheaperPresenter, cheaper_page
from ui.desk import Desk
from ui.items import Heading, Page, Row, words_of


class Queue:
    """Runs what is asked for when it is let go."""

    def __init__(self) -> None:
        self.held: list[Callable[[], None]] = []

    def run(self, call: Any, done: Any, failed: Any) -> None:
        self.held.append(lambda: done(call()))

    def let_go(self) -> None:
        while self.held:
            self.held.pop(0)()


class SeenView:
    def __init__(self) -> None:
        self.page: Page = ()
        self.pauses = 0

    def show_cheaper(self, page: Page) -> None:
        self.page = page

    def compare_soon(self) -> None:
        self.pauses += 1


class Shown:
    """A presenter over a real till with the tour's first basket, and what it shows."""

    def __init__(self, folder: Path) -> None:
        self.bench, self.queue, self.view = Bench(folder), Queue(), SeenView()
        self.states: list[CounterState] = []
        till = self.bench.till
        till.start()
        self.presenter = CheaperPresenter(self.view, Desk(lambda: till, self.queue), self.show)
        for stop in till.tour()[:6]:
            self.show(till.demonstrate(stop))

    def show(self, state: CounterState) -> None:
        self.states.append(state)
        self.presenter.shown(state)

    def look(self) -> None:
        self.presenter.due()
        self.queue.let_go()


@pytest.fixture(name="shown")
def _shown(tmp_path: Path) -> Iterator[Shown]:
    shown = Shown(tmp_path)
    yield shown
    shown.bench.close()


def rows(page: Page) -> list[Row]:
    return [item for item in page if isinstance(item, Row)]


def test_ways_are_looked_for_after_a_pause_and_again_when_the_sums_change(shown: Shown) -> None:
    assert shown.view.page == ()
    pauses = shown.view.pauses
    shown.look()
    assert len(rows(shown.view.page)) == 3

    shown.show(shown.states[-1])
    assert shown.view.pauses == pauses  # Nothing changed.
    shown.show(shown.bench.till.change_quantity("1", 2))
    assert shown.view.pauses == pauses + 1


def test_what_was_found_for_another_basket_is_not_shown(shown: Shown) -> None:
    shown.presenter.due()
    state = shown.bench.till.change_quantity("1", 0)  # Done before the answer comes, and shown after it.
    shown.queue.let_go()
    assert shown.view.page == ()

    shown.show(state)
    shown.look()
    assert shown.view.page


def test_the_first_is_chosen_then_the_next_and_round_again(shown: Shown) -> None:
    shown.presenter.chosen_next()
    assert not shown.presenter.taken()  # Nothing is there yet to be chosen.
    shown.look()

    chosen = []
    for _ in range(4):
        shown.presenter.chosen_next()
        chosen.append([row.selected for row in rows(shown.view.page)].index(True))
    assert chosen == [0, 1, 2, 0]
    assert shown.presenter.moved(5)
    assert rows(shown.view.page)[2].selected
    title = shown.view.page[0]
    assert isinstance(title, Heading)
    assert title.key == "Enter 采用，Esc 不换"

    assert shown.presenter.closed()
    assert not any(row.selected for row in rows(shown.view.page))
    assert not shown.presenter.closed()
    assert not shown.presenter.moved(1)


def test_what_is_taken_is_shown_and_the_ways_of_the_old_basket_are_looked_for_anew(shown: Shown) -> None:
    shown.look()
    shown.presenter.chosen_next()
    pauses = shown.view.pauses

    assert shown.presenter.taken()
    shown.queue.let_go()

    assert any(line.instead_of for line in shown.states[-1].draft.lines)
    assert shown.view.pauses == pauses + 1
    assert not shown.presenter.taken()


def test_once_it_is_settled_the_card_goes(shown: Shown) -> None:
    shown.look()

    shown.show(shown.bench.settle())
    shown.look()

    assert shown.view.page == ()


def test_a_way_says_what_it_is_what_it_costs_and_by_which_clause(shown: Shown) -> None:
    shown.look()
    words = words_of(shown.view.page)

    assert "演示六制药厂有限公司 · 换下第 2 行 · 处方管理办法 第十七条" in words
    assert "按同样的价格算 · 绍政办发〔2023〕40号 （六）" in words
    assert {"患者少付 15.27", "应收 38.29"} <= set(words)


def test_a_place_in_the_city_of_the_insurance_says_to_go_back_there() -> None:
    way = CheaperWay(
        key="place:primary",
        kind="place",
        saving=100,
        patient=200,
        provider="primary",
        region="绍兴市诸暨市",
        ratio_bp=None,
    )

    said = words_of(cheaper_page((way,)))

    assert "同一处方回绍兴市诸暨市，在基层医疗机构（卫生院、社区卫生服务中心）配药" in said
