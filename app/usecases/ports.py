"""What the use cases ask of the world outside: printer and agency, as small protocols that fakes fulfil."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias

from msgspec import Raw, Struct

from app.errors import AgencyNotReached, BackupFailed, BundleNotReady, BundleUnreadable, PrinterSilent
from app.usecases.state import BundleReport
from engine.ids import Scan
from engine.person import Person
from engine.policy.answer import Answer
from engine.policy.claim import Claim
from engine.prescription import Prescription
from engine.protocol.eprescription import Waiting
from engine.protocol.lease import LeaseAsk
from engine.receipt import Receipt
from engine.refusal import RefusalReport
from engine.sale import Draft, Store


class ReceiptPrinter(Protocol):
    """Puts a receipt on paper; ``copy`` 0 is the original, 1 the first copy, marked so.

    Returns where its file lies, if it is one; raises PrinterSilent when nothing came out.
    """

    def print_receipt(self, receipt: Receipt, copy: int = 0) -> Path | None: ...


class SlipPrinter(Protocol):
    """Writes the slip by which an institution is told that its prescription was refused.

    Returns where its file lies; raises PrinterSilent when nothing came out.
    """

    def print_slip(self, report: RefusalReport) -> Path: ...


class NoSlips:
    """Nothing to write slips with."""

    def print_slip(self, report: RefusalReport) -> Path:  # noqa: ARG002
        """Nothing comes out."""
        raise PrinterSilent()


class PersonAnswer(Struct, frozen=True, kw_only=True):
    """What the agency said about a scan: a person, or why there is none.

    ``refused`` tells the agency's own no from trouble on the way to it.
    """

    scan: Scan
    person: Person | None
    trouble: str = ""
    refused: bool = False


class ClaimAnswer(Struct, frozen=True, kw_only=True):
    """The agency's pre-settlement (2101) of ``claim``."""

    claim: Claim
    fund: int
    assistance: int
    patient: int


class RxByCode(Struct, frozen=True, kw_only=True):
    """Ask for the prescription whose QR code was scanned (7201, 7203)."""

    store: Store
    code: str


class RxWaiting(Struct, frozen=True, kw_only=True):
    """Ask what waits for a person at the platform (7202), and what they were given elsewhere (5205)."""

    store: Store
    person: Person


class RxChosen(Struct, frozen=True, kw_only=True):
    """Ask for one of those that wait (7203)."""

    store: Store
    waiting: Waiting
    region: str


RxAsk: TypeAlias = RxByCode | RxWaiting | RxChosen


class RxAnswer(Struct, frozen=True, kw_only=True):
    """What the platform said to ``asked``: a prescription, or what waits, or why there is none.

    ``refused`` is the agency's code of its own no; empty where trouble on the way kept it from being asked.
    """

    asked: RxAsk
    prescription: Prescription | None = None
    waiting: tuple[Waiting, ...] | None = None
    trouble: str = ""
    refused: str = ""


class ClaimContext(Struct, frozen=True, kw_only=True):
    """All that a pre-settlement message is made of."""

    store: Store
    draft: Draft
    claim: Claim
    answer: Answer
    made_at: datetime
    ask: LeaseAsk | None = None  # Have what this basket needs reserved for this till.


class AgencyLine(Protocol):
    """Asks the agency and waits for its answer, on the caller's own thread: for what takes a person's whole
    attention anyway (a trip, the close of a day). Raises AgencyNotReached or AgencyRefused."""

    def ask(self, infno: str, input_json: str, provider: str) -> Raw: ...
    def fetch(self, infno: str, input_json: str, provider: str) -> bytes: ...


class NoLine:
    """No agency at all."""

    def ask(self, infno: str, input_json: str, provider: str) -> Raw:  # noqa: ARG002
        """There is nobody to ask."""
        raise AgencyNotReached(trouble=f"没有设置医保中心的地址，{provider} 的 {infno} 没有发出。")

    def fetch(self, infno: str, input_json: str, provider: str) -> bytes:
        """There is nobody to fetch from."""
        return bytes(self.ask(infno, input_json, provider))


Heard: TypeAlias = PersonAnswer | ClaimAnswer | RxAnswer | None


class Courier(Protocol):
    """The way to the agency; nothing here blocks. ``online`` is None until the first attempt.

    ``sending`` are the ids of the messages that are in a call now. ``listen`` takes a callback for everything
    that arrives: an answer as above, or None for "the world changed". It is called from the courier's own
    thread.
    """

    @property
    def online(self) -> bool | None: ...
    @property
    def offline_since(self) -> datetime | None: ...
    @property
    def sending(self) -> frozenset[str]: ...
    def listen(self, hear: Callable[[Heard], None]) -> None: ...
    def poke(self) -> None: ...
    def look_up(self, store: Store, scan: Scan) -> None: ...
    def inquire(self, asked: RxAsk) -> None: ...
    def presettle(self, context: ClaimContext) -> None: ...


class NoCourier:
    """No agency at all: everything stays in the outbox."""

    online: bool | None = False
    offline_since: datetime | None = None
    sending: frozenset[str] = frozenset()

    def listen(self, hear: Callable[[Heard], None]) -> None:
        """Nothing will ever arrive."""

    def poke(self) -> None:
        """There is nobody to send to."""

    def look_up(self, store: Store, scan: Scan) -> None:
        """There is nobody to ask."""

    def inquire(self, asked: RxAsk) -> None:
        """There is nobody to ask."""

    def presettle(self, context: ClaimContext) -> None:
        """There is nobody to ask."""


class Trip(Struct, frozen=True, kw_only=True):
    """A trip asked for by stick: whom it leads to (psn_no or resident id), and until when it lasts."""

    people: tuple[str, ...]
    until: datetime


class Afar(Protocol):
    """What a till does beside selling, on the caller's own thread: enrolment, sticks, backups.

    ``enrol`` raises AgencyNotReached or EnrolmentRefused, ``export_bundle`` BundleNotReady, ``import_bundle``
    BundleUnreadable, ``back_up`` a StorageTrouble; it returns where the backup lies.
    """

    def enrol(self, provider: str, code: str) -> None: ...
    def export_bundle(self, provider: str, folder: Path, trip: Trip | None = None) -> BundleReport: ...
    def import_bundle(self, path: Path) -> BundleReport: ...
    def back_up(self) -> Path: ...


class NoAfar:
    """A till with nothing around it."""

    def enrol(self, provider: str, code: str) -> None:  # noqa: ARG002
        """There is nobody to enrol with."""
        raise AgencyNotReached(trouble=f"没有设置医保中心的地址，{provider} 没有登记。")

    def export_bundle(self, provider: str, folder: Path, trip: Trip | None = None) -> BundleReport:  # noqa: ARG002
        """There is nothing to write it with."""
        raise BundleNotReady(why="这台柜台没有设置医保中心。")

    def import_bundle(self, path: Path) -> BundleReport:
        """There is nothing to read it with."""
        raise BundleUnreadable(path=path)

    def back_up(self) -> Path:
        """There is nothing to write it with."""
        raise BackupFailed(path="backups")
