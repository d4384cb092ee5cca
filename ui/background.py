"""Runs the counter's use cases on one worker thread, in order, and hands what they return to the window."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from ui.problems import attempt

T = TypeVar("T")


class _Task(Struct):
    call: Callable[[], object]
    done: Callable[[object], None]
    failed: Callable[[BaseException], None]


class Background(QObject):
    """One thread, one line of calls; ``done`` and ``failed`` run on the window's own thread."""

    _ready = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._ready.connect(self._deliver)
        self._thread = Thread(target=self._work, name="counter", daemon=True)
        self._thread.start()

    def run(
        self, call: Callable[[], T], done: Callable[[T], None], failed: Callable[[BaseException], None]
    ) -> None:
        """Call ``call`` after all calls before it; then ``done`` with its value, or ``failed``."""
        self._tasks.put(_Task(call, done, failed))  # type: ignore[arg-type]

    def stop(self, timeout_s: float = 10.0) -> bool:
        """End after the calls already asked for; tell whether the thread is gone."""
        self._tasks.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._ready.emit(_outcome(task))

    def _deliver(self, outcome: Callable[[], None]) -> None:
        outcome()


def _outcome(task: _Task) -> Callable[[], None]:

    value, trouble = attempt(task.call)
    if trouble is not None:
        return lambda: task.failed(trouble)
    return lambda: task.done(value)
