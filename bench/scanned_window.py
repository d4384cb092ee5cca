"""The counter's window in which customers are served by scans, each timed until its totals are painted.

``python -m bench.scanned_window DATA SALES NOW ROUND`` prints the milliseconds of every scan as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from time import perf_counter

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtTest import QTest

from app.usecases.state import CounterState
from bench import population
from bench.sale_kind import patients_of
from bench.unkept import open_unkept
from engine.person import Person
from tests.acceptance.counter_window import CounterWindow
from tests.fakes.fake_counter import FakeClock

CUSTOMERS, WARM_UP = 60, 10
_SHELF = 10**12
"""Boxes from this number on were never sold."""
_PATIENCE_MS = 10_000


class Painted(QObject):
    """Waits until a sheet that shows a new page has painted it."""

    def __init__(self, window: CounterWindow) -> None:
        super().__init__()
        self._money = window.window.counter.money.sheet
        self._basket = window.window.counter.basket.sheet
        self._loop = QEventLoop()
        self._before: object = None
        self._basket.installEventFilter(self)

    def begin(self) -> None:
        """Remember what is shown now."""
        self._before = self._basket.page

    def wait(self) -> None:
        """Return when the basket has painted another page; raise AssertionError where it never does."""
        QTimer.singleShot(_PATIENCE_MS, self._loop, lambda: self._loop.exit(1))
        assert self._loop.exec() == 0, "the totals were never painted"

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._basket.page != self._before:
            # Once this turn of the event loop is over, money and basket are both on the screen.
            QTimer.singleShot(0, self._loop, self._loop.quit)
        return super().eventFilter(watched, event)


def main(data: Path, count: int, now: datetime, round_: int) -> list[float]:
    """Serve customers and return the milliseconds of each scan of a box."""
    clock = FakeClock(now)
    window = CounterWindow(data, opener=lambda: open_unkept(data, clock))
    painted, took = Painted(window), []
    try:
        for place, (person, number, codes) in enumerate(_customers(count, now, round_)):
            window.program.background.run(_clear(window), lambda _: None, _let_fall)
            window.settle()
            window.scan(person.card_no or "")
            window.scan(number)
            for code in codes:
                took_ms = _scan(window, painted, code)
                if place >= WARM_UP:
                    took.append(took_ms)
    finally:
        window.close()
    return took


def _customers(count: int, now: datetime, round_: int) -> Iterator[tuple[Person, str, list[str]]]:
    """Yield who comes, with their prescription's number and the codes of the boxes they take."""
    patients = patients_of(count, now)
    written = {each.psn_no: each for each in population.prescriptions(patients, now)}
    drugs = {drug.code: drug for drug in population.demonstration(now).drugs}
    box = _SHELF + round_ * 10_000
    for place in range(CUSTOMERS):
        person = patients[(place * 37 + round_ * 11) % len(patients)]
        prescription = written[person.psn_no]
        codes = []
        for line in prescription.lines:
            drug = drugs[line.drug or ""]
            box += 1
            codes += [drug.barcode or "", f"{drug.trace_prefix}{box:013d}"]
        yield person, prescription.number, codes


def _clear(window: CounterWindow) -> Callable[[], object]:
    """Return what makes room for the next customer: nobody pays here."""
    return lambda: window.program.desk._opened().next_customer()


def _let_fall(trouble: BaseException) -> None:
    raise trouble


def _scan(window: CounterWindow, painted: Painted, code: str) -> float:
    """Let a scanner type ``code``; return the milliseconds from its Enter to the totals painted."""
    entry = window.window.entry
    entry.setText(code)
    painted.begin()
    begin = perf_counter()
    QTest.keyClick(entry, Qt.Key.Key_Return)
    painted.wait()
    took_s = perf_counter() - begin
    state: CounterState = window.state()
    assert state.draft.lines, f"{code} was not taken: {state.notice}"
    window.settle()
    return took_s * 1000


if __name__ == "__main__":
    data_, count_, now_, round__ = sys.argv[1:]
    print(json.dumps(main(Path(data_), int(count_), datetime.fromisoformat(now_), int(round__))))
