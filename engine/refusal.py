"""A prescription that a pharmacist refused: what the agency and the institution are told of it, and the slip.

Which findings oblige a shop to report, to whom, and by which clause is data (resources/prescriptions).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from engine.policy.answer import Clause
from engine.policy.claim import Provider
from engine.prescription import Finding, Prescription


class Duty(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By which clause findings of ``codes`` are reported; ``region`` is a prefix, empty for the nation.

    ``dual_channel``: of dual-channel pharmacies alone. ``to`` is who is told, in Chinese.
    """

    document: str
    section: str
    codes: frozenset[str]
    to: tuple[str, ...]
    region: str = ""
    dual_channel: bool = False
    checked_on: str = ""
    note: str = ""

    @property
    def clause(self) -> Clause:
        return Clause(self.document, self.section)


class _Duties(Struct, frozen=True, forbid_unknown_fields=True):
    duty: tuple[Duty, ...]


class Reported(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finding as it is reported: its own clause, and the clause by which it is reported."""

    code: str
    text: str
    clause: Clause | None = None
    duty: Clause | None = None


class RefusalReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refusal as the journal keeps it. ``id`` is the shop's number of it; ``who`` is a masked name."""

    id: str
    at: datetime
    provider: str
    shop: str
    by: str
    licence: str
    who: str
    prescription: Prescription
    found: tuple[Reported, ...]
    to: tuple[str, ...]
    electronic: bool = False


def parse_duties(text: str) -> tuple[Duty, ...]:
    """Return the duties of a TOML text; raise ValueError for a key that is not known or is missing."""
    try:
        return msgspec.convert(tomllib.loads(text), _Duties).duty
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as trouble:
        raise ValueError(f"duties: {trouble}") from trouble


def duty_for(duties: Sequence[Duty], provider: Provider, code: str) -> Duty | None:
    """Return the duty to report a finding; the narrowest region's where several speak of it."""
    fitting = [
        each
        for each in duties
        if code in each.codes
        and provider.region.startswith(each.region)
        and (provider.dual_channel or not each.dual_channel)
    ]
    return max(fitting, key=lambda each: len(each.region), default=None)


def reportable(
    duties: Sequence[Duty], provider: Provider, findings: Iterable[Finding]
) -> tuple[tuple[Finding, Duty], ...]:
    """Return those of ``findings`` that a shop must report, each with its duty."""
    pairs = ((finding, duty_for(duties, provider, finding.code)) for finding in findings)
    return tuple((finding, duty) for finding, duty in pairs if duty is not None and finding.severity != "ok")
