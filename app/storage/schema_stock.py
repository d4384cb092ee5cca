"""The tables of a shop's stock: lots, what moved them, boxes, opened packs, recalls, the uncoded list.

Movements are append-only, each named by a journal entry. ``lot``'s balance and ``box``'s state are indexes of
them; what sales take is added a run of sales at a time (app/storage/runs.py), so that a sale need not write
here. Facts of a lot never change: a wrong one is taken back and received anew.
"""

from __future__ import annotations

_MOVE_NUMBER = "(SELECT coalesce(max(number), 0) + 1 FROM stock_move)"

_BOX_GUARDS = (
    "CREATE INDEX box_by_lot ON box (lot, state)",
    """CREATE TRIGGER box_never_deleted BEFORE DELETE ON box
           BEGIN SELECT RAISE(ABORT, 'boxes move on, they are never forgotten'); END""",
    """CREATE TRIGGER box_is_gone BEFORE UPDATE ON box WHEN OLD.state = 'written_off'
           BEGIN SELECT RAISE(ABORT, 'a box that was written off stays so'); END""",
)

STOCK = (
    # packs, pieces: on the shelf; held: pieces set aside. No part is ever less than nothing.
    """CREATE TABLE lot (number INTEGER PRIMARY KEY, provider TEXT NOT NULL, drug TEXT NOT NULL,
           expires TEXT, body TEXT NOT NULL, journal INTEGER NOT NULL,
           packs INTEGER NOT NULL DEFAULT 0 CHECK (packs >= 0),
           pieces INTEGER NOT NULL DEFAULT 0 CHECK (pieces >= 0),
           held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0)) STRICT""",
    "CREATE INDEX lot_by_drug ON lot (drug, provider)",
    """CREATE TRIGGER lot_never_rewritten BEFORE UPDATE ON lot
           WHEN NEW.number <> OLD.number OR NEW.provider <> OLD.provider OR NEW.drug <> OLD.drug
             OR NEW.expires IS NOT OLD.expires OR NEW.body <> OLD.body OR NEW.journal <> OLD.journal
           BEGIN SELECT RAISE(ABORT, 'facts of a lot never change'); END""",
    """CREATE TRIGGER lot_never_deleted BEFORE DELETE ON lot
           BEGIN SELECT RAISE(ABORT, 'lots are used up, never deleted'); END""",
    # names: the movement that this one corrects. The sales' own movements stand in the sales.
    """CREATE TABLE stock_move (number INTEGER PRIMARY KEY, lot INTEGER NOT NULL REFERENCES lot (number),
           kind TEXT NOT NULL, packs INTEGER NOT NULL, pieces INTEGER NOT NULL, held INTEGER NOT NULL,
           at TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, names INTEGER, journal INTEGER NOT NULL)
           STRICT""",
    "CREATE INDEX stock_move_by_lot ON stock_move (lot)",
    """CREATE TRIGGER stock_move_never_updated BEFORE UPDATE ON stock_move
           BEGIN SELECT RAISE(ABORT, 'stock_move is append-only'); END""",
    """CREATE TRIGGER stock_move_never_deleted BEFORE DELETE ON stock_move
           BEGIN SELECT RAISE(ABORT, 'stock_move is append-only'); END""",
    f"""CREATE TRIGGER stock_move_never_replaced BEFORE INSERT ON stock_move
           WHEN NEW.number IS NOT {_MOVE_NUMBER}
           BEGIN SELECT RAISE(ABORT, 'stock_move is append-only'); END""",
    # Where each box is; sale: the serial of the last sale of a full run that handed it out, or of the sale
    # that it came back from.
    """CREATE TABLE box (code TEXT PRIMARY KEY, drug TEXT NOT NULL, lot INTEGER NOT NULL,
           state TEXT NOT NULL CHECK (state IN
             ('shelf', 'opened', 'sold', 'returned', 'sent_back', 'written_off', 'taken_back')),
           sale INTEGER, at TEXT NOT NULL, journal INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    *_BOX_GUARDS,
    # A pack opened to be sold by pieces (拆零), and how many are gone; lot is NULL where the shop keeps no
    # stock of the drug.
    """CREATE TABLE opened_pack (number INTEGER PRIMARY KEY, provider TEXT NOT NULL, drug TEXT NOT NULL,
           lot INTEGER, code TEXT, size INTEGER NOT NULL, gone INTEGER NOT NULL DEFAULT 0,
           at TEXT NOT NULL, who TEXT NOT NULL, journal INTEGER NOT NULL, CHECK (gone BETWEEN 0 AND size))
           STRICT""",
    "CREATE INDEX opened_pack_open ON opened_pack (drug, provider) WHERE gone < size",
    "CREATE UNIQUE INDEX opened_pack_by_code ON opened_pack (code) WHERE code IS NOT NULL",
    """CREATE TRIGGER opened_pack_never_refilled BEFORE UPDATE ON opened_pack
           WHEN NEW.gone < OLD.gone OR NEW.size <> OLD.size OR NEW.lot IS NOT OLD.lot
             OR NEW.code IS NOT OLD.code
           BEGIN SELECT RAISE(ABORT, 'an opened pack only empties'); END""",
    """CREATE TRIGGER opened_pack_never_deleted BEFORE DELETE ON opened_pack
           BEGIN SELECT RAISE(ABORT, 'opened packs stay on record'); END""",
    # What a sale handed out of an opened pack: the record of split packs (拆零记录).
    """CREATE TABLE pieces_sold (pack INTEGER NOT NULL REFERENCES opened_pack (number), sale INTEGER NOT NULL,
           line TEXT NOT NULL, pieces INTEGER NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
           PRIMARY KEY (pack, sale, line)) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER pieces_sold_never_updated BEFORE UPDATE ON pieces_sold
           BEGIN SELECT RAISE(ABORT, 'pieces_sold is append-only'); END""",
    """CREATE TRIGGER pieces_sold_never_deleted BEFORE DELETE ON pieces_sold
           BEGIN SELECT RAISE(ABORT, 'pieces_sold is append-only'); END""",
    # What customers brought back, by the serial and the line of its sale; lot is NULL where none was known.
    """CREATE TABLE came_back (number INTEGER PRIMARY KEY, sale INTEGER NOT NULL, line TEXT NOT NULL,
           quantity INTEGER NOT NULL CHECK (quantity > 0), lot INTEGER, at TEXT NOT NULL, who TEXT NOT NULL,
           journal INTEGER NOT NULL) STRICT""",
    "CREATE INDEX came_back_by_sale ON came_back (sale)",
    """CREATE TRIGGER came_back_never_updated BEFORE UPDATE ON came_back
           BEGIN SELECT RAISE(ABORT, 'came_back is append-only'); END""",
    """CREATE TRIGGER came_back_never_deleted BEFORE DELETE ON came_back
           BEGIN SELECT RAISE(ABORT, 'came_back is append-only'); END""",
    # Which sales of full runs handed out a lot, so that a recall finds them among years of sales.
    """CREATE TABLE lot_sale (lot INTEGER NOT NULL, sale INTEGER NOT NULL, PRIMARY KEY (lot, sale))
           STRICT, WITHOUT ROWID""",
    # batch '': the whole drug. lifted_at NULL: in force.
    """CREATE TABLE recall (number INTEGER PRIMARY KEY, provider TEXT NOT NULL, drug TEXT NOT NULL,
           batch TEXT NOT NULL, why TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
           journal INTEGER NOT NULL, lifted_at TEXT, lifted_journal INTEGER) STRICT""",
    "CREATE INDEX recall_in_force ON recall (drug) WHERE lifted_at IS NULL",
    """CREATE TRIGGER recall_never_rewritten BEFORE UPDATE ON recall
           WHEN OLD.lifted_at IS NOT NULL OR NEW.drug <> OLD.drug OR NEW.batch <> OLD.batch
             OR NEW.journal <> OLD.journal
           BEGIN SELECT RAISE(ABORT, 'a recall is lifted once, never rewritten'); END""",
    """CREATE TRIGGER recall_never_deleted BEFORE DELETE ON recall
           BEGIN SELECT RAISE(ABORT, 'recalls stay on record'); END""",
    # What may be sold on insurance without a trace code, until when (无码库).
    """CREATE TABLE uncoded (number INTEGER PRIMARY KEY, provider TEXT NOT NULL, drug TEXT NOT NULL,
           name TEXT NOT NULL, until TEXT NOT NULL, why TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
           journal INTEGER NOT NULL, ended_at TEXT, ended_journal INTEGER) STRICT""",
    "CREATE INDEX uncoded_in_force ON uncoded (drug) WHERE ended_at IS NULL",
    """CREATE TRIGGER uncoded_never_rewritten BEFORE UPDATE ON uncoded
           WHEN OLD.ended_at IS NOT NULL OR NEW.drug <> OLD.drug OR NEW.until <> OLD.until
           BEGIN SELECT RAISE(ABORT, 'the uncoded list is ended, never rewritten'); END""",
    """CREATE TRIGGER uncoded_never_deleted BEFORE DELETE ON uncoded
           BEGIN SELECT RAISE(ABORT, 'the uncoded list stays on record'); END""",
    # What is being received or counted and not booked yet: kept over a restart, like a form on the desk.
    """CREATE TABLE stock_draft (provider TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
           PRIMARY KEY (provider, kind)) STRICT, WITHOUT ROWID""",
)

MISSING = (
    # missing: not seen when all boxes of a lot were counted.
    """CREATE TABLE box_now (code TEXT PRIMARY KEY, drug TEXT NOT NULL, lot INTEGER NOT NULL,
           state TEXT NOT NULL CHECK (state IN
             ('shelf', 'opened', 'sold', 'returned', 'sent_back', 'written_off', 'taken_back', 'missing')),
           sale INTEGER, at TEXT NOT NULL, journal INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    "INSERT INTO box_now SELECT code, drug, lot, state, sale, at, journal FROM box",
    "DROP TABLE box",
    "ALTER TABLE box_now RENAME TO box",
    *_BOX_GUARDS,
    # Which sales, up to the recall, handed out its drug from no known lot: found once, among years of sales.
    """CREATE TABLE recall_sale (recall INTEGER NOT NULL, sale INTEGER NOT NULL, PRIMARY KEY (recall, sale))
           STRICT, WITHOUT ROWID""",
)
