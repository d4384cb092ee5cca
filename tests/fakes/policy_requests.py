"""Requests as the contract writes them, one sound one a city, for tests to change where it matters."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

from engine.policy.packs import Library, load_library
from engine.policy.quote import quote

POLICIES = Path(__file__).resolve().parents[2] / "resources" / "policies"
CLASSES = {"hypertension": "B", "diabetes": "B", "malignant_tumour": "A", "haemodialysis": "A"}


def texts() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in POLICIES.glob("*.toml")}


@cache
def library() -> Library:
    return load_library(texts())


def with_reading(pack: str, reading: str, answer: str) -> Library:
    return load_library(texts(), {pack: {reading: answer}})


def prescription(issued: str, **changes: Any) -> dict[str, Any]:
    fields = {"source": "external", "issued": issued, "issuer_designated": True, "supply_days": 28}
    return fields | changes


def line(line_id: str = "1", **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": line_id,
        "drug": "氨氯地平片",
        "quantity": 1,
        "unit_price": "100.00",
        "class": "A",
        "in_scope": True,
        "disease": "hypertension",
    }
    return fields | changes


def _request(day: str, region: str, kind: str, **patient: Any) -> dict[str, Any]:
    person = {"region": region, "insurance": "resident", "filed_diseases": ["hypertension"]}
    provider = {"id": "P1", "region": region, "kind": kind, "designated": True, "listed": True}
    return {"date": day, "patient": person | patient, "provider": provider, "lines": [line()]}


def shaoxing_2019() -> dict[str, Any]:
    return _request("2023-05-05", "330602", "retail_pharmacy") | {"prescription": prescription("2023-05-05")}


def shaoxing_2023() -> dict[str, Any]:
    return _request("2024-05-05", "330602", "retail_pharmacy") | {"prescription": prescription("2024-05-05")}


def wuxi() -> dict[str, Any]:
    request = _request("2020-05-05", "320200", "primary", agreed_provider="P1")
    return request | {"accumulators": {"ordinary_exhausted": True}}


def liaocheng() -> dict[str, Any]:
    request = _request("2025-05-05", "371500", "retail_pharmacy", insurance="employee", status="active")
    request["provider"]["dual_channel"] = True
    request["lines"][0]["negotiated"] = True
    figures = {"disease_class": CLASSES, "disease_limit": {"hypertension": "1800", "diabetes": "2400"}}
    return request | {
        "prescription": prescription("2025-05-05", confirmed=True),
        "parameters": figures,
        "accumulators": {"deductible_paid": "600"},
    }


def ezhou() -> dict[str, Any]:
    request = _request("2024-05-05", "420700", "retail_pharmacy", insurance="employee", status="active")
    return request | {"prescription": prescription("2024-05-05")}


CITIES = {
    "shaoxing-2019": shaoxing_2019,
    "shaoxing-2023": shaoxing_2023,
    "wuxi-2019": wuxi,
    "liaocheng-2025": liaocheng,
    "ezhou-2023": ezhou,
}


def changed(request: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return ``request`` with values put at dotted places such as ``lines.0.class``."""
    result = copy.deepcopy(request)
    for place, value in changes.items():
        *path, last = place.split(".")
        at: Any = result
        for step in path:
            at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
        at[int(last) if isinstance(at, list) else last] = value
    return result


def ask(request: Any, by: Library | None = None) -> dict[str, Any]:
    """Return the answer to ``request`` as whoever reads the JSON sees it."""
    text = request if isinstance(request, bytes) else json.dumps(request, ensure_ascii=False).encode()
    return json.loads(quote(by or library(), text)[0])


def codes(answer: dict[str, Any]) -> list[str]:
    return [refusal["code"] for refusal in answer["refusals"]]
