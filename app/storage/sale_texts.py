"""What a sale's messages say: each text follows from the sale, letter by letter the same at every sending."""

from __future__ import annotations

from engine.protocol.settlement import sold_input
from engine.sale import Sale

SETTLEMENT = "2102"


def messages_beside(sale: Sale) -> tuple[str, ...]:  # noqa: ARG001 - none yet
    """Return the transactions that ``sale`` is told by beside its settlements, in order."""
    return ()


def text_of_sale(sale: Sale, infno: str, id: str) -> str:
    """Return the input of the message ``id`` about ``sale``; raise LookupError for any other transaction."""
    if infno == SETTLEMENT:
        return sold_input(sale, sale.message_ids.index(id))
    raise LookupError(f"a sale is not told by {infno}")
