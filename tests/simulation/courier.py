"""What carries a simulated till's messages: the real delivery, on the thread of whoever lets it work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

from app.clock import Clock
from app.storage import cursor
from app.storage.connection import transaction
from app.storage.instants import to_text
from app.sync import ask
from app.sync.client import AgencyClient, Unreachable
from app.sync.deliver import Delivery, deliver_due, sender_of
from app.sync.pull import pull_news
from app.usecases.desk import News
from app.usecases.ports import ClaimContext, RxAsk
from engine.ids import Scan
from engine.protocol.envelope import Sender
from engine.sale import Store

OPERATOR = "模拟药师"
T = TypeVar("T")


class Carried(Protocol):
    """What the courier needs of its machine."""

    db: Any
    drugs: Any
    client: AgencyClient
    clock: Clock
    provider: str

    def speaker(self) -> Sender: ...


class Courier:
    """The real delivery on the caller's own thread; ``ready`` says whether it gets to work when poked."""

    def __init__(self, machine: Carried) -> None:
        self._machine = machine
        self.online: bool | None = None
        self.offline_since: datetime | None = None
        self.ready = False
        self.scans: list[tuple[Store, Scan]] = []
        self.basket: ClaimContext | None = None
        self._hear: list[Callable[[News], None]] = []

    def listen(self, hear: Callable[[News], None]) -> None:
        self._hear.append(hear)

    def poke(self) -> None:
        if self.ready:
            self.deliver()

    def look_up(self, store: Store, scan: Scan) -> None:
        self.scans.append((store, scan))

    def inquire(self, asked: RxAsk) -> None: ...  # Prescriptions are brought along.
    def presettle(self, context: ClaimContext) -> None:
        self.basket = context

    def serve(self) -> None:
        """Ask the agency what was asked at the counter."""
        machine = self._machine
        scans, self.scans = self.scans, []
        basket, self.basket = self.basket, None
        for _store, scan in scans:
            self._try(
                lambda scan=scan: self._tell(  # type: ignore[misc]
                    ask.look_up(machine.db, machine.client, machine.clock, scan, machine.speaker())
                )
            )
        if basket is not None:
            self._try(lambda: self._presettle(basket))

    def deliver(self) -> Delivery | None:
        """One round of the outbox, after a new epoch is made known where one began."""
        machine = self._machine
        try:
            machine.speaker()
        except Unreachable:
            self._reached(False)
            return None
        round_ = deliver_due(
            machine.db, machine.client, machine.clock, operator=OPERATOR, boundary=_no_boundary
        )
        if round_.line_dead:
            self._reached(False)
        elif round_.settled:
            self._reached(True)
        self._tell(None)
        return round_

    def pull(self) -> None:
        """Bring what is new."""
        machine = self._machine
        sender = sender_of(machine.db, machine.provider, OPERATOR)
        self._try(
            lambda: pull_news(
                machine.db, machine.drugs, machine.client, machine.clock, sender=sender, page_size=3
            )
        )

    def _presettle(self, basket: ClaimContext) -> None:
        machine = self._machine
        sender = machine.speaker()
        try:
            answer, person = ask.presettle(machine.db, machine.client, machine.clock, basket, sender)
        except ask.Refused:
            return
        self._tell(answer)
        if person is not None:
            self._tell(person)

    def _try(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Unreachable:
            self._reached(False)
        else:
            self._reached(True)

    def _reached(self, yes: bool) -> None:
        self.online = yes
        if yes:
            machine = self._machine
            with transaction(machine.db):
                cursor.put(machine.db, cursor.HEARD, to_text(machine.clock.now()))

    def _tell(self, news: News) -> None:
        for hear in self._hear:
            hear(news)


def _no_boundary(step: Callable[[], T]) -> T | None:
    return step()  # A bug is a violation here: it gets out.
