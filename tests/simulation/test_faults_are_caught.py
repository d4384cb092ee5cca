"""A check that cannot fail is no check: each deliberate fault is noticed within a thousand seeds."""

from __future__ import annotations

import pytest

from tests.simulation.faults import FAULTS
from tests.simulation.shrink import run

MOST = 1000
BEGIN = {
    "printed_before_commit": 648,
    "unsigned_ack_believed": 24,
    "bundle_signature_unchecked": 13,
    "lease_used_after_restore": 73,
    "late_settlement_paid_in_full": 309,
    "stock_of_the_last_sales_forgotten": 3,
    "movement_told_afterwards": 283,
}
"""Where the search begins, so that it is short; it goes around from there."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_deliberate_fault_is_noticed(fault: str) -> None:
    first = BEGIN.get(fault, 0)
    for seed in range(first, first + MOST):
        if run(seed % MOST, fault=fault).violations:
            return
    pytest.fail(f"{fault} went unnoticed through {MOST} seeds")
