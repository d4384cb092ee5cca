"""Recalls stop a drug, or one batch of it, at once; and the uncoded list says what may be sold without a
code.

Source: 药品召回管理办法 (2022): a user stops the sale, and helps to find who has the drug.
"""

from __future__ import annotations

from app.storage import sales, stock, stock_runs, stock_watch
from app.storage.stock_moves import Booked, Booking
from app.storage.stock_watch import Recall, Uncoded
from app.usecases.desk import Desk
from app.usecases.stock_book import book, rules, shop
from app.usecases.stock_errors import StockUnclear
from app.usecases.stock_list import drug_named, row_of
from app.usecases.stock_state import RecallRow, RecallSale, UncodedRow
from engine.person import masked_name
from engine.sale import Sale
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

    def keep(booked: Booked) -> None:
        stock_watch.put_recall(desk.db, shop(desk), made, booked.journal)

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
        sold=tuple(_sold(desk, lots)),
    )


def _sold(desk: Desk, lots: list[OnHand]) -> list[RecallSale]:
    """Return who has it, the latest first; names masked, for the sale leads to the rest."""
    serials = {serial for held in lots for serial in stock_runs.sales_of_lot(desk.db, held.lot.number)}
    numbers = {held.lot.number for held in lots}
    rows = []
    for serial in sorted(serials, reverse=True)[:MOST_SALES]:
        index = sales.index_of(desk.db, str(serial))
        if index is None:
            continue
        rows += _lines(sales.read(desk.db, index.journal), numbers)
    return rows


def _lines(sale: Sale, lots: set[int]) -> list[RecallSale]:
    who = masked_name(sale.draft.person.name) if sale.draft.person else "自费顾客"
    return [
        RecallSale(
            number=sale.number,
            at=sale.made_at,
            who=who,
            quantity=sum(use.quantity for use in line.lots if use.lot in lots),
            unit=line.unit,
        )
        for line in sale.draft.lines
        if any(use.lot in lots for use in line.lots)
    ]


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
