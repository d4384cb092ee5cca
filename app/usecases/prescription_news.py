"""Prescriptions that come with news or with a trip: checked against the platform's key, then kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.storage import device, findings, prescriptions
from app.storage.connection import Connection
from engine.prescription import Prescription
from engine.prescription_use import Standing
from engine.protocol.eprescription_seal import is_authentic


def take(
    db: Connection,
    told: Sequence[Prescription],
    standings: Sequence[Standing],
    provider: str,
    at: datetime,
) -> None:
    """Keep prescriptions and how they stand, in the caller's transaction.

    One whose seal does not hold is left aside as a finding: one bad thing stops no other.
    """
    pinned = device.pinned(db, provider)
    key = pinned.agency_key if pinned else None
    genuine = []
    for each in told:
        if is_authentic(each, key) is False:
            text = f"送来的处方 {each.number} 与平台签章不符，没有采用。"
            findings.note(db, "prescription_not_authentic", text, at)
        else:
            genuine.append(each)
    prescriptions.save(db, genuine)
    prescriptions.save_standings(db, standings)
