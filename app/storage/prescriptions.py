"""Prescriptions that a platform passed on, by their number, and how each stands there."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from app.storage.connection import Connection
from engine.prescription import Prescription
from engine.prescription_use import Standing

_DECODE = msgspec.json.Decoder(Prescription).decode
_STANDING = msgspec.json.Decoder(Standing).decode


class Known(Struct, frozen=True):
    """A prescription with what its platform told of it, None where it told nothing."""

    prescription: Prescription
    standing: Standing | None


def save(db: Connection, prescriptions: Iterable[Prescription], code: str | None = None) -> None:
    """Keep ``prescriptions`` as they are now; ``code`` is what one was scanned by.

    How one was downloaded stays known when it comes again by another way.
    """
    for each in prescriptions:
        known = by_number(db, each.number)
        same = known is not None and known.seal is not None and known.seal == each.seal
        if same and each.download_id is None:
            continue
        db.execute(
            "INSERT INTO prescription (number, psn_no, body, code) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (number) DO UPDATE SET psn_no = excluded.psn_no, body = excluded.body,"
            " code = coalesce(excluded.code, code)",
            (
                each.number,
                each.psn_no,
                msgspec.json.encode(each).decode(),
                code if code != each.number else None,
            ),
        )


def save_standings(db: Connection, standings: Iterable[Standing]) -> None:
    """Keep what the platform tells of prescriptions; of unknown ones nothing."""
    db.executemany(
        "UPDATE prescription SET standing = ? WHERE number = ?",
        [(msgspec.json.encode(each).decode(), each.number) for each in standings],
    )


def by_number(db: Connection, number: str) -> Prescription | None:
    """Return the prescription with ``number``."""
    row = db.execute("SELECT body FROM prescription WHERE number = ?", (number,)).fetchone()
    return _DECODE(row[0]) if row else None


def by_code(db: Connection, code: str) -> Prescription | None:
    """Return the prescription of a scanned code: by its number, or by what it was scanned by before."""
    row = db.execute(
        "SELECT body FROM prescription WHERE number = ?1 UNION ALL"
        " SELECT body FROM prescription WHERE code = ?1 LIMIT 1",
        (code,),
    ).fetchone()
    return _DECODE(row[0]) if row else None


def standing_of(db: Connection, number: str) -> Standing | None:
    """Return what the platform last told of a prescription."""
    row = db.execute("SELECT standing FROM prescription WHERE number = ?", (number,)).fetchone()
    return _STANDING(row[0]) if row and row[0] else None


def of_person(db: Connection, psn_no: str, limit: int) -> list[Known]:
    """Return a person's prescriptions, those that came last first."""
    rows = db.execute(
        "SELECT body, standing FROM prescription WHERE psn_no = ? ORDER BY rowid DESC LIMIT ?",
        (psn_no, limit),
    )
    return [_known(*row) for row in rows.fetchall()]


def recent(db: Connection, limit: int) -> list[Known]:
    """Return the prescriptions that came last, of whomever."""
    rows = db.execute("SELECT body, standing FROM prescription ORDER BY rowid DESC LIMIT ?", (limit,))
    return [_known(*row) for row in rows.fetchall()]


def _known(body: str, standing: str | None) -> Known:
    return Known(_DECODE(body), _STANDING(standing) if standing else None)
