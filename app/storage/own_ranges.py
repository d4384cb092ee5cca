"""A region's own lists of chronic drugs, as they were brought in; each takes the place of what is usual."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.storage.connection import Connection
from engine.ranges import Range
from engine.ranges_file import OwnRow


def replace(db: Connection, ranges: Sequence[Range]) -> None:
    """Keep ``ranges`` for their policies and diseases, whole, in the caller's transaction."""
    db.executemany(
        "DELETE FROM own_range WHERE policy = ? AND disease = ?",
        [(each.policy, each.disease) for each in ranges],
    )
    db.executemany(
        "INSERT INTO own_range (policy, disease, drug, document, section, checked_on)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                each.policy,
                each.disease,
                drug,
                each.clause.document,
                each.clause.section,
                each.checked_on.isoformat(),
            )
            for each in ranges
            for drug in sorted(each.codes | each.classes | each.names)
        ],
    )


def rows(db: Connection) -> list[OwnRow]:
    """Return all of them, a row for each drug or class of drugs."""
    found = db.execute(
        "SELECT policy, disease, drug, document, section, checked_on FROM own_range"
        " ORDER BY policy, disease, drug"
    ).fetchall()
    return [
        OwnRow(
            policy=row[0],
            disease=row[1],
            drug=row[2],
            document=row[3],
            section=row[4],
            checked_on=date.fromisoformat(row[5]),
        )
        for row in found
    ]
