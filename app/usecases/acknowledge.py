"""What the agency answered to a sale: written into the journal, and shown where its sums are others.

Called by the courier, in the transaction in which the outbox settles the message.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from app.storage import journal, leases, people, sales
from app.storage.connection import Connection
from app.storage.outbox import Message
from app.storage.sale_texts import SETTLEMENT
from app.storage.sales import SaleIndex
from app.usecases import tasks
from engine.money import Fen
from engine.person import Person
from engine.policy.answer import Settlement
from engine.protocol.lease import read_closed
from engine.protocol.settled import Settled, read_settled
from engine.quota import after
from engine.sale import Sale, insured_settlements

ANSWER_KIND = "agency_answer"
CLOSING = "SY02"


class AgencyAnswer(Struct, frozen=True, kw_only=True):
    """The body of a journal entry ``agency_answer``; ``ours_`` are the sums as sold, all in fen.

    ``agrees`` false is a task for the pharmacist: the sale's row shows both sums.
    """

    sale: str
    message: str
    setl_id: str | None
    agrees: bool
    fund: Fen
    assistance: Fen
    patient: Fen
    ours_fund: Fen
    ours_assistance: Fen
    ours_patient: Fen
    under_lease: str | None = None
    gap: Fen = 0


def record(
    db: Connection, message: Message, answer: str, at: datetime, settled: Settled | None = None
) -> None:
    """Record the agency's ``answer`` (its output as JSON text) to ``message`` in the caller's transaction.

    ``at`` is the instant of acceptance. Other messages than settlements and closings of leases change nothing
    here. Raises ProtocolError for an answer that contradicts itself; a courier checks that before it accepts
    one, and hands over what it read as ``settled``.
    """
    if message.infno == CLOSING:
        leases.closed(db, read_closed(Raw(answer.encode())).leases)
        return
    index = sales.index_of(db, message.sale) if message.infno == SETTLEMENT and message.sale else None
    if index is None:
        return
    sale = sales.read(db, index.journal)
    place = _place(message, sale, index)
    if place is None:
        return
    ours = insured_settlements(sale.answer)[place]
    settled = settled or read_settled(Raw(answer.encode()), expected_id=message.id)
    theirs = settled.sums
    agrees = (theirs.fund, theirs.assistance, theirs.patient) == (ours.fund, ours.assistance, ours.patient)
    body = AgencyAnswer(
        sale=sale.number,
        message=message.id,
        setl_id=settled.setl_id,
        agrees=agrees,
        fund=theirs.fund,
        assistance=theirs.assistance,
        patient=theirs.patient,
        ours_fund=ours.fund,
        ours_assistance=ours.assistance,
        ours_patient=ours.patient,
        under_lease=settled.facts.under_lease if settled.facts else None,
        gap=settled.facts.gap if settled.facts else 0,
    )
    entry = journal.append(db, ANSWER_KIND, msgspec.json.encode(body).decode(), at)
    tasks.from_answer(
        db, sale=sale, message=message.id, ours=ours, settled=settled, at=at, entry=entry.number
    )
    sales.note_answer(db, index.serial, agrees=agrees, fund=theirs.fund, patient=theirs.patient, at=at)
    _learn(db, sale, ours, settled, at)


def _place(message: Message, sale: Sale, index: SaleIndex) -> int | None:
    """Return which settlement of ``sale`` a message is: by its id, or by its place where it went again."""
    if message.id in sale.message_ids:
        return sale.message_ids.index(message.id)
    place = message.number - index.first_message
    return place if message.number and 0 <= place < len(sale.message_ids) else None


def _learn(db: Connection, sale: Sale, ours: Settlement, settled: Settled, at: datetime) -> None:
    """Take over the person's sums as the agency has them after this settlement.

    ``at`` becomes their instant, so that what was accepted by then is no longer counted as only ours.
    """
    person: Person | None = sale.draft.person
    if person is None or settled.facts is None:
        return
    before = settled.facts.before
    counted = replace(ours, fund=settled.sums.fund, assistance=settled.sums.assistance)
    sums = after(before.accumulators, [counted], before.parameters)
    people.save_snapshot(db, person.psn_no, replace(before, as_of=at, accumulators=sums))
