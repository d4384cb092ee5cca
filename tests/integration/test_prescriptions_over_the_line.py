"""Prescriptions between two shops and the agency, over a real line: fetched, offered, written off once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from agency import eprescriptions
from agency.storage import findings as agency_findings
from agency.storage import rx_results, write_offs
from agency.storage.connection import transaction as agency_transaction
from agency.storage.instants import instant
from agency.web import make_web
from app.storage import device, dispensed, findings, prescriptions
from engine.protocol.eprescription_seal import is_authentic
from engine.protocol.lease import Dispensed
from tests.fakes.agency_line import LIAOCHENG, Bureau, Line, RunningClock, demonstration
from tests.fakes.line_shop import LineShop
from tests.fakes.prescriptions import LI, NEXT_DOOR, ONCE, open_town

PREFIX = next(each.trace_prefix for each in demonstration().drugs if each.code == ONCE.lines[0].drug)
LATER = replace(ONCE, number="371502Y00000000000000000009")
"""Issued after the shops have heard the news of the day."""


class Town:
    """Two shops, one agency, one line."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        (folder / "agency").mkdir()
        self.bureau = Bureau(folder / "agency", provider=LIAOCHENG, clock=RunningClock())
        stack.callback(self.bureau.close)
        open_town(self.bureau)
        self.line = Line(make_web(self.bureau.agency))
        stack.callback(self.line.cut)
        self._folder, self._stack = folder, stack
        self.shop = self.open(LIAOCHENG)

    def open(self, provider: str) -> LineShop:
        return LineShop(self._folder / provider, self._stack, self.bureau, self.line, provider)

    def issue(self) -> None:
        with agency_transaction(self.bureau.db):
            eprescriptions.issue(self.bureau.db, [LATER])

    def kinds(self) -> list[str]:
        return [each.kind for each in agency_findings.recent(self.bureau.db, 50)]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with ExitStack() as stack:
        yield Town(tmp_path, stack)


def identified(shop: LineShop) -> None:
    shop.scan(LI.cert_no)
    shop.after(lambda state: state.draft.person)


def sell(shop: LineShop, serial: int) -> str:
    """Scan the prescribed boxes and settle."""
    for place in range(ONCE.lines[0].quantity):
        shop.scan(f"{PREFIX}{serial + place:013d}")
    shop.settle()
    settled = shop.settle().settled
    assert settled is not None, shop.desk.notice
    return settled.number


def test_a_code_that_the_till_does_not_know_is_fetched_and_written_off_once_sold(town: Town) -> None:
    shop = town.shop
    town.issue()
    identified(shop)
    assert prescriptions.by_number(shop.db, LATER.number) is None

    state = shop.scan(LATER.number)
    assert state.draft.prescription is None
    assert "查询" in state.hint
    state = shop.after(lambda state: state.draft.prescription)
    here = state.draft.prescription
    assert here is not None
    pinned = device.pinned(shop.db, LIAOCHENG)
    assert pinned is not None
    assert is_authentic(here, pinned.agency_key) is True
    assert "signature_sound" in {finding.code for finding in state.findings}

    number = sell(shop, 100)
    shop.until(lambda: shop.messages("7206"))
    shop.delivered()
    (off,) = write_offs.of_prescription(town.bureau.db, LI.psn_no, LATER.number)
    assert (off.provider, off.sale, len(off.settlements)) == (LIAOCHENG, number, 1)
    (review,) = rx_results.reviews(town.bureau.db, LI.psn_no, LATER.number)
    assert review.status == "1"
    assert [each.state for each in (*shop.messages("7204"), *shop.messages("7206"))] == ["accepted"] * 2
    assert town.kinds() == []


def test_the_next_shop_is_told_that_it_is_used(town: Town) -> None:
    shop = town.shop
    town.issue()
    identified(shop)
    shop.scan(LATER.number)
    shop.after(lambda state: state.draft.prescription)
    sell(shop, 200)
    shop.until(lambda: shop.messages("7206"))
    shop.delivered()

    next_door = town.open(NEXT_DOOR)
    identified(next_door)
    next_door.scan(LATER.number)
    state = next_door.after(lambda state: state.notice and state.notice.tone == "refused")

    assert state.notice is not None
    assert "配完" in state.notice.what
    assert state.draft.prescription is None


def test_what_waits_for_a_person_is_offered_and_taken_by_its_key(town: Town) -> None:
    town.issue()
    shop = town.shop
    identified(shop)
    state = shop.after(lambda _state: shop.desk.offered)
    assert state.notice is not None
    assert "处方等着" in state.notice.what

    row = next(each for each in shop.till.prescriptions() if each.number == LATER.number)
    assert (row.state, row.act) == ("waiting", "take")
    shop.till.take_prescription(row.key)
    state = shop.after(lambda state: state.draft.prescription)

    here = state.draft.prescription
    assert here is not None
    assert here.number == LATER.number
    assert LATER.number not in {each.number for each in shop.desk.offered}


def test_what_others_dispensed_is_learnt_as_a_person_is_identified(town: Town) -> None:
    shop = town.shop
    identified(shop)
    shop.scan(ONCE.number)
    shop.after(lambda state: state.draft.prescription)
    sell(shop, 300)
    shop.delivered()
    next_door = town.open(NEXT_DOOR)

    identified(next_door)
    next_door.after(lambda _state: dispensed.known_as_of(next_door.db, LI.psn_no))

    told = dispensed.since(next_door.db, LI.psn_no, town.bureau.clock.now() - timedelta(days=1))
    assert [(each.provider, each.drug) for each in told] == [(LIAOCHENG, ONCE.lines[0].drug)]


def test_without_the_network_an_unknown_code_says_what_can_be_done(town: Town) -> None:
    shop = town.shop
    town.issue()
    identified(shop)
    town.line.cut()
    shop.till.sync_now()
    shop.scan("371502Y00000000000000000077")
    shop.until(lambda: shop.worker.online is False)
    shop.till.refresh()

    state = shop.scan(LATER.number)

    assert state.draft.prescription is None
    assert state.notice is not None
    assert "连不上" in state.notice.what
    assert "纸质处方" in state.notice.advice
    town.line.join()
    shop.till.sync_now()
    shop.until(lambda: shop.worker.online)
    shop.scan(LATER.number)
    assert shop.after(lambda state: state.draft.prescription).draft.prescription is not None


def test_one_that_was_changed_on_its_way_is_refused_and_stays_a_finding(town: Town) -> None:
    shop = town.shop
    town.issue()
    with agency_transaction(town.bureau.db):
        town.bureau.db.execute(
            "UPDATE prescription SET body = replace(body, ?, ?) WHERE number = ?",
            ('"quantity":2', '"quantity":9', LATER.number),
        )
    identified(shop)

    shop.scan(LATER.number)
    state = shop.after(lambda state: state.notice and state.notice.tone == "refused")

    assert state.draft.prescription is None
    assert state.notice is not None
    assert "签章不符" in state.notice.what
    assert "prescription_not_authentic" in {each.kind for each in findings.recent(shop.db)}
    rows = [each for each in shop.till.prescriptions() if each.number == LATER.number]
    row = next(each for each in rows if each.state == "not_authentic")
    assert row.act == "report"
    shop.till.report_refusal(row.key)
    shop.delivered()
    assert "prescription_refused" in town.kinds()
    assert [each.state for each in shop.messages("7204")] == ["accepted"]


def test_a_withdrawn_prescription_on_the_counter_is_heard_of_when_it_is_scanned_again(town: Town) -> None:
    shop = town.shop
    identified(shop)
    shop.scan(ONCE.number)
    shop.after(lambda state: state.draft.prescription and state.draft.prescription.download_id)
    with agency_transaction(town.bureau.db):
        eprescriptions.withdraw(town.bureau.db, ONCE.number, "开错剂量", town.bureau.clock.now())

    shop.scan(ONCE.number)
    state = shop.after(lambda state: "prescription_withdrawn" in {finding.code for finding in state.findings})

    assert state.notice is not None
    assert "撤销" in state.notice.what


def test_two_shops_without_the_network_both_keep_their_sales_and_the_second_is_a_finding(town: Town) -> None:
    next_door = town.open(NEXT_DOOR)
    for shop in (town.shop, next_door):
        identified(shop)
        shop.scan(ONCE.number)
        shop.after(lambda state: state.draft.prescription)
    town.line.cut()
    for place, shop in enumerate((town.shop, next_door)):
        shop.till.sync_now()
        sell(shop, 500 + 10 * place)
    town.line.join()

    for shop in (town.shop, next_door):
        shop.delivered()
        shop.until(lambda shop=shop: shop.messages("7206"))  # type: ignore[misc]
        shop.delivered()
        assert [each.state for each in shop.messages("7206")] == ["accepted"]

    assert set(town.kinds()) == {"prescription_used"}
    assert len(write_offs.of_prescription(town.bureau.db, LI.psn_no, ONCE.number)) == 2


def test_a_history_that_cannot_be_read_keeps_no_prescription_back(town: Town) -> None:
    town.issue()
    other = Dispensed(psn_no="404", at=town.bureau.clock.now(), provider="P1", drug="X", quantity=1)
    with agency_transaction(town.bureau.db):
        town.bureau.db.execute(
            "INSERT INTO dispensed (psn_no, id, at, rxno, body) VALUES (?, 'odd', ?, NULL, ?)",
            (LI.psn_no, instant(other.at), msgspec.json.encode(other).decode()),
        )
    shop = town.shop

    identified(shop)

    shop.after(lambda _state: shop.desk.offered)
    assert LATER.number in {each.number for each in shop.desk.offered}
    assert dispensed.known_as_of(shop.db, LI.psn_no) is None
