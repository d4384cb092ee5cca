"""2101, 2102 and 2103: the share on the agency's own books, settled once, taken back once.

What was settled under a lease is accepted as it was printed. Everything else is computed on what is left,
with all that is reserved for tills counted as paid (docs/leases.md).
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from agency import dispensing, lease_use, leases, trueup
from agency.books import Books, reclaim
from agency.calls import Call, known_person
from agency.lease_use import Use
from agency.purchase import Purchase, read_purchase
from agency.storage import dispensed, persons, settlements, sums, tills
from agency.storage import leases as kept_leases
from agency.storage.counters import next_number
from agency.storage.leases import FINISHED, Kept
from agency.storage.settlements import Settlement
from agency.tills import may_hold_leases
from engine.adjudicate import added_by, amounts, computed_of, less, plus
from engine.calendar import business_day
from engine.lease import Spend, spend_of
from engine.money import Fen
from engine.policy.answer import Answer
from engine.policy.claim import Accumulators, Claim
from engine.protocol.adjustment import Computed
from engine.protocol.lease import Dispensed, SignedLease
from engine.protocol.reversal import as_held, reversed_output, with_gap
from engine.protocol.settled import (
    AgencyFacts,
    Ids,
    SettledOutput,
    read_output,
    settled_output,
    snapshot_before,
)
from engine.protocol.settlement import SettlementRequest, read_reversal, rxno_of, sums_of
from engine.protocol.wire import ProtocolError, compact, encode


class Decision(Struct, frozen=True, kw_only=True):
    """What a purchase comes to: ``answer`` to ``claim``, and ``use`` of a lease or the provider's ``gap``.

    ``drawn`` is the till's own lease, which a settlement that names none has made smaller.
    """

    claim: Claim
    answer: Answer
    use: Use | None = None
    gap: Fen = 0
    drawn: Kept | None = None


def presettle(call: Call) -> str:
    """2101: compute a purchase and settle nothing; reserve what it needs where the till asks for that."""
    purchase = read_purchase(call)
    persons.follow(call.db, purchase.person.psn_no, call.request.fixmedins_code)
    if reclaim(call.db, purchase.person.psn_no, call.now):
        trueup.run(call.db, call.law, purchase.person.psn_no, call.now)
    books = leases.books_of(call, purchase.person)
    ask = purchase.request.facts.ask
    if ask is not None and ask.psn_no != purchase.person.psn_no:
        raise ProtocolError("额度申请与结算不是同一个人，请核对后重新发送。", "wrong_person")
    till, no_lease = _lease_holder(call) if ask is not None else (None, "")
    before = books.effective() if ask is None or till is None else leases.effective_for(books, till, ask)
    claim = replace(purchase.claim, accumulators=before)
    decision = Decision(claim=claim, answer=call.law.answer(claim))
    lease = None
    if ask is not None and till is not None and _insured(decision.answer):
        more = _wanted(spend_of(decision.answer.settlements, claim.parameters), ask.want)
        lease = leases.grant(
            call, purchase.person, till, ask=ask, more=more, until=call.now + call.terms.basket
        )
    return encode(_output(call, purchase, decision, Ids(), lease=lease, no_lease=no_lease))


def settle(call: Call) -> str:
    """2102: settle a purchase, and count it into the person's year."""
    purchase = read_purchase(call)
    psn_no = purchase.person.psn_no
    freed = reclaim(call.db, psn_no, call.now)
    books = leases.books_of(call, purchase.person)
    later = settlements.later(call.db, psn_no, books.year, books.benefit, purchase.request.at)
    decision = _decide(call, purchase, books, later.held)
    dispensing.check_settlement(call, purchase, leased=decision.use is not None)
    number = next_number(call.db, "settlement")
    stamp = f"{purchase.person.region}{compact(call.now)}"
    ids = Ids(setl_id=f"{stamp}{number:010d}", mdtrt_id=f"M{number:011d}", medins_setl_id=call.request.msgid)
    before = books.effective(without=decision.use.kept.lease.id if decision.use else None)
    counted = replace(decision.claim, accumulators=before)
    output = encode(_output(call, purchase, decision, ids, before=counted))
    _book(call, purchase, books, decision, ids=ids, output=output)
    # Where the fund bears something, one more settlement may make the whole better for the patient.
    in_order = not later.borne and _same_in_order(call, books, decision)
    cause = trueup.LATE if later.count else None if in_order else trueup.STALE
    if cause is not None:
        trueup.mark(call.db, psn_no=psn_no, year=books.year, benefit=books.benefit, cause=cause)
    if freed or cause is not None or (decision.use and decision.use.after.state in FINISHED):
        trueup.run(call.db, call.law, psn_no, call.now)
    return output


def reverse(call: Call) -> str:
    """2103: take one settlement back, once, and give the person's year back what it holds now."""
    asked = read_reversal(call.request.input)
    made = settlements.settlement(call.db, asked.psn_no, asked.setl_id)
    if made is None or made.mdtrt_id != asked.mdtrt_id:
        raise ProtocolError("没有这笔结算，请核对人员编号、就诊ID和结算ID。", "unknown_settlement")
    if made.provider != call.request.fixmedins_code:
        raise ProtocolError("这笔结算是别的机构办理的，请由原机构撤销。", "wrong_provider")
    if made.reversed_by is not None:
        raise ProtocolError("这笔结算已经撤销过，没有再次撤销。", "already_reversed")
    person = known_person(call, made.psn_no, business_day(made.settled_at))
    setl_id = take_back(call, made)
    facts = AgencyFacts(policy=None, policy_hash=None, before=person.snapshot, reverses=made.setl_id)
    ids = Ids(setl_id=setl_id, mdtrt_id=made.mdtrt_id, medins_setl_id=call.request.msgid)
    told = as_held(read_output(made.output), made.computed, made.gap)
    return encode(reversed_output(told, facts=facts, at=call.now, ids=ids))


def take_back(call: Call, made: Settlement, *, to_come_again: bool = False) -> str:
    """Take a settlement in force back, and return the number of its reversal; the person is locked.

    One that is ``to_come_again`` under another message gives its lease back what it had used of it.
    """
    number = next_number(call.db, "settlement")
    setl_id = f"{made.setl_id[:6]}{compact(call.now)}{number:010d}"
    key = (made.psn_no, made.year, made.benefit)
    sums.write(call.db, *key, less(sums.read(call.db, *key), made.added))
    settlements.mark_reversed(call.db, made.psn_no, made.setl_id, setl_id)
    dispensed.take_back(call.db, made.psn_no, made.setl_id)
    if not to_come_again:
        dispensing.take_back(call, made)
    if to_come_again and made.lease is not None:
        lease_use.give_back(call.db, made)
    reclaim(call.db, made.psn_no, call.now)
    trueup.mark(call.db, psn_no=made.psn_no, year=made.year, benefit=made.benefit, cause=trueup.REVERSED)
    trueup.run(call.db, call.law, made.psn_no, call.now)
    return setl_id


def _lease_holder(call: Call) -> tuple[tills.Till | None, str]:
    """Return the till that may be given a lease; None for one that may not, and why: its 2101 is answered."""
    try:
        return may_hold_leases(call.speaker), ""
    except ProtocolError as error:
        return None, error.text


def _insured(answer: Answer) -> bool:
    return any(each.benefit != "self_pay" for each in answer.settlements)


def _wanted(needed: Spend, want: Fen | None) -> Spend:
    if want is None:
        return needed
    return Spend(fund=min(needed.fund, want), class_b=min(needed.class_b, want))


def _decide(call: Call, purchase: Purchase, books: Books, held_later: Accumulators) -> Decision:
    """Return the settlement as printed where a lease holds, else as the law has it on what is left.

    ``held_later`` is what later settlements hold: a deductible that they took was still to be paid.
    """
    use = lease_use.use_of(call, purchase, books)
    if use is not None:
        return Decision(claim=use.claim, answer=use.answer, use=use)
    own = lease_use.of_the_same_till(call, purchase, books)
    deductible = books.paid.deductible_paid - held_later.deductible_paid
    left = replace(lease_use.left_for(books, own), deductible_paid=max(0, deductible))
    claim = replace(purchase.claim, accumulators=left)
    answer = call.law.answer(claim)
    stated = purchase.request.facts.sums
    gap = 0
    if purchase.request.facts.lease is not None and stated is not None:
        # The patient was told under a lease what to pay; what is missing is the provider's, not theirs.
        gap = max(0, answer.patient - stated.patient)
    return Decision(claim=claim, answer=answer, gap=gap, drawn=own.after(claim, answer) if own else None)


def _same_in_order(call: Call, books: Books, decision: Decision) -> bool:
    """Tell whether a settlement after all others is what the law gives on the sums that are paid."""
    claim = decision.claim
    if claim.accumulators == books.paid:
        return not decision.gap and not (decision.use and decision.use.law_differs)
    fair = call.law.answer(replace(claim, accumulators=books.paid))
    return not decision.gap and amounts(computed_of(fair)) == amounts(computed_of(decision.answer))


def _output(
    call: Call,
    purchase: Purchase,
    decision: Decision,
    ids: Ids,
    *,
    before: Claim | None = None,
    lease: SignedLease | None = None,
    no_lease: str = "",
) -> SettledOutput:
    answer, till = decision.answer, purchase.request.facts.sums
    snapshot = replace(
        snapshot_before(before or decision.claim, call.now), benefit=purchase.person.snapshot.benefit
    )
    facts = AgencyFacts(
        policy=answer.policy,
        policy_hash=call.law.pack_hash(decision.claim),
        before=snapshot,
        differs=till is not None and till != sums_of(answer),
        till=till,
        refusals=tuple(refusal.message for refusal in answer.refusals),
        lease=lease,
        no_lease=no_lease,
        under_lease=decision.use.kept.lease.id if decision.use else None,
        gap=decision.gap,
    )
    told = settled_output(
        person=purchase.person,
        request=purchase.request,
        claim=decision.claim,
        answer=answer,
        facts=facts,
        at=call.now,
        ids=ids,
    )
    return with_gap(told, decision.gap)


def _book(call: Call, purchase: Purchase, books: Books, decision: Decision, *, ids: Ids, output: str) -> None:
    psn_no, use = purchase.person.psn_no, decision.use
    added = added_by(decision.answer, decision.claim.parameters)
    persons.follow(call.db, psn_no, call.request.fixmedins_code)
    if use is not None:
        kept_leases.save(call.db, use.after)
    elif decision.drawn is not None:
        kept_leases.save(call.db, decision.drawn)
    if added != type(added)():
        sums.write(call.db, psn_no, books.year, books.benefit, plus(books.paid, added))
    made = _settlement(call, purchase, books, decision, ids=ids, output=output)
    settlements.save(call.db, made)
    dispensed.save(call.db, made.setl_id, given(made, purchase.request))


def _settlement(
    call: Call, purchase: Purchase, books: Books, decision: Decision, *, ids: Ids, output: str
) -> Settlement:
    request, answer = purchase.request, decision.answer
    found = computed_of(answer)
    now: Computed = replace(found, patient=found.patient - decision.gap)
    speaker = call.speaker.till if call.speaker else None
    return Settlement(
        setl_id=ids.setl_id or "",
        mdtrt_id=ids.mdtrt_id or "",
        msgid=call.request.msgid,
        psn_no=request.psn_no,
        provider=call.request.fixmedins_code,
        till=speaker.till if speaker else call.store.till,
        epoch=speaker.epoch if speaker else tills.UNENROLLED,
        year=books.year,
        benefit=books.benefit,
        sale=request.facts.sale,
        settled_at=request.at,
        received_at=call.now,
        insutype=request.insutype,
        total=answer.total,
        fund=now.fund,
        assistance=now.assistance,
        patient=now.patient,
        now_fund=now.fund,
        now_assistance=now.assistance,
        now_patient=now.patient,
        added=added_by(answer, decision.claim.parameters),
        claim=decision.claim,
        computed=now,
        input=bytes(call.request.input).decode(),
        output=output,
        lease=decision.use.kept.lease.id if decision.use else None,
        gap=decision.gap,
    )


def given(made: Settlement, request: SettlementRequest) -> list[Dispensed]:
    """Return what a settlement dispensed, with number and days of supply of its prescription."""
    claim, rxno = made.claim, rxno_of(request)
    sizes = {line.sn: line.size for line in request.lines}
    days = claim.prescription.supply_days if claim.prescription else None
    return [
        Dispensed(
            psn_no=made.psn_no,
            at=made.settled_at,
            provider=made.provider,
            drug=line.drug,
            quantity=line.quantity,
            days=days,
            rxno=rxno,
            sale=made.sale,
            pack_size=sizes.get(line.id) or 1,
        )
        for line in claim.lines
    ]
