"""The desk: what lies on the counter at this moment, shared by the acts that change it.

It lives on one worker thread with its own connection. Only ``hear`` is called from others: it puts what
arrived into a queue, and the next act takes it from there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime
from queue import Empty, SimpleQueue

from msgspec import Struct

from app.clock import Clock
from app.storage.connection import Connection
from app.storage.diagnoses import Picker
from app.usecases.finding import Seeker
from app.usecases.floors import FloorLimits
from app.usecases.importing_state import ImportDesk, Importer, NoImporter
from app.usecases.law import Law
from app.usecases.ports import (
    Afar,
    AgencyLine,
    ClaimAnswer,
    Courier,
    Heard,
    NoAfar,
    NoLine,
    NoSlips,
    ReceiptPrinter,
    SlipPrinter,
)
from app.usecases.state import CounterState, Notice, Settled, Tone, TourStop
from engine.calendar import business_day
from engine.ids import Scan
from engine.knowledge.library import Knowledge
from engine.policy.claim import Claim
from engine.protocol.eprescription import Waiting
from engine.sale import Draft, Store

News = Heard


class CounterSettings(Struct, frozen=True, kw_only=True):
    """What a shop may set: who is on duty, how long a sale waits for the agency, in seconds, and how far it
    goes without the network and without a lease. ``pharmacist`` reviews prescriptions under ``licence``;
    without both nobody can sign."""

    operator: str
    answer_wait_s: float
    floors: FloorLimits = FloorLimits()
    pharmacist: str = ""
    licence: str = ""


class Desk:
    """Parts that every act needs, and the sale in progress; a sale in progress is not kept over a restart."""

    def __init__(
        self,
        *,
        db: Connection,
        catalogue: Connection,
        clock: Clock,
        settings: CounterSettings,
        law: Law,
        knowledge: Callable[[], Knowledge],
        courier: Courier,
        printer: ReceiptPrinter,
        stops: Callable[[], tuple[TourStop, ...]],
        line: AgencyLine | None = None,
        afar: Afar | None = None,
        slips: SlipPrinter | None = None,
    ) -> None:
        self.db, self.clock, self.settings, self.law = db, clock, settings, law
        self.catalogue = catalogue  # The drugs' own database.
        self._read_knowledge = knowledge
        self._knowledge: Knowledge | None = None  # Read when the first drug lies here.
        self.seeker = Seeker(db, catalogue)
        self.picker = Picker(catalogue)
        self.line: AgencyLine = line or NoLine()
        self.afar: Afar = afar or NoAfar()
        self.courier, self.printer, self.stops = courier, printer, stops
        self.slips: SlipPrinter = slips or NoSlips()
        self.store: Store | None = None
        self.draft = Draft()
        self.selected: str | None = None
        self.unpriced: tuple[str, str | None] | None = (
            None  # Scanned last, not for sale yet: code, trace code.
        )
        self.notice: Notice | None = None
        self.settled: Settled | None = None
        self.awaited: str | None = None  # The scan that the agency is asked about.
        self.shown_by: tuple[Scan, str] | None = None  # The scan that put a person on the desk, and whom.
        self.awaited_rx: str | None = None  # The code of the prescription that the platform is asked for.
        self.asked_for: str | None = None  # Whose prescriptions it was asked for,
        self.offered: tuple[Waiting, ...] = ()  # and which of them wait there.
        self.turned_away: str | None = None  # The key of a prescription that was shown and may not be used.
        self.presettled: ClaimAnswer | None = None
        self.asked: tuple[Claim, bool] | None = None  # What the agency computes, and whether to reserve it.
        self.awaited_stop: TourStop | None = None  # Of the tour: what it scans is still on its way.
        self.last_shown: CounterState | None = None
        self.latest: datetime | None = None  # The latest instant on record; None until it was looked up.
        self.backed_up_at: Callable[[], datetime | None] = lambda: None  # Who makes backups says it.
        self.opening: tuple[str, str] | None = None  # What is said first, and what to do about it.
        self.importer: Importer = NoImporter()
        self.importing = ImportDesk()
        self.sound = True  # Whether the journal's chain held when the counter was opened.
        self.arrived = threading.Event()
        self._past: list[Draft] = []
        self._news: SimpleQueue[News] = SimpleQueue()
        self._listeners: list[Callable[[], None]] = []
        courier.listen(self.hear)

    @property
    def knowledge(self) -> Knowledge:
        """What medicine and the law of dispensing say of drugs."""
        if self._knowledge is None:
            self._knowledge = self._read_knowledge()
        return self._knowledge

    def now(self) -> datetime:
        """Return the present instant."""
        return self.clock.now()

    def today(self) -> date:
        """Return the business day in China."""
        return business_day(self.clock.now())

    def say(self, tone: Tone, what: str, advice: str = "") -> None:
        """Show one sentence until the next act."""
        self.notice = Notice(tone, what, advice)

    def begin_act(self) -> None:
        """Clear what the last act said; after a settlement the next act begins the next sale."""
        self.notice, self.awaited_stop = None, None
        if self.settled is not None:
            self.clear()

    def change(self, draft: Draft) -> None:
        """Put ``draft`` on the desk; the one before can be had back by ``undo``."""
        if draft != self.draft:
            self._past.append(self.draft)
            self.draft = draft

    def restate(self, change: Callable[[Draft], Draft], record: Callable[[], None]) -> None:
        """Change the sale on the desk and what of it may be had back alike, once ``record`` wrote down why.

        This is no step to undo. What either of them raises leaves the desk as it is.
        """
        past, draft = [change(each) for each in self._past], change(self.draft)
        record()
        self.draft, self._past = draft, past

    def undo(self) -> bool:
        """Take the last change back; False when there is none."""
        if not self._past:
            return False
        self.draft = self._past.pop()
        return True

    def clear(self) -> None:
        """Make room for the next customer."""
        self.draft, self.selected, self.settled, self.unpriced = Draft(), None, None, None
        self.awaited, self.shown_by, self.presettled, self.awaited_stop = None, None, None, None
        self.asked, self.awaited_rx, self.asked_for, self.offered = None, None, None, ()
        self.turned_away = None
        self._past.clear()

    def hear(self, news: News) -> None:
        """Take what arrived from outside; called from any thread."""
        self._news.put(news)
        self.arrived.set()
        for listener in tuple(self._listeners):
            listener()

    def news(self) -> list[News]:
        """Return what arrived since the last call."""
        heard: list[News] = []
        while True:
            try:
                heard.append(self._news.get_nowait())
            except Empty:
                return heard

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` (on any thread) whenever something arrives."""
        self._listeners.append(listener)
