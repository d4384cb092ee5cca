"""The words of a delivery being received and of a stocktake. No Qt here."""

from __future__ import annotations

from app.usecases.stock_state import Count, CountLine, Delivery, DeliveryLine
from ui.items import Cell, Column, Head, Item, Page, Row, Space, Text, sub
from ui.places.sync_page import said_page
from ui.tokens import HEAD, SMALL, Tone
from ui.words import joined

DELIVERY = (
    Column("药品", 0),
    Column("批号", 104),
    Column("有效期至", 96),
    Column("数量", 72, right=True),
    Column("有码", 72, right=True),
    Column("还缺什么", 168),
)
COUNT = (
    Column("药品", 0),
    Column("批号", 104),
    Column("有效期至", 96),
    Column("账上", 88, right=True),
    Column("数到", 88, right=True),
    Column("差异", 96),
)


def delivery_page(there: Delivery) -> Page:
    """Return the delivery on the desk, its boxes counted up."""
    packs = sum(line.packs for line in there.lines)
    head = joined(
        there.supplier or "还没有写供应商", f"随货单 {there.note}" if there.note else "还没有随货单号"
    )
    page: list[Item] = [
        Text(text="入库", size=HEAD, weight=700),
        sub(joined(head, f"{len(there.lines)} 批 {packs} 盒" if there.lines else "")),
        Space(12),
    ]
    if there.said is not None:
        page += [*said_page(there.said), Space(12)]
    if not there.lines:
        return (
            *page,
            Space(40),
            Text(text="扫第一盒药。", size=HEAD, weight=500, centred=True),
            Space(8),
            Text(
                text="条码、追溯码都可以；GS1 码里的批号和有效期会自己填上。中途关机，单子还在。",
                size=SMALL,
                tone="sub",
                centred=True,
            ),
        )
    return (*page, Head(DELIVERY), *(_line(line, there.chosen) for line in there.lines))


def _line(line: DeliveryLine, chosen: str | None) -> Row:
    ready = not line.problem
    cells = (
        Cell(text=line.name, under=line.spec),
        Cell(text=line.batch or "—", tone="ink" if line.batch else "ochre"),
        Cell(text=line.expires or "—", tone="ink" if line.expires else "ochre"),
        Cell(text=f"{line.packs} {line.unit}"),
        Cell(text=f"{len(line.codes)} / {line.packs}", tone="mount" if line.codes else "sub"),
        Cell(
            text="✓ 可以入库" if ready else line.problem,
            tone="mount" if ready else "ochre",
            size=SMALL,
            wrap=True,
        ),
    )
    return Row(key=line.key, columns=DELIVERY, cells=cells, selected=line.key == chosen)


def count_page(there: Count) -> Page:
    """Return the stocktake: what the books say, what was counted, where they differ."""
    counted = [line for line in there.lines if line.packs is not None]
    off = [line for line in counted if difference(line) != (0, 0)]
    page: list[Item] = [
        Text(text="盘点", size=HEAD, weight=700),
        sub(
            joined(
                f"数了 {len(counted)} 批，共 {len(there.lines)} 批",
                f"{len(off)} 批有差异" if off else "还没有差异" if counted else "",
            )
        ),
        Space(12),
    ]
    if there.said is not None:
        page += [*said_page(there.said), Space(12)]
    if not there.lines:
        return (*page, Space(40), Text(text="还没有库存可以盘。", tone="sub", centred=True))
    ordered = sorted(there.lines, key=lambda line: _rank(line, there.chosen))
    return (*page, Head(COUNT), *(_count(line, there.chosen) for line in ordered))


def _rank(line: CountLine, chosen: int | None) -> int:
    if line.packs is None:
        return 1 if line.row.lot == chosen else 2
    return 0


def difference(line: CountLine) -> tuple[int, int]:
    """Return how many packs and pieces more were counted than the books say; nothing where none was."""
    if line.packs is None:
        return 0, 0
    return line.packs - line.row.packs, (line.pieces or 0) - line.row.pieces


def _count(line: CountLine, chosen: int | None) -> Row:
    row = line.row
    words, tone = _off(line)
    cells = (
        Cell(text=row.name, under=row.spec),
        Cell(text=row.batch or "—"),
        Cell(text=row.expires.isoformat() if row.expires else "—"),
        Cell(text=f"{row.packs} {row.unit}", under=f"散 {row.pieces} {row.piece_unit}" if row.pieces else ""),
        Cell(
            text="—" if line.packs is None else f"{line.packs} {row.unit}",
            under=f"散 {line.pieces} {row.piece_unit}" if line.pieces else "",
            tone="sub" if line.packs is None else "ink",
        ),
        Cell(text=words, tone=tone, chip=line.packs is not None),
    )
    return Row(key=str(row.lot), columns=COUNT, cells=cells, selected=row.lot == chosen)


def _off(line: CountLine) -> tuple[str, Tone]:
    if line.packs is None:
        return "还没有数", "sub"
    packs, pieces = difference(line)
    if not packs and not pieces:
        return "✓ 相符", "mount"
    row = line.row
    said = joined(
        f"{_more(packs)} {row.unit}" if packs else "", f"{_more(pieces)} {row.piece_unit}" if pieces else ""
    )
    return f"! {said}", "ochre"


def _more(number: int) -> str:
    return f"多 {number}" if number > 0 else f"少 {-number}"
