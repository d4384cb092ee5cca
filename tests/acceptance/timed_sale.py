"""A sale through the real window, till and agency, with every event handler of the window's thread timed.

Run in a process of its own, because the application that times must be the first one there is:
``timed_sale.py FOLDER`` prints the handlers' times in milliseconds as JSON, longest first, each with its
receiver and the event.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter_ns, thread_time_ns
from typing import Any

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from ui.program import Program

_SHOWN = 10


class TimedApplication(QApplication):
    """Times what each event costs its handlers, those within it included, once a sale begins."""

    def __init__(self) -> None:
        super().__init__(sys.argv[:1])
        self.timed: list[tuple[float, float, str]] = []
        self.began = False
        self._within = False

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        if self._within or not self.began:
            return bool(super().notify(receiver, event))
        self._within = True
        what = f"{type(receiver).__name__}({receiver.objectName()}) {event.type().name}"
        wall, work = perf_counter_ns(), thread_time_ns()
        try:
            return bool(super().notify(receiver, event))
        finally:
            worked, took = (thread_time_ns() - work) / 1e6, (perf_counter_ns() - wall) / 1e6
            self.timed.append((worked, took, what))
            self._within = False


def main(folder: Path) -> None:
    """Sell to three persons of the tour; print what the handlers took."""
    application = TimedApplication()
    from counter_window import CounterWindow
    from real_counter import RealCounter

    real = RealCounter(folder)
    window = CounterWindow(folder, opener=real.open)
    program: Program = window.program
    window.until(lambda: program.world is not None and program.world.online, "the agency")
    application.began = True
    for person in (0, 2, 4):
        window.walk(person)
        window.act()
        window.until(lambda: window.state().settled, "the settlement")
        window.act()
    application.began = False
    window.close()
    print(json.dumps(_longest(application.timed)))  # noqa: T201 - this is what the process is for


def _longest(timed: list[tuple[float, float, str]]) -> dict[str, Any]:
    return {
        "events": len(timed),
        "work": sorted(timed, reverse=True)[:_SHOWN],
        "wall": sorted(timed, key=lambda one: one[1], reverse=True)[:_SHOWN],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
