"""A sale on a prescription is written off exactly once, whatever is lost, repeated, refused or restarted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from agency.storage import write_offs
from app.storage import outbox, prescription_uses, prescriptions
from app.sync.client import AgencyClient
from app.sync.deliver import deliver_due
from app.sync.worker import outlive
from app.usecases import settle
from app.usecases.quote import quote
from app.usecases.show import open_store
from engine.prescription_use import key_of
from engine.protocol.profile import DEMONSTRATION
from tests.fakes.agency_at_hand import ByHand, Town
from tests.fakes.fake_leases import scan_first


class Losing(httpx.BaseTransport):
    """Hands calls on, and loses the answers to transactions of which the test says so."""

    def __init__(self, inner: ByHand) -> None:
        self._inner = inner
        self.lost: set[str] = set()
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        text = request.read()
        infno = str(msgspec.json.decode(text)["infno"])
        self.asked.append(infno)
        answer = self._inner.handle_request(request)
        if any(each in self.lost for each in (infno, *self._within(infno, text))):
            raise httpx.ReadTimeout("lost", request=request)
        return answer

    def _within(self, infno: str, text: bytes) -> list[str]:
        if infno != "SY06":
            return []
        return [each for each in ("2102", "7204", "7206") if f'\\"infno\\":\\"{each}\\"'.encode() in text]


class Shop:
    """A town whose till knows the agency's own signed prescriptions."""

    def __init__(self, folder: Path) -> None:
        self.town = Town(folder)
        self.bench, self.db, self.clock = self.town.bench, self.town.bench.db, self.town.clock
        self.town.pull()
        self.wire = Losing(self.town.wire)
        self.client = AgencyClient(
            url="http://agency", credentials=DEMONSTRATION, clock=self.clock, transport=self.wire
        )
        self.client.batches = False
        self.client.voice = self.town.client.voice

    def sell(self) -> str:
        self.bench.courier.online = False
        self.bench.till.next_customer()
        self.clock.pass_by(timedelta(minutes=3))
        scan_first(self.bench)
        settled = self.bench.settle().settled
        assert settled is not None, self.bench.desk.notice
        return settled.number

    def deliver(self) -> None:
        for _ in range(3):
            self.clock.pass_by(timedelta(minutes=10))
            deliver_due(self.db, self.client, self.clock, operator="01", boundary=outlive)

    def messages(self, infno: str) -> list[outbox.Message]:
        return [each for each in outbox.recent(self.db, 99) if each.infno == infno]

    def data(self, message: outbox.Message) -> Any:
        return msgspec.json.decode(outbox.text_of(self.db, message))["data"]

    def held(self) -> list[write_offs.WriteOff]:
        prescription = self.bench.demonstration.prescriptions[0]
        return write_offs.of_prescription(self.town.bureau.db, prescription.psn_no or "", prescription.number)

    def close(self) -> None:
        self.client.close()
        self.town.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


def test_the_news_brings_signed_prescriptions_and_a_sale_on_one_is_written_off(shop: Shop) -> None:
    number = shop.sell()
    assert shop.messages("7206") == []

    shop.deliver()

    (off,) = shop.held()
    assert (off.sale, len(off.settlements)) == (number, 2)
    (told,) = shop.messages("7206")
    assert told.state == "accepted"
    settled = [each for each in shop.messages("2102") if each.answer]
    ids = {msgspec.json.decode(each.answer or "")["setlinfo"]["setl_id"] for each in settled}
    assert set(off.settlements) == ids
    assert shop.data(told)["payMode"] == "2"


def test_the_write_off_waits_for_the_last_settlement_and_is_queued_once(shop: Shop) -> None:
    shop.sell()
    waiting = [each for each in reversed(outbox.recent(shop.db, 9)) if each.infno == "2102"]
    shop.wire.lost = {"2102"}
    shop.deliver()
    assert shop.messages("7206") == []

    shop.wire.lost = set()
    shop.deliver()
    shop.deliver()

    assert len(waiting) == 2
    assert len(shop.messages("7206")) == 1
    assert len(shop.held()) == 1


def test_a_lost_answer_to_a_write_off_is_asked_for_again_and_counts_once(shop: Shop) -> None:
    shop.sell()
    shop.wire.lost = {"7206"}
    shop.deliver()
    (waiting,) = shop.messages("7206")
    assert waiting.state == "waiting"
    assert len(shop.held()) == 1
    text = outbox.text_of(shop.db, waiting)

    shop.wire.lost = set()
    shop.deliver()

    (told,) = shop.messages("7206")
    assert (told.id, told.state) == (waiting.id, "accepted")
    assert outbox.text_of(shop.db, told) == text
    assert shop.wire.asked.count("7206") >= 2
    assert len(shop.held()) == 1


def test_what_the_agency_refused_to_pay_is_written_off_as_paid_by_the_patient(shop: Shop) -> None:
    number = shop.sell()
    shop.town.bureau.db.execute("UPDATE person SET body = replace(body, '\"resident\"', '\"employee\"')")

    shop.deliver()

    assert {each.state for each in shop.messages("2102")} == {"rejected"}
    (told,) = shop.messages("7206")
    assert told.state == "accepted"
    data = shop.data(told)
    assert (data["payMode"], data["setl_id"], data["fund_pay_sumamt"]) == ("1", None, 0)
    assert [each.sale for each in shop.held()] == [number]


def test_each_of_many_sales_has_its_own_write_off_and_none_is_left_behind(shop: Shop) -> None:
    numbers = [shop.sell() for _ in range(20)]

    shop.deliver()

    assert sorted(each.sale for each in shop.held()) == sorted(numbers)
    assert outbox.counts(shop.db) == (0, 0)
    known = prescriptions.by_number(shop.db, shop.bench.demonstration.prescriptions[0].number)
    assert known is not None
    assert [each.number for each in prescription_uses.sales_on(shop.db, key_of(known))] == numbers


def test_a_message_of_the_courier_between_making_ready_and_commit_shifts_no_sale(shop: Shop) -> None:
    first = shop.sell()
    shop.bench.till.next_customer()
    shop.clock.pass_by(timedelta(minutes=3))
    scan_first(shop.bench)
    store = open_store(shop.bench.desk)
    quoted = quote(shop.bench.desk, store, shop.bench.desk.draft)
    assert quoted is not None
    prepared = settle.prepare(shop.bench.desk, store, quoted)
    shop.deliver()  # Queues the write-off of the first.
    second = settle.commit(shop.db, prepared).number

    shop.deliver()

    assert {row.number: row.delivery for row in shop.bench.till.sales(None)} == {
        first: "accepted",
        second: "accepted",
    }
    assert sorted(each.sale for each in shop.held()) == [first, second]
