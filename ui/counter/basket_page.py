"""The words of the basket: what is in it, which box is still to be scanned, what the fund pays of it."""

from __future__ import annotations

from typing import TypeAlias

from app.usecases.state import CounterState, TourStop
from engine.diseases import disease_name
from engine.money import format_percent
from engine.policy.answer import Settlement
from engine.policy.claim import Line
from engine.sale import BasketLine, Draft
from ui.counter.money_page import full_price
from ui.items import Cell, Column, Head, Heading, Item, Page, Row, Space, Text, Tile, Tiles, sub
from ui.tokens import HEAD
from ui.words import CLASS, joined, yuan

Tour: TypeAlias = tuple[TourStop, ...]

COLUMNS = (
    Column("#", 16),
    Column("药品", 0),
    Column("追溯码", 60, right=True),
    Column("数量", 40, right=True),
    Column("单价", 60, right=True),
    Column("金额", 72, right=True),
    Column("基金付", 60, right=True),
)


def basket_page(state: CounterState, tour: Tour) -> Page:
    """Return the table of lines with the hint under it; the tour while there is nothing to show yet."""
    if not state.draft.lines:
        return empty_page(tour if state.draft.person is None else (), state.hint)
    rows = tuple(
        Row(
            key=line.id,
            columns=COLUMNS,
            cells=_cells(state, line, number),
            selected=line.id == state.selected and state.settled is None,
        )
        for number, line in enumerate(state.draft.lines, 1)
    )
    hint = (Space(12), sub(state.hint)) if state.hint else ()
    return (Head(COLUMNS), *rows, *hint)


def empty_page(tour: Tour, hint: str) -> Page:
    """Return the page of an empty basket: what to do first, and a card for each person of the tour."""
    if not tour:
        words = hint or "扫药盒上的条码或追溯码，也可以输入药名或拼音首字母。"
        return (
            Space(72),
            Text(text="购物篮是空的", size=HEAD, weight=500, centred=True),
            Space(8),
            _mid(words),
        )
    page: list[Item] = [
        Text(text="先做一单试试", size=HEAD, weight=700),
        Space(4),
        sub("这里是演示数据，可以随意销售。点一张卡片，等于扫了上面的码；下一步扫什么，窗口下方会提示。"),
        Space(12),
    ]
    firsts = first_stops(tour)
    for start in range(0, len(firsts), 2):
        pair = firsts[start : start + 2]
        blank = (Tile(key="", title="", detail="", framed=False),) * (2 - len(pair))
        page += [Tiles((*(_person_tile(tour, number) for number in pair), *blank)), Space(8)]
    return tuple(page)


def first_stops(tour: Tour) -> list[int]:
    """Return where in the tour each person's own tour begins."""
    return [number for number, stop in enumerate(tour) if number == 0 or stop.group != tour[number - 1].group]


def next_stop_page(tour: Tour, done: int | None, state: CounterState) -> Page:
    """Return what to scan next on the tour, ``done`` being the stop scanned last; nothing off the tour."""
    if done is None or state.draft == Draft():
        return ()
    group = [number for number, stop in enumerate(tour) if stop.group == tour[done].group]
    step = group.index(done) + 1
    if step == len(group):
        if not state.draft.lines:  # All is scanned and nothing is left to settle.
            return ()
        unsigned = state.signing.needed and state.signing.signed is None
        first = "按 Ctrl S 审方签字，" if unsigned else ""
        text = f"都扫完了：{first}看看右边的「为什么」，再按 F12 结算并打印。"
        return (Heading(f"导览 {step} / {len(group)}", tour[done].group), Text(text=text, weight=500))
    stop = tour[group[step]]
    tile = Tile(
        key=str(group[step]),
        title=f"下一步：{stop.title}",
        detail=joined(stop.detail, stop.code),
        figure="点这里",
    )
    return (Heading(f"导览 {step + 1} / {len(group)}", stop.group), Tiles((tile,)))


def _person_tile(tour: Tour, number: int) -> Tile:
    stop = tour[number]
    place, _, lesson = stop.group.partition("：")
    return Tile(key=str(number), title=place, detail=f"{lesson}\n{stop.title}：{stop.detail}\n{stop.code}")


def _mid(words: str) -> Text:
    return Text(text=words, size=12, tone="sub", centred=True)


def _cells(state: CounterState, line: BasketLine, number: int) -> tuple[Cell, ...]:
    claimed = _claimed(state, line)
    over = _over_standard(state, claimed)
    return (
        Cell(text=str(number), tone="sub"),
        Cell(text=line.drug.generic_name, under=_describe(state, line, claimed)),
        _trace(state, line),
        _quantity(line),
        Cell(text=yuan(line.unit_price)),
        Cell(text=yuan(line.amount), under=f"超标准 {yuan(over)}" if over else ""),
        _fund(state, line),
    )


def _quantity(line: BasketLine) -> Cell:
    """Return how many packs, or how many pieces of an opened one."""
    if not line.split:
        return Cell(text=str(line.quantity))
    return Cell(text=f"{line.quantity} {line.unit}", under="拆零", under_tone="ochre")


def _claimed(state: CounterState, line: BasketLine) -> Line | None:
    if state.claim is None:
        return None
    return next((one for one in state.claim.lines if one.id == line.id), None)


def _describe(state: CounterState, line: BasketLine, claimed: Line | None) -> str:
    if claimed is None:
        return joined(line.drug.spec, line.drug.maker)
    filings = state.draft.person.filings if state.draft.person else ()
    klass = CLASS[claimed.klass]
    if claimed.first_self_pay_bp:
        klass += f" 先付 {format_percent(claimed.first_self_pay_bp)}"
    settlement = _settlement(state, line.id)
    if settlement is not None and settlement.benefit == "self_pay":
        return joined(line.drug.spec, klass, "先自付" if full_price(state) else "自费")
    # Where the benefit asks for no disease, the one that the drug is listed for would only mislead.
    treated = settlement.disease if settlement is not None else claimed.disease
    return joined(line.drug.spec, klass, disease_name(treated, filings) if treated else "")


def _trace(state: CounterState, line: BasketLine) -> Cell:
    if not line.trace_codes and not state.lacking.get(line.id):
        return Cell(text="无码", tone="sub", size=12)
    lacking = state.lacking.get(line.id, 0)
    done = line.boxes - lacking
    return Cell(text=f"{done} / {line.boxes}", chip=True, tone="ochre" if lacking else "mount")


def _settlement(state: CounterState, line_id: str) -> Settlement | None:
    if state.answer is None:
        return None
    return next((one for one in state.answer.settlements if line_id in one.lines), None)


def _over_standard(state: CounterState, claimed: Line | None) -> int:
    """Return what a paid line costs above its payment standard; the settlement has only the sum of it."""
    if claimed is None or claimed.payment_standard is None:
        return 0
    settlement = _settlement(state, claimed.id)
    if settlement is None or settlement.benefit == "self_pay":
        return 0
    return claimed.quantity * max(0, claimed.unit_price - claimed.payment_standard)


def _fund(state: CounterState, line: BasketLine) -> Cell:
    """Return what the fund pays; the law caps by settlement, so lines of one share its figure."""
    settlement = _settlement(state, line.id)
    if settlement is None or settlement.benefit == "self_pay":
        return Cell(text="—", tone="sub")
    if len(settlement.lines) == 1:
        return Cell(text=yuan(settlement.fund), tone="mount")
    if settlement.lines[0] == line.id:
        return Cell(text=yuan(settlement.fund), under=f"{len(settlement.lines)} 行合计", tone="mount")
    return Cell(text="同上", tone="sub", size=12)
