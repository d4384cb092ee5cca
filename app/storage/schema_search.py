"""The index that drugs are searched by, beside them in the catalogue; and diagnoses, with one of theirs.

A segment is a body of drugs as engine/search/segment.py keeps it: its parts are read once, codes a block and
a piece at a time. ``main`` is made by an import; what changes afterwards is in ``recent``, which masks it.
``generation`` grows with each change, so that a reader knows when to read again.
"""

from __future__ import annotations

SEARCH = (
    """CREATE TABLE search_segment (segment TEXT PRIMARY KEY, format INTEGER NOT NULL,
           generation INTEGER NOT NULL, drugs INTEGER NOT NULL, masked BLOB NOT NULL)
           STRICT, WITHOUT ROWID""",
    """CREATE TABLE search_part (segment TEXT NOT NULL, part TEXT NOT NULL, body BLOB NOT NULL,
           PRIMARY KEY (segment, part)) STRICT""",
    """CREATE TABLE search_block (segment TEXT NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL,
           PRIMARY KEY (segment, number)) STRICT""",
    """CREATE TABLE search_piece (segment TEXT NOT NULL, piece TEXT NOT NULL, blocks BLOB NOT NULL,
           PRIMARY KEY (segment, piece)) STRICT, WITHOUT ROWID""",
    "CREATE TABLE search_recent (code TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    "CREATE TABLE diagnosis (code TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX diagnosis_by_name ON diagnosis (name)",
)
