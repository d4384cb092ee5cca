"""The engine and an independent second reading of the contract agree, claim by claim, to the fen."""

from __future__ import annotations

import json
import os
import random

import claim_maker
import pytest
import second_reading

from app.policies import read_library
from engine.policy.quote import quote

CLAIMS = int(os.environ.get("SHANYAO_CLAIMS", "4000"))
SEED = int(os.environ.get("SHANYAO_SEED", "20261122"))
SILENT = {"steps", "clause", "message"}


@pytest.fixture(scope="module")
def library():
    return read_library()


def told(answer):
    """Return an engine's answer without what the second reading does not write: texts, steps, clauses."""
    if isinstance(answer, dict):
        return {key: told(value) for key, value in answer.items() if key not in SILENT}
    return [told(each) for each in answer] if isinstance(answer, list) else answer


def expected(request):
    try:
        return second_reading.answer(request)
    except second_reading.Missing as missing:
        return {"error": {"code": "missing_parameter", "path": str(missing)}}


def test_two_readings_of_the_contract_answer_every_claim_alike(library):
    rng = random.Random(SEED)
    for _ in range(CLAIMS):
        request = claim_maker.make_request(rng)
        answer = json.loads(quote(library, json.dumps(request, ensure_ascii=False).encode())[0])
        assert told(answer) == expected(request), json.dumps(request, ensure_ascii=False)
        if "settlements" in answer:
            assert_steps_account_for_every_fen(answer)


def assert_steps_account_for_every_fen(answer):
    for settlement in answer["settlements"]:
        sums = dict.fromkeys(("patient", "fund", "assistance"), 0)
        for step in settlement["steps"]:
            sums[step["payer"]] += fen(step["amount"])
            assert step["text"].strip()
            assert answer["policy"] is None or (step["clause"]["document"] and step["clause"]["section"])
        assert sums == {payer: fen(settlement[payer]) for payer in sums}


def fen(yuan):
    return int(yuan.replace(".", ""))


def test_a_spoiled_claim_is_malformed_and_never_guessed_at(library):
    rng = random.Random(SEED + 1)
    for _ in range(CLAIMS):
        request = claim_maker.spoil(rng, claim_maker.make_request(rng))
        answer = json.loads(quote(library, json.dumps(request, ensure_ascii=False).encode())[0])
        assert answer.get("error", {}).get("code") == "invalid_request", json.dumps(
            request, ensure_ascii=False
        )
        assert answer["error"]["message"]
