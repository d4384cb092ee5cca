"""Floor limits: how far a shop goes without the network where no lease covers a sale. Nothing lifts them.

Source: the restated practice of payment cards (facts/peers, "Limits in layers"): a limit a sale, a person and
an outage, which only hearing the agency again sets back.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

from msgspec import Struct

from app.storage import cursor, sales
from app.storage.connection import Connection
from app.storage.sales import LastSale
from engine.money import Fen, format_yuan

Mode: TypeAlias = Literal["provisional", "full_price"]
ADVICE = "可凭此联到经办机构报销"


class FloorLimits(Struct, frozen=True, kw_only=True):
    """What fund and assistance may pay, in fen, in sales that nobody has promised anything for.

    ``mode`` full_price: without a lease the patient pays all, whatever the amount.
    """

    mode: Mode = "provisional"
    sale: Fen = 300_00
    person_day: Fen = 500_00
    outage: Fen = 20_000_00


def excess(
    db: Connection, limits: FloorLimits, *, psn_no: str, day: date, share: Fen, previous: LastSale
) -> str | None:
    """Return in Chinese which limit a sale with ``share`` of the fund would pass; None where none."""
    if limits.mode == "full_price":
        return "连不上医保中心，也没有这位参保人的额度凭据"
    if share > limits.sale:
        return _passed("这一笔", share, limits.sale)
    of_day = sales.unconfirmed(db, psn_no, day) + share
    if of_day > limits.person_day:
        return _passed("此人当天", of_day, limits.person_day)
    of_outage = exposure(db, previous) + share
    if of_outage > limits.outage:
        return _passed("这次断网以来", of_outage, limits.outage)
    return None


def exposure(db: Connection, previous: LastSale) -> Fen:
    """Return what the fund is still to confirm of the sales since the agency was last heard."""
    heard = cursor.get(db, cursor.HEARD)
    return 0 if heard is not None and heard > previous.at else previous.exposure


def _passed(whose: str, amount: Fen, limit: Fen) -> str:
    return (
        f"连不上医保中心，{whose}要医保先认 {format_yuan(amount)} 元，超过没有额度凭据时的"
        f"限额 {format_yuan(limit)} 元"
    )
