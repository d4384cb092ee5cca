"""The tables of the catalogue, in a file of its own (``catalogue.db``).

It holds what can be had again: national facts, listings, prices that others set. So a large import locks no
sale out, and no backup of the books carries it. Days are ISO texts, an open end is '9999-12-31', amounts
are fen.

``listing`` holds rows in force. A drug that came with its own has them under its code; the others hang on an
entry of a list, ``drug.listing_key``, by which ``entry_match`` (1316) may put a region's own entry. Their
rows follow from the facts in ``entry``, ``self_pay`` and ``standard`` (engine/listings.py), and are made anew
where a fact changes.
"""

from __future__ import annotations

FIRST_CATALOGUE = (
    # origin: what brought the drug (app/importing/kinds.py); empty: the agency's news.
    """CREATE TABLE drug (code TEXT PRIMARY KEY, listing_key TEXT NOT NULL DEFAULT '',
           generic_name TEXT NOT NULL, trade_name TEXT, form TEXT NOT NULL DEFAULT '',
           spec TEXT NOT NULL DEFAULT '', strength TEXT NOT NULL DEFAULT '', pack_size INTEGER,
           pack_unit TEXT NOT NULL DEFAULT '', unit TEXT NOT NULL DEFAULT '盒',
           maker TEXT NOT NULL DEFAULT '', approval TEXT NOT NULL DEFAULT '',
           standard_code TEXT, barcode TEXT, trace_prefix TEXT,
           pinyin TEXT NOT NULL DEFAULT '', prescription_only INTEGER NOT NULL DEFAULT 1,
           on_market INTEGER NOT NULL DEFAULT 1, price INTEGER, shop_code TEXT,
           origin TEXT NOT NULL DEFAULT '') STRICT""",
    "CREATE INDEX drug_by_barcode ON drug (barcode) WHERE barcode IS NOT NULL",
    "CREATE INDEX drug_by_trace_prefix ON drug (trace_prefix) WHERE trace_prefix IS NOT NULL",
    "CREATE INDEX drug_by_standard_code ON drug (standard_code) WHERE standard_code IS NOT NULL",
    # What the shop sells of one ingredient (class and name in the code), the cheapest pack first.
    """CREATE INDEX drug_for_sale ON drug (substr(code, 1, 10), price)
           WHERE price IS NOT NULL AND on_market = 1""",
    "CREATE INDEX drug_by_listing_key ON drug (listing_key) WHERE listing_key <> ''",
    "CREATE INDEX drug_by_approval ON drug (approval) WHERE approval <> ''",
    "CREATE INDEX drug_by_name ON drug (generic_name)",
    # A code that was given up for another (曾用码): old files and prescriptions still name it.
    "CREATE TABLE former_code (former TEXT PRIMARY KEY, code TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE listing (listing_key TEXT NOT NULL, region TEXT NOT NULL, insurance TEXT NOT NULL,
           begins TEXT NOT NULL, ends TEXT NOT NULL, klass TEXT NOT NULL, first_self_pay INTEGER NOT NULL,
           payment_standard INTEGER, in_scope INTEGER NOT NULL, negotiated INTEGER NOT NULL,
           procured INTEGER NOT NULL, scope TEXT NOT NULL, diseases TEXT NOT NULL,
           PRIMARY KEY (listing_key, region, insurance, begins)) STRICT, WITHOUT ROWID""",
    # source: which list says so; the same entry may stand in several.
    """CREATE TABLE entry (listing_key TEXT NOT NULL, region TEXT NOT NULL, begins TEXT NOT NULL,
           source TEXT NOT NULL, ends TEXT NOT NULL, klass TEXT NOT NULL, scope TEXT NOT NULL,
           negotiated INTEGER NOT NULL, procured INTEGER NOT NULL,
           PRIMARY KEY (listing_key, region, begins, source)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX entry_by_source ON entry (source)",
    """CREATE TABLE self_pay (listing_key TEXT NOT NULL, region TEXT NOT NULL, insurance TEXT NOT NULL,
           begins TEXT NOT NULL, ends TEXT NOT NULL, ratio INTEGER NOT NULL,
           PRIMARY KEY (listing_key, region, insurance, begins)) STRICT, WITHOUT ROWID""",
    # kind: 'standard' or 'ceiling' of a pack in fen; 'unit': a standard in ten-thousandths of a yuan for
    # what ``per`` says, such as 40mg/袋.
    """CREATE TABLE standard (listing_key TEXT NOT NULL, region TEXT NOT NULL, kind TEXT NOT NULL,
           begins TEXT NOT NULL, per TEXT NOT NULL, ends TEXT NOT NULL, amount INTEGER NOT NULL,
           PRIMARY KEY (listing_key, region, kind, begins, per)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE entry_match (code TEXT NOT NULL, region TEXT NOT NULL, begins TEXT NOT NULL,
           listing_key TEXT NOT NULL, ends TEXT NOT NULL,
           PRIMARY KEY (code, region, begins)) STRICT, WITHOUT ROWID""",
    # own: it came with the drug, and goes with what comes next of it.
    """CREATE TABLE price (code TEXT NOT NULL, kind TEXT NOT NULL, region TEXT NOT NULL, begins TEXT NOT NULL,
           ends TEXT NOT NULL, fen INTEGER NOT NULL, document TEXT NOT NULL, own INTEGER NOT NULL,
           PRIMARY KEY (code, kind, region, begins)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX price_by_kind ON price (kind, region)",
    # A region's own list of chronic drugs; drug: a code, an ATC class or the beginning of a generic name.
    """CREATE TABLE own_range (policy TEXT NOT NULL, disease TEXT NOT NULL, drug TEXT NOT NULL,
           document TEXT NOT NULL, section TEXT NOT NULL, checked_on TEXT NOT NULL,
           PRIMARY KEY (policy, disease, drug)) STRICT, WITHOUT ROWID""",
    # What was imported, when, and what was doubtful in it; remarks of the last import of each kind stay.
    """CREATE TABLE import_run (id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL,
           name TEXT NOT NULL, digest TEXT NOT NULL, rows INTEGER NOT NULL, added INTEGER NOT NULL,
           changed INTEGER NOT NULL, unchanged INTEGER NOT NULL, delisted INTEGER NOT NULL,
           doubtful INTEGER NOT NULL, refused INTEGER NOT NULL) STRICT""",
    """CREATE TABLE import_remark (run INTEGER NOT NULL, number INTEGER NOT NULL, line INTEGER NOT NULL,
           severity TEXT NOT NULL, what TEXT NOT NULL, why TEXT NOT NULL,
           PRIMARY KEY (run, number)) STRICT, WITHOUT ROWID""",
    # How far the news of the agency was taken over into this file.
    "CREATE TABLE mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
)
HUNG = (
    # The entry that a drug hung on up to a day, the last of an edition of the national list; empty: on none.
    """CREATE TABLE hung (code TEXT NOT NULL, ends TEXT NOT NULL, listing_key TEXT NOT NULL,
           PRIMARY KEY (code, ends)) STRICT, WITHOUT ROWID""",
)
