"""The settlement: on disk before anything else moves; then the agency, the receipt, the printer."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from app import errors
from app.storage import device, journal, outbox, sales
from app.storage.connection import Connection, transaction
from app.storage.sale_texts import messages_beside
from app.usecases import stock_counter, stock_pieces, trace_codes
from app.usecases.cash import check_cash
from app.usecases.desk import Desk
from app.usecases.dispensing import signing_of
from app.usecases.floors import ADVICE, exposure
from app.usecases.leases import latest_known
from app.usecases.paper import put_on_paper, say_unprinted, without_paper
from app.usecases.quote import Quote, quote
from app.usecases.show import find, open_store
from app.usecases.state import CounterState
from engine.calendar import business_day
from engine.money import format_yuan
from engine.prescription import Finding
from engine.protocol.envelope import QUERY_SERIALS, message_ids
from engine.protocol.journal import MOST_ENTRIES
from engine.review import bars, with_prescribed_names
from engine.sale import Draft, Sale, Store, as_recorded, insured_settlements

SALE_KIND = "sale"
_WHY_UNSIGNED = {False: "处方药还没有药师审方签字", True: "审方签字以后有改动，签字已失效"}
_STILL_TO_COME = 20

_ENCODE = msgspec.json.Encoder().encode


def settle(desk: Desk) -> None:
    """Settle the sale on the desk; raise a UserError with nothing recorded, or record it durably first.

    After the commit nothing that fails takes the sale away, and none of it is raised as if nothing had been
    recorded: the desk holds the sale as settled at once, so that the key pressed again sells nothing twice.
    """
    store = open_store(desk)
    quoted = quote(desk, store, desk.draft)
    if quoted is None:
        raise errors.NothingToSettle()
    _check(desk, quoted)
    sale = commit(desk.db, prepare(desk, store, quoted))
    desk.settled = without_paper(sale)
    desk.courier.poke()
    try:
        _await_answer(desk, sale)
        put_on_paper(desk, sale)
    except (errors.StorageTrouble, errors.PrinterSilent) as trouble:
        say_unprinted(desk, sale.number, trouble)


def awaits_agency(desk: Desk, deadline: datetime) -> bool:
    """Wait until something arrives while the agency still computes this very basket; False when it does not.

    A sale that overtakes its own pre-settlement would stand beside the lease that was reserved for it.
    """
    if desk.settled is not None or desk.courier.online is not True or desk.asked is None:
        return False
    if desk.presettled is not None and desk.presettled.claim == desk.asked[0]:
        return False
    left_s = (deadline - desk.now()).total_seconds()
    if left_s <= 0 or not desk.arrived.wait(left_s):
        return False
    desk.arrived.clear()
    return True


def changed_since(desk: Desk, seen: CounterState | None) -> bool:
    """Tell whether the sum is no longer the one that was ``seen``, and say so: nobody pays an unseen sum.

    What is on the desk was shown again meanwhile; the next key settles it.
    """
    shown = desk.last_shown
    if seen is None or shown is None or seen.answer is None or shown.answer is None:
        return False
    before, after = seen.answer.patient, shown.answer.patient
    if _who(seen) != _who(shown):
        desk.say("attention", "参保人刚刚变了，没有结算，也没有入账。", "请核对左边的参保人，再按 F12。")
        return True
    if (before, seen.answer.fund) == (after, shown.answer.fund):
        return _less_sure(desk, seen, shown)
    desk.say(
        "attention",
        f"应收由 {format_yuan(before)} 元变为 {format_yuan(after)} 元，没有结算，也没有入账。",
        "请核对右边的金额和「为什么」，再按 F12。",
    )
    return True


def _less_sure(desk: Desk, seen: CounterState, shown: CounterState) -> bool:
    """Tell whether a share that was guaranteed is so no more: its lease ended, or the clock was set back."""
    if seen.certainty != "guaranteed" or shown.certainty != "provisional":
        return False
    desk.say(
        "attention",
        "金额没有变，但额度凭据已不能用，这一笔只能暂定；没有结算，也没有入账。",
        "请告诉参保人可能更正，再按 F12。",
    )
    return True


def _who(state: CounterState) -> str | None:
    return state.draft.person.psn_no if state.draft.person else None


def _check(desk: Desk, quoted: Quote) -> None:
    """Raise a UserError for what keeps the sale from being settled; drop a signature that says nothing."""
    draft = desk.draft
    needing = [line.drug.generic_name for line in draft.lines if line.drug.prescription_only]
    if needing and draft.prescription is None:
        raise errors.PrescriptionNeeded(drugs="、".join(needing))
    findings = find(desk, draft, quoted)
    barring = bars(findings) if needing else ()
    if barring:
        raise errors.PrescriptionUnfit(problem="".join(finding.text for finding in barring))
    unsaleable = [finding for finding in findings if finding.bars]
    if unsaleable:
        raise errors.NotForSale(problem="".join(_in_full(finding) for finding in unsaleable))
    signing = signing_of(desk, draft, findings)
    if signing.needed and signing.signed is None:
        raise errors.NotSigned(why=_WHY_UNSIGNED[signing.void is not None])
    store, insured = open_store(desk), bool(insured_settlements(quoted.answer))
    trace_codes.check(desk, store, draft, insured=insured)
    check_cash(draft.tendered, quoted.answer.patient)
    desk.draft = replace(draft, signed=signing.signed)


def _in_full(finding: Finding) -> str:
    """Return what stops the sale, where that stands, and what to do."""
    clause = finding.clause
    where = f"依据：{clause.document} {clause.section}".strip() + "。" if clause is not None else ""
    return f"{finding.text}{where}{finding.advice}"


class Prepared(Struct, frozen=True):
    """A sale ready to be made durable: its journal entry, its row, its messages."""

    sale: Sale
    entry: journal.Ready
    row: sales.SaleRow
    messages: outbox.SaleMessages
    previous: sales.LastSale
    first: int  # Of the journal entries that the last upload carries.
    pieces: tuple[stock_counter.PieceUse, ...] = ()  # What is taken out of opened packs.


def prepare(desk: Desk, store: Store, quoted: Quote) -> Prepared:
    """Number the sale on the desk and write its text; raise TraceCodeSold for a box that was sold before.

    Nobody else sells into this database (``app.storage.guard``), so what is read here still holds when the
    sale is committed, and the transaction need not wait for it.
    """
    previous, head = sales.newest(desk.db), journal.head(desk.db)
    earlier = _earlier_spans(previous.journal + 1, head[0])
    named = with_prescribed_names(desk.draft, desk.knowledge, desk.today())
    taken = stock_counter.take(desk, store, named)
    sale = _sale(desk, store, quoted, previous, taken.draft)
    further_ids = _further_ids(sale, previous, len(earlier) + 1)
    stock_counter.check_boxes(desk.db, sale)
    return Prepared(
        sale=sale,
        entry=journal.make_ready(SALE_KIND, _ENCODE(sale).decode(), sale.made_at, head),
        row=sales.row_of(sale, previous, _standing(desk, sale, previous)),
        messages=outbox.of_sale(sale, further_ids, earlier),
        previous=previous,
        first=earlier[-1][1] + 1 if earlier else previous.journal + 1,
        pieces=taken.pieces,
    )


def _standing(desk: Desk, sale: Sale, previous: sales.LastSale) -> sales.Standing:
    """Return what the next sale is to know: how late it was, and what the fund is still to confirm."""
    before = 0 if desk.courier.online is True else exposure(desk.db, previous)
    unsure = bool(sale.message_ids) and sale.lease is None
    share = sale.answer.fund + sale.answer.assistance if unsure else 0
    return sales.Standing(latest=max(latest_known(desk, sale.made_at), sale.made_at), exposure=before + share)


def _earlier_spans(first: int, last: int) -> list[outbox.Span]:
    """Return the entries that one upload has no room for, in spans, of those from ``first`` to ``last``.

    After days offline the agency's answers alone are many. Room is left for what the courier may still add.
    """
    length = MOST_ENTRIES - _STILL_TO_COME
    count = max(0, last - first + 1) // length
    return [(first + place * length, first + (place + 1) * length - 1) for place in range(count)]


def commit(db: Connection, prepared: Prepared) -> Sale:
    """Write journal, index, trace codes and messages in one durable step."""
    sale, previous = prepared.sale, prepared.previous
    with transaction(db):
        if prepared.pieces:
            stock_pieces.hand_out(db, sale, prepared.row.serial, prepared.pieces)
        entry = journal.put(db, prepared.entry)
        sales.record(db, prepared.row, previous, entry.number)
        # The uploads carry what came since the last sale: the agency's answers, and this sale.
        outbox.put_sale(db, prepared.messages, (prepared.first, entry.number))
    return sale


def _sale(desk: Desk, store: Store, quoted: Quote, previous: sales.LastSale, draft: Draft) -> Sale:
    """Return the sale of ``draft``, which knows its lots, as the journal will hold it.

    Raises DayChanged where midnight fell between the claim and its recording, LeaseRanOut where its lease
    ended.
    """
    answer, claim, now = quoted.answer, quoted.claim, desk.now()
    if claim is not None and claim.day != business_day(now):
        raise errors.DayChanged()
    if quoted.lease is not None and now >= quoted.lease.use_until:
        raise errors.LeaseRanOut()
    region = store.provider.region
    return Sale(
        number=sales.sale_number(store.till, previous.serial + 1, _epoch(desk)),
        made_at=now,
        store=store,
        operator=desk.settings.operator,
        draft=as_recorded(draft, claimed=claim is not None, day=business_day(now), region=region),
        claim=claim,
        answer=answer,
        certainty=quoted.certainty or "provisional",
        bound=quoted.bound,
        tendered=answer.patient if draft.tendered is None else draft.tendered,
        policy_hash=desk.law.policy_hash(claim) if claim is not None and answer.policy else None,
        message_ids=_ids(store, now, previous.messages + 1, len(insured_settlements(answer))),
        lease=quoted.lease,
        advice=f"{ADVICE}。" if quoted.floor else "",
    )


def _further_ids(sale: Sale, previous: sales.LastSale, uploads: int) -> tuple[str, ...]:
    """Return the ids of what follows the settlements: what else the sale is told by, then the uploads."""
    first = previous.messages + 1 + len(sale.message_ids)
    return _ids(sale.store, sale.made_at, first, len(messages_beside(sale)) + uploads)


def _ids(store: Store, at: datetime, first: int, count: int) -> tuple[str, ...]:
    serials = [number % QUERY_SERIALS for number in range(first, first + count)]
    return tuple(message_ids(store.provider.id, at, serials))


def _epoch(desk: Desk) -> int:
    present = device.of_epoch(desk.db, None)
    return present.epoch if present else 1


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
    return not outbox.wait(desk.db, sale.message_ids)
