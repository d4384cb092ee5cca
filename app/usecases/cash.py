"""Cash across the counter: read as typed, never less than the patient owes."""

from __future__ import annotations

from msgspec.structs import replace

from app import errors
from app.usecases.desk import Desk
from app.usecases.quote import quote
from app.usecases.show import open_store
from engine.money import Fen, format_yuan, parse_yuan

_MOST_SHOWN = 20


def tender(desk: Desk, text: str) -> None:
    """Note the cash taken, in yuan as typed; nothing typed means the exact sum.

    Raises CashUnclear or CashTooLittle, with what was noted before forgotten: a settlement must not go
    through on an older or an assumed sum.
    """
    desk.change(replace(desk.draft, tendered=None))
    typed = text.strip().replace("，", "").replace(",", "").replace("。", ".")
    if not typed:
        return
    try:
        tendered = parse_yuan(typed)
    except ValueError as error:
        raise errors.CashUnclear(text=text.strip()[:_MOST_SHOWN]) from error
    quoted = quote(desk, open_store(desk), desk.draft)
    check_cash(tendered, quoted.answer.patient if quoted else 0)
    desk.change(replace(desk.draft, tendered=tendered))


def check_cash(tendered: Fen | None, patient: Fen) -> None:
    """Raise CashTooLittle where less was taken than the patient owes; None is the exact sum."""
    if tendered is not None and tendered < patient:
        raise errors.CashTooLittle(
            tendered=format_yuan(tendered),
            patient=format_yuan(patient),
            short=format_yuan(patient - tendered),
        )
