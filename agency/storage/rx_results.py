"""What pharmacists said of prescriptions: reviews (7204), and refusals by the institution that is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from agency.storage.connection import Connection
from agency.storage.instants import instant, read_instant
from engine.protocol.wire import encode
from engine.refusal import RefusalReport


class Review(Struct, frozen=True, kw_only=True):
    """One review as it was told; ``status`` is the national code."""

    psn_no: str
    number: str
    msgid: str
    provider: str
    at: datetime
    status: str
    body: str


class Refused(Struct, frozen=True, kw_only=True):
    """A refusal as the operations page lists it; no insured person is named."""

    institution: str
    provider: str
    at: datetime
    number: str
    text: str


def save_review(db: Connection, review: Review) -> None:
    """Keep a review, inside its transaction."""
    db.write(
        "INSERT INTO rx_review (psn_no, number, msgid, provider, at, status, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            review.psn_no,
            review.number,
            review.msgid,
            review.provider,
            instant(review.at),
            review.status,
            review.body,
        ),
    )


def reviews(db: Connection, psn_no: str, number: str) -> list[Review]:
    """Return the reviews of a prescription, in order of time."""
    rows: Iterable[tuple[str, ...]] = db.execute(
        "SELECT msgid, provider, at, status, body FROM rx_review WHERE psn_no = ? AND number = ? ORDER BY at",
        (psn_no, number),
    ).fetchall()
    return [
        Review(
            psn_no=psn_no,
            number=number,
            msgid=row[0],
            provider=row[1],
            at=read_instant(row[2]),
            status=row[3],
            body=row[4],
        )
        for row in rows
    ]


def save_refused(db: Connection, institution: str, report: RefusalReport) -> None:
    """Keep a refusal; the first one under an ``id`` stays."""
    db.execute(
        "INSERT INTO refused (institution, id, provider, at, number, body) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (
            institution,
            f"{report.provider} {report.id}",
            report.provider,
            instant(report.at),
            report.prescription.number,
            encode(report),
        ),
    )


def of_institution(db: Connection, institution: str) -> list[RefusalReport]:
    """Return what shops refused of an institution's prescriptions, in order of time."""
    rows = db.execute("SELECT body FROM refused WHERE institution = ? ORDER BY at, id", (institution,))
    return [msgspec.json.decode(row[0], type=RefusalReport) for row in rows.fetchall()]


def recent(db: Connection, limit: int) -> list[Refused]:
    """Return the latest refusals of all institutions, newest first."""
    rows = db.execute(
        "SELECT institution, provider, at, number, body FROM refused ORDER BY at DESC, id LIMIT ?", (limit,)
    ).fetchall()
    return [
        Refused(
            institution=row[0],
            provider=row[1],
            at=read_instant(row[2]),
            number=row[3],
            text="".join(each.text for each in msgspec.json.decode(row[4], type=RefusalReport).found),
        )
        for row in rows
    ]
