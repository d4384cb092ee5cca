"""A day at the real counter: the agency's own process, its socket, its absence, and its return."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from counter_window import CounterWindow
from PySide6.QtCore import Qt
from real_counter import RealCounter

TIMED = Path(__file__).with_name("timed_sale.py")
MOST_MS = 8.0
MOST_WAIT_MS = 100.0  # A handler waits for nothing but the interpreter and a busy machine.
SHAOXING, LIMIT, WUXI, LIAOCHENG, EZHOU, HANGZHOU = range(6)


@pytest.fixture(name="real")
def _real(tmp_path: Path) -> Iterator[RealCounter]:
    real = RealCounter(tmp_path)
    yield real
    real.close()


@pytest.fixture(name="window")
def _window(real: RealCounter, tmp_path: Path) -> Iterator[CounterWindow]:
    window = CounterWindow(tmp_path, opener=real.open)
    window.until(lambda: "在线" in window.chips(), "the agency")
    yield window
    window.close()


def settle(window: CounterWindow) -> str:
    """Press F12 and return how sure the sale's share is."""
    window.act()
    window.until(lambda: window.state().settled, "the settlement")
    settled = window.state().settled
    assert settled is not None
    return settled.certainty


def sales(window: CounterWindow) -> list[str]:
    """Open the sales and return what is listed."""
    window.key(Qt.Key.Key_F4)
    words: list[str] = window.window.place("sales").list.sheet.words()  # type: ignore[attr-defined]
    return words


def test_every_person_of_the_tour_is_sold_to_with_the_agency_answering(window: CounterWindow) -> None:
    for person in (SHAOXING, LIMIT, LIAOCHENG, EZHOU):
        window.walk(person)
        assert settle(window) == "confirmed", window.words()
        if person == SHAOXING:
            window.picture("confirmed")
        window.act()

    window.walk(HANGZHOU)
    settle(window)

    assert "医保不付，金额不会更正" in window.words()
    window.until(lambda: "待上传 0" in window.chips(), "delivery of all that was sold")


def test_a_person_of_wuxi_is_told_where_to_go_and_may_pay_all(window: CounterWindow) -> None:
    window.walk(WUXI)
    assert "这一单医保不付" in window.words()
    assert "约定机构：\n演示社区卫生服务中心（锡山）" in window.words()
    assert window.window.counter.act.text() == "按自费结算"

    settle(window)

    assert "号销售已入账，小票已打印。" in window.words()


def test_a_sale_without_the_agency_is_delivered_by_itself_when_it_is_back(
    window: CounterWindow, real: RealCounter
) -> None:
    window.walk(SHAOXING)
    assert settle(window) == "confirmed"
    window.act()
    real.stop_agency()

    window.walk(LIAOCHENG)
    assert settle(window) == "provisional"
    assert "联网后自动上传。" in window.words()
    window.until(lambda: "离线" in window.chips(), "the chip that says offline")
    assert "待上传 0" not in window.chips()

    real.start_agency()
    window.until(lambda: "待上传 0" in window.chips() and "在线" in window.chips(), "delivery by itself")
    assert "待上传" not in sales(window)


def test_the_same_person_of_the_tour_is_sold_to_twice(window: CounterWindow) -> None:
    for _ in range(2):
        window.walk(LIAOCHENG)
        settle(window)
        window.act()

    assert "2 笔" in sales(window)[1]


def test_a_reprint_is_marked_as_a_copy(window: CounterWindow) -> None:
    window.walk(WUXI)
    settle(window)

    window.key(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)

    assert "号小票已补打。" in window.words()
    assert sales(window)[-1] == "1"


def test_no_event_holds_the_window_up_during_a_sale(tmp_path: Path) -> None:
    # A handler that is slow is so every time; what the machine did meanwhile is not.
    runs = [timed_sale(tmp_path / str(number)) for number in range(3)]
    # The longest one of a run may be of a cold cache; the one after it is not.
    work = min(sorted((each[0] for each in timed["work"]), reverse=True)[1] for timed in runs)
    waits = min(max(wall - work for work, wall, _ in timed["wall"]) for timed in runs)

    assert all(timed["events"] > 200 for timed in runs)
    assert work < MOST_MS, f"the longest handlers, in ms of work and of time: {runs[0]['work']}"
    assert waits < MOST_WAIT_MS, f"the longest handlers, in ms of work and of time: {runs[0]['wall']}"


def timed_sale(folder: Path) -> Any:
    """Return how long the window's event handlers took in three sales, in a process of their own."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, str(TIMED), str(folder)],
        env={**os.environ, "PYTHONPATH": str(TIMED.parents[2])},
        capture_output=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)
