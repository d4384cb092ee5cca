"""The real counter without its agency, through the window: under a lease, by stick, with a backup."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from counter_window import CounterWindow
from PySide6.QtCore import Qt
from real_counter import RealCounter

SHAOXING = 0
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(name="real")
def _real(tmp_path: Path) -> Iterator[RealCounter]:
    real = RealCounter(tmp_path / "data")
    yield real
    real.close()


@pytest.fixture(name="window")
def _window(real: RealCounter, tmp_path: Path) -> Iterator[CounterWindow]:
    window = CounterWindow(tmp_path / "data", opener=real.open)
    window.until(lambda: "在线" in window.chips(), "the agency")
    yield window
    window.close()


class Stick:
    """A folder that the person always chooses, and the newest bundle on it."""

    def __init__(self, folder: Path) -> None:
        self.at = folder

    def folder(self, title: str, chosen: Callable[[str], None]) -> None:
        self.at.mkdir(exist_ok=True)
        chosen(str(self.at))

    def file(self, title: str, pattern: str, chosen: Callable[[str], None]) -> None:
        chosen(str(max(self.at.glob("*.syb"))))


def words(window: CounterWindow, place: str) -> str:
    """Return all that a place says."""
    view = window.window.place(place)
    cards = [getattr(view, name, None) for name in ("list", "till", "side", "detail")]
    return "\n".join(word for card in cards if card is not None for word in card.sheet.words())


def sold_without_the_agency(window: CounterWindow, real: RealCounter) -> str:
    """Scan a person's basket, lose the agency, settle; return how sure the sale is."""
    window.walk(SHAOXING)
    window.until(lambda: window.state().lease, "the lease of the pre-settlement")
    real.stop_agency()
    window.act()
    window.until(lambda: window.state().settled, "the settlement")
    settled = window.state().settled
    assert settled is not None
    return settled.certainty


def test_a_line_lost_after_the_lease_costs_nothing(window: CounterWindow, real: RealCounter) -> None:
    certainty = sold_without_the_agency(window, real)

    assert certainty == "guaranteed", window.words()
    assert "✓ 已担保" in window.words()
    assert "额度正好够这一单" in window.words()
    window.picture("guaranteed-real")


def test_the_sync_place_shows_what_the_till_holds_and_what_waits(
    window: CounterWindow, real: RealCounter
) -> None:
    sold_without_the_agency(window, real)
    window.key(Qt.Key.Key_F8)
    window.until(lambda: "王＊英" in words(window, "sync"), "the lease in the list")

    assert "已登记 · 第 1 期" in words(window, "sync")
    window.picture("sync-real")


def test_sales_go_onto_a_stick_and_a_backup_is_made_by_keys(
    window: CounterWindow, real: RealCounter, tmp_path: Path
) -> None:
    sold_without_the_agency(window, real)
    window.key(Qt.Key.Key_F8)
    window.program.places.chooser = Stick(tmp_path / "stick")

    window.key(Qt.Key.Key_1, CONTROL)
    window.until(lambda: "已写入" in words(window, "sync"), "the bundle")
    window.key(Qt.Key.Key_2, CONTROL)
    window.until(lambda: "没有采用" in words(window, "sync"), "the refusal of our own bundle")
    window.key(Qt.Key.Key_4, CONTROL)
    window.until(lambda: "已备份" in words(window, "sync"), "the backup")

    assert list((tmp_path / "stick").glob("*.syb"))
    window.until(lambda: "上次备份" in window.window.foot.state, "the backup in the foot")


def test_a_day_waits_for_its_answers_and_closes_with_them(window: CounterWindow, real: RealCounter) -> None:
    sold_without_the_agency(window, real)
    window.key(Qt.Key.Key_F7)
    window.until(lambda: "这一天还不能日结" in words(window, "days"), "what blocks the day")

    real.start_agency()
    window.key(Qt.Key.Key_F8)
    window.act()
    window.until(lambda: "待上传 0" in window.chips(), "the delivery")
    window.key(Qt.Key.Key_F7)
    window.until(lambda: "四个数一致，可以日结。" in words(window, "days"), "the day that may be closed")
    window.act()
    window.until(lambda: "已日结，与医保中心一致。" in words(window, "days"), "the close")
    window.picture("days-real")


def test_a_trip_brings_leases_for_those_on_the_list(window: CounterWindow) -> None:
    window.key(Qt.Key.Key_F8)
    window.until(lambda: "已登记" in words(window, "sync"), "the enrolment")
    window.key(Qt.Key.Key_3, CONTROL)
    view = window.window.place("sync")
    view.trip.people.setPlainText("王秀英 330681195604129981")  # type: ignore[attr-defined]
    window.act()
    window.until(lambda: "已备好 1 人、1 份额度" in words(window, "sync"), "the trip")

    window.picture("trip-real")
