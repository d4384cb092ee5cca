"""Memory of the open counter with the demonstration catalogue, beside a bare window's."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import sleep

from bench.opened import BARE, counter, opened
from bench.result import Result

ROUNDS = 3
TIMES = 2
SETTLE_S = 2.0  # Until the catalogue has arrived, the first frame's garbage is gone, and nothing moves.
MIB = 1024


def measure() -> Result:
    """Compare the resident memory, shared libraries counted in each alike; the proportional one is a note."""
    if sys.platform != "linux":
        raise SystemExit("memory is read from /proc, which this system does not have")
    bare, ours = [], []
    with TemporaryDirectory() as folder:
        _sizes(counter(Path(folder)), "ready")
        for _ in range(ROUNDS):
            bare.append(_sizes(BARE, "frame"))
            ours.append(_sizes(counter(Path(folder)), "ready"))
    resident, least = median(sizes["Rss"] for sizes in ours), median(sizes["Rss"] for sizes in bare)
    shares = [median(sizes["Pss"] for sizes in seen) / MIB for seen in (ours, bare)]
    return Result(
        name="memory",
        unit="MiB",
        value=resident / MIB,
        baseline=least / MIB,
        ratio=resident / least,
        budget=f"<= {TIMES} x that window",
        met=resident <= TIMES * least,
        notes=(f"proportional share (Pss): {shares[0]:.0f} MiB beside {shares[1]:.0f} MiB",),
    )


def _sizes(command: tuple[str, ...], last_word: str) -> dict[str, int]:
    """Return what /proc says of the window in kB."""
    with opened(command, last_word) as window:
        sleep(SETTLE_S)
        text = Path(f"/proc/{window.pid}/smaps_rollup").read_text(encoding="ascii")
    lines = (line.split() for line in text.splitlines()[1:])
    return {line[0].rstrip(":"): int(line[1]) for line in lines}
