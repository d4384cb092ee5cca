"""What is in the basket: boxes by barcode, trace code, drug code or name."""

from __future__ import annotations

from app.errors import LineUnknown
from app.storage import stock_boxes
from app.storage.stock_boxes import OpenedPack
from app.usecases import shelf, stock_counter, trace_codes
from app.usecases.choices import MOST_CHOICES
from app.usecases.desk import Desk
from app.usecases.notice import Notice
from app.usecases.stock_errors import CannotSplit
from engine.catalogue import Drug
from engine.ids import Scan
from engine.sale import add_box, add_pieces, set_quantity, split_line

MOST_BOXES = 9_999
FEWEST_PIECES = 2


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
    pack = stock_boxes.opened_by_code(desk.db, code)
    if pack is not None:
        if not _refused(desk, code):
            add_from_opened(desk, pack)
        return
    if any(code in line.trace_codes for line in desk.draft.lines):
        desk.say("refused", f"这一盒已在购物篮里（追溯码尾号 {code[-4:]}），没有重复加入。", "请扫下一盒。")
        return
    sold = stock_counter.sold_before(desk.db, code)
    if sold is not None:
        desk.say(
            "refused",
            f"追溯码尾号 {code[-4:]} 的这一盒已在第 {sold} 号销售中卖出，没有加入购物篮。",
            "请换一盒再扫；如果是退回的药，请先在「库存」里登记退药。",
        )
        return
    if _refused(desk, code):
        return
    drug = trace_codes.drug_of_box(desk, code)
    if drug is None:
        _add_to_selected(desk, code)
    else:
        add(desk, drug, code)


def _refused(desk: Desk, code: str) -> bool:
    """Tell whether the very box may not be sold, and say why."""
    refusal = stock_counter.refusal(desk, code)
    if refusal is not None:
        desk.say("refused", f"{refusal[0]}没有加入购物篮。", refusal[1])
    return refusal is not None


def _add_to_selected(desk: Desk, code: str) -> None:
    """Take a code of unknown beginning for the box that was pointed out just before it."""
    line = trace_codes.line_without(desk.draft, desk.selected, code)
    if line is None:
        what = f"还不认得以 {code[: shelf.TRACE_PREFIX_LENGTH]} 开头的追溯码是哪种药的，没有加入购物篮。"
        _say_unknown(desk, what, "请先扫这一盒的商品条码，或选中它的那一行，再扫一次追溯码；以后就认得了。")
        return
    add(desk, line.drug, code)
    desk.say(
        "info",
        f"追溯码尾号 {code[-4:]} 记在「{line.drug.generic_name}」这一行。",
        "头一次见到这样的码：不是这一盒的，请删掉这一行重扫。",
    )


def add_from_opened(desk: Desk, pack: OpenedPack) -> None:
    """Add one piece of a pack that is opened already, and select its line."""
    drug = shelf.by_code(desk, pack.drug)
    if drug is None or pack.code is None or not pack.left:
        what = f"追溯码尾号 {(pack.code or '')[-4:]} 的这一盒已拆零卖完，没有加入购物篮。"
        desk.say("refused", what, "请换一盒再扫。")
        return
    try:
        desk.change(add_pieces(desk.draft, drug, pack.code))
    except ValueError:
        desk.say("attention", f"{drug.generic_name}没有售价或每盒数量，不能拆零。", "请先在目录里补上。")
        return
    desk.selected = next(line.id for line in desk.draft.lines if line.trace_codes == (pack.code,))
    unit = drug.pack_unit or "片"
    desk.say("info", f"这一盒已拆零，还剩 {pack.left} {unit}；按{unit}计。", "用 + − 改数量。")


def split(desk: Desk, line_id: str) -> None:
    """Sell a line of one pack by pieces, or whole again; raise LineUnknown or CannotSplit.

    Nothing is opened yet: that is recorded with the sale.
    """
    _require_line(desk, line_id)
    line = next(each for each in desk.draft.lines if each.id == line_id)
    if not line.split and line.quantity > 1:
        raise CannotSplit(name=line.drug.generic_name, why="一次只拆一盒，这一行有几盒。")
    if not line.split and (line.drug.pack_size or 1) < FEWEST_PIECES:
        raise CannotSplit(name=line.drug.generic_name, why="目录里没有每盒的数量。")
    try:
        desk.change(split_line(desk.draft, line_id))
    except ValueError as error:
        raise CannotSplit(name=line.drug.generic_name, why="每片不足一分钱。") from error
    desk.selected = line_id


def add(desk: Desk, drug: Drug, trace_code: str | None = None) -> None:
    """Put one box of ``drug`` into the basket and select its line; without a price it cannot be sold."""
    desk.unpriced = None
    if drug.price is None:
        desk.unpriced = (drug.code, trace_code)
        desk.say(
            "attention",
            f"{drug.generic_name} {drug.spec}（{drug.maker}）还没有售价，没有加入购物篮。",
            "请定价：按 Ctrl 3，输入金额再按 Enter；整张价目表在「目录」（F10）导入。",
        )
        return
    desk.change(add_box(desk.draft, drug, trace_code))
    desk.selected = next(
        line.id for line in desk.draft.lines if line.drug.code == drug.code and not line.split
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
        what = f"「{scan.value}」不止一种药品符合，还没有加入购物篮。"
        desk.notice = Notice("info", what, "请用 ↑ ↓ 在列表里选一种，按 Enter 加入。", words=scan.value)
    else:
        _say_unknown(desk, f"没有找到「{scan.value}」。", "请换用通用名、拼音首字母，或直接扫药盒。")


def choose(desk: Desk, key: str) -> None:
    """Add the drug that was chosen from a list of hits."""
    add_by_code(desk, Scan("drug_code", key))


def select(desk: Desk, line_id: str) -> None:
    """Select a line; raise LineUnknown when it is gone."""
    _require_line(desk, line_id)
    desk.selected, desk.unpriced = line_id, None


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
