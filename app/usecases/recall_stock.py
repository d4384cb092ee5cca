"""Recalls stop a drug, or one batch of it, at once; and the uncoded list says what may be sold without a
code.

Who has it is told of every sale that may have handed it out: of the lot, of a box that came with it, and, of
drugs that were sold from no known lot, each with the word that its batch is to be asked for. Source:
药品召回管理办法 (2022; not confirmed here): a user stops the sale, and helps to find who has the drug.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.storage import sales, stock, stock_boxes, stock_runs, stock_watch
from app.storage.stock_moves import Booked, Booking
from app.storage.stock_watch import Recall, Uncoded
from app.usecases.desk import Desk
from app.usecases.stock_book import book, rules, shop
from app.usecases.stock_errors import StockUnclear
from app.usecases.stock_list import drug_named, row_of
from app.usecases.stock_state import RecallRow, RecallSale, UncodedRow
from engine.person import masked_name
from engine.sale import BasketLine, Sale
from engine.stock import OnHand, read_batch, read_expiry, units

MOST_SALES = 500


def list_recalls(desk: Desk) -> tuple[RecallRow, ...]:
    """Return the recalls, those in force first, each with what is on hand and who has it."""
    return tuple(_row(desk, each) for each in stock_watch.recalls(desk.db, shop(desk)))


def recall(desk: Desk, drug: str, batch: str, why: str) -> tuple[RecallRow, ...]:
    """Stop the sale of a drug, of one ``batch`` where it is told, from now on; raise StockUnclear."""
    found = drug_named(desk, drug)
    if found is None:
        raise StockUnclear(problem=f"「{drug.strip()[:40]}」不是目录里的一种药。")
    if not why.strip():
        raise StockUnclear(problem="还没有写召回通知的文号或原因。")
    named = read_batch(batch)
    if named in stock_watch.in_force(desk.db, found.code):
        raise StockUnclear(problem="这一批已在召回中。")
    made = Recall(
        number=stock_watch.next_recall(desk.db),
        drug=found.code,
        batch=named,
        why=why.strip(),
        at=desk.now(),
        who=desk.settings.operator,
    )
    booking = Booking(
        provider=shop(desk), who=made.who, why=f"{found.generic_name} {named or '全部批号'}：{made.why}"
    )

    unknown = _of_no_lot(desk, found.code)

    def keep(booked: Booked) -> None:
        stock_watch.put_recall(desk.db, shop(desk), made, booked.journal)
        stock_watch.put_recall_sales(desk.db, made.number, unknown)

    book(desk, "stock_recalled", booking, also=keep)
    return list_recalls(desk)


def lift(desk: Desk, number: int, why: str) -> tuple[RecallRow, ...]:
    """End a recall; raise StockUnclear without a reason, or where it is not in force."""
    known = next((each for each in stock_watch.recalls(desk.db, shop(desk)) if each.number == number), None)
    if known is None or known.lifted_at is not None:
        raise StockUnclear(problem="这次召回已经解除。")
    if not why.strip():
        raise StockUnclear(problem="还没有写解除召回的依据。")
    booking = Booking(provider=shop(desk), who=desk.settings.operator, why=why.strip())

    def keep(booked: Booked) -> None:
        stock_watch.lift_recall(desk.db, number, desk.now(), booked.journal)

    book(desk, "stock_recall_lifted", booking, also=keep)
    return list_recalls(desk)


def _row(desk: Desk, each: Recall) -> RecallRow:
    day, near = desk.today(), rules(desk).near_expiry_days
    lots = [
        held for held in stock.of_drug(desk.db, shop(desk), each.drug) if each.batch in ("", held.lot.batch)
    ]
    found = drug_named(desk, each.drug)
    sold, further = _sold(desk, each, lots)
    return RecallRow(
        number=each.number,
        drug=each.drug,
        name=found.generic_name if found else lots[0].lot.name if lots else each.drug,
        batch=each.batch,
        why=each.why,
        at=each.at,
        who=each.who,
        lifted=each.lifted_at is not None,
        on_hand=tuple(row_of(desk, held, day, near) for held in lots if units(held.balance, held.lot.size)),
        sold=sold,
        further=further,
    )


def _of_no_lot(desk: Desk, drug: str) -> list[int]:
    """Return the sales that handed out ``drug`` from no known lot; the oldest tell it by their entries."""
    old = [
        serial
        for serial, entry in stock_runs.without_goods(desk.db, shop(desk))
        if any(line.drug.code == drug for line in sales.read(desk.db, entry).draft.lines)
    ]
    return [*old, *stock_runs.of_no_lot(desk.db, shop(desk), drug)]


def _sold(desk: Desk, recalled: Recall, lots: list[OnHand]) -> tuple[tuple[RecallSale, ...], int]:
    """Return who has it, the latest first, and how many sales are not listed; names masked, for the sale
    leads to the rest."""
    serials = {serial for held in lots for serial in stock_runs.sales_of_lot(desk.db, held.lot.number)}
    serials |= set(stock_watch.recall_sales(desk.db, recalled.number))
    numbers = {held.lot.number for held in lots}
    rows: list[RecallSale] = []
    for serial in sorted(serials, reverse=True)[:MOST_SALES]:
        index = sales.index_of(desk.db, str(serial))
        if index is not None:
            rows += _lines(desk, sales.read(desk.db, index.journal), recalled, numbers)
    return tuple(rows), max(0, len(serials) - MOST_SALES)


def _lines(desk: Desk, sale: Sale, recalled: Recall, lots: set[int]) -> Iterator[RecallSale]:
    who = masked_name(sale.draft.person.name) if sale.draft.person else "自费顾客"
    for line in sale.draft.lines:
        if line.drug.code != recalled.drug:
            continue
        sure, unknown = _handed_out(desk, line, lots)
        if not recalled.batch:
            sure, unknown = line.quantity, 0
        for quantity, known in ((sure, True), (unknown, False)):
            if quantity:
                yield RecallSale(
                    number=sale.number,
                    at=sale.made_at,
                    who=who,
                    quantity=quantity,
                    unit=line.unit,
                    sure=known,
                )


def _handed_out(desk: Desk, line: BasketLine, lots: set[int]) -> tuple[int, int]:
    """Return how much of a line is of ``lots``, and how much is of no known lot.

    The lot of a scanned box is known by the box, whatever the books took it from.
    """
    sure = sum(use.quantity for use in line.lots if use.lot in lots)
    unknown = line.quantity - sum(use.quantity for use in line.lots)
    boxes = [box.lot for code in line.trace_codes if (box := stock_boxes.box(desk.db, code)) is not None]
    if line.split:
        return (line.quantity, 0) if set(boxes) & lots else (sure, 0 if boxes else unknown)
    of_them = sum(lot in lots for lot in boxes)
    return max(sure, of_them), max(0, unknown - len(boxes)) if unknown else 0


def list_uncoded(desk: Desk) -> tuple[UncodedRow, ...]:
    """Return the uncoded list, what is in force first."""
    today = desk.today()
    return tuple(
        UncodedRow(
            number=each.number,
            drug=each.drug,
            name=each.name,
            until=each.until,
            why=each.why,
            at=each.at,
            who=each.who,
            in_force=each.ended_at is None and each.until >= today,
        )
        for each in stock_watch.uncoded(desk.db, shop(desk))
    )


def add_uncoded(desk: Desk, drug: str, until: str, why: str) -> tuple[UncodedRow, ...]:
    """Let a drug's old stock be sold on insurance without codes until a day; raise StockUnclear."""
    found, last = drug_named(desk, drug), read_expiry(until)
    if found is None:
        raise StockUnclear(problem=f"「{drug.strip()[:40]}」不是目录里的一种药。")
    if last is None or last < desk.today():
        raise StockUnclear(problem="截止日期看不懂，或已经过去，例如 2026-12-31。")
    if not why.strip():
        raise StockUnclear(problem="还没有写为什么没有码，例如“2025 年前的库存”。")
    row = Uncoded(
        number=stock_watch.next_uncoded(desk.db),
        drug=found.code,
        name=f"{found.generic_name} {found.spec}".strip(),
        until=last,
        why=why.strip(),
        at=desk.now(),
        who=desk.settings.operator,
    )
    _keep_uncoded(desk, row)
    return list_uncoded(desk)


def _keep_uncoded(desk: Desk, row: Uncoded) -> None:
    booking = Booking(provider=shop(desk), who=row.who, why=f"{row.name} 无码至 {row.until}：{row.why}")

    def keep(booked: Booked) -> None:
        stock_watch.put_uncoded(desk.db, shop(desk), row, booked.journal)

    book(desk, "stock_uncoded", booking, also=keep)


def end_uncoded(desk: Desk, number: int) -> tuple[UncodedRow, ...]:
    """Strike a row off the uncoded list."""
    booking = Booking(provider=shop(desk), who=desk.settings.operator, why=f"无码库第 {number} 行撤下")

    def keep(booked: Booked) -> None:
        stock_watch.end_uncoded(desk.db, number, desk.now(), booked.journal)

    book(desk, "stock_uncoded_ended", booking, also=keep)
    return list_uncoded(desk)
