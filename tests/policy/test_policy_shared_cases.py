"""The worked cases that come with the contract."""

import json
from pathlib import Path

import pytest

from tests.fakes.policy_requests import ask

SHARED = Path(__file__).resolve().parents[3] / "shared" / "cases" / "quote"
CASES = sorted(SHARED.glob("*.json"))


def agrees(expected, actual):
    """Whether ``actual`` has all that ``expected`` says; it may say more."""
    if isinstance(expected, dict):
        return all(key in actual and agrees(expected[key], actual[key]) for key in expected)
    if isinstance(expected, list):
        return len(expected) == len(actual) and all(map(agrees, expected, actual))
    return expected == actual


@pytest.mark.skipif(not CASES, reason="the contract's worked cases are not beside this checkout")
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_contracts_case_comes_out_as_it_says(path):
    case = json.loads(path.read_text(encoding="utf-8"))

    answer = ask(case["request"])

    assert agrees(case["expected"], answer)
    for settlement in answer.get("settlements", []):
        assert settlement["steps"] or settlement["total"] == "0.00"
