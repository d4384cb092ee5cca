"""From the start of the process to the opened counter's first frame, beside a bare window's first frame."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.opened import BARE, counter, opened
from bench.result import Result

ROUNDS = 15
TIMES = 1.5


def measure() -> Result:
    """Open both windows alternately, and compare each with its neighbour: a busy machine slows both."""
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
    ratio = median(ours / least for ours, least in zip(frame, bare, strict=True))
    return _result(median(bare), median(frame), ratio, median(ready))


def _open(command: tuple[str, ...], last_word: str) -> dict[str, float]:
    with opened(command, last_word) as window:
        return window.seconds


def _result(bare: float, frame: float, ratio: float, ready: float) -> Result:
    return Result(
        name="start",
        unit="ms",
        value=frame * 1000,
        baseline=bare * 1000,
        ratio=ratio,
        budget=f"<= {TIMES} x a bare window with a Chinese table",
        met=ratio <= TIMES,
        notes=(
            f"median of {ROUNDS} pairs; each value is a median of its own",
            "first frame of the whole window, its field taking keys; both find their modules compiled",
            f"the opened counter (database, law, tour) is painted after {ready * 1000:.0f} ms",
        ),
    )
