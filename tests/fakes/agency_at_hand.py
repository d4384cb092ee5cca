"""The real agency beside a real counter: its own client and courier steps, without socket or thread."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
from msgspec import Raw

from agency import enrolment
from agency.storage.connection import transaction as agency_transaction
from app.sync import ask
from app.sync.client import AgencyClient
from app.sync.counter_line import CounterLine
from app.sync.deliver import deliver_due, sender_of
from app.sync.enrol import introduce
from app.sync.pull import pull_news
from app.sync.worker import outlive
from engine.protocol.profile import DEMONSTRATION
from tests.fakes.agency_line import SHAOXING, Bureau, StillClock
from tests.fakes.fake_counter import NOW, Bench


class ByHand(httpx.BaseTransport):
    """Hands each call to the agency; cut, it reaches nobody. ``calls`` counts those that arrived."""

    def __init__(self, bureau: Bureau) -> None:
        self._bureau = bureau
        self.cut = False
        self.calls = 0
        self.cut_after: int | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut or (self.cut_after is not None and self.calls >= self.cut_after):
            raise httpx.ConnectError("cut", request=request)
        self.calls += 1
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self._bureau.agency.answer(headers, request.read())
        content = answer.file if answer.file is not None else answer.text.encode()
        return httpx.Response(answer.status, content=content, request=request)


class Town:
    """One counter, one agency, one clock; the counter is enrolled, and its courier moves when told."""

    def __init__(self, folder: Path, *, provider: str = SHAOXING) -> None:
        (folder / "agency").mkdir()
        self.clock = StillClock(NOW)
        self.bureau = Bureau(folder / "agency", provider=provider, clock=self.clock)
        with agency_transaction(self.bureau.db):
            enrolment.allow_demonstration(self.bureau.db, provider, NOW + timedelta(days=400))
        self.bench = Bench(folder, online=True, clock=self.clock)
        self.wire = ByHand(self.bureau)
        self.client = self._client()
        introduce(self.bench.db, self.client)
        self.provider = provider
        line = CounterLine(
            db=self.bench.db, open_client=self._client, clock=self.clock, operator=self._operator
        )
        self.bench.desk.line = self.line = line
        self.bench.till.start()
        line.enrol(provider, f"DEMO-{provider}")

    _operator = "药师 李"

    def _client(self) -> AgencyClient:
        return AgencyClient(
            url="http://agency", credentials=DEMONSTRATION, clock=self.clock, transport=self.wire
        )

    def close(self) -> None:
        self.line.close()
        self.client.close()
        self.bench.close()
        self.bureau.close()

    def go_offline(self) -> None:
        self.wire.cut, self.bench.courier.online = True, False

    def go_online(self) -> None:
        self.wire.cut, self.bench.courier.online = False, True

    def presettle(self) -> None:
        """Ask the agency about the basket on the desk, as the courier would, and show what it said."""
        desk, sender = self.bench.desk, sender_of(self.bench.db, self.provider, self._operator)
        self.bench.till.refresh()
        answer, person = ask.presettle(
            self.bench.db, self.client, self.clock, self.bench.courier.presettled[-1], sender
        )
        desk.hear(answer)
        if person is not None:
            desk.hear(person)
        self.bench.till.refresh()

    def deliver(self) -> int:
        """Send all that waits; return how much the agency settled."""
        return deliver_due(
            self.bench.db, self.client, self.clock, operator=self._operator, boundary=outlive
        ).settled

    def pull(self) -> int:
        """Take what is new at the agency."""
        sender = sender_of(self.bench.db, self.provider, self._operator)
        return pull_news(self.bench.db, self.bench.catalogue, self.client, self.clock, sender=sender)

    def ask(self, infno: str, input_json: str) -> Raw:
        return self.line.ask(infno, input_json, self.provider)
