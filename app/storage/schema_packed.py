"""Step 8: journal texts and receipts are packed (``app.storage.packing``); those that are there stay."""

from __future__ import annotations

from app.storage.schema import append_only

PACKED = (
    """CREATE TABLE journal_packed (number INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL,
           body ANY NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL) STRICT""",
    "INSERT INTO journal_packed SELECT number, at, kind, body, previous, hash FROM journal",
    "DROP TABLE journal",
    "ALTER TABLE journal_packed RENAME TO journal",
    *append_only("journal"),
    """CREATE TABLE receipt_packed (sale INTEGER PRIMARY KEY REFERENCES sale (serial), body ANY NOT NULL)
           STRICT""",
    "INSERT INTO receipt_packed SELECT sale, body FROM receipt",
    "DROP TABLE receipt",
    "ALTER TABLE receipt_packed RENAME TO receipt",
)
