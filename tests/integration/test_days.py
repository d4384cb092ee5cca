"""The close of a day: printed = stored = sent = accepted, and the same books at the agency."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from agency.storage.connection import transaction as agency_transaction
from app.errors import DayNotClosed
from app.storage import journal, outbox
from app.storage.connection import transaction
from app.usecases.state import DayRow
from tests.fakes.agency_at_hand import Town
from tests.fakes.fake_counter import TODAY
from tests.fakes.fake_leases import scan_first


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    town.close()


def sell(town: Town) -> None:
    town.bench.till.next_customer()
    for stop in town.bench.till.tour():
        if stop.group == town.bench.demonstration.tour[0].group:
            town.bench.till.demonstrate(stop)
    assert town.bench.settle().settled is not None


def sell_to_nobody(town: Town) -> None:
    town.bench.till.next_customer()
    drug = next(
        each for each in town.bench.demonstration.drugs if not each.prescription_only and each.barcode
    )
    town.bench.till.enter(drug.barcode or "")
    assert town.bench.settle().settled is not None


def insured(rows: tuple[DayRow, ...]) -> DayRow:
    return next(row for row in rows if row.insurance == "resident")


def closings(town: Town) -> list[str]:
    return [each.body for each in journal.read(town.bench.db, 0, 99) if each.kind == "day_closed"]


def test_a_day_on_which_all_agrees_is_closed_and_journalled(town: Town) -> None:
    sell(town)
    sell_to_nobody(town)
    town.deliver()

    row = insured(town.bench.till.close_day(TODAY))

    assert row.state == "closed"
    assert (row.stored, row.printed, row.sent, row.accepted) == (1, 1, 1, 1)
    assert row.ours == row.theirs
    (body,) = closings(town)
    told = msgspec.json.decode(body)
    assert (told["day"], told["serial"], told["by"]) == ("2026-11-22", 2, "药师 李")
    town.deliver()
    assert outbox.counts(town.bench.db) == (0, 0)


def test_a_sale_that_was_not_sent_keeps_the_day_open(town: Town) -> None:
    sell(town)

    with pytest.raises(DayNotClosed, match="还没有送达"):
        town.bench.till.close_day(TODAY)

    row = insured(town.bench.till.days())
    assert (row.state, row.sent, row.accepted, row.theirs) == ("gap", 0, 0, None)
    assert closings(town) == []


def test_a_sale_without_paper_keeps_the_day_open(town: Town) -> None:
    town.bench.printer.silent = True
    sell(town)
    town.deliver()

    with pytest.raises(DayNotClosed, match="没有打出小票"):
        town.bench.till.close_day(TODAY)

    town.bench.printer.silent = False
    town.bench.till.reprint(None)
    assert insured(town.bench.till.close_day(TODAY)).state == "closed"


def test_a_settlement_that_the_agency_refused_keeps_the_day_open(town: Town) -> None:
    sell(town)
    first = next(each for each in reversed(outbox.recent(town.bench.db, 9)) if each.infno == "2102")
    with transaction(town.bench.db):
        outbox.rejected(town.bench.db, first.id, "查无此人", town.clock.now())
    town.deliver()

    with pytest.raises(DayNotClosed, match="被医保中心退回"):
        town.bench.till.close_day(TODAY)


def test_a_sale_that_vanished_from_the_books_keeps_the_day_open(town: Town) -> None:
    for _ in range(3):
        sell_to_nobody(town)
    town.bench.db.execute("PRAGMA foreign_keys = OFF")
    town.bench.db.execute("DELETE FROM sale WHERE serial = 2")

    with pytest.raises(DayNotClosed, match="账目不全"):
        town.bench.till.close_day(TODAY)


def test_a_day_without_sales_is_not_closed(town: Town) -> None:
    with pytest.raises(DayNotClosed, match="没有销售"):
        town.bench.till.close_day(TODAY)


def test_offline_the_day_is_proved_here_and_stays_open_for_the_agency(town: Town) -> None:
    sell(town)
    town.deliver()
    town.go_offline()

    row = insured(town.bench.till.close_day(TODAY))

    assert (row.state, row.accepted) == ("open", 1)
    assert "还没有和医保中心对账" in row.reason
    assert closings(town) == []
    town.go_online()
    assert insured(town.bench.till.close_day(TODAY)).state == "closed"


def test_what_differs_is_listed_line_by_line_with_the_reason_and_keeps_the_day_open(town: Town) -> None:
    sell(town)
    town.deliver()
    with agency_transaction(town.bureau.db):
        town.bureau.db.execute("UPDATE settlement SET fund = fund + 7 WHERE fund > 0")

    row = insured(town.bench.till.close_day(TODAY))

    assert row.state == "differs"
    assert row.reason
    assert {(each.theirs - each.ours, each.sale) for each in row.differences} == {(7, "01-000001")}
    assert all("两边金额不一致" in each.reason for each in row.differences)
    assert closings(town) == []


def test_a_sale_that_the_agency_lacks_is_missing_in_its_sum_too(town: Town) -> None:
    sell(town)
    town.deliver()
    with agency_transaction(town.bureau.db):
        town.bureau.db.execute("UPDATE settlement SET fund = fund + 7 WHERE fund > 0")

    row = insured(town.bench.till.close_day(TODAY))

    assert row.theirs == row.ours + sum(each.theirs - each.ours for each in row.differences)
    assert row.theirs != row.ours


def test_a_sale_made_for_another_shop_is_asked_about_in_its_name(town: Town) -> None:
    sell(town)
    town.deliver()
    shop = next(stop.store for stop in town.bench.till.tour() if stop.store != town.provider)
    town.bench.till.next_customer()
    town.bench.till.demonstrate(next(stop for stop in town.bench.till.tour() if stop.store == shop))

    assert insured(town.bench.till.close_day(TODAY)).state == "closed"


def test_a_sale_after_the_close_opens_the_day_again(town: Town) -> None:
    sell_to_nobody(town)
    assert town.bench.till.close_day(TODAY)[0].state == "closed"

    sell_to_nobody(town)

    assert town.bench.till.days()[0].state == "open"
    assert town.bench.till.close_day(TODAY)[0].state == "closed"
    assert len(closings(town)) == 2


def test_closing_a_closed_day_changes_nothing(town: Town) -> None:
    sell_to_nobody(town)
    first = town.bench.till.close_day(TODAY)

    assert town.bench.till.close_day(TODAY) == first
    assert len(closings(town)) == 1


def test_days_are_listed_newest_first_and_each_by_itself(town: Town) -> None:
    sell_to_nobody(town)
    town.clock.pass_by(timedelta(days=1))
    sell_to_nobody(town)
    sell_to_nobody(town)

    assert [(row.day.day, row.stored) for row in town.bench.till.days()] == [(23, 2), (22, 1)]


def test_the_first_sale_of_the_tour_is_the_one_that_these_rules_are_tried_on(town: Town) -> None:
    scan_first(town.bench)

    assert town.bench.till.refresh().certainty is not None
