"""The simulated disk forgets as a real one does: what was flushed stays, what was not may be gone or torn."""

from __future__ import annotations

from random import Random

import pytest

from app.errors import DatabaseDamaged
from app.storage.connection import sqlite
from tests.simulation.disk import Disk, DiskConnection, PowerCut
from tests.simulation.faults import with_fault


def lost_after_power_cuts(seeds: int) -> int:
    """Return in how many of ``seeds`` runs a committed row was gone after the power came back."""
    lost = 0
    for seed in range(seeds):
        chance, disk, told = Random(seed), Disk("disk"), []
        db = DiskConnection(disk)
        db.execute("CREATE TABLE t (number INTEGER PRIMARY KEY, body TEXT)")
        disk.fuse = chance.randrange(5, 300)
        try:
            for number in range(1000):
                db.execute("INSERT INTO t VALUES (?, ?)", (number, "x" * chance.randrange(3000)))
                told.append(number)
        except PowerCut:
            disk.lose_power(chance)
            db.close()
        disk.power_on()
        try:
            back = DiskConnection(disk)
            whole = back.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            rows = {row[0] for row in back.execute("SELECT number FROM t")} if whole else set()
            back.close()
        except (DatabaseDamaged, sqlite.OperationalError):  # The file is torn, or its one table is gone.
            rows = set()
        lost += not set(told) <= rows
    return lost


def test_no_committed_row_is_lost_on_a_disk_that_flushes() -> None:
    assert lost_after_power_cuts(60) == 0


@pytest.mark.parametrize("fault", ["skipped_fsync", "synchronous_normal"])
def test_committed_rows_are_lost_where_the_flush_is_skipped(fault: str) -> None:
    with with_fault(fault):
        assert lost_after_power_cuts(30) > 5
