"""The words of the place for prescriptions: each with its state, and one of them at length. No Qt here."""

from __future__ import annotations

from datetime import timedelta

from app.usecases.prescriptions_state import RxLine, RxReport, RxRow, RxState
from engine.calendar import business_day
from ui.counter.prescription_page import notes
from ui.items import (
    Cell,
    Chip,
    Chips,
    Column,
    Head,
    Heading,
    Item,
    Mark,
    Page,
    Pair,
    Panel,
    Row,
    Space,
    Text,
    sub,
)
from ui.tokens import HEAD, LARGE, SMALL, Tone
from ui.words import DELIVERY, SOURCE, day, joined, moment

PRESCRIPTIONS = (
    Column("参保人", 76),
    Column("开方机构", 0),
    Column("开具", 76),
    Column("有效期", 116),
    Column("状态", 116),
    Column("上传", 76),
)
DRUGS = (Column("药品", 0), Column("处方", 56, right=True), Column("还可配", 76, right=True))

_STATE: dict[RxState, tuple[str, Tone]] = {
    "waiting": ("平台待取", "sea"),
    "known": ("可以配药", "mount"),
    "on_desk": ("在柜台上", "mount"),
    "partly_used": ("! 配了一部分", "ochre"),
    "used": ("已配完", "sub"),
    "too_early": ("! 未到下一次", "ochre"),
    "expired": ("✕ 已过期", "red"),
    "withdrawn": ("✕ 已撤销", "red"),
    "not_authentic": ("✕ 签章不符", "red"),
}
_REPORTED: tuple[str, Tone] = ("已拒绝上报", "sub")
_WHAT: dict[RxState, tuple[Mark, str, str]] = {
    "waiting": ("info", "在处方平台上等着", "按 F12 取来，放到柜台上。"),
    "known": ("ok", "可以配药", "按 F12 放到柜台上。"),
    "on_desk": ("ok", "已在柜台上", "回到收银（Esc）接着扫药。"),
    "partly_used": ("attention", "已经配过一部分", "按 F12 放到柜台上，只配剩下的。"),
    "used": ("info", "已经配完", "不能再用；还要用药的，请参保人找医师重新开。"),
    "too_early": ("attention", "这一次的量已配完", "到了下一次的日期才能再配。"),
    "expired": ("refused", "已经过期", "不能再用；请参保人找医师重新开。"),
    "withdrawn": ("refused", "开方机构已撤销", "不能再用；请参保人找医师重新开。"),
    "not_authentic": ("refused", "内容与平台签章不符", "可能被改动或伪造，不要按它配药。"),
}
_OVER = ("used", "expired", "withdrawn", "not_authentic")
_DELIVERY_TONE: dict[str, Tone] = {
    "waiting": "ochre",
    "sending": "sea",
    "accepted": "mount",
    "rejected": "red",
    "unknown": "ochre",
    "none": "sub",
}


def prescriptions_page(rows: tuple[RxRow, ...], selected: str | None) -> Page:
    """Return the prescriptions in the order in which they come."""
    title = (Text(text="处方", size=HEAD, weight=700), sub(_summary(rows)), Space(12))
    if not rows:
        return (
            *title,
            Space(40),
            Text(text="还没有处方。扫处方二维码，或先扫参保人的凭证。", tone="sub", centred=True),
        )
    return (*title, Head(PRESCRIPTIONS), *(_row(row, selected) for row in rows))


def _summary(rows: tuple[RxRow, ...]) -> str:
    waiting = sum(row.state == "waiting" for row in rows)
    usable = sum(row.state in ("known", "partly_used") for row in rows)
    to_report = sum(row.act == "report" for row in rows)
    return (
        joined(
            f"平台上等着 {waiting} 张" if waiting else "",
            f"可以配药 {usable} 张" if usable else "",
            f"要拒绝并上报 {to_report} 张" if to_report else "",
        )
        or "电子处方和互联网医院处方从这里取用；纸质处方在收银按 Ctrl 2 录入。"
    )


def _row(row: RxRow, selected: str | None) -> Row:
    words, tone = _REPORTED if row.report else _STATE[row.state]
    cells = (
        Cell(text=row.who or "—"),
        Cell(text=row.issuer, under=joined(SOURCE[row.source], _end_of(row.number))),
        Cell(text=f"{row.issued:%m-%d}", tone="sub"),
        _validity(row),
        Cell(text=words, tone=tone, chip=True),
        _write_off(row),
    )
    return Row(key=row.key, columns=PRESCRIPTIONS, cells=cells, selected=row.key == selected)


def _end_of(number: str) -> str:
    return f"尾号 {number[-6:]}" if len(number) > _TAIL else number


_TAIL = 8


def _validity(row: RxRow) -> Cell:
    left = row.valid_end - row.now
    until = day(business_day(row.valid_end))
    if left < timedelta():
        return Cell(text=f"{until}止", under="已过期", tone="sub", under_tone="red")
    if row.state in _OVER:
        return Cell(text=f"{until}止", tone="sub")
    days = (business_day(row.valid_end) - business_day(row.now)).days
    if days:
        return Cell(text=f"{until}止", under=f"还有 {days} 天")
    return Cell(text="今天止", under=f"到 {moment(row.valid_end)[-5:]}", under_tone="ochre")


def _write_off(row: RxRow) -> Cell:
    delivery = row.report.delivery if row.report else row.write_off
    if delivery == "none":
        return Cell(text="—", tone="sub", size=SMALL)
    return Cell(text=DELIVERY[delivery], tone=_DELIVERY_TONE[delivery], chip=True)


def act_words(row: RxRow | None, *, armed: bool) -> str:
    """Return what the button says; the second press of two confirms a report."""
    if row is None:
        return "选一张处方"
    if row.act == "report":
        return "再按一次，确认拒绝并上报" if armed else "拒绝并上报  F12"
    return {"take": _take(row), "print": "打印反馈单  F12", "none": "没有要办的事"}[row.act]


def _take(row: RxRow) -> str:
    return "从平台取来  F12" if row.state == "waiting" else "放到柜台  F12"


def prescription_page(row: RxRow | None) -> Page:
    """Return one prescription: what it is, what is left of it, what was found, what became of it."""
    if row is None:
        return (sub("选一张处方，这里显示药品、审核和核销。"),)
    page: list[Item] = [
        Text(text=joined(row.who, SOURCE[row.source]), size=LARGE, weight=700),
        sub(f"处方号 {row.number}" if row.number else "处方号取来后可见"),
        Space(8),
        _panel(row),
        Space(12),
        Text(text=row.issuer, weight=500),
        sub(joined(row.doctor, f"{day(row.issued)}开具")),
    ]
    if row.diagnosis:
        page.append(sub(f"诊断：{row.diagnosis}"))
    if row.round:
        page += [Space(4), Chips((Chip(row.round, "sea"),))]
    if row.lines:
        page += [Space(12), Head(DRUGS), *(_drug(line) for line in row.lines)]
    if row.findings:
        page += [Space(12), Heading("审核"), *notes(row.findings)]
    page += _told(row)
    return tuple(page)


def _panel(row: RxRow) -> Panel:
    if row.report is not None:
        report: RxReport = row.report
        to = "、".join(report.to) or "开方机构、医保经办机构"
        what = f"已拒绝并上报（第 {report.id} 号）"
        text = f"{report.text}上报给{to}：{DELIVERY[report.delivery]}。反馈单按 F12 打印，交开方机构。"
        return Panel(mark="info", title=what, text=text, source=report.clause)
    mark, title, text = _WHAT[row.state]
    if row.act == "report":
        text = "按规定要拒绝联网结算，并告知开方机构和医保部门：按 F12 上报。"
        if row.state == "not_authentic":
            text = "不能判定是否合法的处方不得调配；请告知开方机构和医保经办机构查明：按 F12 上报。"
        return Panel(mark="refused", title="要拒绝并上报", text=text, source=row.duty)
    return Panel(mark=mark, title=title, text=text)


def _drug(line: RxLine) -> Row:
    cells = (
        Cell(text=line.name, under=joined(line.detail, line.usage)),
        Cell(text=line.packs),
        Cell(text=line.left, tone="sub" if line.left == "已配完" else "mount"),
    )
    return Row(key="", columns=DRUGS, cells=cells, height=44 if not (line.detail or line.usage) else 58)


def _told(row: RxRow) -> list[Item]:
    """Return which sales were made on it, and what the platform has heard of them."""
    if not row.sales:
        return []
    found: list[Item] = [Space(12), Heading("配药和核销")]
    found += [Pair(left=f"第 {number} 号销售", right="已入账") for number in row.sales]
    for label, delivery in (("药师审方", row.review), ("核销", row.write_off)):
        if delivery != "none":
            found.append(Pair(left=label, right=DELIVERY[delivery], tone=_DELIVERY_TONE[delivery]))
    return found
