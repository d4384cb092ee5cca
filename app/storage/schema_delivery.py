"""Who a till is to its agencies, and messages of unknown fate: the second step of the tables.

The outbox is made anew, because a table's CHECK cannot be widened; its rows are carried over as they are.
"""

from __future__ import annotations

_OUTBOX = (
    "number, id, infno, provider, admdvs, sale, made_at, input, first_entry, last_entry, state, attempts,"
    " next_attempt_at, trouble, answer, settled_at"
)

DELIVERY = (
    "DROP INDEX outbox_rejected",
    "DROP TRIGGER outbox_never_deleted",
    "ALTER TABLE outbox RENAME TO outbox_before",
    # proof is the agency's signature of its answer.
    """CREATE TABLE outbox (number INTEGER PRIMARY KEY, id TEXT NOT NULL, infno TEXT NOT NULL,
           provider TEXT NOT NULL, admdvs TEXT,
           sale TEXT, made_at TEXT NOT NULL, input TEXT, first_entry INTEGER, last_entry INTEGER,
           state TEXT NOT NULL DEFAULT 'waiting'
           CHECK (state IN ('waiting', 'unknown', 'accepted', 'rejected')),
           attempts INTEGER NOT NULL DEFAULT 0, next_attempt_at TEXT, trouble TEXT NOT NULL DEFAULT '',
           answer TEXT, proof TEXT, settled_at TEXT, CHECK (input IS NOT NULL OR last_entry IS NOT NULL))
           STRICT""",
    f"INSERT INTO outbox ({_OUTBOX}) SELECT {_OUTBOX} FROM outbox_before",
    "DROP TABLE outbox_before",
    "CREATE INDEX outbox_rejected ON outbox (sale) WHERE state = 'rejected'",
    "CREATE INDEX outbox_unknown ON outbox (state) WHERE state = 'unknown'",
    """CREATE TRIGGER outbox_never_deleted BEFORE DELETE ON outbox
           BEGIN SELECT RAISE(ABORT, 'messages are settled, never deleted'); END""",
    # The till's own keys, one row an epoch; the newest is the present one. An epoch's chain goes on after the
    # entry that its row names.
    """CREATE TABLE epoch (number INTEGER PRIMARY KEY, private BLOB NOT NULL, box_private BLOB NOT NULL,
           after INTEGER NOT NULL, hash TEXT NOT NULL) STRICT""",
    """CREATE TRIGGER epoch_never_deleted BEFORE DELETE ON epoch
           BEGIN SELECT RAISE(ABORT, 'epochs are followed, never deleted'); END""",
    # What an agency's answers are believed by, and which epoch of this till it knows.
    """CREATE TABLE pinned (provider TEXT PRIMARY KEY, till TEXT NOT NULL, epoch INTEGER NOT NULL,
           agency_key BLOB NOT NULL, agency_box_key BLOB NOT NULL, after INTEGER NOT NULL,
           hash TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    # What arrived and could not be taken: for a person to look at, never in the way of the rest.
    """CREATE TABLE finding (number INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL,
           text TEXT NOT NULL) STRICT""",
    # Bundles on sticks, written and taken in.
    """CREATE TABLE carried (way TEXT NOT NULL, serial INTEGER NOT NULL, at TEXT NOT NULL,
           digest TEXT NOT NULL, PRIMARY KEY (way, serial, digest)) STRICT, WITHOUT ROWID""",
)
