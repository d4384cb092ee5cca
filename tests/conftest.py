"""What every test stands on: no display, and no sound of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import postgres as servers
from tests.fakes.fake_counter import Bench

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Server]:
    """A PostgreSQL server of this run's own; skips where none is installed."""
    reason = servers.missing()
    if reason:
        pytest.skip(reason)
    with servers.running() as server:
        yield server


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """An open counter offline, with the demonstration's people, drugs and prescriptions."""
    bench = Bench(tmp_path)
    bench.till.start()
    yield bench
    bench.close()
