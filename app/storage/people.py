"""The people that this till knows: a copy of what the agency said, to be shown at once and without it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from app.storage.connection import Connection
from engine.person import Person, Snapshot

_DECODE = msgspec.json.Decoder(Person).decode


def save(db: Connection, persons: Iterable[Person]) -> None:
    """Keep ``persons`` as they are now; an older snapshot than the one at hand does not replace it."""
    for person in persons:
        known = by_psn_no(db, person.psn_no)
        if known is not None and _age(known.snapshot) > _age(person.snapshot):
            person = replace(person, snapshot=known.snapshot)  # noqa: PLW2901
        db.execute(
            "INSERT INTO person (psn_no, cert_no, card_no, body) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (psn_no) DO UPDATE SET cert_no = excluded.cert_no, card_no = excluded.card_no,"
            " body = excluded.body",
            (person.psn_no, person.cert_no, person.card_no, msgspec.json.encode(person).decode()),
        )


def save_snapshot(db: Connection, psn_no: str, snapshot: Snapshot) -> None:
    """Keep a newer ``snapshot`` of a known person; nothing happens for an unknown one or an older one."""
    person = by_psn_no(db, psn_no)
    if person is not None and _age(snapshot) >= _age(person.snapshot):
        save(db, [replace(person, snapshot=snapshot)])


def remember_voucher(db: Connection, code: str, psn_no: str) -> None:
    """Remember whose electronic voucher ``code`` is, so that it is known again without the network."""
    db.execute(
        "INSERT INTO voucher (code, psn_no) VALUES (?, ?)"
        " ON CONFLICT (code) DO UPDATE SET psn_no = excluded.psn_no",
        (code, psn_no),
    )


def by_psn_no(db: Connection, psn_no: str) -> Person | None:
    """Return the person with the agency's number ``psn_no``."""
    return _one(db, "SELECT body FROM person WHERE psn_no = ?", psn_no)


def by_cert_no(db: Connection, cert_no: str) -> Person | None:
    """Return the person with the resident id ``cert_no``; of several, the one registered last."""
    return _one(db, "SELECT body FROM person WHERE cert_no = ? ORDER BY rowid DESC", cert_no)


def by_card_no(db: Connection, card_no: str) -> Person | None:
    """Return the person with the social security card ``card_no``; of several, as above."""
    return _one(db, "SELECT body FROM person WHERE card_no = ? ORDER BY rowid DESC", card_no)


def by_voucher(db: Connection, code: str) -> Person | None:
    """Return the person whose electronic voucher is ``code``."""
    return _one(db, "SELECT p.body FROM voucher v JOIN person p USING (psn_no) WHERE v.code = ?", code)


def _age(snapshot: Snapshot) -> tuple[int, datetime]:
    # The year first: last year's sums, asked for later, are still last year's.
    return snapshot.year, snapshot.as_of


def _one(db: Connection, sql: str, key: str) -> Person | None:
    row = db.execute(sql, (key,)).fetchone()
    return _DECODE(row[0]) if row else None
