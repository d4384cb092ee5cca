"""The settlement: on disk before anything else moves; then the agency, the receipt, the printer."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from app import errors
from app.storage import journal, outbox, sales
from app.storage.connection import transaction
from app.usecases.acknowledge import SETTLEMENT
from app.usecases.desk import Desk
from app.usecases.paper import put_on_paper
from app.usecases.quote import Quote, insured_settlements, quote
from app.usecases.show import open_store
from engine.money import format_yuan, parse_yuan
from engine.policy.answer import Settlement
from engine.protocol.envelope import QUERY_SERIALS, message_id
from engine.protocol.journal import MOST_ENTRIES
from engine.protocol.settlement import settlement_input
from engine.sale import Draft, Sale, Store

JOURNAL_UPLOAD = "SY03"
SALE_KIND = "sale"


def tender(desk: Desk, text: str) -> None:
    """Note the cash taken, in yuan as typed; nothing typed means the exact sum."""
    typed = text.strip().replace("，", "").replace(",", "").replace("。", ".")
    if not typed:
        desk.change(msgspec.structs.replace(desk.draft, tendered=None))
        return
    try:
        tendered = parse_yuan(typed)
    except ValueError:
        desk.say(
            "attention", f"看不懂金额「{text.strip()[:20]}」，没有收款。", "请输入元，例如 50 或 35.60。"
        )
        return
    quoted = quote(desk, open_store(desk), desk.draft)
    patient = quoted.answer.patient if quoted else 0
    if tendered < patient:
        short = errors.CashTooLittle(**_cash(tendered, patient))
        desk.say("attention", short.what, short.advice)
        return
    desk.change(msgspec.structs.replace(desk.draft, tendered=tendered))


def settle(desk: Desk) -> None:
    """Settle the sale on the desk; raise a UserError with nothing recorded, or record it durably first.

    After the commit nothing that fails takes the sale away: the notice says that it is recorded.
    """
    store = open_store(desk)
    quoted = quote(desk, store, desk.draft)
    if quoted is None:
        raise errors.NothingToSettle()
    _check(desk, desk.draft, quoted)
    sale = commit(desk, store, quoted)
    desk.courier.poke()
    _await_answer(desk, sale)
    desk.settled = put_on_paper(desk, sale)


def _check(desk: Desk, draft: Draft, quoted: Quote) -> None:
    needing = [line.drug.generic_name for line in draft.lines if line.drug.prescription_only]
    if needing and draft.prescription is None:
        raise errors.PrescriptionNeeded(drugs="、".join(needing))
    patient = quoted.answer.patient
    if draft.tendered is not None and draft.tendered < patient:
        raise errors.CashTooLittle(**_cash(draft.tendered, patient))
    for line in draft.lines:
        for code in line.trace_codes:
            sold = sales.sold_as(desk.db, code)
            if sold is not None:
                raise errors.TraceCodeSold(code=code, number=sold)


def _cash(tendered: int, patient: int) -> dict[str, str]:
    return {
        "tendered": format_yuan(tendered),
        "patient": format_yuan(patient),
        "short": format_yuan(patient - tendered),
    }


def commit(desk: Desk, store: Store, quoted: Quote) -> Sale:
    """Write journal, index, trace codes and messages in one durable step."""
    db = desk.db
    with transaction(db):
        serial = sales.next_serial(db)
        sale = _sale(desk, store, quoted, serial)
        uploaded = sales.last_journal(db)
        entry = journal.append(db, SALE_KIND, msgspec.json.encode(sale).decode(), sale.made_at)
        sales.record(db, sale, serial, entry.number)
        for settlement, id_ in zip(insured_settlements(sale.answer), sale.message_ids, strict=True):
            outbox.put(db, _settlement_message(sale, settlement, id_))
        _queue_journal(desk, sale, _message_id(sale, outbox.last_number(db) + 1), uploaded, entry.number)
    return sale


def _queue_journal(desk: Desk, sale: Sale, id_: str, uploaded: int, last: int) -> None:
    """Queue the entries since the last sale: the agency's answers, and this sale."""
    message = outbox.Message(
        id=id_,
        infno=JOURNAL_UPLOAD,
        input="",
        provider=sale.store.provider.id,
        made_at=sale.made_at,
        sale=sale.number,
    )
    outbox.put_journal(desk.db, message, (max(uploaded + 1, last - MOST_ENTRIES + 1), last))


def _sale(desk: Desk, store: Store, quoted: Quote, serial: int) -> Sale:
    answer, draft, claim = quoted.answer, desk.draft, quoted.claim
    sale = Sale(
        number=sales.sale_number(store.till, serial),
        made_at=desk.now(),
        store=store,
        operator=desk.settings.operator,
        draft=draft,
        claim=claim,
        answer=answer,
        certainty="provisional",
        bound=quoted.bound,
        tendered=answer.patient if draft.tendered is None else draft.tendered,
        policy_hash=desk.law.policy_hash(claim) if claim is not None and answer.policy else None,
        message_ids=(),
    )
    first = outbox.last_number(desk.db) + 1
    ids = tuple(_message_id(sale, first + place) for place in range(len(insured_settlements(answer))))
    return msgspec.structs.replace(sale, message_ids=ids)


def _message_id(sale: Sale, number: int) -> str:
    return message_id(sale.store.provider.id, sale.made_at, number % QUERY_SERIALS)


def _settlement_message(sale: Sale, settlement: Settlement, id_: str) -> outbox.Message:
    person, claim = sale.draft.person, sale.claim
    if person is None or claim is None:
        raise ValueError("only a person's claim has settlements for the agency")
    return outbox.Message(
        id=id_,
        infno=SETTLEMENT,
        input=settlement_input(
            sale_number=sale.number,
            made_at=sale.made_at,
            draft=sale.draft,
            claim=claim,
            settlement=settlement,
            policy=sale.answer.policy,
            policy_hash=sale.policy_hash,
        ),
        provider=sale.store.provider.id,
        admdvs=person.region,
        sale=sale.number,
        made_at=sale.made_at,
    )


def _await_answer(desk: Desk, sale: Sale) -> None:
    """Wait a moment for the agency, so that the receipt can carry its number; never when offline."""
    if not sale.message_ids or desk.courier.online is not True:
        return
    deadline = desk.now() + timedelta(seconds=desk.settings.answer_wait_s)
    while not _answered(desk, sale):
        left_s = (deadline - desk.now()).total_seconds()
        if left_s <= 0 or not desk.arrived.wait(left_s):
            return
        desk.arrived.clear()


def _answered(desk: Desk, sale: Sale) -> bool:
    return all(message.state != "waiting" for message in outbox.with_ids(desk.db, sale.message_ids))
