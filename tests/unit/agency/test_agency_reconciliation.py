"""3201, 3202, 9101 and 9102: a shop's day and the agency's, by sums and by rows, with each reason."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from engine.calendar import business_day
from engine.protocol.profile import DEMONSTRATION, headers
from engine.protocol.reconciliation import (
    DIFFERENT,
    MATCHED,
    DetailRequest,
    FileTold,
    Totals,
    TotalsRequest,
    TotalsResult,
    detail_input,
    download_input,
    read_file,
    read_totals,
    totals_input,
    upload_input,
)
from engine.protocol.statement import Compared, Detail, detail_file, read_compared_file
from tests.fakes.agency_line import EZHOU, PROFILE, SHAOXING, Bureau, Said, person
from tests.fakes.enrolled_till import EnrolledTill
from tests.fakes.lease_counter import DAYS, Counter, newcomer

RESIDENT, PHARMACY, CENTRE = "390", "41", "330681"
NONE = Totals(count=0, total=0, fund=0)


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


@pytest.fixture
def counter(bureau: Bureau) -> Counter:
    till = EnrolledTill(bureau)
    assert till.enrol().refused == ""
    return Counter(till, newcomer(bureau, person("王秀英")))


def settled(counter: Counter, quantity: int = 10) -> tuple[Said, Detail]:
    """Sell and deliver; return the answer, and the row that the shop has of it."""
    made = counter.sell(quantity, leased=False)
    assert made is not None
    said = counter.deliver(made)
    info = said.output["setlinfo"]
    row = Detail(
        setl_id=info["setl_id"],
        mdtrt_id=info["mdtrt_id"],
        psn_no=info["psn_no"],
        total=made.printed.total,
        fund=made.printed.fund + made.printed.assistance,
        msgid=made.msgid,
    )
    return said, row


def totals_of(*rows: Detail) -> Totals:
    return Totals(count=len(rows), total=sum(row.total for row in rows), fund=sum(row.fund for row in rows))


def today(counter: Counter) -> date:
    return business_day(counter.bureau.clock.at)


def compared_sums(counter: Counter, totals: Totals, day: date, **changes: str) -> TotalsResult:
    asked = TotalsRequest(
        insutype=RESIDENT, clr_type=PHARMACY, setl_optins=CENTRE, first=day, last=day, totals=totals
    )
    said = counter.till.call("3201", totals_input(replace(asked, **changes)))
    assert said.refused == "", said
    return read_totals(Raw(msgspec.json.encode(said.output)))


def sent(counter: Counter, content: bytes) -> FileTold:
    said = counter.till.call("9101", upload_input("detail.zip", content, counter.provider))
    assert said.refused == "", said
    return read_file(Raw(msgspec.json.encode(said.output)))


def fetched(till: EnrolledTill, file: FileTold) -> tuple[bytes | None, str]:
    signed = headers(PROFILE, DEMONSTRATION, int(till.bureau.clock.at.timestamp()), "nonce")
    answer = till.bureau.agency.answer(signed, till.body("9102", download_input(file, till.provider)))
    return answer.file, answer.verdict


def compared_rows(counter: Counter, *rows: Detail) -> list[Compared]:
    """Send rows, have them compared, and fetch the result, as a shop does."""
    uploaded = sent(counter, detail_file(rows))
    day = today(counter)
    asked = DetailRequest(file_qury_no=uploaded.file_qury_no, setl_optins=CENTRE, first=day, last=day)
    said = counter.till.call("3202", detail_input(asked, totals_of(*rows), 0))
    assert said.refused == "", said
    content, verdict = fetched(counter.till, read_file(Raw(msgspec.json.encode(said.output))))
    assert verdict == "accepted"
    assert content is not None
    assert content.startswith(b"PK")
    return list(read_compared_file(content))


def test_sums_agree_where_both_sides_have_the_same_settlements(counter: Counter) -> None:
    rows = [settled(counter, quantity)[1] for quantity in (3, 5)]
    assert compared_sums(counter, totals_of(*rows), today(counter)).stmt_rslt == MATCHED


def test_sums_that_differ_are_told_of_both_sides(counter: Counter) -> None:
    _, row = settled(counter)
    told = compared_sums(counter, replace(totals_of(row), fund=row.fund + 1), today(counter))
    assert told.stmt_rslt == DIFFERENT
    assert "医保中心 1 笔" in told.stmt_rslt_dscr
    assert "3202" in told.stmt_rslt_dscr


def test_sums_are_of_one_day_one_insurance_one_clearing_and_one_centre(counter: Counter) -> None:
    settled(counter)
    day = today(counter)
    assert compared_sums(counter, NONE, day - DAYS).stmt_rslt == MATCHED
    for changes in ({"insutype": "310"}, {"clr_type": "11"}, {"setl_optins": "420704"}):
        assert compared_sums(counter, NONE, day, **changes).stmt_rslt == MATCHED
    assert compared_sums(counter, NONE, day).stmt_rslt == DIFFERENT


def test_late_delivery_counts_on_the_day_of_the_sale(counter: Counter) -> None:
    made = counter.sell(4, leased=False)
    assert made is not None
    day = today(counter)
    counter.bureau.clock.pass_by(5 * DAYS)
    counter.deliver(made)
    assert compared_sums(counter, NONE, today(counter)).stmt_rslt == MATCHED
    one = Totals(count=1, total=made.printed.total, fund=made.printed.fund)
    assert compared_sums(counter, one, day).stmt_rslt == MATCHED


def test_reversed_settlement_is_in_no_sum(counter: Counter) -> None:
    said, _ = settled(counter)
    counter.take_back(said)
    assert compared_sums(counter, NONE, today(counter)).stmt_rslt == MATCHED


def test_each_row_that_differs_is_listed_with_the_reason(counter: Counter) -> None:
    _, same = settled(counter, 2)
    _, cheaper = settled(counter, 3)
    _, unknown_to_shop = settled(counter, 4)
    said, _ = taken_back = settled(counter, 5)
    counter.take_back(said)
    lost = replace(same, setl_id="", mdtrt_id="", msgid="P33068100001202611220000000009")

    rows = compared_rows(counter, same, replace(cheaper, fund=cheaper.fund - 1), taken_back[1], lost)

    why = {row.msgid: row.difference for row in rows}
    assert why == {
        same.msgid: "",
        cheaper.msgid: "amounts_differ",
        taken_back[1].msgid: "reversed",
        lost.msgid: "agency_lacks",
        unknown_to_shop.msgid: "shop_lacks",
    }
    assert all(row.memo.endswith("。") for row in rows if row.difference)
    assert next(row for row in rows if row.msgid == cheaper.msgid).fund == cheaper.fund


def test_row_without_a_number_is_found_by_its_message(counter: Counter) -> None:
    _, row = settled(counter)
    assert [each.difference for each in compared_rows(counter, replace(row, setl_id="", mdtrt_id=""))] == [""]


def test_result_is_given_to_its_own_shop_alone(bureau: Bureau, counter: Counter) -> None:
    file = sent(counter, detail_file([]))
    other = EnrolledTill(bureau, EZHOU)
    assert other.enrol().refused == ""

    assert fetched(other, file) == (None, "unknown_file")
    assert fetched(counter.till, file)[0] == detail_file([])


def zipped(text: str, *names: str, how: int = zipfile.ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        for name in names:
            archive.writestr(name, text)
    return made.getvalue()


def torn(content: bytes) -> bytes:
    """Return a zip whose member's packed bytes are not what any packer makes."""
    begin = zipfile.ZipFile(io.BytesIO(content)).infolist()[0]
    place = 30 + len(begin.filename) + (4 if begin.compress_type == zipfile.ZIP_LZMA else 0)
    return content[:place] + b"\xff" * 6 + content[place + 6 :]


@pytest.mark.parametrize(
    "content",
    [
        torn(zipped("1\t2\t3" * 90, "torn.txt", how=zipfile.ZIP_DEFLATED)),
        torn(zipped("1\t2\t3" * 90, "torn.txt", how=zipfile.ZIP_LZMA)),
        torn(zipped("1\t2\t3" * 90, "torn.txt", how=zipfile.ZIP_BZIP2)),
        b"no zip",
        zipped("", *()),
        zipped("", "one.txt", "two.txt"),
        zipped("1\t2\t3", "few.txt"),
        zipped("1\t2\t3\tyuan\t5\t6\t0", "words.txt"),
    ],
    ids=[
        "deflate torn",
        "lzma torn",
        "bzip2 torn",
        "no zip",
        "nothing in it",
        "two in it",
        "columns missing",
        "amount is a word",
    ],
)
def test_file_that_is_no_detail_file_is_refused(counter: Counter, content: bytes) -> None:
    uploaded = sent(counter, content)
    day = today(counter)
    asked = DetailRequest(file_qury_no=uploaded.file_qury_no, setl_optins=CENTRE, first=day, last=day)
    said = counter.till.call("3202", detail_input(asked, NONE, 0))
    assert said.refused == "bad_file"


def test_days_in_the_wrong_order_and_unknown_files_are_refused(counter: Counter) -> None:
    day = today(counter)
    back = TotalsRequest(
        insutype=RESIDENT, clr_type=PHARMACY, setl_optins=CENTRE, first=day, last=day - DAYS, totals=NONE
    )
    assert counter.till.call("3201", totals_input(back)).refused == "invalid"
    asked = DetailRequest(file_qury_no="F404", setl_optins=CENTRE, first=day, last=day)
    assert counter.till.call("3202", detail_input(asked, NONE, 0)).refused == "unknown_file"
    assert counter.provider == SHAOXING
