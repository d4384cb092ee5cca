"""`shanyao quote --jsonl` on 10,000 mixed claims, start-up included; beside it, bare reading and writing."""

from __future__ import annotations

import json
import subprocess
import sys
from random import Random
from typing import Any

from bench.result import Result, alternately, seconds

CLAIMS = 10_000
FLOOR = 12_000
ROUNDS = 5
DISEASES = ("hypertension", "diabetes", "copd", "coronary_heart_disease", "haemodialysis")
# The least that any filter of JSON lines in Python does: start, read, write.
_BARE = "import json, sys\nfor line in sys.stdin: print(json.dumps(json.loads(line), ensure_ascii=False))"
# Region, insurance, status, provider's kind, day: the five policies, and a city that has none.
_PLACES = (
    ("330602", "resident", None, "retail_pharmacy", "2022-05-04"),
    ("330681", "resident", None, "retail_pharmacy", "2025-03-09"),
    ("320205", "resident", None, "primary", "2024-08-01"),
    ("371502", "employee", "active", "retail_pharmacy", "2025-06-30"),
    ("420704", "employee", "retired", "retail_pharmacy", "2025-02-28"),
    ("330100", "resident", None, "retail_pharmacy", "2025-01-31"),
)


def measure() -> Result:
    """Time the whole command, median of several runs."""
    text = "\n".join(json.dumps(request, ensure_ascii=False) for request in requests(CLAIMS)) + "\n"
    data = text.encode()
    _check(data)
    medians = alternately(
        {
            "ours": lambda: seconds(lambda: _run(["-m", "app", "quote", "--jsonl"], data)),
            "bare": lambda: seconds(lambda: _run(["-c", _BARE], data)),
        },
        ROUNDS,
    )
    ours, bare = CLAIMS / medians["ours"], CLAIMS / medians["bare"]
    return Result(
        name="quote_cli",
        unit="claims/s",
        value=ours,
        baseline=bare,
        ratio=ours / bare,
        budget=f">= {FLOOR}",
        met=ours >= FLOOR,
        notes=("baseline: a Python loop that only reads and writes the same JSON lines",),
    )


def requests(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Return ``count`` requests over all policies, payable and refused ones mixed."""
    random = Random(seed)
    return [_request(random, random.choice(_PLACES)) for _ in range(count)]


def _request(random: Random, place: tuple[str, str, str | None, str, str]) -> dict[str, Any]:
    region, insurance, status, kind, day = place
    filed = random.sample(DISEASES, random.randrange(1, 4))
    patient = {"region": region, "insurance": insurance, "status": status, "filed_diseases": filed}
    provider = {
        "id": "P1",
        "region": region,
        "kind": kind,
        "designated": random.random() < 0.95,
        "listed": random.random() < 0.9,
        "dual_channel": random.random() < 0.9,
    }
    return {
        "date": day,
        "patient": {**patient, "agreed_provider": "P1"},
        "provider": provider,
        "prescription": _prescription(day, random),
        "accumulators": {"fund_paid": f"{random.randrange(0, 900)}.50", "ordinary_exhausted": True},
        "parameters": {
            "disease_class": {"hypertension": "B", "diabetes": "B", "haemodialysis": "A"},
            "disease_limit": {"hypertension": "3000", "diabetes": "3600"},
        },
        "lines": [_line(random, number, filed) for number in range(1, random.randrange(2, 6))],
    }


def _prescription(day: str, random: Random) -> dict[str, Any] | None:
    if random.random() < 0.05:
        return None
    source = random.choice(("external", "external", "electronic"))
    return {
        "source": source,
        "issued": day,
        "issuer_designated": True,
        "supply_days": random.choice((7, 14, 28)),
        "confirmed": True,
    }


def _line(random: Random, number: int, filed: list[str]) -> dict[str, Any]:
    price = random.randrange(1_00, 300_00)
    drug_class = random.choice("AABBBC")
    line = {
        "id": str(number),
        "drug": f"药品{random.randrange(100_000)}",
        "quantity": random.randrange(1, 5),
        "unit_price": f"{price // 100}.{price % 100:02d}",
        "class": drug_class,
        "in_scope": random.random() < 0.95,
        "disease": random.choice(filed),
        "negotiated": random.random() < 0.8,
    }
    if drug_class == "B":
        line["first_self_pay_ratio"] = random.choice(("0.05", "0.1", "0.15"))
        line["payment_standard"] = f"{max(1, price // 100 - 1)}"
    return line


def _check(data: bytes) -> None:
    answers = _run(["-m", "app", "quote", "--jsonl"], data).splitlines()
    if len(answers) != CLAIMS or any(b'"error"' in answer for answer in answers):
        raise AssertionError("the claims made here are not all answered")


def _run(arguments: list[str], data: bytes) -> bytes:
    return subprocess.run([sys.executable, *arguments], input=data, stdout=subprocess.PIPE, check=True).stdout
