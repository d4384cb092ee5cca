"""What the simulator found once stays found: the histories are short enough to be lived again every time."""

from __future__ import annotations

import pytest

from tests.simulation.plan import USUAL
from tests.simulation.shrink import run

FOUND = {
    "a limit reserved for others at a pre-settlement looked exhausted for ever": (3, (12, 17, 19)),
    "a forged refusal ended all enrolment, and the old epoch spoke on into a fork": (
        74,
        (14, 17, 20, 21, 22, 23),
    ),
    "a till that was put back could not hand on what it had sold under its lease": (238, (9, 18, 20, 21, 25)),
    "a sale after what the fund bore was never counted together with it": (554, (4, 6, 10, 17, 20)),
    "a till took the sums of a repeated answer for today's": (1469, (2, 5, 12, 14, 17, 19, 21)),
    "a ratio raised in between was not given to what followed a reversal": (827, (4, 6, 7, 10, 20, 33)),
}


@pytest.mark.parametrize("seed, events", FOUND.values(), ids=list(FOUND))
def test_what_was_found_once_stays_mended(seed: int, events: tuple[int, ...]) -> None:
    assert run(seed, only=events, season=USUAL).violations == []


def test_a_disk_put_back_twice_to_an_epoch_that_was_never_enrolled_is_known_again() -> None:
    assert run(1169, only=(3, 4, 5, 9, 11, 22)).violations == []
