"""The agency's tables; amounts are INTEGER fen, bodies JSON of the engine's values.

``change`` columns hold the number of the row's last change, counted over all tables: a till's SY04 cursor.
"""

VERSION = 1

TABLES = (
    "CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE registered (kind TEXT NOT NULL, key TEXT NOT NULL, change INTEGER NOT NULL,
           body TEXT NOT NULL, PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID""",
    "CREATE UNIQUE INDEX registered_by_change ON registered (change)",
    """CREATE TABLE credential (type TEXT NOT NULL, number TEXT NOT NULL, psn_no TEXT NOT NULL,
           PRIMARY KEY (type, number)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE accumulator (psn_no TEXT NOT NULL, year INTEGER NOT NULL, change INTEGER NOT NULL,
           deductible_paid INTEGER NOT NULL, fund_paid INTEGER NOT NULL, ordinary_fund_paid INTEGER NOT NULL,
           ordinary_exhausted INTEGER NOT NULL, fund_paid_class_b INTEGER NOT NULL,
           pool_fund_paid INTEGER NOT NULL, PRIMARY KEY (psn_no, year)) STRICT, WITHOUT ROWID""",
    "CREATE UNIQUE INDEX accumulator_by_change ON accumulator (change)",
    """CREATE TABLE message (msgid TEXT PRIMARY KEY, infno TEXT NOT NULL, digest TEXT NOT NULL,
           at TEXT NOT NULL, answer TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    # The *_added columns are what the settlement added to the person's year, so that a reversal takes it off.
    """CREATE TABLE settlement (setl_id TEXT PRIMARY KEY, mdtrt_id TEXT NOT NULL, msgid TEXT NOT NULL UNIQUE,
           psn_no TEXT NOT NULL, provider TEXT NOT NULL, year INTEGER NOT NULL, sale TEXT NOT NULL,
           total INTEGER NOT NULL, fund INTEGER NOT NULL, assistance INTEGER NOT NULL,
           patient INTEGER NOT NULL,
           deductible_added INTEGER NOT NULL, fund_added INTEGER NOT NULL, class_b_added INTEGER NOT NULL,
           pool_added INTEGER NOT NULL, input TEXT NOT NULL, output TEXT NOT NULL,
           reversed_by TEXT) STRICT, WITHOUT ROWID""",
    "CREATE INDEX settlement_by_person ON settlement (psn_no, year)",
    # A chain is named by the hash of its first entry: one till may serve several shops, one after another.
    """CREATE TABLE journal (chain TEXT NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL,
           kind TEXT NOT NULL, body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL,
           PRIMARY KEY (chain, number)) STRICT, WITHOUT ROWID""",
    "CREATE UNIQUE INDEX journal_by_hash ON journal (hash)",
    """CREATE TABLE till (provider TEXT NOT NULL, till TEXT NOT NULL, chain TEXT NOT NULL,
           PRIMARY KEY (provider, till)) STRICT, WITHOUT ROWID""",
)
