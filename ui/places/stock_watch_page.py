"""The words of recalls, of the uncoded list, and of what customers bring back. No Qt here."""

from __future__ import annotations

from app.usecases.stock_state import RecallRow, SoldLine, UncodedRow
from ui.items import Cell, Column, Head, Heading, Item, Page, Pair, Panel, Row, Space, Text, sub
from ui.places.stock_page import held_words
from ui.tokens import HEAD, LARGE, SMALL
from ui.words import joined, moment

RECALLS = (
    Column("药品", 0),
    Column("批号", 120),
    Column("时间", 88),
    Column("本店还有", 80, right=True),
    Column("已卖出", 72, right=True),
    Column("状态", 84),
)
SOLD_TO = (
    Column("单号", 0),
    Column("参保人", 120),
    Column("时间", 120),
    Column("批号", 96),
    Column("数量", 88, right=True),
)
UNCODED = (
    Column("药品", 0),
    Column("截止日", 96),
    Column("原因", 220),
    Column("登记", 88),
    Column("状态", 84),
)
SOLD = (
    Column("药品", 0),
    Column("批号", 112),
    Column("追溯码", 120),
    Column("卖出", 72, right=True),
    Column("还能退", 72, right=True),
)


def recalls_page(rows: tuple[RecallRow, ...], selected: int | None) -> Page:
    """Return the recalls, those in force first."""
    running = sum(not row.lifted for row in rows)
    page: list[Item] = [
        Text(text="召回", size=HEAD, weight=700),
        sub(f"{running} 起召回在执行。召回的药收银时扫不进去，已在篮里的也不能结算。"),
        Space(12),
    ]
    if not rows:
        return (*page, Space(40), Text(text="没有召回。", tone="sub", centred=True))
    chosen = next((row for row in rows if row.number == selected), None)
    return (*page, Head(RECALLS), *(_recall(row, selected) for row in rows), *_sold_to(chosen))


def _sold_to(row: RecallRow | None) -> Page:
    """Return whom to call."""
    if row is None:
        return ()
    title = (
        Space(20),
        Heading(f"{row.name} {row.batch or '全部批号'} 卖给了谁", f"{len(row.sold) + row.further} 笔"),
    )
    if not row.sold:
        return (*title, sub("没有卖过这一批，也没有批号不明的销售。"))
    rows = tuple(
        Row(
            key="",
            columns=SOLD_TO,
            cells=(
                Cell(text=sale.number),
                Cell(text=sale.who),
                Cell(text=moment(sale.at), tone="sub"),
                Cell(text="就是这批" if sale.sure else "批号不明", tone="ink" if sale.sure else "ochre"),
                Cell(text=f"{sale.quantity} {sale.unit}"),
            ),
            height=36,
        )
        for sale in row.sold
    )
    more = f"更早的还有 {row.further} 笔没有列出。" if row.further else ""
    unsure = "批号不明的，请他们看盒上的批号。" if any(not sale.sure for sale in row.sold) else ""
    after = sub(f"{more}在「销售」里按单号看是谁，逐个打电话请他们停用。{unsure}")
    return (*title, Head(SOLD_TO), *rows, Space(8), after)


def _recall(row: RecallRow, selected: int | None) -> Row:
    there = sum(lot.packs for lot in row.on_hand)
    cells = (
        Cell(text=row.name, under=row.why),
        Cell(text=row.batch or "全部批号"),
        Cell(text=moment(row.at), tone="sub"),
        Cell(
            text=f"{there} {row.on_hand[0].unit}" if row.on_hand else "—",
            tone="ochre" if there and not row.lifted else "ink",
        ),
        Cell(text=f"{len(row.sold) + row.further} 笔"),
        Cell(text="已解除" if row.lifted else "✕ 停售", tone="sub" if row.lifted else "red", chip=True),
    )
    return Row(key=str(row.number), columns=RECALLS, cells=cells, selected=row.number == selected)


def recall_card(row: RecallRow | None) -> Page:
    """Return one recall: what of it is still here."""
    if row is None:
        return (sub("选一起召回，这里显示本店还有多少。"),)
    page: list[Item] = [
        Text(text=row.name, size=LARGE, weight=700),
        sub(joined(f"批号 {row.batch or '全部'}", row.why)),
        sub(joined(moment(row.at), row.who)),
        Space(12),
        Heading("本店还有"),
    ]
    if not row.on_hand:
        page.append(sub("没有。"))
    for lot in row.on_hand:
        loose = f"散 {lot.pieces} {lot.piece_unit}" if lot.pieces else ""
        apart = f"待处理 {held_words(lot)}" if lot.held else ""
        there = joined(f"{lot.packs} {lot.unit}", loose, apart)
        page.append(Pair(left=f"批号 {lot.batch}", right=there, size=SMALL))
    if row.on_hand and not row.lifted:
        said = "撤下货架，放到待处理区，再退给供应商或报损。"
        page += [Space(8), Panel(mark="attention", title="这些盒子还在店里", text=said)]
    return tuple(page)


def uncoded_page(rows: tuple[UncodedRow, ...], selected: int | None) -> Page:
    """Return the uncoded list, what is in force first."""
    page: list[Item] = [
        Text(text="无码库", size=HEAD, weight=700),
        sub("盒上没有追溯码的老库存。不在这里的药，每盒扫了追溯码才能医保结算。"),
        Space(12),
    ]
    if not rows:
        return (*page, Space(40), Text(text="没有登记无码的药。", tone="sub", centred=True))
    return (*page, Head(UNCODED), *(_uncoded(row, selected) for row in rows))


def _uncoded(row: UncodedRow, selected: int | None) -> Row:
    cells = (
        Cell(text=row.name),
        Cell(text=row.until.isoformat()),
        Cell(text=row.why, size=SMALL, tone="sub"),
        Cell(text=moment(row.at), under=row.who, tone="sub"),
        Cell(
            text="✓ 有效" if row.in_force else "已失效",
            tone="mount" if row.in_force else "sub",
            chip=True,
        ),
    )
    return Row(key=str(row.number), columns=UNCODED, cells=cells, selected=row.number == selected)


def returns_page(rows: tuple[SoldLine, ...], selected: str | None, said: Page) -> Page:
    """Return the lines of the sale that something is brought back of."""
    page: list[Item] = [Text(text="顾客退药", size=HEAD, weight=700)]
    if rows:
        page.append(sub(joined(f"第 {rows[0].sale} 号销售", rows[0].who, moment(rows[0].at))))
    else:
        page.append(sub("扫退回的盒子，或扫小票下面的单号条码，也可以输入单号。"))
    page += [Space(12), *said]
    if said:
        page.append(Space(12))
    if not rows:
        return (*page, Space(40), Text(text="还没有选哪一笔销售。", tone="sub", centred=True))
    return (*page, Head(SOLD), *(_sold(row, selected) for row in rows))


def _sold(row: SoldLine, selected: str | None) -> Row:
    codes = "、".join(f"…{code[-4:]}" for code in row.codes)
    cells = (
        Cell(text=row.name, under=row.spec),
        Cell(text=row.batch or "—"),
        Cell(text=codes or "—", tone="ink" if codes else "sub"),
        Cell(text=f"{row.quantity} {row.unit}"),
        Cell(text=f"{row.left} {row.unit}", tone="ink" if row.left else "sub"),
    )
    return Row(key=row.line, columns=SOLD, cells=cells, selected=row.line == selected)


def returns_card() -> Page:
    """Return what happens with what was brought back."""
    return (
        Heading("退回以后"),
        sub("药放在待处理区，系统里不能再卖。药师核对后，在「处理这一批」里选「重新上架」或「破损」。"),
        Space(8),
        sub("这里只登记药。钱款和医保结算的撤销，请另行办理。"),
    )
