"""One field takes everything: what was scanned or typed is told apart and goes where it belongs."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from app.usecases import shelf
from app.usecases.basket import add, add_by_barcode, add_by_code, add_by_trace_code, add_by_words
from app.usecases.desk import Desk
from app.usecases.identify import identify
from app.usecases.prescriptions import take_electronic
from engine.ids import Scan, ScanKind, is_resident_id
from engine.person import Buyer, masked_id, masked_name, read_buyer
from engine.scan import classify


def enter(desk: Desk, text: str) -> None:
    """Do what ``text`` asks for; where it cannot be told, say so and what it looked like."""
    buyer = read_buyer(text)
    if buyer is not None:
        _register(desk, buyer)
        return
    scan = classify(text)
    _ACTS[scan.kind](desk, scan)


def _register(desk: Desk, buyer: Buyer) -> None:
    """Register who buys without insurance: the sale's record is the register that the law asks for."""
    who = f"{masked_name(buyer.name)} {masked_id(buyer.cert_no)}"
    if is_resident_id(buyer.cert_no):
        desk.change(replace(desk.draft, buyer=buyer))
        desk.say("done", f"购买人已登记：{who}。", "")
    else:
        desk.say(
            "attention", f"身份证号校验不对，{who}没有登记。", "请照身份证再输一次：姓名、空格、18 位号码。"
        )


def _say_unknown(desk: Desk, scan: Scan) -> None:
    own = shelf.by_shop_code(desk, scan.value) if scan.value else None
    if own is not None:  # A shop may number its goods in any way.
        add(desk, own)
        return
    looked = f"认不出「{scan.value[:40]}」（{len(scan.value)} 个字符）。" if scan.value else "没有读到内容。"
    desk.say("attention", looked, scan.why or "请重扫一次，或输入药名、拼音首字母。")


_ACTS: dict[ScanKind, Callable[[Desk, Scan], None]] = {
    "voucher": identify,
    "card": identify,
    "resident_id": identify,
    "barcode": add_by_barcode,
    "trace_code": add_by_trace_code,
    "prescription": take_electronic,
    "drug_code": add_by_code,
    "words": add_by_words,
    "unknown": _say_unknown,
}
