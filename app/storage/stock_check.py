"""Whether the books of the stock tally: balances against movements and sales, boxes against both."""

from __future__ import annotations

from collections import Counter, defaultdict

import msgspec

from app.storage import journal
from app.storage.connection import Connection
from app.storage.runs import AFTER_FULL_RUNS
from app.storage.stock_moves import Booking
from engine.stock_boxes import where

_SOLD = (
    "SELECT used.value ->> 0, sum(used.value ->> 1) FROM sale, json_each(goods) good,"
    " json_each(good.value, '$[3]') used WHERE good.value ->> 2 = 0 AND serial <= {upto} GROUP BY 1"
)


def faults(db: Connection) -> list[str]:
    """Return in Chinese every lot or box that does not tally; none where all is well. Reads every sale."""
    found: list[str] = []
    if not db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'stock_move'").fetchone()[0]:
        return found  # Books of a version that kept no stock.
    sold = dict(db.execute(_SOLD.format(upto=AFTER_FULL_RUNS)).fetchall())
    pieces = dict(
        db.execute(
            "SELECT o.lot, sum(p.pieces) FROM pieces_sold p JOIN opened_pack o ON o.number = p.pack"
            " WHERE o.lot IS NOT NULL GROUP BY 1"
        ).fetchall()
    )
    moved: dict[int, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for lot, *sums in db.execute(
        "SELECT lot, sum(packs), sum(pieces), sum(held) FROM stock_move GROUP BY lot"
    ).fetchall():
        moved[lot] = (sums[0], sums[1], sums[2])
    opened = dict(
        db.execute(
            "SELECT lot, sum(size - gone) FROM opened_pack WHERE lot IS NOT NULL GROUP BY lot"
        ).fetchall()
    )
    for lot, packs, loose, held in db.execute("SELECT number, packs, pieces, held FROM lot").fetchall():
        want = (moved[lot][0] - sold.get(lot, 0), moved[lot][1] - pieces.get(lot, 0), moved[lot][2])
        if want != (packs, loose, held):
            found.append(
                f"第 {lot} 批账上 {packs}、{loose}、{held}，按记录应是 {want[0]}、{want[1]}、{want[2]}。"
            )
        if opened.get(lot, 0) != loose:
            found.append(f"第 {lot} 批散片 {loose}，已拆的盒里有 {opened.get(lot, 0)}。")
    return [*found, *_box_faults(db)]


def _box_faults(db: Connection) -> list[str]:
    """Return in Chinese which boxes were sold more often than they came back, or lie where they cannot."""
    often = dict(
        db.execute(
            "SELECT code.value, count(*) FROM sale, json_each(traces) code GROUP BY 1 HAVING count(*) > 1"
        ).fetchall()
    )
    back = _released(db) if often else Counter[str]()
    twice = [
        f"追溯码尾号 {code[-4:]} 的盒卖了 {sales} 次，重新上架只有 {back[code]} 次。"
        for code, sales in sorted(often.items())
        if sales > 1 + back[code]
    ]
    lying = db.execute(
        "SELECT code, state FROM box LEFT JOIN trace_code t USING (code) WHERE"
        " (state = 'sold' AND t.sale IS NULL) OR"
        " (state IN ('shelf', 'missing', 'opened') AND t.sale > coalesce(box.sale, 0)) ORDER BY code"
    ).fetchall()
    return [
        *twice,
        *(f"追溯码尾号 {code[-4:]} 的盒账上{where(state)}，与销售不符。" for code, state in lying),
    ]


def _released(db: Connection) -> Counter[str]:
    """Return how often each box came back to the shelf."""
    entries = db.execute("SELECT DISTINCT journal FROM stock_move WHERE kind = 'released'").fetchall()
    read = msgspec.json.Decoder(Booking).decode
    return Counter(box.code for (number,) in entries for box in read(journal.body_of(db, number)).boxes)
