"""The tables. The journal is the truth; the other tables are its index, or a copy of what the agency knows.

A commit costs by its pages: each is encrypted, authenticated and written by itself. So a sale's row is thin
and its whole text is in the journal alone, its messages name that entry, and what would strew keys over an
index (trace codes, persons) goes there a run of sales at a time.
"""

from __future__ import annotations


def append_only(table: str, number: str = "number") -> tuple[str, ...]:
    """Return triggers by which ``table`` refuses change, whatever the pragmas of the connection.

    ``INSERT OR REPLACE`` deletes without firing delete triggers unless recursive_triggers is on, so an insert
    that is not the next number is refused before the conflict is looked at.
    """
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    return (
        f"CREATE TRIGGER {table}_never_updated BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_never_deleted BEFORE DELETE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_never_replaced BEFORE INSERT ON {table}"
        f" WHEN NEW.{number} IS NOT (SELECT coalesce(max({number}), 0) + 1 FROM {table}) {refuse}",
    )


FIRST_SALE = (
    """CREATE TABLE journal (number INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL,
           body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL) STRICT""",
    *append_only("journal"),
    # A mark that the chain was verified up to an entry, so that a start need not read years again.
    "CREATE TABLE verified (number INTEGER NOT NULL, hash TEXT NOT NULL) STRICT",
    # serial counts this till's sales from 1; journal is the entry that holds the whole sale.
    """CREATE TABLE sale (serial INTEGER PRIMARY KEY, journal INTEGER NOT NULL,
           number TEXT NOT NULL, at TEXT NOT NULL, day TEXT NOT NULL, who TEXT NOT NULL, psn_no TEXT,
           provider TEXT NOT NULL, traces TEXT, total INTEGER NOT NULL, fund INTEGER NOT NULL,
           assistance INTEGER NOT NULL, patient INTEGER NOT NULL, certainty TEXT NOT NULL,
           first_message INTEGER NOT NULL, messages INTEGER NOT NULL,
           answered INTEGER NOT NULL DEFAULT 0, agreed INTEGER NOT NULL DEFAULT 0, answered_at TEXT,
           agency_fund INTEGER, agency_patient INTEGER) STRICT""",
    # A row only where the day changes from one sale to the next: a sale need not write an index of days.
    "CREATE TABLE day_run (first_serial INTEGER PRIMARY KEY, day TEXT NOT NULL) STRICT",
    # Both hold every full run of sales; those since then are found by their rows (app/storage/runs.py).
    """CREATE TABLE person_sale (psn_no TEXT NOT NULL, sale INTEGER NOT NULL, PRIMARY KEY (psn_no, sale))
           STRICT, WITHOUT ROWID""",
    "CREATE TABLE trace_code (code TEXT PRIMARY KEY, sale INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    # Receipts as printed; the first row of a sale is the original, printed_at tells that paper came out.
    """CREATE TABLE receipt (sale INTEGER PRIMARY KEY REFERENCES sale (serial), body TEXT NOT NULL) STRICT""",
    """CREATE TABLE printing (number INTEGER PRIMARY KEY, sale INTEGER NOT NULL REFERENCES sale (serial),
           copy INTEGER NOT NULL, at TEXT NOT NULL, place TEXT) STRICT""",
    "CREATE INDEX printing_by_sale ON printing (sale)",
    *append_only("printing"),
    # A message about the journal has no input of its own: it follows from the entries it names, which never
    # change. A settlement names one, its sale's; an upload names all it carries.
    """CREATE TABLE outbox (number INTEGER PRIMARY KEY, id TEXT NOT NULL, infno TEXT NOT NULL,
           provider TEXT NOT NULL, admdvs TEXT,
           sale TEXT, made_at TEXT NOT NULL, input TEXT, first_entry INTEGER, last_entry INTEGER,
           state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'accepted', 'rejected')),
           attempts INTEGER NOT NULL DEFAULT 0, next_attempt_at TEXT, trouble TEXT NOT NULL DEFAULT '',
           answer TEXT, settled_at TEXT, CHECK (input IS NOT NULL OR last_entry IS NOT NULL))
           STRICT""",
    # Every message up to this number is settled: what waits is found behind it, without an index that each
    # sale would have to write. It moves when a message is settled, on the courier's thread.
    "CREATE TABLE outbox_mark (number INTEGER NOT NULL) STRICT",
    "INSERT INTO outbox_mark VALUES (0)",
    "CREATE INDEX outbox_rejected ON outbox (state) WHERE state = 'rejected'",
    """CREATE TRIGGER outbox_never_deleted BEFORE DELETE ON outbox
           BEGIN SELECT RAISE(ABORT, 'messages are settled, never deleted'); END""",
    """CREATE TABLE person (psn_no TEXT PRIMARY KEY, cert_no TEXT NOT NULL, card_no TEXT,
           body TEXT NOT NULL) STRICT""",
    "CREATE INDEX person_by_cert_no ON person (cert_no)",
    "CREATE INDEX person_by_card_no ON person (card_no) WHERE card_no IS NOT NULL",
    "CREATE TABLE voucher (code TEXT PRIMARY KEY, psn_no TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE drug (code TEXT PRIMARY KEY, barcode TEXT, trace_prefix TEXT, words TEXT NOT NULL,
           body TEXT NOT NULL) STRICT""",
    "CREATE INDEX drug_by_barcode ON drug (barcode) WHERE barcode IS NOT NULL",
    "CREATE INDEX drug_by_trace_prefix ON drug (trace_prefix) WHERE trace_prefix IS NOT NULL",
    "CREATE TABLE prescription (number TEXT PRIMARY KEY, psn_no TEXT, body TEXT NOT NULL) STRICT",
    "CREATE TABLE store (provider TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT",
    "CREATE TABLE cursor (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
)
