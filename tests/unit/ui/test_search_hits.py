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
    def search(self, text: str) -> tuple[Choice, ...]:
        return (HIT, Choice(key=text, title=text, detail="", price=None, prescription_only=False, asked=True))


class View:
    page: Page = ()

    def show_hits(self, page: Page) -> None:
        self.page = page


def made() -> tuple[SearchPresenter, View, Later]:
    later, view = Later(), View()
    return SearchPresenter(view, Desk(Counter, later)), view, later  # type: ignore[arg-type]


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


def test_the_first_is_chosen_and_arrows_move() -> None:
    presenter, view, later = made()
    presenter.typed("al")
    later.pending.pop()()
    assert [tile.selected for tile in tiles(view)] == [True, False]
    presenter.moved(1)
    presenter.moved(1)

    assert [tile.selected for tile in tiles(view)] == [False, True]
    assert presenter.taken("al") == "al"
