"""A whole counter with its real courier, at the end of a real line to a real agency."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from agency.enrolment import allow_demonstration
from agency.storage.connection import transaction as agency_transaction
from app.storage import catalogue, cursor, device, outbox
from app.storage.connection import Connection, open_database, transaction
from app.storage.migrations import migrate
from app.sync.client import AgencyClient
from app.sync.worker import SyncWorker
from app.usecases.desk import Desk
from app.usecases.state import CounterState
from app.usecases.till import Till
from app.usecases.tour import OPEN_STORE
from engine.protocol.profile import DEMONSTRATION
from tests.fakes.agency_line import NOW, Bureau, Line
from tests.fakes.fake_counter import KEY, FakePrinter, FakeSlips, law
from tests.fakes.signing import knowledge, on_duty, sign

PATIENCE_S = 20
_LOOK_S = 0.05


class LineShop:
    """One shop; ``until`` waits for what its courier hears."""

    def __init__(self, folder: Path, stack: ExitStack, bureau: Bureau, line: Line, provider: str) -> None:
        self._folder, self._line, self.clock, self.provider = folder, line, bureau.clock, provider
        folder.mkdir()
        with agency_transaction(bureau.db):
            allow_demonstration(bureau.db, provider, NOW + timedelta(days=400))
        self._arrived = threading.Condition()
        self.heard: list[Any] = []
        self.db = self._open_db()
        migrate(self.db)
        with transaction(self.db):
            cursor.put(self.db, OPEN_STORE, provider)
        self.drugs = self._open_drugs()
        self.worker = SyncWorker(
            open_db=self._open_db,
            open_drugs=self._open_drugs,
            open_client=self._open_client,
            clock=self.clock,
            home=provider,
            operator="药师 李",
            pull_every=timedelta(hours=1),
            code_for=lambda shop: f"DEMO-{shop}" if shop == provider else None,
        )
        self.worker.listen(self._hear)
        self.desk = Desk(
            db=self.db,
            catalogue=self.drugs,
            clock=self.clock,
            settings=on_duty("药师 李", 5.0),
            law=law(),
            knowledge=knowledge,
            courier=self.worker,
            printer=FakePrinter(),
            stops=tuple,
            slips=FakeSlips(),
        )
        self.till = Till(self.desk)
        stack.callback(self._close)
        self.worker.start()
        self.until(lambda: device.pinned(self.db, provider) and catalogue.count(self.drugs))
        self.till.start()

    def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds that the courier brings about; not all of it is heard."""
        deadline = monotonic() + PATIENCE_S
        with self._arrived:
            while not holds():
                assert monotonic() < deadline, self.heard[-5:]
                self._arrived.wait(_LOOK_S)

    def scan(self, code: str) -> CounterState:
        return self.till.enter(code)

    def settle(self) -> CounterState:
        """Sign as a pharmacist does, then settle."""
        sign(self.till, self.till.refresh())
        return self.till.settle()

    def after(self, holds: Callable[[CounterState], object]) -> CounterState:
        """Return the first state, after the courier was heard, of which ``holds`` is true."""
        self.until(lambda: holds(self.till.refresh()))
        return self.till.refresh()

    def delivered(self) -> None:
        """Wait until the outbox is empty."""
        self.till.sync_now()
        self.until(lambda: not outbox.counts(self.db)[0])

    def messages(self, infno: str) -> list[outbox.Message]:
        return [each for each in outbox.recent(self.db, 200) if each.infno == infno]

    def _hear(self, news: object) -> None:
        with self._arrived:
            self.heard.append(news)
            self._arrived.notify_all()

    def _open_db(self) -> Connection:
        return open_database(self._folder / "counter.db", KEY)

    def _open_drugs(self) -> Connection:
        return catalogue.open_catalogue(self._folder / "catalogue.db", KEY)

    def _open_client(self) -> AgencyClient:
        return AgencyClient(
            url=self._line.url, credentials=DEMONSTRATION, clock=self.clock, timeout=httpx.Timeout(3.0)
        )

    def _close(self) -> None:
        self.worker.stop()
        self.drugs.close()
        self.db.close()
