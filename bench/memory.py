"""Memory of the open counter with 300,000 drugs, in which one was looked for, beside a bare window's."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import sleep

from bench.filled import add_drugs
from bench.opened import BARE, counter, opened, searching
from bench.result import Result

DRUGS = 300_000
ROUNDS = 3
TIMES = 2
SEARCH_MB = 60
"""The most that looking for a drug may add."""
SETTLE_S = 2.0  # Until the catalogue has arrived, the first frame's garbage is gone, and nothing moves.
MIB = 1024


def measure() -> Result:
    """Compare the resident memory, shared libraries counted in each alike; the proportional one is a note."""
    if sys.platform != "linux":
        raise SystemExit("memory is read from /proc, which this system does not have")
    bare, quiet, ours = [], [], []
    with TemporaryDirectory() as folder:
        data = Path(folder)
        _sizes(counter(data), "ready")  # Makes the data; the demonstration's agency tells its own drugs.
        add_drugs(data, DRUGS)
        for _ in range(ROUNDS):
            bare.append(_sizes(BARE, "frame"))
            quiet.append(_sizes(counter(data), "ready"))
            ours.append(_sizes(searching(data), "found"))
    resident, least = median(sizes["Rss"] for sizes in ours), median(sizes["Rss"] for sizes in bare)
    before = median(sizes["Rss"] for sizes in quiet)
    added = (resident - before) * 1024 / 10**6
    shares = [median(sizes["Pss"] for sizes in seen) / MIB for seen in (ours, bare)]
    return Result(
        name="memory",
        unit="MiB",
        value=resident / MIB,
        baseline=least / MIB,
        ratio=resident / least,
        budget=f"<= {TIMES} x that window; the search <= {SEARCH_MB} MB of it",
        met=resident <= TIMES * least and added <= SEARCH_MB,
        notes=(
            f"{DRUGS:,} drugs; before a drug is looked for {before / MIB:.1f} MiB:"
            f" the search adds {added:.1f} MB",
            f"proportional share (Pss): {shares[0]:.0f} MiB beside {shares[1]:.0f} MiB",
        ),
    )


def _sizes(command: tuple[str, ...], last_word: str) -> dict[str, int]:
    """Return what /proc says of the window in kB."""
    with opened(command, last_word) as window:
        sleep(SETTLE_S)
        text = Path(f"/proc/{window.pid}/smaps_rollup").read_text(encoding="ascii")
    lines = (line.split() for line in text.splitlines()[1:])
    return {line[0].rstrip(":"): int(line[1]) for line in lines}
