"""What a sale's messages say: each text follows from the sale, letter by letter the same at every sending."""

from __future__ import annotations

from collections.abc import Mapping

from app.stock_rules import rules_of
from engine.protocol.eprescription_result import is_told, write_off_input
from engine.protocol.eprescription_review import review_input
from engine.protocol.settlement import sold_input
from engine.protocol.stock import SALE, SALES_BATCH
from engine.protocol.stock_sales import batch_input, record_count, sale_records, single_input
from engine.sale import Sale

SETTLEMENT = "2102"
GOODS = (SALE, SALES_BATCH)
"""What a sale took from the shelves: told of every sale, insured or not, after its settlements."""

RX_REVIEW, WRITE_OFF = "7204", "7206"


def messages_beside(sale: Sale) -> tuple[str, ...]:
    """Return the transactions that ``sale`` is told by beside its settlements, in order.

    The write-off of an insured sale names its settlements: it is put when they were answered.
    """
    rules = rules_of(sale.store.provider.region)
    goods = (SALES_BATCH,) if rules.batch_sales else (SALE,) * record_count(sale, rules)
    if not is_told(sale):
        return goods
    return (*goods, RX_REVIEW) if sale.message_ids else (*goods, RX_REVIEW, WRITE_OFF)


def text_of_sale(
    sale: Sale, infno: str, id: str, *, place: int = 0, setl_ids: Mapping[str, str] | None = None
) -> str:
    """Return the input of the message ``id`` about ``sale``; raise LookupError for any other transaction.

    ``place`` counts the sale's messages of this transaction from 0; ``setl_ids`` are the agency's settlement
    numbers by line, as far as it has answered.
    """
    if infno == SETTLEMENT:
        return sold_input(sale, sale.message_ids.index(id))
    if infno in GOODS:
        records = sale_records(sale, rules_of(sale.store.provider.region), setl_ids or {})
        return batch_input(records) if infno == SALES_BATCH else single_input(records[place])
    if infno == RX_REVIEW:
        return review_input(sale)
    if infno == WRITE_OFF:
        return write_off_input(sale)
    raise LookupError(f"a sale is not told by {infno}")
