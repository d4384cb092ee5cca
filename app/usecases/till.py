"""The counter as the window works it: each method one act of a person, done by the module named for it.

A ``Till`` belongs to one thread with its own connection; only ``subscribe``'s listeners hear from others.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from app.storage import journal, outbox
from app.storage.connection import transaction
from app.storage.migrations import migrate
from app.usecases import (
    basket,
    cash,
    choices,
    enter,
    history,
    identify,
    leases,
    paper,
    prescribe,
    prescriptions,
    settle,
    tour,
)
from app.usecases.afield import AfieldDeviceDoor
from app.usecases.afield_money import AfieldMoneyDoor
from app.usecases.comparing import ComparingDoor
from app.usecases.diagnosing import DiagnosingDoor
from app.usecases.door import Door
from app.usecases.importing import CatalogueDoor
from app.usecases.ports import PersonAnswer, RxAnswer
from app.usecases.prescriptions_place import PrescriptionsDoor
from app.usecases.show import show
from app.usecases.signing import SigningDoor
from app.usecases.state import (
    Choice,
    CounterState,
    MessageRow,
    PaperPrescription,
    PolicyCard,
    SaleRow,
    Settled,
    TourStop,
    WorldState,
)
from app.usecases.stock_place import StockDoor
from engine.person import masked_name
from engine.prescription import Finding
from engine.receipt import Receipt

_HAD_BACK = "按 Esc 可以拿回来。"


class _Selling(Door):
    def start(self) -> CounterState:
        """Open for business: schema, chain, shop, papers that never came out."""
        desk = self._desk
        migrate(desk.db)
        desk.sound = not journal.verify_news(desk.db)
        tour.open_last_store(desk)
        leases.give_back(desk)
        paper.offer_unprinted(desk)
        if not desk.sound:
            desk.say(
                "refused",
                "流水的链条对不上：有记录被改动或缺失。新的销售仍会入账。",
                "请复制数据文件夹保存，运行 shanyao journal verify 查看，并联系经办机构。",
            )
        elif desk.opening is not None:
            desk.say("attention", *desk.opening)
        return show(desk)

    def refresh(self) -> CounterState:
        """Take in what arrived from outside since the last act."""
        desk = self._desk
        if desk.store is None:
            tour.open_last_store(desk)
        for news in desk.news():
            if isinstance(news, PersonAnswer):
                identify.person_arrived(desk, news)
            elif isinstance(news, RxAnswer):
                prescriptions.arrived(desk, news)
            elif news is not None:
                desk.presettled = news
        tour.go_on(desk)
        leases.give_back(desk)
        return self._done()

    def enter(self, text: str) -> CounterState:
        self._desk.begin_act()
        enter.enter(self._desk, text)
        return self._done()

    def search(self, text: str) -> tuple[Choice, ...]:
        return choices.search(self._desk, text)

    def choose(self, key: str) -> CounterState:
        self._desk.begin_act()
        basket.choose(self._desk, key)
        return self._done()

    def select(self, line_id: str) -> CounterState:
        basket.select(self._desk, line_id)
        return show(self._desk)

    def change_quantity(self, line_id: str, quantity: int) -> CounterState:
        self._desk.begin_act()
        basket.change_quantity(self._desk, line_id, quantity)
        return self._done()

    def tender(self, text: str) -> CounterState:
        self._desk.begin_act()
        cash.tender(self._desk, text)
        return show(self._desk)

    def settle(self) -> CounterState:
        desk = self._desk
        desk.awaited_stop = None  # Nothing joins the sale behind the pharmacist's back.
        seen = desk.last_shown
        self.refresh()
        deadline = desk.now() + timedelta(seconds=desk.settings.answer_wait_s)
        while settle.awaits_agency(desk, deadline):
            self.refresh()
        if desk.settled is None:  # F12 twice is one sale.
            desk.notice = None
            if not settle.changed_since(desk, seen):
                settle.settle(desk)
        return show(desk)

    def undo(self) -> CounterState:
        desk = self._desk
        desk.notice = None
        if desk.settled is not None or not desk.undo():
            desk.say(
                "info", "没有可以撤回的操作。", "已结算的销售不能撤回，请用退药流程。" if desk.settled else ""
            )
        return self._done()

    def take_person_off(self) -> CounterState:
        """Go on without insurance, and without a prescription that was written for this person."""
        self._desk.begin_act()
        former = identify.take_person_off(self._desk)
        if former is not None:
            self._desk.say("info", f"{masked_name(former.name)}已撤下，按自费卖。", _HAD_BACK)
        return self._done()

    def next_customer(self) -> CounterState:
        self._desk.clear()
        self._desk.notice = None
        leases.give_back(self._desk)
        return show(self._desk)


class _Prescribing(Door):
    def prescribe(self, form: PaperPrescription) -> CounterState:
        self._desk.begin_act()
        prescribe.prescribe(self._desk, form)
        return self._done()

    def check_prescription(self, form: PaperPrescription) -> tuple[Finding, ...]:
        return prescribe.check(self._desk, form)

    def drop_prescription(self) -> CounterState:
        self._desk.begin_act()
        if prescribe.drop(self._desk):
            self._desk.say("info", "处方已撤下。", _HAD_BACK)
        return self._done()


class _Ledger(Door):
    def sales(self, day: date | None) -> tuple[SaleRow, ...]:
        return history.list_sales(self._desk, day)

    def receipt(self, number: str) -> Receipt:
        return history.receipt_of(self._desk, number)

    def reprint(self, number: str | None) -> Settled:
        return paper.reprint(self._desk, number)

    def messages(self) -> tuple[MessageRow, ...]:
        return history.list_messages(self._desk)

    def policies(self) -> tuple[PolicyCard, ...]:
        return self._desk.law.cards()

    def world(self) -> WorldState:
        return history.world(self._desk)

    def sync_now(self) -> None:
        with transaction(self._desk.db):  # The person asked for it: what waits goes now.
            outbox.hasten(self._desk.db, self._desk.now())
        self._desk.courier.poke()

    def subscribe(self, listener: Callable[[], None]) -> None:
        self._desk.subscribe(listener)


class _Touring(Door):
    def tour(self) -> tuple[TourStop, ...]:
        return tour.stops(self._desk)

    def demonstrate(self, stop: TourStop) -> CounterState:
        self._desk.begin_act()
        tour.take_stop(self._desk, stop)
        return self._done()


class Till(
    _Selling,
    _Prescribing,
    SigningDoor,
    _Ledger,
    _Touring,
    ComparingDoor,
    AfieldMoneyDoor,
    AfieldDeviceDoor,
    PrescriptionsDoor,
    StockDoor,
    CatalogueDoor,
    DiagnosingDoor,
):
    """The whole counter; ``app.usecases.counter.Counter`` says what each act promises."""

    def say_at_start(self, what: str, advice: str) -> None:
        """Have ``start`` show a sentence."""
        self._desk.opening = (what, advice)
