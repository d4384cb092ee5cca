"""What a sale takes from the shelves, and what this shop sells most.

``sale.goods`` is a JSON array of [drug, quantity, split, [[lot, quantity], …]], one for each line: thin, and
read for the few sales since the last full run. ``drug_sold`` gains a run of sales at a time
(app/storage/runs.py).
"""

from __future__ import annotations

GOODS = (
    "ALTER TABLE sale ADD COLUMN goods TEXT",
    """CREATE TABLE drug_sold (code TEXT PRIMARY KEY, sales INTEGER NOT NULL, last_day TEXT NOT NULL)
           STRICT, WITHOUT ROWID""",
)
