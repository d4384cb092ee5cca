"""`make bench` can measure every budget that was set."""

from __future__ import annotations

from importlib import import_module

import pytest

from bench.__main__ import ENTRIES, module_of

BUDGETS = (
    "claim",
    "quote_cli",
    "commit",
    "search",
    "scan_to_paint",
    "growth",
    "start",
    "memory",
    "delivery_sqlite",
    "delivery_postgresql",
    "trip_pack_http",
    "trip_pack_stick",
    "import",
    "review",
)


def test_every_budget_is_an_entry() -> None:
    assert set(BUDGETS) <= set(ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_can_be_measured(entry: str) -> None:
    if entry == "claim":
        pytest.importorskip("openfisca_core", reason="the other engines are installed for `make bench` alone")
    assert callable(import_module(module_of(entry)).measure)
