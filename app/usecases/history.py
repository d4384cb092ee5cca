"""What was sold and what was said to the agency, as the places of the window list it."""

from __future__ import annotations

from datetime import date

from app.errors import SaleUnknown
from app.storage import device, journal, outbox, sales, tasks
from app.storage.outbox import Message
from app.storage.sales import SaleIndex
from app.usecases import leases
from app.usecases.desk import Desk
from app.usecases.paper import stored_receipt
from app.usecases.state import Delivery, MessageRow, SaleRow, WorldState
from engine.receipt import Receipt

MOST_ROWS = 500

_TITLES = {
    "2101": "预结算",
    "2102": "结算",
    "2103": "撤销",
    "2601": "冲正",
    "3501": "盘存",
    "3502": "库存变更",
    "3503": "采购入库",
    "3504": "采购退货",
    "3505": "销售出库",
    "3505A": "销售出库",
    "3506": "销售退货",
    "3507": "更正删除",
    "7204": "药师审方",
    "7206": "处方核销",
    "SY02": "归还额度",
    "SY03": "流水上传",
    "SY07": "拒付上报",
}


def list_sales(desk: Desk, day: date | None) -> tuple[SaleRow, ...]:
    """Return the sales of ``day`` (None: the last ones of any day), newest first."""
    return tuple(_sale_row(index) for index in sales.listed(desk.db, day, MOST_ROWS))


def receipt_of(desk: Desk, number: str) -> Receipt:
    """Return the receipt of sale ``number`` as printed; raise SaleUnknown."""
    index = sales.index_of(desk.db, number)
    if index is None:
        raise SaleUnknown(number=number)
    return stored_receipt(desk, index, sales.read(desk.db, index.journal))


def list_messages(desk: Desk) -> tuple[MessageRow, ...]:
    """Return the newest messages to the agency."""
    sending = desk.courier.sending
    return tuple(_message_row(message, sending) for message in outbox.recent(desk.db, MOST_ROWS))


def world(desk: Desk) -> WorldState:
    """Return how the world around the counter stands."""
    waiting, rejected = outbox.counts(desk.db)
    length, _hash = journal.head(desk.db)
    provider = desk.store.provider.id if desk.store else ""
    return WorldState(
        online=desk.courier.online,
        offline_since=desk.courier.offline_since,
        waiting=waiting,
        rejected=rejected,
        journal_length=length,
        journal_sound=desk.sound,
        policy=_policy(desk),
        now=desk.now(),
        unknown=outbox.unknown(desk.db),
        oldest_waiting=outbox.oldest_waiting(desk.db),
        leases=leases.count_usable(desk),
        tasks=tasks.count_open(desk.db),
        epoch=leases.epoch_of(desk.db, provider),
        till_trouble=device.trouble(desk.db, provider),
        backed_up_at=desk.backed_up_at(),
    )


def _policy(desk: Desk) -> str | None:
    """Return the pack that the person's claim goes by; without a person that of the shop's own city."""
    person = desk.draft.person
    if person is not None:
        return desk.law.policy_id(person.region, person.insurance, desk.today())
    return desk.law.policy_id(desk.store.provider.region, None, desk.today()) if desk.store else None


def _sale_row(index: SaleIndex) -> SaleRow:
    return SaleRow(
        number=index.number,
        at=index.at,
        who=index.who,
        total=index.total,
        fund=index.fund,
        patient=index.patient,
        certainty=index.certainty,
        delivery=_delivery(index),
        copies=index.copies,
        agency_fund=index.agency_fund,
        agency_patient=index.agency_patient if index.messages == index.answered else None,
    )


def _delivery(index: SaleIndex) -> Delivery:
    if index.rejected:
        return "rejected"
    if not index.messages:
        return "none"
    return "accepted" if index.answered >= index.messages else "waiting"


def _message_row(message: Message, sending: frozenset[str]) -> MessageRow:
    title = _TITLES.get(message.infno, message.infno)
    return MessageRow(
        id=message.id,
        infno=message.infno,
        title=f"{title}（第 {message.sale} 号销售）" if message.sale else title,
        at=message.made_at,
        state="sending" if message.id in sending and message.state == "waiting" else message.state,
        attempts=message.attempts,
        next_attempt=message.next_attempt_at if message.state in ("waiting", "unknown") else None,
        trouble=message.trouble,
    )
