"""Two hundred bad weeks with every run of the tests; ``make soak`` lives through ten thousand."""

from __future__ import annotations

import json

import pytest

from tests.simulation.__main__ import main
from tests.simulation.shrink import run

SEEDS, TOGETHER = 200, 20


@pytest.mark.parametrize("first", range(0, SEEDS, TOGETHER))
def test_everything_holds_through_bad_weeks(first: int, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--first", str(first), "--seeds", str(TOGETHER)])
    told = capsys.readouterr().out
    assert status == 0, told
    assert json.loads(told.splitlines()[-1])["sales"] > 0


def test_a_seed_is_the_same_week_every_time() -> None:
    once, again = run(7), run(7)
    assert once.story == again.story
    assert (once.sales, once.messages, once.days) == (again.sales, again.messages, again.days)


def test_a_failing_seed_is_told_as_a_short_history_that_can_be_lived_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--first", "0", "--seeds", "1", "--fault", "skipped_fsync"]) == 1
    told = capsys.readouterr().out
    command = next(line for line in told.splitlines() if "again: " in line).split("tests.simulation ")[1]
    assert main(command.split()) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["violations"] > 0
