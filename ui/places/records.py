"""The words of the places beside the counter: sales, policies, tour. No Qt here."""

from __future__ import annotations

from app.usecases.state import PolicyCard, SaleRow, TourStop
from engine.receipt import Receipt
from ui.items import (
    Cell,
    Chip,
    Chips,
    Column,
    Head,
    Heading,
    Item,
    Page,
    Pair,
    Row,
    Rule,
    Space,
    Text,
    Tile,
    Tiles,
    Weight,
    sub,
)
from ui.items import source as small
from ui.places.sync_page import DELIVERY_TONE
from ui.tokens import BODY, HEAD, LARGE, SMALL, TINY, Tone
from ui.words import CERTAINTY, DELIVERY, clock, joined, less, yuan

SALES = (
    Column("时间", 44),
    Column("单号", 0),
    Column("参保人", 64),
    Column("合计", 72, right=True),
    Column("基金", 72, right=True),
    Column("现金", 72, right=True),
    Column("确认", 60),
    Column("上传", 76),
    Column("补打", 32, right=True),
)
_SURE: dict[str, Tone] = {"confirmed": "mount", "guaranteed": "sea", "provisional": "ochre"}


def sales_page(rows: tuple[SaleRow, ...], selected: str | None) -> Page:
    """Return the list of a day's sales, the latest first."""
    total, fund = sum(row.total for row in rows), sum(row.fund for row in rows)
    off = sum(differs(row) for row in rows)
    other = f"{off} 笔与医保中心的金额不同，办法见「待办」F6" if off else ""
    sums = joined(f"{len(rows)} 笔", f"合计 {yuan(total)}", f"基金 {less(fund)}", other)
    title = (Text(text="今天的销售", size=HEAD, weight=700), sub(sums), Space(12))
    if not rows:
        return (*title, Space(40), Text(text="今天还没有销售。", tone="sub", centred=True))
    return (*title, Head(SALES), *(_sale(row, selected) for row in rows))


def _sale(row: SaleRow, selected: str | None) -> Row:
    cells = (
        Cell(text=clock(row.at)),
        Cell(text=row.number),
        Cell(text=row.who or "自费"),
        Cell(text=yuan(row.total)),
        _fund(row),
        _cash(row),
        _sure(row),
        Cell(text=DELIVERY[row.delivery], tone=DELIVERY_TONE[row.delivery], chip=True),
        Cell(text=str(row.copies) if row.copies else "—", tone="ink" if row.copies else "sub"),
    )
    return Row(
        key=row.number,
        columns=SALES,
        cells=cells,
        selected=row.number == selected,
        height=58 if differs(row) else 44,
    )


def differs(row: SaleRow) -> bool:
    """Tell whether the agency came to other sums than ours."""
    fund, patient = row.agency_fund, row.agency_patient
    return (fund is not None and fund != row.fund) or (patient is not None and patient != row.patient)


def _fund(row: SaleRow) -> Cell:
    other = row.agency_fund is not None and row.agency_fund != row.fund
    under = f"医保 {less(row.agency_fund or 0)}" if other else ""
    return Cell(text=less(row.fund), under=under, under_tone="ochre", tone="mount" if row.fund else "sub")


def _cash(row: SaleRow) -> Cell:
    off = 0 if row.agency_patient is None else row.patient - row.agency_patient
    under = f"应退 {yuan(off)}" if off > 0 else ""
    if off < 0 and row.certainty != "guaranteed":  # What was guaranteed is never collected afterwards.
        under = f"应补 {yuan(-off)}"
    return Cell(text=yuan(row.patient), under=under, under_tone="ochre")


def _sure(row: SaleRow) -> Cell:
    if not row.fund and row.delivery == "none":
        return Cell(text="自费", tone="sub", size=SMALL)
    return Cell(text=CERTAINTY[row.certainty], tone=_SURE[row.certainty], chip=True)


def receipt_page(receipt: Receipt | None) -> Page:
    """Return the receipt as it was printed."""
    if receipt is None:
        return (sub("选一笔销售，这里显示它的小票。"),)
    page: list[Item] = []
    for row in receipt.rows:
        if row.rule_above:
            page.append(Rule())
        if row.weight == "title":
            page.append(Text(text=row.left, size=LARGE, weight=700, centred=True))
        elif row.right:
            size = TINY if row.weight == "small" else LARGE if row.weight == "strong" else BODY
            weight: Weight = 700 if row.weight == "strong" else 400
            page.append(Pair(left=row.left, right=row.right, size=size, weight=weight))
        else:
            page.append(small(row.left) if row.weight == "small" else Text(text=row.left, size=SMALL))
    return tuple(page)


def policies_page(cards: tuple[PolicyCard, ...], selected: str | None) -> Page:
    """Return the packs, with a chip for a draft."""
    page: list[Item] = [
        Text(text="政策", size=HEAD, weight=700),
        sub("金额按这些文件算出，每一步都注明出处。"),
        Space(12),
    ]
    for card in cards:
        tile = Tile(
            key=card.id,
            title=card.title,
            detail=joined(card.id, _validity(card)),
            selected=card.id == selected,
        )
        page += [Tiles((tile,)), Space(8)]
    return tuple(page)


def _validity(card: PolicyCard) -> str:
    until = f"至 {card.ends.isoformat()}" if card.ends else "起"
    return f"{card.begins.isoformat()} {until}" + ("，征求意见稿" if card.draft else "")


def policy_page(card: PolicyCard | None) -> Page:
    """Return one pack: its numbers with their sections, and how doubtful places are read."""
    if card is None:
        return ()
    page: list[Item] = [Text(text=card.title, size=LARGE, weight=700), Space(4)]
    if card.document != card.title:
        page.append(sub(card.document))
    page.append(Space(8))
    chips = (
        Chip(_validity(card), "sea"),
        *((Chip("征求意见稿，尚未正式发文", "ochre"),) if card.draft else ()),
    )
    page += [Chips(chips), Space(16), Heading("数字")]
    for what, value, where in card.numbers:
        page += [Pair(left=what, right=value), small(where), Space(8)]
    if card.readings:
        page += [Space(12), Heading("两可之处，按哪种读法")]
    for question, taken, others in card.readings:
        page += [Text(text=question, weight=500), Space(2), Text(text=f"取：{taken}", tone="mount")]
        page += [sub(f"另一种读法：{other}") for other in others]
        page.append(Space(12))
    return tuple(page)


def tour_page(tour: tuple[TourStop, ...]) -> Page:
    """Return the keys, and the whole tour where there is one."""
    page: list[Item] = [Text(text="帮助", size=HEAD, weight=700), Space(8)]
    page += [
        Row(key="", columns=_KEYS, cells=(Cell(text=key), Cell(text=what, tone="sub")), height=32)
        for what, key in _HELP
    ]
    if not tour:
        return tuple(page)
    page += [Space(16), Text(text="导览：点一张卡片，等于扫了上面的码", size=LARGE, weight=700)]
    group = ""
    waiting: list[Tile] = []
    for number, stop in enumerate(tour):
        if stop.group != group:
            page += _rows_of(waiting)
            waiting, group = [], stop.group
            page += [Space(12), Heading(group)]
        waiting.append(Tile(key=str(number), title=stop.title, detail=f"{stop.detail}\n{stop.code}"))
    return (*page, *_rows_of(waiting))


_ABREAST = 3


def _rows_of(tiles: list[Tile]) -> list[Item]:
    rows: list[Item] = []
    for start in range(0, len(tiles), _ABREAST):
        part = tiles[start : start + _ABREAST]
        blank = [Tile(key="", title="", detail="", framed=False)] * (_ABREAST - len(part))
        rows += [Tiles((*part, *blank)), Space(8)]
    return rows


_KEYS = (Column("按键", 120), Column("做什么", 0))
_HELP = (
    ("扫码或输入：社保卡、医保电子凭证、身份证、药盒、追溯码、处方、药名、拼音首字母", "直接扫或打字"),
    ("选行", "↑ ↓"),
    ("加一盒、减一盒、移除这一行", "+  −  Del"),
    ("把选中的一行拆零卖，或改回整盒", "Ctrl L"),
    ("录入纸质处方", "Ctrl 2"),
    ("选中的药的售价：输入金额就改，不输入就看各种价格", "Ctrl 3"),
    ("审方签字；有要说明理由的，先按数字选理由", "Ctrl S"),
    ("拒绝调配这张处方", "Ctrl R"),
    ("选更省的合规选择；Enter 采用，Esc 不换", "Ctrl 4"),
    ("撤下处方；没有处方时撤下参保人", "Ctrl 5"),
    ("收现金（在空的录入框里）", "Enter"),
    ("结算并打印；结算后换下一位", "F12"),
    ("撤一步", "Esc"),
    ("重打上一张小票", "Ctrl P"),
    ("处方、销售、库存、待办、对账、同步、政策、目录", "F3 至 F10"),
    ("在「库存」「同步」「目录」里：窗口下边或按钮上写着的各项", "Ctrl 1 至 Ctrl 7"),
)
