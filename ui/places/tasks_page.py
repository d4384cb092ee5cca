"""The words of the tasks: what a person must see to, both computations side by side. No Qt here."""

from __future__ import annotations

from app.usecases.state import TaskRow
from engine.money import Fen
from ui.items import Cell, Column, Head, Heading, Item, Page, Panel, Row, Space, Text, sub
from ui.tokens import BODY, HEAD, LARGE, Tone
from ui.words import joined, moment, yuan

TASKS = (
    Column("时间", 88),
    Column("事由", 0),
    Column("参保人", 72),
    Column("单号", 96),
    Column("办法", 76),
    Column("金额", 84, right=True),
)
COMPARED = (Column("", 0), Column("原来", 84, right=True), Column("现在", 84, right=True))
_KIND = {"give_back": "多收，退还", "correction": "暂定更正", "gap": "额度过期后才到"}


def tasks_page(rows: tuple[TaskRow, ...], selected: str | None) -> Page:
    """Return the tasks, open ones first, with what is owed in all."""
    waiting = [row for row in rows if row.done_at is None]
    done = [row for row in rows if row.done_at is not None]
    title = (Text(text="待办", size=HEAD, weight=700), sub(_sums(waiting)), Space(12))
    if not rows:
        return (*title, Space(40), Text(text="没有要办的事。", tone="sub", centred=True))
    page: list[Item] = [*title, Head(TASKS), *(_task(row, selected) for row in waiting)]
    if done:
        page += [Space(16), Heading("已办"), *(_task(row, selected) for row in done)]
    return tuple(page)


def _sums(waiting: list[TaskRow]) -> str:
    if not waiting:
        return "都办好了。"
    back = sum(row.amount for row in waiting if _direction(row) > 0)
    due = -sum(row.amount for row in waiting if _direction(row) < 0)
    return joined(
        f"{len(waiting)} 件待办",
        f"要退给患者 {yuan(back)} 元" if back else "",
        f"要向患者补收 {yuan(due)} 元" if due else "",
    )


def _direction(row: TaskRow) -> int:
    """Return 1 for money to the patient, −1 for money from the patient, 0 for none."""
    if row.kind == "gap":
        return 0
    return (row.amount > 0) - (row.amount < 0)


def _task(row: TaskRow, selected: str | None) -> Row:
    way, tone = _way(row)
    cells = (
        Cell(text=moment(row.at), tone="sub"),
        Cell(text=_KIND[row.kind]),
        Cell(text=row.who or "—"),
        Cell(text=row.sale),
        Cell(text=way, tone=tone, chip=True),
        Cell(text=yuan(abs(row.amount))),
    )
    return Row(key=row.id, columns=TASKS, cells=cells, selected=row.id == selected, height=44)


def _way(row: TaskRow) -> tuple[str, Tone]:
    if row.done_at is not None:
        return "✓ 已办", "mount"
    words: dict[int, tuple[str, Tone]] = {
        1: ("退患者", "ochre"),
        -1: ("补收", "ochre"),
        0: ("本店承担", "sub"),
    }
    return words[_direction(row)]


def act_words(row: TaskRow | None, *, armed: bool) -> str:
    """Return what the button says; the second press of two confirms."""
    if row is None:
        return "没有要办的事"
    if row.done_at is not None:
        return f"已于 {moment(row.done_at)} 办好"
    act = {1: f"已退给患者 {yuan(row.amount)} 元", -1: f"已收 {yuan(-row.amount)} 元", 0: "已知悉"}
    words = act[_direction(row)]
    return f"再按一次，确认{words}" if armed else f"{words}  F12"


def task_page(row: TaskRow | None) -> Page:
    """Return one task: what happened, what to do, and both computations side by side."""
    if row is None:
        return (sub("选一件，这里显示两次计算和办法。"),)
    title = joined(_KIND[row.kind], row.who)
    page: list[Item] = [Text(text=title, size=LARGE, weight=700), sub(f"第 {row.sale} 号销售"), Space(8)]
    page.append(Panel(mark="info" if row.done_at else "attention", title=_what_to_do(row), text=row.text))
    if row.before or row.after:
        page += [Space(16), Heading("两次计算"), Head(COMPARED), *_compared(row)]
    return tuple(page)


def _what_to_do(row: TaskRow) -> str:
    sums = {
        1: f"退给患者 {yuan(row.amount)} 元",
        -1: f"向患者补收 {yuan(-row.amount)} 元",
        0: f"本店承担 {yuan(abs(row.amount))} 元，不向患者收",
    }
    return sums[_direction(row)]


def _compared(row: TaskRow) -> list[Row]:
    before, after = dict(row.before), dict(row.after)
    labels = dict.fromkeys([*before, *after])
    return [_line(label, before.get(label), after.get(label)) for label in labels]


def _line(label: str, before: Fen | None, after: Fen | None) -> Row:
    changed = before != after
    cells = (
        Cell(text=label, size=BODY),
        Cell(text="—" if before is None else yuan(before), tone="sub" if changed else "ink"),
        Cell(text="—" if after is None else yuan(after), tone="ochre" if changed else "ink"),
    )
    return Row(key="", columns=COMPARED, cells=cells, height=32)
