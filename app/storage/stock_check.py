"""Whether the books of the stock tally: balances against movements and sales, boxes against both."""

from __future__ import annotations

from collections import defaultdict

from app.storage.connection import Connection
from app.storage.runs import AFTER_FULL_RUNS

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
    return found
