"""What the hits under the field say of a drug, and which come first at this counter, on this day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.storage import catalogue, items, runs
from app.storage.connection import transaction
from app.storage.items import Item
from engine.catalogue import Listing
from engine.prescription import PrescribedLine, Prescription
from tests.fakes.fake_counter import Bench

YEAR = date(2020, 1, 1)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, online=False)
    bench.till.start()
    yield bench
    bench.close()


def titles(bench: Bench, text: str) -> list[str]:
    return [hit.title for hit in bench.till.search(text)]


def test_a_hit_tells_packs_apart(bench: Bench) -> None:
    hit = bench.till.search("bhsaldp")[0]

    assert hit.title.startswith("苯磺酸氨氯地平片 ")
    assert "片剂" in hit.detail
    assert "公司" in hit.detail
    assert (hit.klass, hit.prescription_only, hit.asked) == ("A", True, False)
    assert hit.price


def test_the_class_is_that_of_the_day_and_of_where_one_is_insured(bench: Bench) -> None:
    drug = replace(
        bench.demonstration.drugs[0],
        generic_name="试验片",
        code="XA01AAA001A001010100001",
        barcode=None,
        listings=(
            Listing(begins=YEAR, ends=date(2020, 12, 31), klass="A"),
            Listing(begins=date(2021, 1, 1), ends=None, klass="B", region="33"),
        ),
    )
    with transaction(bench.catalogue):
        catalogue.save(bench.catalogue, [drug, replace(drug, code="XA01AAA001A001010100002", listings=())])

    assert [hit.klass for hit in bench.till.search("试验片")] == ["B", "C"]


def test_what_the_prescription_asks_for_comes_first_and_says_so(bench: Bench) -> None:
    before = titles(bench, "p")
    wanted = next(
        drug for drug in bench.demonstration.drugs if f"{drug.generic_name} {drug.spec}" not in before
    )
    bench.desk.change(
        replace(
            bench.desk.draft,
            prescription=Prescription(
                number="1",
                source="external",
                issuer="演示卫生院",
                issuer_designated=True,
                doctor="演示医师",
                diagnosis="高血压",
                issued=YEAR,
                supply_days=28,
                lines=(PrescribedLine(name=wanted.generic_name, quantity=1, drug=wanted.code),),
            ),
        )
    )

    first = bench.till.search(wanted.generic_name[-1])[0]

    assert first.asked
    assert first.title.startswith(wanted.generic_name)


def test_what_this_shop_sells_comes_first_once_a_run_of_sales_is_full(bench: Bench) -> None:
    before = [hit.key for hit in bench.till.search("p")]
    with transaction(bench.db):
        bench.db.execute(
            "INSERT INTO drug_sold (code, sales, last_day) VALUES (?, 40, '2026-01-01')", (before[1],)
        )
    assert [hit.key for hit in bench.till.search("p")] == before  # Nothing was sold since it was read.
    bench.desk.seeker._seen = (-1, 0)  # As after a full run: runs.full_runs counts it.

    assert runs.most_sold(bench.db) == {before[1]: 40}
    assert [hit.key for hit in bench.till.search("p")][:2] == [before[1], before[0]]


def test_enter_on_words_that_one_drug_has_takes_it(bench: Bench) -> None:
    name = "玻璃酸钠滴眼液"
    drug = replace(
        bench.demonstration.drugs[0], generic_name=name, code="XS01KAA001E001010100001", barcode=None
    )
    with transaction(bench.catalogue):
        catalogue.save(bench.catalogue, [replace(drug, maker="独家制药厂")])

    state = bench.till.enter("bls 独家")

    assert [line.drug.code for line in state.draft.lines] == [drug.code]


def test_what_the_shop_has_a_price_for_comes_before_what_it_has_not(bench: Bench) -> None:
    before = [hit.key for hit in bench.till.search("p")]
    with transaction(bench.db):
        items.put(bench.db, Item(code=before[2], price=9_90), bench.clock.now())

    first = bench.till.search("p")[0]

    assert (first.key, first.price) == (before[2], 9_90)


def test_the_shop_s_own_number_and_barcode_lead_to_its_drug(bench: Bench) -> None:
    code = bench.demonstration.drugs[5].code
    with transaction(bench.db):
        items.put(bench.db, Item(code=code, shop_code="17", barcodes=("2000000000015",)), bench.clock.now())

    assert bench.till.search("17")[0].key == bench.till.search(" １７ ")[0].key == code
    assert bench.till.search("2000000000015")[0].key == code
