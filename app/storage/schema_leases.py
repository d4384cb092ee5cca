"""The tables of a till that sells for days without the network: leases, tasks, what was dispensed, days.

A sale's row gains what is summed up from row to row, so that the next sale reads it off the newest one alone:
``latest`` is the latest instant that was on record when it was made, ``exposure`` what the fund is still to
confirm of the sales made since the agency was last heard.
"""

from __future__ import annotations

LEASES = (
    "ALTER TABLE sale ADD COLUMN lease TEXT",
    "ALTER TABLE sale ADD COLUMN insurance TEXT",
    "ALTER TABLE sale ADD COLUMN latest TEXT",
    "ALTER TABLE sale ADD COLUMN exposure INTEGER NOT NULL DEFAULT 0",
    "UPDATE sale SET latest = at, insurance = (SELECT json_extract(j.body, '$.draft.person.insurance')"
    " FROM journal j WHERE j.number = sale.journal)",
    # What a person's sales are sought by stands in the index, so that only those sought are read.
    "DROP TABLE person_sale",
    """CREATE TABLE person_sale (psn_no TEXT NOT NULL, sale INTEGER NOT NULL, day TEXT NOT NULL, lease TEXT,
           PRIMARY KEY (psn_no, sale)) STRICT, WITHOUT ROWID""",
    "INSERT INTO person_sale SELECT psn_no, serial, day, lease FROM sale WHERE psn_no IS NOT NULL"
    " AND serial <= (SELECT coalesce(max(serial), 0) / 16 * 16 FROM sale)",
    # An entry comes with the agency's answer, on the courier's thread: no sale waits for it.
    "CREATE INDEX sale_by_answer ON sale (psn_no, answered_at) WHERE answered_at IS NOT NULL",
    # ``body`` and ``signature`` are the agency's; what was settled under a lease is read from the sales.
    """CREATE TABLE lease (id TEXT PRIMARY KEY, version INTEGER NOT NULL, psn_no TEXT NOT NULL,
           year INTEGER NOT NULL, benefit TEXT NOT NULL, provider TEXT NOT NULL, till TEXT NOT NULL,
           epoch INTEGER NOT NULL, use_until TEXT NOT NULL, body TEXT NOT NULL, signature TEXT NOT NULL,
           asked_at TEXT NOT NULL, trip INTEGER NOT NULL,
           state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closing', 'closed'))) STRICT""",
    "CREATE INDEX lease_open ON lease (psn_no) WHERE state = 'open'",
    "CREATE INDEX lease_open_until ON lease (use_until) WHERE state = 'open'",
    "CREATE INDEX lease_open_short ON lease (trip, psn_no) WHERE state = 'open' AND trip = 0",
    "CREATE INDEX lease_closing ON lease (state) WHERE state = 'closing'",
    """CREATE TRIGGER lease_never_reopened BEFORE UPDATE ON lease
           WHEN NEW.version < OLD.version OR (OLD.state = 'closed' AND NEW.state <> 'closed')
             OR (OLD.state = 'closing' AND NEW.state = 'open')
           BEGIN SELECT RAISE(ABORT, 'a lease never goes back'); END""",
    """CREATE TRIGGER lease_never_deleted BEFORE DELETE ON lease
           BEGIN SELECT RAISE(ABORT, 'leases are closed, never deleted'); END""",
    # What a person must see to: journalled when it comes (entry ``journal``) and when it is done.
    """CREATE TABLE task (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
           at TEXT NOT NULL, sale TEXT NOT NULL, amount INTEGER NOT NULL, body TEXT NOT NULL,
           journal INTEGER NOT NULL, done_at TEXT, done_by TEXT, done_journal INTEGER) STRICT""",
    "CREATE INDEX task_open ON task (number) WHERE done_at IS NULL",
    """CREATE TRIGGER task_never_undone BEFORE UPDATE ON task
           WHEN OLD.done_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.amount <> OLD.amount
             OR NEW.body <> OLD.body
           BEGIN SELECT RAISE(ABORT, 'a final state never moves backwards'); END""",
    """CREATE TRIGGER task_never_deleted BEFORE DELETE ON task
           BEGIN SELECT RAISE(ABORT, 'tasks are done, never deleted'); END""",
    # What others dispensed to a person, and until when that is known.
    """CREATE TABLE dispensed (psn_no TEXT NOT NULL, drug TEXT NOT NULL, at TEXT NOT NULL,
           provider TEXT NOT NULL, quantity INTEGER NOT NULL, days INTEGER,
           PRIMARY KEY (psn_no, drug, at, provider)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE history_known (psn_no TEXT PRIMARY KEY, as_of TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    # A day that was closed: up to sale ``serial``, by entry ``journal``. A later sale of the day opens it
    # again.
    """CREATE TABLE day_closed (day TEXT NOT NULL, serial INTEGER NOT NULL, at TEXT NOT NULL,
           journal INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (day, serial)) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER day_closed_never_deleted BEFORE DELETE ON day_closed
           BEGIN SELECT RAISE(ABORT, 'a closed day stays on record'); END""",
    # What the agency answered to 3201 and 3202 about a day that is not closed yet.
    """CREATE TABLE day_answer (day TEXT NOT NULL, insurance TEXT NOT NULL, serial INTEGER NOT NULL,
           body TEXT NOT NULL, PRIMARY KEY (day, insurance)) STRICT, WITHOUT ROWID""",
)
