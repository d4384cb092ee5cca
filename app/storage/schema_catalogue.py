"""The tables of the catalogue, in a file of its own (``catalogue.db``).

It holds what can be had again: national facts, listings, prices that others set. So a large import locks no
sale out, and no backup of the books carries it. Days are ISO texts, an open end is '9999-12-31', amounts
are fen. ``listing_key`` is the region's list entry (医保目录编码) that a drug is listed under; a drug that
came with its own listings has its own code there.
"""

from __future__ import annotations

FIRST_CATALOGUE = (
    """CREATE TABLE drug (code TEXT PRIMARY KEY, listing_key TEXT NOT NULL, generic_name TEXT NOT NULL,
           trade_name TEXT, form TEXT NOT NULL, spec TEXT NOT NULL, strength TEXT NOT NULL, pack_size INTEGER,
           pack_unit TEXT NOT NULL, unit TEXT NOT NULL, maker TEXT NOT NULL, approval TEXT NOT NULL,
           standard_code TEXT, barcode TEXT, trace_prefix TEXT, pinyin TEXT NOT NULL,
           prescription_only INTEGER NOT NULL, on_market INTEGER NOT NULL, price INTEGER,
           shop_code TEXT) STRICT""",
    "CREATE INDEX drug_by_barcode ON drug (barcode) WHERE barcode IS NOT NULL",
    "CREATE INDEX drug_by_trace_prefix ON drug (trace_prefix) WHERE trace_prefix IS NOT NULL",
    "CREATE INDEX drug_by_standard_code ON drug (standard_code) WHERE standard_code IS NOT NULL",
    # What the shop sells of one ingredient (class and name in the code), the cheapest pack first.
    """CREATE INDEX drug_for_sale ON drug (substr(code, 1, 10), price)
           WHERE price IS NOT NULL AND on_market = 1""",
    """CREATE TABLE listing (listing_key TEXT NOT NULL, region TEXT NOT NULL, insurance TEXT NOT NULL,
           begins TEXT NOT NULL, ends TEXT NOT NULL, klass TEXT NOT NULL, first_self_pay INTEGER NOT NULL,
           payment_standard INTEGER, in_scope INTEGER NOT NULL, negotiated INTEGER NOT NULL,
           procured INTEGER NOT NULL, scope TEXT NOT NULL, diseases TEXT NOT NULL,
           PRIMARY KEY (listing_key, region, insurance, begins)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE price (code TEXT NOT NULL, kind TEXT NOT NULL, region TEXT NOT NULL, begins TEXT NOT NULL,
           ends TEXT NOT NULL, fen INTEGER NOT NULL, document TEXT NOT NULL,
           PRIMARY KEY (code, kind, region, begins)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX price_by_kind ON price (kind, region)",
    # A region's own list of chronic drugs; drug: a code, an ATC class or the beginning of a generic name.
    """CREATE TABLE own_range (policy TEXT NOT NULL, disease TEXT NOT NULL, drug TEXT NOT NULL,
           document TEXT NOT NULL, section TEXT NOT NULL, checked_on TEXT NOT NULL,
           PRIMARY KEY (policy, disease, drug)) STRICT, WITHOUT ROWID""",
    # How far the news of the agency was taken over into this file.
    "CREATE TABLE mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
)
