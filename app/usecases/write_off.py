"""7206 of an insured sale: queued once all its settlements were answered, with what the agency bears.

Called by the courier, in the transaction in which the outbox settles the messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import Raw

from app.storage import outbox, prescription_uses, sales
from app.storage.connection import Connection
from app.storage.outbox import Message
from app.storage.sale_texts import SETTLEMENT, WRITE_OFF
from engine.protocol.eprescription_result import is_told, write_off_input
from engine.protocol.settled import read_settled


def after_answers(
    db: Connection, answered: Iterable[Message], at: datetime, fresh_id: Callable[[Message], str]
) -> None:
    """Queue the write-offs that the answers to ``answered`` make due, each once for ever.

    A settlement that the agency refused is none: what it was for is written off as paid by the patient.
    """
    told = {message.sale: message for message in answered if message.infno == SETTLEMENT and message.sale}
    serials = {sales.serial_of(number): message for number, message in told.items() if number}
    known = [serial for serial in serials if serial is not None]
    if not known:
        return
    for serial, journal, first, count in prescription_uses.to_write_off(db, known):
        sale = sales.read(db, journal)
        if not is_told(sale):
            continue
        settled = [
            read_settled(Raw(each.answer.encode()), expected_id=None)
            for each in outbox.numbered(db, first, count)
            if each.state == "accepted" and each.answer
        ]
        ids = [each.setl_id for each in settled if each.setl_id]
        fund = sum(each.sums.fund + each.sums.assistance for each in settled)
        like = serials[serial]
        outbox.put(
            db,
            Message(
                id=fresh_id(like),
                infno=WRITE_OFF,
                provider=like.provider,
                admdvs=like.admdvs,
                sale=sale.number,
                made_at=at,
                input=write_off_input(sale, ids, fund),
            ),
        )
        prescription_uses.note_write_off(db, serial, outbox.last_number(db))
