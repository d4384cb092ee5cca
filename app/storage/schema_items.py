"""What the shop itself says of its goods: price, own number, barcodes; and how it names its columns.

They are the shop's own work, so they lie in the books and are backed up. ``listing`` of headings to columns
is kept by the headings themselves: the same file next month is understood at once.
"""

from __future__ import annotations

ITEMS = (
    # prescription_only NULL: as the catalogue says; price NULL: not set.
    """CREATE TABLE shop_item (code TEXT PRIMARY KEY, shop_code TEXT, price INTEGER,
           prescription_only INTEGER, name TEXT NOT NULL, updated_at TEXT NOT NULL) STRICT""",
    "CREATE INDEX shop_item_by_shop_code ON shop_item (shop_code) WHERE shop_code IS NOT NULL",
    # What the shop sells of one ingredient (class and name in the code).
    """CREATE INDEX shop_item_for_sale ON shop_item (substr(code, 1, 10), price)
           WHERE price IS NOT NULL""",
    """CREATE TABLE shop_barcode (barcode TEXT PRIMARY KEY, code TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX shop_barcode_by_code ON shop_barcode (code)",
    """CREATE TABLE column_mapping (headings TEXT PRIMARY KEY, mapping TEXT NOT NULL, used_at TEXT NOT NULL)
           STRICT""",
)
