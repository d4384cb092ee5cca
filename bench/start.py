"""From the start of the process to the opened counter's first frame, beside a bare window's first frame."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.opened import BARE, counter, opened
from bench.result import Result

ROUNDS = 9
TIMES = 1.5


def measure() -> Result:
    """Open both windows alternately, and compare the medians."""
    bare, frame, ready = [], [], []
    with TemporaryDirectory() as folder:
        command = counter(Path(folder))
        _open(BARE, "frame")  # The first opening ever compiles; the counter's makes its database, too.
        _open(command, "ready")
        for _ in range(ROUNDS):
            bare.append(_open(BARE, "frame")["frame"])
            words = _open(command, "ready")
            frame.append(words["frame"])
            ready.append(words["ready"])
    return _result(median(bare), median(frame), median(ready))


def _open(command: tuple[str, ...], last_word: str) -> dict[str, float]:
    with opened(command, last_word) as window:
        return window.seconds


def _result(bare: float, frame: float, ready: float) -> Result:
    return Result(
        name="start",
        unit="ms",
        value=frame * 1000,
        baseline=bare * 1000,
        ratio=frame / bare,
        budget=f"<= {TIMES} x a bare window with a Chinese table",
        met=frame <= TIMES * bare,
        notes=(
            "first frame of the whole window, its field taking keys; both find their modules compiled",
            f"the opened counter (database, law, tour) is painted after {ready * 1000:.0f} ms",
        ),
    )
