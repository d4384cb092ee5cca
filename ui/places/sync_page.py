"""The words of the sync place: messages, leases, this till, and what an act came to. No Qt here."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from app.usecases.state import BundleReport, LeaseRow, MessageRow, Notice, TripReport, WorldState
from ui.items import Cell, Column, Head, Heading, Item, Mark, Note, Page, Pair, Panel, Row, Space, Text, sub
from ui.tokens import HEAD, SMALL, Tone
from ui.words import DELIVERY, duration, joined, moment, near, short_id, yuan
from ui.world_page import trouble_page

MESSAGES = (
    Column("时间", 84),
    Column("报文", 0),
    Column("状态", 88),
    Column("下次", 84),
    Column("情况和办法", 292),
)
LEASES = (Column("参保人", 0), Column("还剩", 72, right=True), Column("用到", 88))
DELIVERY_TONE: dict[str, Tone] = {
    "waiting": "ochre",
    "sending": "sea",
    "accepted": "mount",
    "rejected": "red",
    "unknown": "ochre",
    "none": "sub",
}
MOST_SHOWN = 200
"""Rows of a list that are drawn; those that ask for a person come first."""

_LONG = timedelta(hours=1)
_RANK = {"rejected": 0, "unknown": 1, "sending": 2, "waiting": 3}
_CALM = {
    "waiting": "等待上传，不用管它。",
    "sending": "正在上传。",
    "accepted": "医保中心已收下。",
    "rejected": "请与医保中心核对；其余各笔照常上传。",
    "unknown": "不知道医保中心收到没有。先查明，再决定重发，不会结算两次。",
    "none": "—",
}
_LEASE = {"open": "使用中", "closing": "正在交还", "closed": "已交还", "past": "恢复前的，停用"}
MARK: dict[str, Mark] = {"done": "ok", "info": "info", "attention": "attention", "refused": "refused"}


def messages_page(rows: tuple[MessageRow, ...], world: WorldState | None) -> Page:
    """Return the messages to the agency with what each waits for, those in trouble first."""
    ordered = sorted(rows, key=lambda row: _RANK.get(row.state, len(_RANK)))[:MOST_SHOWN]
    title: list[Item] = [Text(text="同步", size=HEAD, weight=700), sub(_standing(world)), Space(12)]
    trouble = trouble_page(world)
    if trouble:
        title += [*trouble, Space(12)]
    if not rows:
        return (*title, Space(40), Text(text="还没有要上传的报文。", tone="sub", centred=True))
    now = world.now if world else max(row.at for row in rows)
    return (*title, Head(MESSAGES), *(_message(row, now) for row in ordered), *_more(rows))


def _more(rows: tuple[MessageRow, ...] | tuple[LeaseRow, ...]) -> Page:
    rest = len(rows) - MOST_SHOWN
    return (Space(12), sub(f"另有 {rest} 条没有列出。")) if rest > 0 else ()


def _standing(world: WorldState | None) -> str:
    rule = "断网不影响销售，联网后自动上传，同一笔不会上传两次。"
    if world is None or not world.waiting or world.oldest_waiting is None:
        return rule
    waited = world.now - world.oldest_waiting
    return f"最早的一笔已等 {duration(waited)}。{rule}" if waited >= _LONG else rule


def _message(row: MessageRow, now: datetime) -> Row:
    tries = f"试过 {row.attempts} 次" if row.attempts and row.state != "accepted" else ""
    waits = row.next_attempt is not None and row.state in ("waiting", "unknown")
    cells = (
        Cell(text=near(row.at, now)),
        Cell(text=row.title, under=joined(row.infno, short_id(row.id))),
        Cell(text=DELIVERY[row.state], under=tries, tone=DELIVERY_TONE[row.state], chip=True),
        Cell(text=near(row.next_attempt, now) if waits and row.next_attempt else "—", tone=_next_tone(waits)),
        Cell(
            text=row.trouble or _CALM[row.state], size=SMALL, tone="ink" if row.trouble else "sub", wrap=True
        ),
    )
    return Row(key=row.id, columns=MESSAGES, cells=cells)


def _next_tone(waits: bool) -> Tone:
    return "ink" if waits else "sub"


def till_page(world: WorldState | None) -> Page:
    """Return what this till is to the agency, and how its last backup stands."""
    if world is None:
        return (Heading("本机"),)
    known = f"已登记 · 第 {world.epoch} 期" if world.epoch else "还没有登记，不能用额度"
    saved = f"上次备份 {near(world.backed_up_at, world.now)}" if world.backed_up_at else "还没有备份"
    return (Heading("本机"), Pair(left=known, right=saved, size=SMALL))


def side_page(said: Page, leases: tuple[LeaseRow, ...]) -> Page:
    """Return what the last act came to, then the leases that this till holds."""
    shown = [*said, Space(16)] if said else []
    page: list[Item] = [*shown, Heading("本机持有的额度", f"{len(leases)} 份" if leases else "")]
    if not leases:
        return (*page, sub("还没有。联网时自动取得；出门前按「出行准备」一次取齐。"))
    return (*page, Head(LEASES), *(_lease(row) for row in leases[:MOST_SHOWN]), *_more(leases))


def _lease(row: LeaseRow) -> Row:
    until = moment(row.use_until)
    cells = (
        Cell(text=row.who, under=_LEASE.get(row.state, row.state)),
        Cell(text=yuan(max(0, row.reserved - row.used)), under=f"共 {yuan(row.reserved)}", tone="sea"),
        Cell(text=until[:5], under=until[6:]),
    )
    return Row(key=row.id, columns=LEASES, cells=cells)


def busy_page(what: str) -> Page:
    """Return that an act is being done."""
    return (Panel(mark="info", title=what, text="做完会在这里说。这期间扫码会稍等片刻。"),)


def trip_under_way(report: TripReport, of: int) -> Page:
    """Return how far a trip is made ready; what is scanned meanwhile goes between two pages."""
    title = f"正在准备：{of - report.left} / {of} 人…"
    return (Panel(mark="info", title=title, text="可以照常扫码。断开了也不要紧，再按一次会接着取。"),)


def said_page(notice: Notice) -> Page:
    """Return what an act came to."""
    return (Panel(mark=MARK[notice.tone], title=notice.what, text=notice.advice),)


def bundle_page(report: BundleReport) -> Page:
    """Return what an export or import came to, in its own words: the first sentence leads."""
    mark: Mark = "refused" if not report.taken else "attention" if report.missing_chunks else "ok"
    name = Path(report.path).name  # In small under the words, and so not among them.
    first, stop, rest = report.text.replace(f"：{name}", "").partition("。")
    return (Panel(mark=mark, title=first + stop, text=rest, source=name),)


def trip_page(report: TripReport) -> Page:
    """Return what a trip's preparation came to, and who was refused, each with the reason."""
    sums = f"{report.people} 人 · {report.leases} 份额度 · {report.drugs} 种药，用到 {moment(report.until)}"
    first, stop, rest = (report.text or f"出行准备好了。{sums}").partition("。")
    mark: Mark = "attention" if report.refused else "ok"
    page: list[Item] = [Panel(mark=mark, title=first + stop, text=rest)]
    if report.refused:
        page += [Space(12), Heading("没有额度的人", f"{len(report.refused)} 人")]
        page += [Note("attention", f"{who}：{why}") for who, why in report.refused]
    return tuple(page)
