"""3501 to 3507: what a shop tells of its stock is kept once under its own number, and deleted by it.

The boxes that enrolled tills sell are known from their journals; those of other software, which keeps none
here, from these records (agency/boxes.py).
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Raw, json

from agency import boxes
from agency.calls import Call
from agency.storage import stock_records
from engine.protocol.stock import (
    CAME_BACK,
    CHANGE,
    COUNT,
    INVENTORY_TYPE,
    PURCHASE,
    SALE,
    SALES,
    SALES_BATCH,
    SENT_BACK,
    RecordResult,
    StockRecord,
    read_deletion,
    read_records,
    results_output,
)
from engine.protocol.wire import ProtocolError

_OTHER = "这个 fixmedins_bchno 已用于另一份内容不同的记录，没有收下。更正请先用 3507 删除，再重新发送。"


def records(call: Call) -> str:
    """3501 to 3506 and 3505A: keep the records; one that is held already stays as it is.

    A single record that another one stands in the way of is refused; of a batch it alone is.
    """
    infno = call.request.infno
    told = read_records(infno, call.request.input)
    provider, kept = call.request.fixmedins_code, []
    known = stock_records.held(call.db, provider, [each.number for each in told])
    results = []
    for each in told:
        before = known.get(each.number)
        if before is None:
            stock_records.keep(call.db, provider, infno, each, call.now)
            known[each.number] = stock_records.Kept(infno, each.body, False)
            kept.append(each)
        elif before.deleted or _names_settlement(before.body, each.body):
            stock_records.keep_again(call.db, provider, infno, each, call.now)
            known[each.number] = stock_records.Kept(infno, each.body, False)
            kept.append(each)
        elif before.body != each.body and not _names_settlement(each.body, before.body):
            if infno != SALES_BATCH:
                raise ProtocolError(_OTHER, "record_conflict")
            results.append(RecordResult(fixmedins_bchno=each.number, retRslt="0", msgRslt=_OTHER))
            continue
        results.append(RecordResult(fixmedins_bchno=each.number))
    if infno in SALES and call.speaker is None:
        _note_boxes(call, kept)
    return results_output(results)


def _names_settlement(first: str, second: str) -> bool:
    """Tell whether ``second`` is ``first`` with the number of its settlement.

    A till that sends by stick tells its goods before it knows that number; restored, it may tell them anew.
    """
    without, named = json.decode(first, type=dict[str, Raw]), json.decode(second, type=dict[str, Raw])
    return "setl_id" not in without and named.pop("setl_id", None) is not None and named == without


def delete(call: Call) -> str:
    """3507: let a record count no more; refused where there is none, deleted again it stays so."""
    asked = read_deletion(call.request.input)
    provider, number = call.request.fixmedins_code, asked.fixmedins_bchno
    before = stock_records.held(call.db, provider, [number]).get(number)
    if before is None:
        raise ProtocolError("没有这条进销存记录，没有删除。请核对 fixmedins_bchno。", "unknown_record")
    if INVENTORY_TYPE.get(before.infno[:4]) != asked.inv_data_type:
        raise ProtocolError("这条记录不是这一类，没有删除。请核对 inv_data_type。", "wrong_record_type")
    if not before.deleted:
        stock_records.delete(call.db, provider, number, call.now)
    return results_output([RecordResult(fixmedins_bchno=number)])


def _note_boxes(call: Call, kept: list[StockRecord]) -> None:
    sold = [(code, each.sale) for each in kept for code in each.codes if each.sale]
    boxes.told_in(call.db, call.request.fixmedins_code, sold, call.now)


TRANSACTIONS: dict[str, Callable[[Call], str]] = {
    **dict.fromkeys((COUNT, CHANGE, PURCHASE, SENT_BACK, SALE, SALES_BATCH, CAME_BACK), records),
    "3507": delete,
}
