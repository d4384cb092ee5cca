"""`scan_to_paint`: from a scanner's Enter to the new totals painted, at 2,000,000 sales and 300,000 drugs.

The counter's own window, offscreen, over the real till on real files. Each customer shows a card and a
prescription; then boxes are scanned: barcodes, and trace codes of boxes that were never sold. Timed is each
scan of a box, from the key's event to the end of the painting in which basket and money show what it came to:
entry, the worker's thread and back, layout, paint. All painting is the program's own; offscreen no display
server adds to it. The keeper of backups is left out: it would copy gigabytes beside the scans.

The baseline is the same window, customers and scans over 1,000 sales and the drugs of a small shop, in turn
with it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, time, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.filled import add_drugs, filled
from bench.opened import environment
from bench.result import Result, impossible
from engine.calendar import CHINA, business_day

FEW, MANY, DRUGS = 1_000, 2_000_000, 300_000
BUDGET_MS = 16
ROUNDS = 3
SPACE = 30 * 10**9
_WORDS = f"p99 ≤ {BUDGET_MS} ms, one frame"


def measure() -> Result:
    """Fill both shops, scan in both windows in turn, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        if shutil.disk_usage(folder).free < SPACE:
            why = f"{folder} has less than {SPACE // 10**9} GB left"
            return impossible("scan_to_paint", "ms", _WORDS, why)
        now = _tomorrow_evening()
        shops = {count: filled(Path(folder), count, now) for count in (FEW, MANY)}
        add_drugs(shops[MANY], DRUGS)
        seen: dict[int, list[float]] = {count: [] for count in shops}
        for round_ in range(ROUNDS):
            for count, data in shops.items():
                seen[count] += _scans(data, count, now, round_)
        return _result(seen)


def _tomorrow_evening() -> datetime:
    # After whatever the sample's agency said today, and within one business day for all rounds.
    day = business_day(datetime.now(CHINA)) + timedelta(days=1)
    return datetime.combine(day, time(21), CHINA)


def _scans(data: Path, count: int, now: datetime, round_: int) -> list[float]:
    """Return the milliseconds of each scan in a window of its own process."""
    arguments = [str(data), str(count), now.isoformat(), str(round_)]
    told = subprocess.run(
        [sys.executable, "-m", "bench.scanned_window", *arguments],
        check=True,
        capture_output=True,
        env=environment(),
        text=True,
    ).stdout
    answer: Any = json.loads(told)
    return [float(each) for each in answer]


def _result(seen: dict[int, list[float]]) -> Result:
    worst = {count: quantiles(times, n=100)[98] for count, times in seen.items()}
    few, many = seen[FEW], seen[MANY]
    return Result(
        name="scan_to_paint",
        unit="ms",
        value=worst[MANY],
        baseline=worst[FEW],
        ratio=worst[MANY] / worst[FEW],
        budget=_WORDS,
        met=worst[MANY] <= BUDGET_MS,
        notes=(
            f"medians {median(many):.1f} ms beside {median(few):.1f} ms; the longest {max(many):.1f} ms",
            f"{len(many)} scans over {MANY} sales and {DRUGS} drugs, {len(few)} over {FEW} sales",
        ),
    )
