"""The words of the stock: lots with their expiry, one lot at length, opened packs. No Qt here."""

from __future__ import annotations

from app.usecases.stock_state import LotCard, LotRow, LotState, MoveShown, OpenedRow, StockList
from engine.stock import MoveKind
from ui.items import Cell, Column, Head, Heading, Item, Page, Pair, Row, Rule, Space, Text, sub
from ui.places.sync_page import said_page
from ui.tokens import HEAD, LARGE, SMALL, Tone
from ui.words import joined, moment, yuan

LOTS = (
    Column("药品", 0),
    Column("批号", 104),
    Column("有效期至", 96),
    Column("还有", 88),
    Column("数量", 88, right=True),
    Column("状态", 84),
)
OPENED = (
    Column("药品", 0),
    Column("批号", 104),
    Column("开盒", 88),
    Column("每盒", 56, right=True),
    Column("已卖", 56, right=True),
    Column("还剩", 56, right=True),
    Column("经手", 80),
)
STATE: dict[LotState, tuple[str, Tone]] = {
    "fit": ("✓ 可卖", "mount"),
    "near": ("! 近效期", "ochre"),
    "expired": ("✕ 已过期", "red"),
    "recalled": ("✕ 召回", "red"),
}
KIND: dict[MoveKind, str] = {
    "received": "入库",
    "taken_back": "更正入库",
    "sent_back": "退供应商",
    "opened": "拆零开盒",
    "sold": "销售",
    "came_back": "顾客退回",
    "set_aside": "移到待处理",
    "released": "重新上架",
    "lost": "丢失",
    "damaged": "破损",
    "expired": "过期报损",
    "found": "盘盈",
    "missing": "盘亏",
}


def stock_page(listed: StockList, selected: int | None) -> Page:
    """Return the lots, those that ask for a person first, with what they come to."""
    page: list[Item] = [Text(text="库存", size=HEAD, weight=700), sub(_sums(listed)), Space(12)]
    if listed.about is not None:
        page += [*said_page(listed.about), Space(12)]
    if not listed.lots:
        return (
            *page,
            Space(40),
            Text(text="还没有入库记录。", tone="sub", centred=True),
            Space(4),
            Text(text="不入库也可以照常销售；按 Ctrl 1 收第一批货。", tone="sub", size=SMALL, centred=True),
        )
    if not listed.rows:
        none = Text(text=f"没有「{listed.words}」。", tone="sub", centred=True)
        return (*page, Space(40), none) if listed.about is None else tuple(page)
    return (*page, Head(LOTS), *(_lot(row, selected) for row in listed.rows))


def _sums(listed: StockList) -> str:
    counts = joined(
        f"{listed.lots} 批",
        f"已过期 {listed.expired} 批" if listed.expired else "",
        f"召回 {listed.recalled} 批" if listed.recalled else "",
        f"近效期（{listed.near_days} 天内）{listed.near} 批" if listed.near else "",
        f"待处理 {listed.held} 批" if listed.held else "",
    )
    return f"{counts}。输药名、批号、「近效期」或「90天」只看这些；扫盒子看它在哪里。"


def _lot(row: LotRow, selected: int | None) -> Row:
    words, tone = STATE[row.state]
    extra = joined(
        f"散 {row.pieces} {row.piece_unit}" if row.pieces else "",
        f"待处理 {held_words(row)}" if row.held else "",
    )
    cells = (
        Cell(text=row.name, under=joined(row.spec, row.maker)),
        Cell(text=row.batch or "—"),
        Cell(text=row.expires.isoformat() if row.expires else "—"),
        Cell(text=days_words(row), tone=tone if row.state != "fit" else "sub"),
        Cell(text=f"{row.packs} {row.unit}", under=extra, under_tone="ochre"),
        Cell(text=words, tone=tone, chip=True),
    )
    return Row(key=str(row.lot), columns=LOTS, cells=cells, selected=row.lot == selected)


def days_words(row: LotRow) -> str:
    """Return how long a lot is good."""
    if row.days is None:
        return "—"
    if row.days < 0:
        return f"过期 {-row.days} 天"
    return "今天到期" if not row.days else f"{row.days} 天"


def held_words(row: LotRow) -> str:
    """Return what is set aside, in packs where it is whole ones."""
    packs, pieces = divmod(row.held, row.size)
    whole = f"{packs} {row.unit}" if packs else ""
    return joined(whole, f"{pieces} {row.piece_unit}" if pieces else "")


def lot_page(card: LotCard | None) -> Page:
    """Return one lot at length: whence it came, how much is where, and all that moved it."""
    if card is None:
        return (sub("选一批，这里显示它的来历和每一次变动。"),)
    row = card.row
    words, tone = STATE[row.state]
    page: list[Item] = [
        Text(text=row.name, size=LARGE, weight=700),
        sub(joined(row.spec, row.maker)),
        Space(8),
        Pair(left=f"批号 {row.batch or '—'}", right=words, tone=tone),
        Pair(left="有效期至", right=f"{row.expires or '—'}（{days_words(row)}）", size=SMALL),
        Pair(left="在架", right=joined(f"{row.packs} {row.unit}", _loose(row)), size=SMALL),
    ]
    if row.held:
        page.append(Pair(left="待处理", right=held_words(row), size=SMALL, tone="ochre"))
    page += [
        Pair(left="已卖出", right=f"{card.sold} {row.unit}", size=SMALL),
        Pair(left="有追溯码的", right=f"{len(card.boxes) - card.unnamed} 盒", size=SMALL),
    ]
    if card.unnamed:
        page.append(sub(f"有 {card.unnamed} 盒没有扫码就卖出，不知是哪盒。逐盒扫码盘点这一批就对上。"))
    page += [
        Rule(),
        Pair(left="供应商", right=row.supplier or "—", size=SMALL),
        Pair(left="随货单号", right=card.note or "—", size=SMALL),
        Pair(left="入库", right=str(row.received or "—"), size=SMALL),
        Pair(left="生产日期", right=str(card.made or "—"), size=SMALL),
        Pair(left="进价", right=yuan(card.cost) if card.cost is not None else "—", size=SMALL),
        Space(12),
        Heading("变动", "新的在前"),
    ]
    for each in card.moves:
        page += [Pair(left=KIND[each.kind], right=_amount(row, each), size=SMALL)]
        page += [sub(joined(moment(each.at), each.who, each.why)), Space(6)]
    return tuple(page)


def _loose(row: LotRow) -> str:
    return f"散 {row.pieces} {row.piece_unit}" if row.pieces else ""


def _amount(row: LotRow, moved: MoveShown) -> str:
    parts = [
        f"{_signed(moved.packs)} {row.unit}" if moved.packs else "",
        f"散 {_signed(moved.pieces)} {row.piece_unit}" if moved.pieces else "",
        f"待处理 {_signed(moved.held)} {row.piece_unit}" if moved.held and row.size > 1 else "",
        f"待处理 {_signed(moved.held)} {row.unit}" if moved.held and row.size == 1 else "",
    ]
    return joined(*parts)


def _signed(number: int) -> str:
    return f"+{number}" if number > 0 else f"−{-number}"


def opened_page(rows: tuple[OpenedRow, ...], selected: int | None) -> Page:
    """Return the record of split packs, the newest first."""
    title = (
        Text(text="拆零记录", size=HEAD, weight=700),
        sub("每拆一盒记一行：哪一批、何时、谁开的、卖给了哪几笔。在收银里选好一行按 Ctrl L 拆零。"),
        Space(12),
    )
    if not rows:
        return (*title, Space(40), Text(text="还没有拆过。", tone="sub", centred=True))
    return (*title, Head(OPENED), *(_opened(row, place, selected) for place, row in enumerate(rows)))


def _opened(row: OpenedRow, place: int, selected: int | None) -> Row:
    sold = sum(pieces for _number, _at, pieces, _who in row.sold)
    cells = (
        Cell(text=row.name, under=f"追溯码尾号 {row.code[-4:]}" if row.code else "无码"),
        Cell(text=row.batch or "—", under=f"至 {row.expires}" if row.expires else ""),
        Cell(text=moment(row.at), tone="sub"),
        Cell(text=f"{row.size} {row.unit}"),
        Cell(text=f"{sold} {row.unit}"),
        Cell(text=f"{row.left} {row.unit}", tone="ink" if row.left else "sub"),
        Cell(text=row.who),
    )
    return Row(key=str(place), columns=OPENED, cells=cells, selected=place == selected)


def opened_card(row: OpenedRow | None) -> Page:
    """Return one opened pack: each sale out of it."""
    if row is None:
        return (sub("选一盒，这里显示它卖给了哪几笔。"),)
    page: list[Item] = [
        Text(text=row.name, size=LARGE, weight=700),
        sub(joined(f"批号 {row.batch or '—'}", f"有效期至 {row.expires}" if row.expires else "")),
        sub(f"追溯码 {row.code}" if row.code else "没有追溯码"),
        Space(8),
        Pair(left="开盒", right=f"{moment(row.at)} · {row.who}", size=SMALL),
        Space(12),
        Heading("卖出", f"还剩 {row.left} {row.unit}"),
    ]
    for number, at, pieces, who in row.sold:
        page += [
            Pair(left=f"第 {number} 号", right=f"{pieces} {row.unit}", size=SMALL),
            sub(joined(moment(at), who)),
            Space(4),
        ]
    return tuple(page)
