"""What was printed under a lease stands (S2), whatever the agency has changed of its own books since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from agency.storage import findings, persons, registry
from agency.storage.connection import transaction
from engine.protocol.settled import Settled, read_settled
from tests.fakes.agency_line import SHAOXING, Bureau, person, store
from tests.fakes.enrolled_till import EnrolledTill
from tests.fakes.lease_counter import HOURS, Counter, Sold, demonstration_drug, newcomer


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


@pytest.fixture
def counter(bureau: Bureau) -> Counter:
    till = EnrolledTill(bureau, SHAOXING)
    assert till.enrol().refused == ""
    return Counter(till, newcomer(bureau, person("王秀英")))


def delivered(counter: Counter, made: Sold) -> Settled:
    said = counter.deliver(made)
    assert said.refused == "", said
    return read_settled(Raw(msgspec.json.encode(said.output)), expected_id=made.msgid)


def other_insurance(counter: Counter) -> None:
    other = "employee" if counter.whose.insurance == "resident" else "resident"
    persons.save(counter.bureau.db, [replace(counter.whose, insurance=other)])


def other_region(counter: Counter) -> None:
    moved = replace(counter.whose, region="330602", region_name="绍兴市越城区")
    persons.save(counter.bureau.db, [moved])


def other_city(counter: Counter) -> None:
    moved = replace(counter.whose, region="420703", region_name="鄂州市华容区")
    persons.save(counter.bureau.db, [moved])


def shop_withdrawn(counter: Counter) -> None:
    shop = store(SHAOXING)
    provider = replace(shop.provider, designated=False, listed=False)
    registry.save_stores(counter.bureau.db, [replace(shop, provider=provider)])


def drug_delisted(counter: Counter) -> None:
    registry.save_drugs(counter.bureau.db, [replace(demonstration_drug(counter.whose), listings=())])


def drug_dearer_by_law(counter: Counter) -> None:
    listings = tuple(
        replace(each, first_self_pay_bp=5_000) for each in demonstration_drug(counter.whose).listings
    )
    registry.save_drugs(counter.bureau.db, [replace(demonstration_drug(counter.whose), listings=listings)])


CHANGES: list[Callable[[Counter], None]] = [
    other_insurance,
    other_region,
    other_city,
    shop_withdrawn,
    drug_delisted,
    drug_dearer_by_law,
]


@pytest.mark.parametrize("change", CHANGES)
def test_printed_stands_though_the_agency_changed_its_books_after_the_sale(
    bureau: Bureau, counter: Counter, change: Callable[[Counter], None]
) -> None:
    counter.ask()
    made = counter.sell(10)
    assert made is not None
    assert made.printed.fund
    bureau.clock.pass_by(HOURS)
    with transaction(bureau.db):
        change(counter)

    settled = delivered(counter, made)

    on_paper = (made.printed.fund, made.printed.assistance, made.printed.patient)
    assert on_paper == (settled.sums.fund, settled.sums.assistance, settled.sums.patient)
    assert settled.facts is not None
    assert (settled.facts.under_lease, settled.facts.gap) == (made.lease, 0)
    assert {each.kind for each in findings.recent(bureau.db, 9)} <= {"law_differs"}
