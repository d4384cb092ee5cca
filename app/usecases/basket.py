"""What is in the basket: boxes by barcode, trace code, drug code or name."""

from __future__ import annotations

from app.errors import LineUnknown
from app.storage import runs
from app.usecases import shelf
from app.usecases.desk import Desk
from app.usecases.state import Choice
from engine.catalogue import Drug
from engine.ids import Scan
from engine.sale import add_box, set_quantity

MOST_CHOICES = 12
MOST_BOXES = 9_999


def add_by_barcode(desk: Desk, scan: Scan) -> None:
    """Add one box by the EAN on it."""
    drug = shelf.by_barcode(desk, scan.value)
    if drug is None:
        _say_unknown(desk, f"条码 {scan.value} 不在本店目录里。")
    else:
        add(desk, drug)


def add_by_code(desk: Desk, scan: Scan) -> None:
    """Add one box by its national drug code."""
    drug = shelf.by_code(desk, scan.value)
    if drug is None:
        _say_unknown(desk, f"药品编码 {scan.value} 不在本店目录里。")
    else:
        add(desk, drug)


def add_by_trace_code(desk: Desk, scan: Scan) -> None:
    """Add the very box with this trace code; a box is sold once."""
    code = scan.value
    if any(code in line.trace_codes for line in desk.draft.lines):
        desk.say("refused", f"这一盒已在购物篮里（追溯码尾号 {code[-4:]}），没有重复加入。", "请扫下一盒。")
        return
    sold = runs.sold(desk.db, [code])
    if sold is not None:
        desk.say(
            "refused",
            f"追溯码尾号 {code[-4:]} 的这一盒已在第 {sold[1]} 号销售中卖出，没有加入购物篮。",
            "请换一盒再扫；如果是退回的药，请先交药师处理。",
        )
        return
    drug = shelf.by_trace_code(desk, code)
    if drug is None:
        _say_unknown(desk, f"追溯码 {code[: shelf.TRACE_PREFIX_LENGTH]}… 对应的药品不在本店目录里。")
    else:
        add(desk, drug, code)


def add(desk: Desk, drug: Drug, trace_code: str | None = None) -> None:
    """Put one box of ``drug`` into the basket and select its line; without a price it cannot be sold."""
    if drug.price is None:
        desk.say(
            "attention",
            f"{drug.generic_name}还没有售价，没有加入购物篮。",
            "请先定价：在「目录」（F10）导入本店商品表，或用 shanyao catalogue price。",
        )
        return
    desk.change(add_box(desk.draft, drug, trace_code))
    desk.selected = next(line.id for line in desk.draft.lines if line.drug.code == drug.code)


def search(desk: Desk, text: str) -> tuple[Choice, ...]:
    """Return drugs that match what is being typed, nearest first."""
    return tuple(
        Choice(
            drug.code,
            f"{drug.generic_name} {drug.spec}".strip(),
            " · ".join(part for part in (drug.trade_name, drug.form, drug.maker) if part),
            drug.price,
        )
        for drug in desk.seeker.find(text, MOST_CHOICES, desk.draft.prescription)
    )


def add_by_words(desk: Desk, scan: Scan) -> None:
    """Add the one drug that the words mean; several are for the person to choose from."""
    own = shelf.by_shop_code(desk, scan.value)
    if own is not None:
        add(desk, own)
        return
    found = desk.seeker.find(scan.value, MOST_CHOICES, desk.draft.prescription)
    if len(found) == 1:
        add(desk, found[0])
    elif found:
        desk.say("info", f"「{scan.value}」有 {len(found)} 种药品符合。", "请在列表里选一种。")
    else:
        _say_unknown(desk, f"没有找到「{scan.value}」。", "请换用通用名、拼音首字母，或直接扫药盒。")


def choose(desk: Desk, key: str) -> None:
    """Add the drug that was chosen from a list of hits."""
    add_by_code(desk, Scan("drug_code", key))


def select(desk: Desk, line_id: str) -> None:
    """Select a line; raise LineUnknown when it is gone."""
    _require_line(desk, line_id)
    desk.selected = line_id


def change_quantity(desk: Desk, line_id: str, quantity: int) -> None:
    """Set the number of boxes of a line; none removes it."""
    _require_line(desk, line_id)
    if not 0 <= quantity <= MOST_BOXES:
        desk.say("attention", f"数量应在 0 到 {MOST_BOXES} 之间，没有改动。", "请重新输入。")
        return
    desk.change(set_quantity(desk.draft, line_id, quantity))
    if all(line.id != desk.selected for line in desk.draft.lines):
        desk.selected = desk.draft.lines[-1].id if desk.draft.lines else None


def _require_line(desk: Desk, line_id: str) -> None:
    if all(line.id != line_id for line in desk.draft.lines):
        raise LineUnknown()


def _say_unknown(desk: Desk, what: str, advice: str = "请核对药盒，或输入药名、拼音首字母查找。") -> None:
    desk.say("attention", what, advice)
