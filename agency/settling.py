"""2101, 2102 and 2103: the share on the agency's own books, settled once, taken back once."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from agency.calls import Call, known_person
from agency.storage import persons, prescriptions, registry, settlements, sums, tills
from agency.storage.counters import next_number
from engine.adjudicate import computed_of
from engine.calendar import business_day
from engine.catalogue import NOT_LISTED, listing_on
from engine.person import Person, as_patient
from engine.policy.answer import Answer
from engine.policy.claim import Accumulators, Claim, Line
from engine.prescription import Prescription, as_claimed
from engine.protocol import codes
from engine.protocol.settled import (
    AgencyFacts,
    Ids,
    SettledOutput,
    read_output,
    reversed_output,
    settled_output,
    snapshot_before,
)
from engine.protocol.settlement import (
    RequestedLine,
    SettlementRequest,
    read_reversal,
    read_settlement,
    sums_of,
)
from engine.protocol.wire import ProtocolError, compact, encode
from engine.quota import after
from engine.sale import disease_treated

_CLOCKS_APART = timedelta(minutes=10)


class Purchase(Struct, frozen=True, kw_only=True):
    """A purchase as the agency sees it: what was asked, by whom, and what it comes to."""

    request: SettlementRequest
    person: Person
    claim: Claim
    answer: Answer


def presettle(call: Call) -> str:
    """2101: compute a purchase and change nothing; tells the person's sums before it, too."""
    purchase = _purchase(call)
    persons.follow(call.db, purchase.person.psn_no, call.request.fixmedins_code)
    return encode(_output(call, purchase, Ids()))


def settle(call: Call) -> str:
    """2102: settle a purchase, and count it into the person's year."""
    purchase = _purchase(call)
    number = next_number(call.db, "settlement")
    stamp = f"{purchase.person.region}{compact(call.now)}"
    ids = Ids(setl_id=f"{stamp}{number:010d}", mdtrt_id=f"M{number:011d}", medins_setl_id=call.request.msgid)
    output = encode(_output(call, purchase, ids))
    _book(call, purchase, ids, output)
    return output


def reverse(call: Call) -> str:
    """2103: take one settlement back, once, and give the person's year back what it took."""
    asked = read_reversal(call.request.input)
    made = settlements.settlement(call.db, asked.psn_no, asked.setl_id)
    if made is None or made.mdtrt_id != asked.mdtrt_id:
        raise ProtocolError("没有这笔结算，请核对人员编号、就诊ID和结算ID。", "unknown_settlement")
    if made.provider != call.request.fixmedins_code:
        raise ProtocolError("这笔结算是别的机构办理的，请由原机构撤销。", "wrong_provider")
    if made.reversed_by is not None:
        raise ProtocolError("这笔结算已经撤销过，没有再次撤销。", "already_reversed")
    number = next_number(call.db, "settlement")
    setl_id = f"{made.setl_id[:6]}{compact(call.now)}{number:010d}"
    before = sums.read(call.db, made.psn_no, made.year, made.benefit)
    sums.write(call.db, made.psn_no, made.year, made.benefit, _less(before, made.added))
    settlements.mark_reversed(call.db, made.psn_no, made.setl_id, setl_id)
    person = known_person(call, made.psn_no, business_day(made.settled_at))
    facts = AgencyFacts(policy=None, policy_hash=None, before=person.snapshot, reverses=made.setl_id)
    ids = Ids(setl_id=setl_id, mdtrt_id=made.mdtrt_id, medins_setl_id=call.request.msgid)
    return encode(reversed_output(read_output(made.output), facts=facts, at=call.now, ids=ids))


def _purchase(call: Call) -> Purchase:
    request = read_settlement(call.request.input)
    if request.at > call.now + _CLOCKS_APART:
        raise ProtocolError("begntime 晚于现在，请校准收银机的时钟后重新发送。", "future")
    day = business_day(request.at)
    person = known_person(call, request.psn_no, day)
    if request.insutype != codes.INSUTYPE[person.insurance]:
        raise ProtocolError("险种类型与此人的参保险种不同，请先用 1101 重新读取人员信息。", "wrong_insurance")
    if request.cert_type == codes.RESIDENT_ID and request.cert_no not in (None, "", person.cert_no):
        raise ProtocolError("证件号码与人员编号不是同一个人，请核对后重新发送。", "wrong_person")
    known = _prescription(call, request)
    prescription = as_claimed(known) if known else request.facts.prescription
    claim = Claim(
        day=day,
        patient=as_patient(person, day),
        provider=call.store.provider,
        prescription=prescription,
        accumulators=person.snapshot.accumulators,
        parameters=person.snapshot.parameters,
        lines=tuple(_line(call, asked, person, known, day) for asked in request.lines),
    )
    return Purchase(request=request, person=person, claim=claim, answer=call.law.answer(claim))


def _prescription(call: Call, request: SettlementRequest) -> Prescription | None:
    """Return the prescription that the agency itself holds; what the till says of it does not count then."""
    numbers = {line.rxno for line in request.lines if line.rxno}
    if len(numbers) > 1:
        raise ProtocolError("一次结算只能用一张处方，请分开结算。")
    known = prescriptions.prescription(call.db, numbers.pop()) if numbers else None
    if known and known.psn_no not in (None, request.psn_no):
        raise ProtocolError("这张处方不是开给此人的，请核对处方和参保人。", "wrong_prescription")
    return known


def _line(
    call: Call,
    asked: RequestedLine,
    person: Person,
    prescription: Prescription | None,
    day: date,
) -> Line:
    drug = registry.drug(call.db, asked.drug)
    listing = listing_on(drug, day, person.region) if drug else NOT_LISTED
    told = asked.disease if asked.disease in listing.diseases else None
    return Line(
        id=asked.sn,
        drug=asked.drug,
        quantity=asked.quantity,
        unit_price=asked.unit_price,
        klass=listing.klass,
        in_scope=listing.in_scope,
        first_self_pay_bp=listing.first_self_pay_bp,
        payment_standard=listing.payment_standard,
        disease=told or disease_treated(listing, person, prescription, day),
        negotiated=listing.negotiated,
    )


def _output(call: Call, purchase: Purchase, ids: Ids) -> SettledOutput:
    claim, answer, till = purchase.claim, purchase.answer, purchase.request.facts.sums
    facts = AgencyFacts(
        policy=answer.policy,
        policy_hash=call.law.pack_hash(claim),
        before=snapshot_before(claim, call.now),
        differs=till is not None and till != sums_of(answer),
        till=till,
        refusals=tuple(refusal.message for refusal in answer.refusals),
    )
    return settled_output(
        person=purchase.person,
        request=purchase.request,
        claim=claim,
        answer=answer,
        facts=facts,
        at=call.now,
        ids=ids,
    )


def _book(call: Call, purchase: Purchase, ids: Ids, output: str) -> None:
    request, claim, answer = purchase.request, purchase.claim, purchase.answer
    year, benefit = purchase.person.snapshot.year, purchase.person.snapshot.benefit
    later = after(claim.accumulators, answer.settlements, claim.parameters)
    persons.follow(call.db, request.psn_no, call.request.fixmedins_code)
    if later != claim.accumulators:
        sums.write(call.db, request.psn_no, year, benefit, later)
    settlements.save(
        call.db,
        settlements.Settlement(
            setl_id=ids.setl_id or "",
            mdtrt_id=ids.mdtrt_id or "",
            msgid=call.request.msgid,
            psn_no=request.psn_no,
            provider=call.request.fixmedins_code,
            till=call.store.till,
            epoch=tills.UNENROLLED,
            year=year,
            benefit=benefit,
            sale=request.facts.sale,
            settled_at=request.at,
            received_at=call.now,
            insutype=request.insutype,
            total=answer.total,
            fund=answer.fund,
            assistance=answer.assistance,
            patient=answer.patient,
            now_fund=answer.fund,
            now_assistance=answer.assistance,
            now_patient=answer.patient,
            added=_less(later, claim.accumulators),
            claim=claim,
            computed=computed_of(answer),
            input=bytes(call.request.input).decode(),
            output=output,
        ),
    )


def _less(whole: Accumulators, taken: Accumulators) -> Accumulators:
    return Accumulators(
        deductible_paid=whole.deductible_paid - taken.deductible_paid,
        fund_paid=whole.fund_paid - taken.fund_paid,
        ordinary_fund_paid=whole.ordinary_fund_paid,
        ordinary_exhausted=whole.ordinary_exhausted,
        fund_paid_class_b=whole.fund_paid_class_b - taken.fund_paid_class_b,
        pool_fund_paid=whole.pool_fund_paid - taken.pool_fund_paid,
    )
