"""What the counter shows: frozen values that a use case returns and a window only draws."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from engine.money import Fen
from engine.policy.answer import Answer
from engine.policy.claim import Claim, Source
from engine.prescription import Finding
from engine.receipt import Receipt
from engine.sale import Certainty, Draft, Store

Tone: TypeAlias = Literal["done", "info", "attention", "refused"]
Delivery: TypeAlias = Literal["waiting", "accepted", "rejected", "none"]


class Notice(Struct, frozen=True):
    """A sentence for the pharmacist: what happened (and whether it is recorded), and what to do."""

    tone: Tone
    what: str
    advice: str = ""


class Choice(Struct, frozen=True):
    """A hit under the entry field; ``key`` goes back to ``choose``."""

    key: str
    title: str
    detail: str
    price: Fen


class LimitBar(Struct, frozen=True):
    """A limit of the person's year and what is used of it, in fen."""

    label: str
    used: Fen
    limit: Fen


class Settled(Struct, frozen=True):
    """The sale just made: its number as printed, its paper, and where the PDF lies (None: not printed)."""

    number: str
    receipt: Receipt
    pdf_path: str | None
    patient: Fen
    tendered: Fen
    change: Fen
    certainty: Certainty


class CounterState(Struct, frozen=True, kw_only=True):
    """All that the counter place shows at one moment.

    ``answer`` is None while the basket is empty; ``claim`` is None without a person. ``agreed`` says that the
    agency's pre-settlement (2101) of this very claim came to the same sums. ``lacking`` maps line ids to the
    number of trace codes still to scan. ``settled`` is set from the settlement until the next sale begins.
    """

    store: Store
    operator: str
    day: date
    draft: Draft
    selected: str | None = None
    claim: Claim | None = None
    answer: Answer | None = None
    certainty: Certainty | None = None
    agreed: bool = False
    bound: Fen = 0
    findings: tuple[Finding, ...] = ()
    limits: tuple[LimitBar, ...] = ()
    lacking: dict[str, int] = {}
    hint: str = ""
    notice: Notice | None = None
    settled: Settled | None = None


class WorldState(Struct, frozen=True, kw_only=True):
    """The state of the world around the counter; ``online`` None until the first attempt."""

    online: bool | None
    offline_since: datetime | None
    waiting: int
    rejected: int
    journal_length: int
    journal_sound: bool
    policy: str | None
    now: datetime


class SaleRow(Struct, frozen=True, kw_only=True):
    """One sale in the list of sales; ``copies`` counts reprints.

    ``agency_fund`` and ``agency_patient`` are the agency's sums once it answered; where they differ from
    ours, the pharmacist has a task.
    """

    number: str
    at: datetime
    who: str
    total: Fen
    fund: Fen
    patient: Fen
    certainty: Certainty
    delivery: Delivery
    copies: int
    agency_fund: Fen | None = None
    agency_patient: Fen | None = None


class MessageRow(Struct, frozen=True, kw_only=True):
    """One message to the agency, as the sync place lists it."""

    id: str
    infno: str
    title: str
    at: datetime
    state: Delivery
    attempts: int
    next_attempt: datetime | None
    trouble: str


class PolicyCard(Struct, frozen=True, kw_only=True):
    """One policy pack as the policy place lists it; ``numbers`` are (what, value, document and section)."""

    id: str
    title: str
    document: str
    begins: date
    ends: date | None
    draft: bool
    numbers: tuple[tuple[str, str, str], ...]
    readings: tuple[tuple[str, str, tuple[str, ...]], ...]  # Question, answer taken, other answers.


class TourStop(Struct, frozen=True, kw_only=True):
    """Something that the tour scans at a click; ``store`` names the demonstration shop it needs."""

    group: str
    title: str
    detail: str
    code: str
    store: str


class PaperPrescription(Struct, frozen=True, kw_only=True):
    """The entry form of a paper prescription, as typed: strings are checked by the use case, not the form."""

    number: str
    source: Source
    issuer: str
    issuer_designated: bool
    doctor: str
    diagnosis: str
    diseases: frozenset[str]
    issued: str
    valid_until: str
    supply_days: str
    travel: bool
    confirmed: bool
    lines: tuple[tuple[str, str], ...]  # Drug name or code as typed, number of packs as typed.


class Selling(Protocol):
    """From the first scan to the change: what is done to the sale at the counter."""

    def start(self) -> CounterState: ...
    def refresh(self) -> CounterState: ...
    def enter(self, text: str) -> CounterState: ...
    def search(self, text: str) -> tuple[Choice, ...]: ...
    def choose(self, key: str) -> CounterState: ...
    def select(self, line_id: str) -> CounterState: ...
    def change_quantity(self, line_id: str, quantity: int) -> CounterState: ...
    def tender(self, text: str) -> CounterState: ...
    def settle(self) -> CounterState: ...
    def undo(self) -> CounterState: ...
    def next_customer(self) -> CounterState: ...


class Prescribing(Protocol):
    """The paper prescription: checked while it is typed, then put on the counter."""

    def prescribe(self, form: PaperPrescription) -> CounterState: ...
    def check_prescription(self, form: PaperPrescription) -> tuple[Finding, ...]: ...
    def drop_prescription(self) -> CounterState: ...


class Ledger(Protocol):
    """What was sold and sent, what the law is, how the world stands; nothing here changes a sale."""

    def sales(self, day: date | None) -> tuple[SaleRow, ...]: ...
    def receipt(self, number: str) -> Receipt: ...
    def reprint(self, number: str | None) -> Settled: ...
    def messages(self) -> tuple[MessageRow, ...]: ...
    def policies(self) -> tuple[PolicyCard, ...]: ...
    def world(self) -> WorldState: ...
    def sync_now(self) -> None: ...
    def subscribe(self, listener: Callable[[], None]) -> None: ...


class Touring(Protocol):
    """The tour: what a newcomer may scan at a click."""

    def tour(self) -> tuple[TourStop, ...]: ...
    def demonstrate(self, stop: TourStop) -> CounterState: ...


class Counter(Selling, Prescribing, Ledger, Touring, Protocol):
    """The door through which a window works the counter. Every method may raise a UserError.

    Calls come from one worker thread, never from the window's own. A subscribed listener is called from any
    thread when something arrived from outside (a person, the agency's answer, the network came or went): the
    window then asks for ``refresh()`` and ``world()`` on its worker thread.
    """
