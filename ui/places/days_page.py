"""The words of the reconciliation place: days by insurance, and one of them at length. No Qt here."""

from __future__ import annotations

from datetime import date

from app.usecases.state import DayRow, Difference
from engine.money import Fen
from ui.items import Cell, Column, Head, Heading, Item, Page, Pair, Panel, Row, Rule, Space, Text, sub
from ui.tokens import BODY, HEAD, LARGE, Tone
from ui.words import INSURANCE, day, short_id, yuan

DAYS = (
    Column("日期", 0),
    Column("险种", 72),
    Column("入账", 40, right=True),
    Column("打印", 40, right=True),
    Column("上传", 40, right=True),
    Column("收下", 40, right=True),
    Column("本店基金", 80, right=True),
    Column("医保中心", 80, right=True),
    Column("状态", 84),
)
DIFFERENCES = (Column("单号", 0), Column("本店", 76, right=True), Column("医保中心", 76, right=True))
_STATE: dict[str, tuple[str, Tone]] = {
    "open": ("待日结", "sea"),
    "gap": ("! 不能日结", "ochre"),
    "differs": ("! 有差异", "ochre"),
    "closed": ("✓ 已日结", "mount"),
}
_RULE = "每一笔都要：入账 = 打印 = 上传 = 收下，才能日结。"


def key_of(row: DayRow) -> str:
    """Return the key of a day and insurance."""
    return f"{row.day.isoformat()} {row.insurance}"


def days_page(rows: tuple[DayRow, ...], selected: str | None) -> Page:
    """Return the days, the latest first as they come, with the four counts and both sums."""
    title = (Text(text="对账", size=HEAD, weight=700), sub(_RULE), Space(12))
    if not rows:
        return (*title, Space(40), Text(text="还没有要对账的日子。", tone="sub", centred=True))
    return (*title, Head(DAYS), *(_day(row, selected) for row in rows))


def _day(row: DayRow, selected: str | None) -> Row:
    words, tone = _STATE[row.state]
    theirs = row.theirs if row.insurance else None  # What nobody insures, no agency sums up.
    differs = theirs is not None and theirs != row.ours
    cells = (
        Cell(text=day(row.day)),
        Cell(text=_insurance(row)),
        Cell(text=str(row.stored)),
        *(_count(number, row.stored) for number in (row.printed, row.sent, row.accepted)),
        Cell(text=yuan(row.ours)),
        Cell(text=_theirs(theirs), tone="ochre" if differs else "ink" if theirs is not None else "sub"),
        Cell(text=words, tone=tone, chip=True),
    )
    key = key_of(row)
    return Row(key=key, columns=DAYS, cells=cells, selected=key == selected, height=44)


def _count(number: int, stored: int) -> Cell:
    return Cell(text=str(number), tone="ink" if number == stored else "ochre")


def _insurance(row: DayRow) -> str:
    return INSURANCE.get(row.insurance, row.insurance) if row.insurance else "自费"


def _theirs(sum_: Fen | None) -> str:
    return "—" if sum_ is None else yuan(sum_)


def day_page(row: DayRow | None) -> Page:
    """Return one day and insurance: what blocks it, the counts, both sums, the differences with reasons."""
    if row is None:
        return (sub("选一天，这里显示它的对账。"),)
    page: list[Item] = [Text(text=f"{day(row.day)} · {_insurance(row)}", size=LARGE, weight=700), Space(8)]
    page += [*_verdict(row), Space(8)]
    page += [_step("入账", row.stored, row), _step("打印", row.printed, row)]
    page += [_step("上传", row.sent, row), _step("收下", row.accepted, row)]
    return (*page, *_sums(row), *_differences(row)) if row.insurance else tuple(page)


def _sums(row: DayRow) -> Page:
    page: list[Item] = [Rule()]
    page += [Pair(left="本店基金", right=yuan(row.ours)), Pair(left="医保中心", right=_theirs(row.theirs))]
    if row.theirs is not None:
        off = row.ours - row.theirs
        page.append(
            Pair(left="相差", right=yuan(off), weight=500, tone="ochre" if off else "mount", size=BODY)
        )
    return tuple(page)


def _differences(row: DayRow) -> Page:
    if not row.differences:
        return ()
    page: list[Item] = [Space(12), Heading("逐笔差异", f"{len(row.differences)} 笔"), Head(DIFFERENCES)]
    for difference in row.differences:
        page += _difference(difference)
    return tuple(page)


def _verdict(row: DayRow) -> Page:
    if row.state == "gap":
        return (Panel(mark="attention", title="这一天还不能日结", text=row.reason),)
    if row.state == "differs":
        text = row.reason or "请按下面逐笔核对；处理后再日结一次。"
        return (Panel(mark="attention", title="与医保中心的金额不一致", text=text),)
    if row.state == "closed":
        return (Panel(mark="ok", title="已日结，与医保中心一致。", text=row.reason),)
    return (Panel(mark="info", title="四个数一致，可以日结。", text=row.reason),)


def _step(name: str, number: int, row: DayRow) -> Pair:
    short = row.stored - number
    words = f"{number} 笔" + (f"，差 {short} 笔" if short > 0 else "")
    return Pair(left=name, right=words, tone="ochre" if short > 0 else "ink")


def _difference(difference: Difference) -> tuple[Item, ...]:
    cells = (
        Cell(text=difference.sale or f"结算{short_id(difference.setl_id)}"),
        Cell(text=yuan(difference.ours)),
        Cell(text=yuan(difference.theirs), tone="ochre"),
    )
    row = Row(key="", columns=DIFFERENCES, cells=cells, height=32)
    return (row, Space(4), sub(difference.reason), Space(8))


def may_close(rows: tuple[DayRow, ...], of: date) -> bool:
    """Tell whether a day may be asked to close: something of it is open, and nothing has a gap."""
    states = {row.state for row in rows if row.day == of}
    return bool(states - {"closed"}) and "gap" not in states
