"""What the place for prescriptions shows, and what can be done there."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from app.usecases.state import CounterState, Delivery
from engine.policy.claim import Source
from engine.prescription import Finding

RxState: TypeAlias = Literal[
    "waiting",
    "known",
    "on_desk",
    "partly_used",
    "used",
    "too_early",
    "expired",
    "withdrawn",
    "not_authentic",
]
"""``waiting``: at the platform, not downloaded yet. ``known``: here, and good."""

RxAct: TypeAlias = Literal["take", "report", "print", "none"]
"""The one act on a row: put it on the counter, refuse and report it, print the slip of its report."""


class RxLine(Struct, frozen=True, kw_only=True):
    """One drug prescribed: ``packs`` in words, what is ``left`` of it likewise, ``usage`` as written."""

    name: str
    detail: str
    packs: str
    left: str
    usage: str = ""


class RxReport(Struct, frozen=True, kw_only=True):
    """The report of a refusal: its number, to whom it goes, and how its message stands."""

    id: str
    at: datetime
    to: tuple[str, ...]
    text: str
    clause: str
    delivery: Delivery


class RxRow(Struct, frozen=True, kw_only=True):
    """A prescription in the list; ``key`` goes back to the acts. ``who`` is a masked name, or empty.

    ``valid_end`` is the last instant at which it may be dispensed; ``now`` when this was looked at. ``round``
    says in words how often it may still be repeated, empty of one that may not. ``duty`` is the clause by
    which it must be refused and reported. ``sales`` are the numbers of this till's sales on it.
    """

    key: str
    number: str
    source: Source
    who: str
    issuer: str
    doctor: str
    diagnosis: str
    issued: date
    valid_end: datetime
    now: datetime
    state: RxState
    act: RxAct
    lines: tuple[RxLine, ...] = ()
    findings: tuple[Finding, ...] = ()
    duty: str = ""
    round: str = ""
    sales: tuple[str, ...] = ()
    review: Delivery = "none"
    write_off: Delivery = "none"
    report: RxReport | None = None


class Prescriptions(Protocol):
    """Prescriptions known here or waiting at the platform: taken onto the counter, refused and reported."""

    def prescriptions(self) -> tuple[RxRow, ...]: ...
    def take_prescription(self, key: str) -> CounterState: ...
    def report_refusal(self, key: str) -> tuple[RxRow, ...]: ...
    def print_refusal(self, key: str) -> str: ...
