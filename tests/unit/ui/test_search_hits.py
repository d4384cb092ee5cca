"""The hits under the field: what of a drug is seen, and that the latest text wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.usecases.state import Choice
from ui.counter.search import SearchPresenter
from ui.desk import Desk
from ui.items import Page, Tile, words_of

HIT = Choice(
    key="X1",
    title="苯磺酸氨氯地平片 5mg×28片",
    detail="片剂 · 演示二制药有限公司 · 演之平",
    price=12_60,
    klass="A",
)


class Later:
    """Answers when it is told to, in any order."""

    def __init__(self) -> None:
        self.pending: list[Callable[[], None]] = []

    def run(self, call: Callable[[], Any], done: Callable[[Any], None], _failed: object) -> None:
        self.pending.append(lambda: done(call()))


class Counter:
    def __init__(self) -> None:
        self.searched: list[str] = []

    def search(self, text: str) -> tuple[Choice, ...]:
        self.searched.append(text)
        return (HIT, Choice(key=text, title=text, detail="", price=None, prescription_only=False, asked=True))


class View:
    page: Page = ()

    def show_hits(self, page: Page) -> None:
        self.page = page


def made(counter: Counter | None = None) -> tuple[SearchPresenter, View, Later]:
    later, view = Later(), View()
    desk = Desk(lambda: counter or Counter(), later)  # type: ignore[arg-type, return-value]
    return SearchPresenter(view, desk), view, later


def tiles(view: View) -> list[Tile]:
    return [tile for item in view.page for tile in item.tiles]  # type: ignore[union-attr]


def test_a_hit_shows_class_prescription_and_price() -> None:
    presenter, view, later = made()
    presenter.typed("al")
    later.pending.pop()()

    assert [tile.note for tile in tiles(view)] == ["甲类 · 处方药", "处方所开 · 目录外 · 非处方药"]
    assert [tile.figure for tile in tiles(view)] == ["12.60", "未定价"]
    assert "甲类 · 处方药" in words_of(view.page)


def test_hits_of_an_older_text_are_not_shown() -> None:
    presenter, view, later = made()
    presenter.typed("a")
    presenter.typed("al")
    later.pending[1]()
    later.pending[0]()

    assert tiles(view)[1].title == "al"
    assert presenter.taken("a") is None


def test_enter_takes_no_hit_of_an_older_text_while_its_own_are_still_sought() -> None:
    presenter, _view, later = made()
    presenter.typed("a")
    later.pending.pop()()
    presenter.typed("al")

    assert presenter.taken("al") is None


def test_what_nobody_waits_for_any_more_is_not_looked_for() -> None:
    counter = Counter()
    presenter, view, later = made(counter)
    for text in ("a", "al", "alo"):
        presenter.typed(text)
    for answer in later.pending:
        answer()

    assert counter.searched == ["alo"]
    assert tiles(view)[1].title == "alo"


def test_the_first_is_chosen_and_arrows_move() -> None:
    presenter, view, later = made()
    presenter.typed("al")
    later.pending.pop()()
    assert [tile.selected for tile in tiles(view)] == [True, False]
    presenter.moved(1)
    presenter.moved(1)

    assert [tile.selected for tile in tiles(view)] == [False, True]
    assert presenter.taken("al") == "al"


def test_a_price_that_is_typed_is_not_looked_for_among_the_drugs() -> None:
    presenter, view, later = made()
    presenter.typed("al")
    later.pending.pop()()
    presenter.typed("售价 12")

    assert not later.pending
    assert "输入金额再按 Enter" in "".join(words_of(view.page))
    assert presenter.taken("售价 12") is None
