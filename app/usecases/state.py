"""What the counter shows: frozen values that a use case returns and a window only draws."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from app.usecases import notice
from app.usecases.signing_state import SigningShown
from engine.money import Fen
from engine.policy.answer import Answer
from engine.policy.claim import Claim, Class, Source
from engine.prescription import Diagnosis, Finding
from engine.receipt import Receipt
from engine.sale import Certainty, Draft, Store

Notice: TypeAlias = notice.Notice
Tone: TypeAlias = notice.Tone
Delivery: TypeAlias = Literal["waiting", "sending", "accepted", "rejected", "unknown", "none"]
"""``unknown``: it may have arrived at a platform that cannot say so; 2601 clears it up before it goes
again."""


class Choice(Struct, frozen=True, kw_only=True):
    """A hit under the entry field; ``key`` goes back to ``choose``. ``asked``: the prescription is for it."""

    key: str
    title: str
    detail: str
    price: Fen | None  # None: the shop has set none yet.
    klass: Class = "C"  # On the day, where the person is insured.
    prescription_only: bool = True
    asked: bool = False


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


class LeaseShown(Struct, frozen=True, kw_only=True):
    """The lease that the sale on the desk would stand under; ``left`` is what remains of it afterwards, in
    fen."""

    id: str
    left: Fen
    use_until: datetime


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
    lease: LeaseShown | None = None
    findings: tuple[Finding, ...] = ()
    signing: SigningShown = SigningShown()
    limits: tuple[LimitBar, ...] = ()
    lacking: dict[str, int] = {}
    hint: str = ""
    notice: Notice | None = None
    settled: Settled | None = None


class WorldState(Struct, frozen=True, kw_only=True):
    """The state of the world around the counter; ``online`` None until the first attempt.

    ``unknown`` counts messages whose fate is not known, ``leases`` those held and usable now, ``tasks`` what
    somebody has to see to. ``epoch`` 0: not enrolled with the agency yet. ``till_trouble`` says in Chinese
    why this till gets no leases (a fork, a restored backup), empty while all is well.
    """

    online: bool | None
    offline_since: datetime | None
    waiting: int
    rejected: int
    journal_length: int
    journal_sound: bool
    policy: str | None
    now: datetime
    unknown: int = 0
    oldest_waiting: datetime | None = None
    leases: int = 0
    tasks: int = 0
    epoch: int = 0
    till_trouble: str = ""
    backed_up_at: datetime | None = None


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


class TaskRow(Struct, frozen=True, kw_only=True):
    """Something that a person must see to: money owed to a patient, or by one; ``amount`` > 0 is paid out.

    ``kind``: ``give_back`` (the agency's true-up), ``correction`` (a provisional share came out otherwise;
    then ``amount`` may be negative: to be collected), ``gap`` (a lease's settlement came too late: the shop
    bears it). ``before`` and ``after`` are both computations, as lines of label and sum. ``done_at`` None:
    still open.
    """

    id: str
    kind: Literal["give_back", "correction", "gap"]
    at: datetime
    who: str
    sale: str
    amount: Fen
    text: str
    before: tuple[tuple[str, Fen], ...] = ()
    after: tuple[tuple[str, Fen], ...] = ()
    done_at: datetime | None = None


class LeaseRow(Struct, frozen=True, kw_only=True):
    """A lease as the sync place lists it, in fen; ``state``: ``open``, ``closing``, ``closed``.

    ``past``: of the time before a backup was restored, and used no longer.
    """

    id: str
    who: str
    reserved: Fen
    used: Fen
    use_until: datetime
    state: str


class BundleReport(Struct, frozen=True, kw_only=True):
    """What an export or import of a bundle came to, in Chinese; ``path`` is where the file lies.

    ``taken`` False: the bundle was refused whole (another till's, cut off, no bundle at all).
    """

    path: str
    text: str
    messages: int = 0
    answers: int = 0
    missing_chunks: int = 0
    taken: bool = True


class TripReport(Struct, frozen=True, kw_only=True):
    """A trip made ready: people with all they need, leases among them; ``refused`` as (who, why).

    ``left`` people of the list are not asked about yet: ask once more.
    """

    people: int
    leases: int
    drugs: int
    until: datetime
    refused: tuple[tuple[str, str], ...] = ()
    text: str = ""
    left: int = 0


class Difference(Struct, frozen=True, kw_only=True):
    """A line of 3202 on which shop and agency differ, with the reason."""

    sale: str
    setl_id: str
    ours: Fen
    theirs: Fen
    reason: str


class DayRow(Struct, frozen=True, kw_only=True):
    """A day and insurance type: printed = stored = sent = accepted, or it cannot be closed.

    ``state``: ``open``, ``gap``, ``differs``, ``closed``. Sums in fen, the fund's part.
    """

    day: date
    insurance: str
    stored: int
    printed: int
    sent: int
    accepted: int
    ours: Fen
    theirs: Fen | None
    state: str
    reason: str = ""
    differences: tuple[Difference, ...] = ()


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
    lines: tuple[tuple[str, str, str], ...]  # Drug name or code, number of packs, usage: as typed.
    diagnoses: tuple[Diagnosis, ...] = ()  # Those picked; ``diagnosis`` names them, and what else was typed.
    long_term: bool = False
    pregnant: bool = False
    breastfeeding: bool = False
    allergies: str = ""
