"""What is known of prescriptions: how they stand, which sale used them, what was refused and reported.

``sale.prescription`` is the key of the prescription that a sale dispensed from
(``engine.prescription_use.key_of``); ``prescription_sale`` gains a run of sales at a time
(app/storage/runs.py).
"""

from __future__ import annotations

PRESCRIPTIONS = (
    # The QR code that it was scanned by, where that is not its number; and what its platform told of it.
    "ALTER TABLE prescription ADD COLUMN code TEXT",
    "ALTER TABLE prescription ADD COLUMN standing TEXT",
    "CREATE INDEX prescription_by_person ON prescription (psn_no)",
    "CREATE INDEX prescription_by_code ON prescription (code) WHERE code IS NOT NULL",
    "ALTER TABLE sale ADD COLUMN prescription TEXT",
    """CREATE TABLE prescription_sale (key TEXT NOT NULL, sale INTEGER NOT NULL, PRIMARY KEY (key, sale))
           STRICT, WITHOUT ROWID""",
    # The message by which an insured sale is written off: it is put when its settlements were answered.
    "CREATE TABLE write_off (sale INTEGER PRIMARY KEY, message INTEGER NOT NULL) STRICT",
    # Reports of refusals: entry ``journal`` says what, message ``message`` carries it.
    """CREATE TABLE refusal (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL,
           at TEXT NOT NULL, journal INTEGER NOT NULL, message INTEGER NOT NULL) STRICT""",
    "CREATE INDEX refusal_by_key ON refusal (key)",
    """CREATE TRIGGER refusal_never_deleted BEFORE DELETE ON refusal
           BEGIN SELECT RAISE(ABORT, 'a refusal stays on record'); END""",
)

# Prescriptions that a pharmacist refused, reported or not: entry ``journal`` says when and why, the latest.
REFUSED = (
    """CREATE TABLE prescription_refused (key TEXT PRIMARY KEY, journal INTEGER NOT NULL)
           STRICT, WITHOUT ROWID""",
)
