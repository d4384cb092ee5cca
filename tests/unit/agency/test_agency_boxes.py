"""A box that was sold once is found when it is sold again, whoever sells it (S8)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from agency.storage import findings
from tests.fakes.agency_line import EZHOU, SHAOXING, Bureau
from tests.fakes.enrolled_till import EnrolledTill

BOX, OTHER = "81234567890123456789", "81234567890123456780"


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


def enrolled(bureau: Bureau, provider: str, till: str = "01") -> EnrolledTill:
    made = EnrolledTill(bureau, provider, till)
    made.enrol()
    return made


def sell(till: EnrolledTill, number: str, *codes: str) -> None:
    lines = [{"id": "1", "trace_codes": codes}, {"id": "2"}]
    body = {"number": number, "store": {"provider": {"id": till.provider}}, "draft": {"lines": lines}}
    till.write("sale", msgspec.json.encode(body).decode())


def test_a_box_sold_in_two_shops_is_a_finding_that_names_both_sales(bureau: Bureau) -> None:
    here, there = enrolled(bureau, SHAOXING), enrolled(bureau, EZHOU)
    sell(here, "01-000001", BOX, OTHER)
    sell(there, "01-000009", BOX)
    here.upload()

    assert there.upload().refused == ""

    finding = findings.recent(bureau.db, 9)[0]
    assert (finding.kind, finding.provider) == ("trace_repeated", EZHOU)
    assert all(word in finding.text for word in (BOX, SHAOXING, "01-000001", EZHOU, "01-000009"))
    assert len(findings.recent(bureau.db, 9)) == 1


def test_a_box_sold_at_two_tills_of_a_shop_is_found(bureau: Bureau) -> None:
    first, second = enrolled(bureau, SHAOXING), enrolled(bureau, SHAOXING, "02")
    sell(first, "01-000001", BOX)
    sell(second, "02-000001", BOX)
    first.upload()
    second.upload()

    assert [(each.kind, each.till) for each in findings.recent(bureau.db, 9)] == [("trace_repeated", "02")]


def test_an_upload_repeated_is_no_second_sale(bureau: Bureau) -> None:
    till = enrolled(bureau, SHAOXING)
    sell(till, "01-000001", BOX)
    sell(till, "01-000002", OTHER)

    till.upload()
    till.upload()

    assert findings.recent(bureau.db, 9) == []


def test_a_box_sold_twice_in_one_upload_is_found(bureau: Bureau) -> None:
    till = enrolled(bureau, SHAOXING)
    sell(till, "01-000001", BOX)
    sell(till, "01-000002", BOX)

    till.upload()

    assert len(findings.recent(bureau.db, 9)) == 1


@pytest.mark.parametrize("body", ["{}", "[]", "", '{"number":1}', '{"number":"1","draft":null}'])
def test_an_entry_of_another_form_is_kept_as_it_is(bureau: Bureau, body: str) -> None:
    till = enrolled(bureau, SHAOXING)
    till.write("sale", body)

    assert till.upload().refused == ""
    assert findings.recent(bureau.db, 9) == []
