"""Worked claims of the project's own: each was computed by hand from the document it cites."""

import tomllib
from pathlib import Path

import pytest

from engine.policy.messages import MESSAGES
from tests.fakes.policy_requests import CITIES, ask, changed

FILES = sorted((Path(__file__).parent / "cases").glob("*.toml"))
CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['name']}")
    for path in FILES
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
]


def request_of(pack, case):
    # TOML has no null: an empty status in a case stands for the residents' null.
    changes = {place: None if value == "" else value for place, value in case.get("set", {}).items()}
    request = changed(CITIES[pack](), changes)
    for field in case.get("drop", []):
        del request[field]
    return request


def cited(entry, what):
    return f"{entry[what]} {entry['clause']['section']}" if entry["clause"] else entry[what]


@pytest.mark.parametrize("pack, case", CASES)
def test_a_worked_claim_comes_out_as_computed_by_hand(pack, case):
    answer = ask(request_of(pack, case))

    if "missing" in case:
        assert answer["error"]["code"] == "missing_parameter"
        assert answer["error"]["path"] == case["missing"]
        return
    assert [cited(refusal, "code") for refusal in answer["refusals"]] == case.get("refused", [])
    assert case.get("says", "") in "".join(refusal["message"] for refusal in answer["refusals"])
    assert answer["fund"] == case.get("fund", "0.00")
    settlement = answer["settlements"][0]
    for field in ("deductible", "over_limit", "assistance"):
        assert settlement[field] == case.get(field, settlement[field])
    if "steps" in case:
        assert [cited(step, "rule") for step in settlement["steps"]] == case["steps"]


def test_the_worked_claims_know_every_refusal():
    known = {code.split(" ")[0] for param in CASES for code in param.values[1].get("refused", [])}

    assert known >= set(MESSAGES) - {"no_disease"}


def test_every_worked_claim_says_why():
    assert all(param.values[1]["why"] for param in CASES)
    assert len(CASES) >= 60
