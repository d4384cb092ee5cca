"""The words of the catalogue's place: what it holds, how an import stands, what was doubtful. No Qt here."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from app.usecases.importing_state import (
    Asking,
    CatalogueState,
    Holdings,
    KindRow,
    Mapping,
    RemarkRow,
    Report,
    Underway,
)
from ui.items import (
    Cell,
    Column,
    Head,
    Heading,
    Item,
    Limit,
    Mark,
    Page,
    Panel,
    Row,
    Space,
    Text,
    Tile,
    Tiles,
    sub,
)
from ui.tokens import BODY, HEAD, LARGE, SMALL, Tone
from ui.words import joined, near

KINDS = (
    Column("种类", 0),
    Column("上次导入", 96),
    Column("存疑", 48, right=True),
    Column("没导入", 48, right=True),
)
REMARKS = (Column("行", 56, right=True), Column("", 76), Column("内容", 208), Column("原因和办法", 0))
COLUMNS = (Column("列", 40, right=True), Column("表头", 132), Column("前几行", 0), Column("是什么", 132))
SEVERITY: dict[str, tuple[str, Tone]] = {
    "refused": ("✕ 没导入", "red"),
    "doubtful": ("! 存疑", "ochre"),
    "delisted": ("! 下架", "ochre"),
    "note": ("说明", "sea"),
}
_PHASES = {
    "starting": "正在准备",
    "looking": "正在看这个文件是哪一种",
    "reading": "正在读入",
    "listing": "正在整理医保类别",
    "search": "正在更新检索",
    "saving": "正在保存",
}
_WHOLE = 10_000
_PER_ROW, _KINDS_PER_ROW = 6, 4
_FILES = (
    ("国家医保药品数据库", "官网的工作簿；也可以是 CSV。"),
    ("医保药品目录、饮片目录", "甲乙类、限定支付范围、谈判药的协议期和支付标准。"),
    ("医保中心的目录", "按 Ctrl 1 直接取；存下来的 1301、1312、1316、1318、1319 文件也可以导入。"),
    ("本店商品表", "零售价、货号、条码；列名随意，对照一次就记住。"),
    ("价格文件", "省平台挂网价、和医保约定的价格、集采中选价。"),
)
UNUSED = "不用这一列"
_LINE, _LATIN = 18, 0x2000
_WHAT_WIDTH, _WHY_WIDTH = 208, 392
"""Of the report's columns in a window of 1366; a wider one has room to spare."""


def kinds_page(state: CatalogueState | None, selected: str | None) -> Page:
    """Return the kinds of file with their last imports, and what the catalogue holds."""
    title: list[Item] = [Text(text="目录", size=HEAD, weight=700)]
    if state is None:
        return (*title, sub("正在打开…"))
    title += [sub(_held(state.holdings)), Space(12), Head(KINDS)]
    return (*title, *(_kind(row, selected, state.now) for row in state.kinds))


def _held(held: Holdings) -> str:
    if not held.drugs:
        return "目录里还没有药。"
    return joined(
        f"{held.drugs:,} 种药，在售 {held.on_market:,}",
        f"医保目录 {held.entries:,} 条" if held.entries else "",
        f"价格 {held.prices:,} 条" if held.prices else "",
        f"本店商品 {held.items:,} 种" if held.items else "",
    )


def _kind(row: KindRow, selected: str | None, now: datetime) -> Row:
    never = row.at is None
    cells = (
        Cell(text=row.title, under=_gained(row), tone="sub" if never else "ink"),
        Cell(text="没有导入过" if row.at is None else near(row.at, now), tone="sub", size=SMALL),
        Cell(text=_count(row.doubtful), tone="ochre" if row.doubtful else "sub"),
        Cell(text=_count(row.refused), tone="red" if row.refused else "sub"),
    )
    return Row(
        key=row.kind, columns=KINDS, cells=cells, selected=row.kind == selected, height=40 if never else 56
    )


def _count(number: int) -> str:
    return f"{number:,}" if number else "—"


def _gained(row: KindRow) -> str:
    if row.at is None:
        return ""
    if not row.rows:
        return "没有取到" if row.refused else "没有新的内容"
    if row.added or row.changed or row.delisted:
        return _changes(row)
    return f"{row.rows:,} 行，{'没有变化' if row.unchanged else '没有一行导入'}"


def _changes(row: KindRow) -> str:
    return joined(
        f"新增 {row.added:,}" if row.added else "",
        f"更改 {row.changed:,}" if row.changed else "",
        f"下架 {row.delisted:,}" if row.delisted else "",
    )


def empty_page() -> Page:
    """Return what may be imported, for who has imported nothing yet."""
    page: list[Item] = [
        Text(text="把目录导进来", size=LARGE, weight=700),
        Space(4),
        sub("按 F12 选一个文件；是哪一种由内容认出来。导入时柜台照常销售，中途停下也不会留下半份。", BODY),
        Space(16),
    ]
    for title, detail in _FILES:
        page += [Text(text=title, weight=500), Space(2), sub(detail), Space(16)]
    return tuple(page)


def running_page(underway: Underway, titles: dict[str, str]) -> Page:
    """Return how far an import is; ``titles`` are the names of the kinds."""
    phase = underway.phase
    if phase.startswith("fetch "):
        kind = phase.removeprefix("fetch ")
        label = f"正在取{titles.get(kind, kind)}"
    else:
        label = _PHASES.get(phase, _PHASES["reading"])
    share = underway.done * _WHOLE // underway.of if underway.of else 0
    if phase in ("listing", "search", "saving"):
        share = _WHOLE
    rows = f"{underway.done:,} / {underway.of:,} 行" if underway.of else ""
    if not underway.of and underway.done:
        rows = f"{underway.done:,} 行"
    return (
        Text(text=f"正在导入「{underway.name}」", size=LARGE, weight=700),
        Space(12),
        Limit(label=label, value=joined(rows, _seconds(underway.seconds)), share=share, tone="sea"),
        Space(16),
        Panel(
            mark="info",
            title="柜台照常销售。",
            text="可以按 Esc 回去收银，导入会自己做完。没做完以前，目录和导入前一样。",
        ),
    )


def _seconds(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} 分 {rest:02d} 秒" if minutes else f"{rest} 秒"


def asking_page(asking: Asking, chosen: int) -> Page:
    """Return the question, and its answers to choose from."""
    page: list[Item] = [
        Panel(mark="attention", title=asking.question, text="还没有导入，目录没有改动。"),
        Space(16),
        Heading("怎么办", "↑ ↓ 选，F12 确定"),
        Space(8),
    ]
    for place, (option, words) in enumerate(asking.choices):
        title = words.rstrip("，。,")
        tile = Tile(key=f"answer:{option}", title=title, detail=_detail(option), selected=place == chosen)
        page += [Tiles((tile,)), Space(8)]
    page.append(sub("按 Ctrl 3 放弃，什么也不改。按 Esc 可以先去收银，回来再答。"))
    return tuple(page)


def _detail(option: str) -> str:
    if option == "yes":
        return "文件里没有的药标成停售；库存和旧账不动，以后再导入有它们的文件就恢复。"
    if option == "part":
        return "文件里没有的药保持原样。"
    return ""


def mapping_page(mapping: Mapping, fields: tuple[str, ...], chosen: int) -> Page:
    """Return a file's columns with what each is; ``fields`` are what the person has made of them."""
    words = dict(mapping.fields)
    page: list[Item] = [
        Text(text=f"「{Path(mapping.path).name}」的每一列是什么？", size=LARGE, weight=700),
        sub("对照一次就记住，下次同样表头的文件直接导入。"),
        Space(12),
        Head(COLUMNS),
    ]
    for place, column in enumerate(mapping.columns):
        field = fields[place]
        cells = (
            Cell(text=str(place + 1), tone="sub"),
            Cell(text=column.heading or "（没有表头）"),
            Cell(text="、".join(column.samples) or "（空）", tone="sub", size=SMALL),
            Cell(text=words[field], tone="mount", chip=True)
            if field
            else Cell(text=UNUSED, tone="sub", size=SMALL),
        )
        page.append(
            Row(key=f"column:{place}", columns=COLUMNS, cells=cells, selected=place == chosen, height=40)
        )
    return tuple(page)


def _what(words: str) -> Cell:
    return Cell(text=words, tone="mount", chip=True) if words else Cell(text=UNUSED, tone="sub", size=SMALL)


def fields_page(mapping: Mapping, fields: tuple[str, ...], chosen: int) -> Page:
    """Return what the chosen column can be."""
    heading = mapping.columns[chosen].heading or f"第 {chosen + 1} 列"
    page: list[Item] = [Heading(f"「{heading}」是", "Ctrl 1 换下一种"), Space(4)]
    tiles = [
        Tile(key=f"field:{field}", title=words, detail="", selected=fields[chosen] == field)
        for field, words in (*mapping.fields, ("", UNUSED))
    ]
    return (*page, *_gridded(tiles, _PER_ROW))


def _gridded(tiles: list[Tile], count: int) -> Page:
    """Return ``tiles`` so many a row, the last row filled up with nothing: one grid."""
    page: list[Item] = []
    for begin in range(0, len(tiles), count):
        row = tiles[begin : begin + count]
        blank = [Tile(key="", title="", detail="", framed=False)] * (count - len(row))
        page += [Tiles((*row, *blank)), Space(8)]
    return tuple(page)


def trouble_page(what: str, advice: str, kinds: tuple[tuple[str, str], ...]) -> Page:
    """Return why a file was not imported, and as what else it may be tried."""
    page: list[Item] = [Panel(mark="attention", title=what, text=advice)]
    if kinds:
        page += [Space(16), Heading("按哪一种再试"), Space(8)]
    tiles = [Tile(key=f"kind:{kind}", title=title, detail="") for kind, title in kinds]
    return (*page, *_gridded(tiles, _KINDS_PER_ROW))


def report_page(report: Report, said: Page = ()) -> Page:
    """Return what an import came to, row by row where a person should look."""
    row = report.kind
    if row.at is None:
        return (
            Text(text=row.title, size=LARGE, weight=700),
            Space(4),
            sub("没有导入过。按 F12 选文件。", BODY),
        )
    counts = joined(f"{row.rows:,} 行", _changes(row), f"没有变化 {row.unchanged:,}" if row.unchanged else "")
    page: list[Item] = [*said]
    page += [Text(text=row.title, size=LARGE, weight=700), sub(joined(row.name, counts)), Space(12)]
    if not report.remarks:
        return (*page, Panel(mark="ok", title="每一行都导入了，没有存疑的。"))
    page += [Head(REMARKS), *(_remark(each) for each in report.remarks)]
    if report.more > 0:
        page += [Space(8), sub(f"另有 {report.more:,} 条没有列出；按 Ctrl 2 导出清单，用表格软件看全部。")]
    return tuple(page)


def _remark(row: RemarkRow) -> Row:
    words, tone = SEVERITY[row.severity]
    cells = (
        Cell(text=f"{row.line:,}" if row.line else "—", tone="sub"),
        Cell(text=words, tone=tone, chip=True),
        Cell(text=row.what, size=SMALL, wrap=True),
        Cell(text=row.why, size=SMALL, tone="ink", wrap=True),
    )
    lines = max(_lines(row.what, _WHAT_WIDTH), _lines(row.why, _WHY_WIDTH))
    return Row(key="", columns=REMARKS, cells=cells, height=26 + _LINE * lines)


def _lines(text: str, width: int) -> int:
    """Return about how many lines a text takes; a letter is half as wide as a character of Chinese."""
    wide = sum(SMALL if ord(sign) > _LATIN else 7 for sign in text)
    return max(1, -(-wide // (width - SMALL)))


def done_page(row: KindRow, *, again: bool) -> Page:
    """Return that an import is done."""
    if not row.rows:
        title = f"{row.title}{_gained(row)}。"
        return (
            Panel(mark="attention" if row.refused else "ok", title=title, text="这一项没有改动。"),
            Space(12),
        )
    if not (row.added or row.changed or row.unchanged or row.delisted):
        title = f"{row.title}没有一行能导入，目录没有改动。"
        return (
            Panel(mark="attention", title=title, text="为什么，逐行列在下面；多半是选错了列。"),
            Space(12),
        )
    if again:
        return (
            Panel(mark="ok", title="这个文件导入过，目录和它完全一样。", text="没有改动。"),
            Space(12),
        )
    mark: Mark = "attention" if row.refused or row.doubtful else "ok"
    odd = joined(
        f"{row.refused:,} 行没有导入" if row.refused else "",
        f"{row.doubtful:,} 处存疑" if row.doubtful else "",
    )
    text = f"{odd}，逐行列在下面；改好文件再导入一次就行。" if odd else "收银和检索已经用上。"
    return (Panel(mark=mark, title=f"{row.title}已导入。", text=text), Space(12))
