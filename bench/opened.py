"""Opens a window in a process of its own and listens to what it says.

Every window finds its modules compiled, as on a shop's machine, whatever this environment says of bytecode:
it is kept under build/. So the first opening of each, which compiles, is not to be measured.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from msgspec import Struct

BARE = ("-m", "bench.bare_window")
_BYTECODE = Path("build/bytecode").resolve()


class Opened(Struct, frozen=True):
    """A window that stands: its process, and the seconds from its start to each word it said."""

    pid: int
    seconds: dict[str, float]


def counter(data: Path) -> tuple[str, ...]:
    """Return how the counter is started on the data folder ``data``."""
    return ("-m", "bench.counter_window", "--demonstration", "--data", str(data))


def searching(data: Path) -> tuple[str, ...]:
    """Return how a counter is started in which a drug is looked for, on the data folder ``data``."""
    return ("-m", "bench.searching_window", "--demonstration", "--data", str(data))


@contextmanager
def opened(command: tuple[str, ...], last_word: str) -> Iterator[Opened]:
    """Start a window, wait until it says ``last_word``, and close it in the end."""
    begin = perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        text=True,
    )
    with process:
        yield Opened(process.pid, _listen(process, begin, last_word))
        if process.stdin is not None:
            process.stdin.close()


def environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"QT_QPA_PLATFORM": "offscreen", **inherited, "PYTHONPYCACHEPREFIX": str(_BYTECODE)}


def _listen(process: subprocess.Popen[str], begin: float, last_word: str) -> dict[str, float]:
    words: dict[str, float] = {}
    for line in process.stdout or ():
        words[line.strip()] = perf_counter() - begin
        if line.strip() == last_word:
            return words
    raise AssertionError(f"the window closed before it said {last_word!r}, with {process.wait()}")
