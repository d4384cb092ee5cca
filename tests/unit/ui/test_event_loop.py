"""The window's own thread never waits: a slow counter holds up its answer, not the window."""

from __future__ import annotations

from threading import Event, get_ident

from PySide6.QtCore import QEventLoop, QTimer

from ui.__main__ import make_application
from ui.background import Background


def test_a_slow_call_does_not_stop_the_window() -> None:
    make_application()
    background, go, loop, beats = Background(), Event(), QEventLoop(), []
    background.run(lambda: go.wait(10), lambda _: loop.quit(), lambda _: loop.exit(1))
    beat = QTimer(interval=1)
    beat.timeout.connect(lambda: (beats.append(1), go.set() if len(beats) == 5 else None))
    beat.start()

    assert loop.exec() == 0
    assert len(beats) >= 5
    assert background.stop()


def test_calls_run_in_order_off_the_windows_thread_and_answer_on_it() -> None:
    make_application()
    background, loop = Background(), QEventLoop()
    called: list[tuple[int, int]] = []
    answered: list[int] = []
    for number in range(20):
        background.run(
            lambda number=number: called.append((number, get_ident())),
            lambda _: answered.append(get_ident()),
            lambda _: loop.exit(1),
        )
    background.run(lambda: None, lambda _: loop.quit(), lambda _: loop.exit(1))

    assert loop.exec() == 0
    assert [number for number, _ in called] == list(range(20))
    assert {thread for _, thread in called}.isdisjoint({get_ident()})
    assert set(answered) == {get_ident()}
    assert background.stop()


def test_trouble_in_a_call_reaches_the_window_and_the_next_call_runs() -> None:
    make_application()
    background, loop = Background(), QEventLoop()
    troubles: list[BaseException] = []
    background.run(lambda: 1 // 0, lambda _: loop.exit(1), troubles.append)
    background.run(lambda: None, lambda _: loop.quit(), lambda _: loop.exit(1))

    assert loop.exec() == 0
    assert [type(trouble) for trouble in troubles] == [ZeroDivisionError]
    assert background.stop()
