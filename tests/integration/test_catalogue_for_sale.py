"""What the catalogue answers quickly: packs of one ingredient that are on sale here, and prices it knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.storage import catalogue
from app.storage.connection import Connection, transaction
from engine.demonstration import Demonstration
from tests.fakes.fake_counter import Bench


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def _amlodipine(demonstration: Demonstration) -> str:
    return next(drug.code for drug in demonstration.drugs if drug.generic_name == "苯磺酸氨氯地平片")


def test_packs_of_one_ingredient_come_cheapest_first_and_none_of_another(bench: Bench) -> None:
    found = catalogue.of_same_ingredient(bench.catalogue, _amlodipine(bench.demonstration), 99)

    assert {drug.generic_name for drug in found} == {"苯磺酸氨氯地平片"}
    assert [drug.price for drug in found] == sorted(drug.price or 0 for drug in found)
    assert len(found) >= 4


def test_what_is_not_sold_here_or_no_more_is_not_among_them(bench: Bench) -> None:
    code = _amlodipine(bench.demonstration)
    found = catalogue.of_same_ingredient(bench.catalogue, code, 99)
    with transaction(bench.catalogue):
        catalogue.save(bench.catalogue, [replace(found[0], price=None), replace(found[1], on_market=False)])

    assert catalogue.of_same_ingredient(bench.catalogue, code, 99) == found[2:]


def test_the_packs_are_found_by_an_index_and_not_by_reading_the_catalogue(bench: Bench) -> None:
    assert _plan(
        bench.catalogue,
        "SELECT code FROM drug WHERE substr(code, 1, 10) = 'XC08CAY001' AND price IS NOT NULL"
        " AND on_market = 1 ORDER BY price LIMIT 9",
    ) == ["SEARCH drug USING INDEX drug_for_sale (<expr>=? AND price>?)"]
    assert _plan(bench.catalogue, "SELECT 1 FROM price WHERE kind = 'agreed' AND region IN ('', '42')") == [
        "SEARCH price USING COVERING INDEX price_by_kind (kind=? AND region=?)"
    ]


def test_it_is_known_where_prices_of_a_kind_were_brought_for(bench: Bench) -> None:
    assert catalogue.knows_prices(bench.catalogue, "platform", "330681")
    assert catalogue.knows_prices(bench.catalogue, "agreed", "420704")
    assert not catalogue.knows_prices(bench.catalogue, "agreed", "330681")
    assert not catalogue.knows_prices(bench.catalogue, "platform", "371502")
    assert catalogue.knows_prices(bench.catalogue, "procurement", "371502")


def _plan(db: Connection, sql: str) -> list[str]:
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()]
