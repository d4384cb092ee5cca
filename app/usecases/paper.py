"""Paper: the receipt stored as printed, then printed; copies are marked and counted."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from msgspec import Raw
from msgspec.structs import replace

from app import errors
from app.storage import journal, outbox, receipts, sales
from app.storage.connection import transaction
from app.storage.sales import SaleIndex
from app.usecases.desk import Desk
from app.usecases.state import Settled
from engine.protocol.settled import read_settled
from engine.receipt import Receipt, build_receipt
from engine.sale import Sale


def without_paper(sale: Sale) -> Settled:
    """Return a sale that is recorded and has no paper yet, from what is at hand alone."""
    return _settled(sale, Receipt(number=sale.number, rows=()), None)


def put_on_paper(desk: Desk, sale: Sale) -> None:
    """Store and print the receipt of a sale that is recorded already, and show it as settled.

    Raises StorageTrouble or PrinterSilent; what was done by then is shown.
    """
    index = _index(desk, sale.number)
    known = replace(sale, certainty=index.certainty)
    receipt = _build(desk, known, index)
    desk.settled = _settled(known, receipt, None)
    with transaction(desk.db):
        receipts.save(desk.db, index.serial, receipt)
    place = _print(desk, index.serial, receipt)
    desk.settled = _settled(known, receipt, place)
    _say_printed(desk, known, place)


def reprint(desk: Desk, number: str | None) -> Settled:
    """Print the receipt of sale ``number`` (None: the last one) again, marked as a copy.

    The paper that never came out is an original, not a copy. Raises SaleUnknown, NoSaleYet, PrinterSilent,
    and ReceiptNotPrinted where the disk is the trouble: the sale itself is recorded.
    """
    index = _index(desk, number) if number is not None else sales.last(desk.db)
    if index is None:
        raise errors.NoSaleYet()
    sale = replace(sales.read(desk.db, index.journal), certainty=index.certainty)
    receipt = stored_receipt(desk, index, sale)
    try:
        place = _print(desk, index.serial, receipt)
    except errors.StorageTrouble as trouble:
        raise errors.ReceiptNotPrinted(number=index.number) from trouble
    return _settled(sale, receipt, place)


def stored_receipt(desk: Desk, index: SaleIndex, sale: Sale) -> Receipt:
    """Return the receipt as stored; make it where a power cut, or a full disk, came before that."""
    stored = receipts.by_serial(desk.db, index.serial)
    if stored is None:
        stored = _build(desk, sale, index)
        with suppress(errors.StorageTrouble), transaction(desk.db):
            receipts.save(desk.db, index.serial, stored)  # If it cannot be kept, it can still be seen.
    return stored


def offer_unprinted(desk: Desk) -> None:
    """Say at the start which sales have no paper: the power went between the commit and the printer."""
    numbers = receipts.never_printed(desk.db)
    if numbers:
        shown = "、".join(numbers[-3:])
        desk.say(
            "attention",
            f"上次关闭前有 {len(numbers)} 张小票没有打出（第 {shown} 号）。销售都已入账。",
            "需要时在「销售」中选中后重打。",
        )


def _index(desk: Desk, number: str) -> SaleIndex:
    index = sales.index_of(desk.db, number)
    if index is None:
        raise errors.SaleUnknown(number=number)
    return index


def _print(desk: Desk, serial: int, receipt: Receipt) -> Path | None:
    copy = receipts.next_copy(desk.db, serial)
    place = desk.printer.print_receipt(receipt, copy)
    with transaction(desk.db):
        receipts.printed(desk.db, serial, copy, desk.now(), str(place) if place else None)
    return place


def _say_printed(desk: Desk, sale: Sale, place: Path | None) -> None:
    paper = f"小票文件：{place}。" if place else ""
    later = "联网后自动上传。" if sale.message_ids and sale.certainty != "confirmed" else ""
    desk.say("done", f"第 {sale.number} 号销售已入账，小票已打印。", paper + later)


def say_unprinted(desk: Desk, number: str, trouble: errors.UserError) -> None:
    """Say that sale ``number`` is recorded, and what keeps its paper."""
    if isinstance(trouble, errors.PrinterSilent):
        advice = trouble.advice
        what = f"{trouble.what}销售已入账（第 {number} 号）。"
    else:
        what = f"销售已入账（第 {number} 号），但小票没有存好或打出。"
        advice = "请先检查磁盘空间和读写权限，再按 Ctrl P 重打。"
    desk.say("attention", what, advice)


def _build(desk: Desk, sale: Sale, index: SaleIndex) -> Receipt:
    return build_receipt(
        sale,
        printed_at=desk.now(),
        journal_number=index.journal,
        journal_hash=journal.entry(desk.db, index.journal).hash,
        settlement_ids=settlement_ids(desk, index),
    )


def settlement_ids(desk: Desk, index: SaleIndex) -> tuple[str, ...]:
    """Return the agency's settlement ids of a sale, of those messages that it has answered."""
    ids = [
        read_settled(Raw(message.answer.encode()), expected_id=message.id).setl_id
        for message in outbox.numbered(desk.db, index.first_message, index.messages)
        if message.state == "accepted" and message.answer
    ]
    return tuple(each for each in ids if each)


def _settled(sale: Sale, receipt: Receipt, place: Path | None) -> Settled:
    return Settled(
        number=sale.number,
        receipt=receipt,
        pdf_path=str(place) if place else None,
        patient=sale.answer.patient,
        tendered=sale.tendered,
        change=sale.change,
        certainty=sale.certainty,
    )
