"""Receiving: a delivery is filled in by scans and typed fields, lies on the desk until it is booked as one.

Source: 药品管理法 (2019) 第五十七条: a true record of what was bought, with batch and expiry, from whom and
when.
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from app.storage import stock, stock_boxes, stock_watch
from app.storage.connection import transaction
from app.storage.stock_moves import Booked, Booking
from app.usecases import stock_counter
from app.usecases.desk import Desk
from app.usecases.notice import Notice, Tone
from app.usecases.stock_book import Telling, book, drug_of, rules, shop
from app.usecases.stock_errors import StockUnclear
from app.usecases.stock_list import drug_named
from app.usecases.stock_state import Delivery, DeliveryLine, LineEntry
from app.usecases.trace_codes import same_beginning
from engine.catalogue import Drug
from engine.ids import Scan
from engine.money import Fen, parse_yuan
from engine.protocol.stock import purchase_input
from engine.scan import classify
from engine.stock import Lot, move, read_batch, read_expiry, read_made
from engine.stock_boxes import Box, where

KIND = "delivery"
MOST_PACKS = 99_999
_DECODE = msgspec.json.Decoder(Delivery).decode
_IN_CUSTODY = ("shelf", "opened", "sold", "returned", "written_off")


def delivery(desk: Desk) -> Delivery:
    """Return the delivery on the desk, an empty one where there is none."""
    kept = stock_watch.draft(desk.db, shop(desk), KIND)
    return _DECODE(kept) if kept else Delivery()


def head(desk: Desk, supplier: str, note: str) -> Delivery:
    """Write who delivers, and the delivery note's number."""
    return _keep(desk, replace(delivery(desk), supplier=supplier.strip(), note=note.strip(), said=None))


def scan(desk: Desk, text: str) -> Delivery:
    """Count what was scanned: a box by its trace code, a pack by its barcode; a bare number sets the
    count."""
    there, read = delivery(desk), classify(text)
    if read.kind == "trace_code":
        return _count_box(desk, there, read)
    if read.kind == "words" and read.value.isascii() and read.value.isdigit() and there.chosen:
        return _set_packs(desk, there, int(read.value))
    drug = drug_named(desk, text)
    if drug is None:
        what = f"「{read.value[:40]}」不是目录里的一种药，没有计数。"
        return _said(desk, there, "attention", what, "请扫盒上的条码或追溯码；新药请先导入目录。")
    return _count(desk, there, drug, read, ())


def choose(desk: Desk, key: str) -> Delivery:
    """Choose a line to fill in."""
    return _keep(desk, replace(delivery(desk), chosen=key, said=None))


def change(desk: Desk, key: str, entry: LineEntry) -> Delivery:
    """Take over what is typed for a line, as typed."""
    there = delivery(desk)
    line = _line(there, key)
    typed = unicodedata.normalize("NFKC", entry.packs).strip()
    packs = int(typed) if typed.isascii() and typed.isdigit() else 0
    changed = replace(
        line,
        batch=read_batch(entry.batch),
        expires=entry.expires.strip(),
        made=entry.made.strip(),
        packs=min(max(packs, len(line.codes)), MOST_PACKS),
        cost=entry.cost.strip(),
    )
    return _keep(desk, _with(there, replace(changed, problem=_problem(desk, changed)), said=None))


def drop_line(desk: Desk, key: str) -> Delivery:
    """Take a line off the delivery."""
    there = delivery(desk)
    lines = tuple(line for line in there.lines if line.key != key)
    chosen = lines[-1].key if lines else None
    gone = next((line for line in there.lines if line.key == key), None)
    said = Notice("info", f"已去掉这一行：{gone.name} {gone.packs} {gone.unit}。") if gone else None
    return _keep(desk, replace(there, lines=lines, chosen=chosen, said=said))


def another_batch(desk: Desk, key: str) -> Delivery:
    """Begin another line of the same drug: codes and barcodes seldom tell the batch."""
    there = delivery(desk)
    line = _line(there, key)
    fresh = DeliveryLine(
        key=_next_key(there), drug=line.drug, name=line.name, spec=line.spec, unit=line.unit, packs=0
    )
    said = Notice("info", f"{line.name}另起一批。", "请扫这一批的盒子，或输入数量。")
    fresh = replace(fresh, problem=_problem(desk, fresh))
    return _keep(desk, replace(there, lines=(*there.lines, fresh), chosen=fresh.key, said=said))


def _next_key(there: Delivery) -> str:
    return str(1 + max((int(each.key) for each in there.lines), default=0))


def give_up(desk: Desk) -> Delivery:
    """Throw the delivery on the desk away; nothing of it was booked."""
    with transaction(desk.db):
        stock_watch.drop_draft(desk.db, shop(desk), KIND)
    return Delivery(said=Notice("info", "这张入库单已放弃，没有记账。"))


def book_delivery(desk: Desk) -> Delivery:
    """Book the delivery: a lot for each line, its boxes on the shelf, 3503 for each; raise StockUnclear."""
    there = delivery(desk)
    _check(desk, there)
    before = stock.received_by(desk.db, shop(desk), there.supplier, there.note)
    first = stock.next_number(desk.db)
    lots = [_lot(desk, line, there, first + place) for place, line in enumerate(there.lines)]
    booking = Booking(
        provider=shop(desk),
        who=desk.settings.operator,
        why=f"随货单 {there.note}",
        lots=tuple(lots),
        moves=tuple(
            move("received", lot, packs=line.packs) for lot, line in zip(lots, there.lines, strict=True)
        ),
        boxes=tuple(
            Box(code=code, drug=lot.drug, lot=lot.number, state="shelf")
            for lot, line in zip(lots, there.lines, strict=True)
            for code in line.codes
        ),
    )
    tell = [_telling(desk, lot, line.packs) for lot, line in zip(lots, there.lines, strict=True)]
    book(
        desk,
        "stock_received",
        booking,
        tell,
        also=lambda _booked: stock_watch.drop_draft(desk.db, shop(desk), KIND),
    )
    packs = sum(line.packs for line in there.lines)
    what = f"随货单 {there.note} 已入库：{len(lots)} 批，共 {packs} 盒。"
    advice = "可以照常销售；记错了的在那一批上按「更正入库」。"
    undated = sum(lot.made is None for lot in lots)
    if undated:  # manu_date of a 3503 and 3505 (facts/wire 1.14).
        advice = f"可以照常销售。{undated} 批没有生产日期，有的医保平台不收这样的记录。"
    if before:
        advice = f"这张随货单以前已收过 {before} 批。收重了的，在那一批上按「更正入库」。"
    return Delivery(said=Notice("done", what, advice))


def _telling(desk: Desk, lot: Lot, packs: int) -> Telling:
    drug, region, now, who = drug_of(desk, lot), rules(desk), desk.now(), desk.settings.operator

    def tell(number: str, _booked: Booked) -> tuple[str, str]:
        text = purchase_input(
            number, lot, drug, count=Decimal(packs), at=now, who=who, no_batch=region.no_batch
        )
        return "3503", text

    return tell


def _lot(desk: Desk, line: DeliveryLine, there: Delivery, number: int) -> Lot:
    drug = drug_named(desk, line.drug)
    return Lot(
        number=number,
        drug=line.drug,
        name=line.name,
        batch=line.batch,
        received=desk.today(),
        expires=read_expiry(line.expires),
        made=read_made(line.made),
        supplier=there.supplier,
        note=there.note,
        cost=_cost(line.cost),
        size=(drug.pack_size if drug else None) or 1,
    )


def _check(desk: Desk, there: Delivery) -> None:
    if not there.lines:
        raise StockUnclear(problem="单上还没有药。请先扫药盒。")
    if not there.supplier or not there.note:
        raise StockUnclear(problem="还没有写供应商和随货单号。")
    problems = [f"{line.name}：{problem}" for line in there.lines if (problem := _problem(desk, line))]
    problems += [
        f"{line.name}追溯码尾号 {code[-4:]} {why}"
        for line in there.lines
        for code in line.codes
        if (why := _why_not_in(desk, code)) is not None
    ]
    if problems:
        raise StockUnclear(problem="".join(problems[:3]))


def _problem(desk: Desk, line: DeliveryLine) -> str:
    """Return what still lacks on a line, in whole sentences; empty where nothing does."""
    found = []
    if line.packs < 1:
        found.append("数量要大于零。")
    if not line.batch:
        found.append("还没有批号。")
    expires = read_expiry(line.expires)
    if expires is None:
        found.append("有效期看不懂。" if line.expires else "还没有有效期。")
    elif expires < desk.today():
        found.append(f"有效期 {expires} 已过，过期的药不能入库。")
    if {"", line.batch} & set(stock_watch.in_force(desk.db, line.drug)):
        found.append(f"批号 {line.batch or '（未填）'} 已召回，不能入库，请拒收。")
    if line.made and read_made(line.made) is None:
        found.append("生产日期看不懂。")
    if line.cost and _cost(line.cost) is None:
        found.append("进价看不懂。")
    return "".join(found)


def _cost(text: str) -> Fen | None:
    try:
        return parse_yuan(text) if text else None
    except ValueError:
        return None


def _count_box(desk: Desk, there: Delivery, read: Scan) -> Delivery:
    code, tail = read.value, read.value[-4:]
    if any(code in line.codes for line in there.lines):
        return _said(
            desk, there, "attention", f"追溯码尾号 {tail} 的这一盒已在单上，没有重复计数。", "请扫下一盒。"
        )
    why = _why_not_in(desk, code)
    if why is not None:
        what = f"追溯码尾号 {tail} 的这一盒{why}没有计入。"
        return _said(desk, there, "refused", what, "请把这一盒放在一边，核对来源。")
    drug = drug_named(desk, code) or _drug_on_note(desk, there, code)
    if drug is None:
        what = f"还不认得以 {code[:7]} 开头的追溯码是哪种药的，没有计入。"
        return _said(desk, there, "attention", what, "请先扫这一盒的商品条码，再扫追溯码；新药请先导入目录。")
    return _count(desk, there, drug, read, (code,))


def _drug_on_note(desk: Desk, there: Delivery, code: str) -> Drug | None:
    """Return what a box of unknown beginning is: of a line with such a box, else of the chosen line where
    one of its packs still lacks its code."""
    alike = next((each for each in there.lines if each.codes and same_beginning(code, each.codes)), None)
    chosen = next((each for each in there.lines if each.key == there.chosen), None)
    if alike is None and chosen is not None and not chosen.codes and chosen.packs:
        alike = chosen
    return drug_named(desk, alike.drug) if alike else None


def _why_not_in(desk: Desk, code: str) -> str | None:
    """Return where a box is already, as the rest of a sentence; None where it may come in."""
    box = stock_boxes.box(desk.db, code)
    if box is not None and box.state in _IN_CUSTODY:
        held = stock.one(desk.db, box.lot)
        batch = f"（批号 {held.lot.batch}，{held.lot.received} 入库）" if held else ""
        return f"已在本店账上：{where(box.state)}{batch}，"
    sold = stock_counter.sold_before(desk.db, code)
    return f"已在第 {sold} 号销售中卖出，" if sold is not None else None


def _count(desk: Desk, there: Delivery, drug: Drug, read: Scan, codes: tuple[str, ...]) -> Delivery:
    line = _line_for(there, drug, read)
    if line is None:
        line = DeliveryLine(
            key=_next_key(there),
            drug=drug.code,
            name=drug.generic_name,
            spec=drug.spec,
            unit=drug.unit,
            packs=0,
        )
        there = replace(there, lines=(*there.lines, line))
    held = (*line.codes, *codes)
    packs = max(line.packs, len(held)) if codes else line.packs + 1
    counted = replace(
        line,
        packs=min(packs, MOST_PACKS),
        codes=held,
        batch=line.batch or read_batch(read.batch),
        expires=line.expires or (read.expires.isoformat() if read.expires else ""),
        made=line.made or (read.made.isoformat() if read.made else ""),
    )
    counted = replace(counted, problem=_problem(desk, counted))
    said = Notice("info", f"{drug.generic_name} {drug.spec}：第 {counted.packs} {drug.unit}。")
    if counted.batch and {"", counted.batch} & set(stock_watch.in_force(desk.db, drug.code)):
        said = Notice("attention", f"{drug.generic_name}批号 {counted.batch} 已召回。", "请拒收。")
    return _keep(desk, _with(there, counted, said=said))


def _line_for(there: Delivery, drug: Drug, read: Scan) -> DeliveryLine | None:
    """Return the line that a scan belongs to: of the same batch where the code tells one, else the last."""
    lines = [line for line in there.lines if line.drug == drug.code]
    if read.batch:
        lines = [line for line in lines if line.batch in ("", read_batch(read.batch))]
    chosen = [line for line in lines if line.key == there.chosen]
    found = chosen or lines
    return found[-1] if found else None


def _set_packs(desk: Desk, there: Delivery, packs: int) -> Delivery:
    line = _line(there, there.chosen or "")
    if not len(line.codes) <= packs <= MOST_PACKS or packs == 0:
        return _said(
            desk, there, "attention", f"数量应在 {max(1, len(line.codes))} 到 {MOST_PACKS} 之间，没有改动。"
        )
    changed = replace(line, packs=packs)
    changed = replace(changed, problem=_problem(desk, changed))
    said = Notice("info", f"{line.name} {line.spec}：共 {packs} {line.unit}。")
    return _keep(desk, _with(there, changed, said=said))


def _line(there: Delivery, key: str) -> DeliveryLine:
    line = next((each for each in there.lines if each.key == key), None)
    if line is None:
        raise StockUnclear(problem="单上已经没有这一行。")
    return line


def _with(there: Delivery, line: DeliveryLine, *, said: Notice | None) -> Delivery:
    lines = tuple(line if each.key == line.key else each for each in there.lines)
    return replace(there, lines=lines, chosen=line.key, said=said)


def _said(desk: Desk, there: Delivery, tone: Tone, what: str, advice: str = "") -> Delivery:
    return _keep(desk, replace(there, said=Notice(tone, what, advice)))


def _keep(desk: Desk, there: Delivery) -> Delivery:
    with transaction(desk.db):
        body = msgspec.json.encode(replace(there, said=None)).decode()
        stock_watch.put_draft(desk.db, shop(desk), KIND, body)
    return there
