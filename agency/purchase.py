"""A purchase as the agency sees it: every 2101 and 2102 is read and checked here, and nowhere else."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from agency.calls import Call, ended, known_person
from agency.storage import leases, prescriptions, registry
from engine.calendar import business_day
from engine.catalogue import NOT_LISTED
from engine.person import Person, as_patient
from engine.policy.claim import Claim, Line, Patient
from engine.prescription import Prescription, as_claimed
from engine.protocol import codes
from engine.protocol.settlement import RequestedLine, SettlementRequest, Sums, read_settlement
from engine.protocol.wire import LARGEST, ProtocolError
from engine.sale import disease_treated, standard_of

CLOCKS_APART = timedelta(minutes=10)
FUTURE = "future"
"""Refused for now: its time comes. Nothing is remembered of it, and the same message may come again."""


class Purchase(Struct, frozen=True, kw_only=True):
    """What was asked, by whom, and the claim on the sums that are paid; no lease is counted in it."""

    request: SettlementRequest
    person: Person
    claim: Claim


def read_purchase(call: Call) -> Purchase:
    """Return a 2101 or 2102 as checked; raise ProtocolError for whatever is wrong with it."""
    request = read_settlement(call.request.input)
    _check_time(call, request)
    day = business_day(request.at)
    person = known_person(call, request.psn_no, day, granted=_granted(call, request))
    barred = ended(person, day)
    if barred is not None:
        raise barred
    if request.insutype != codes.INSUTYPE[person.insurance]:
        raise ProtocolError("险种类型与此人的参保险种不同，请先用 1101 重新读取人员信息。", "wrong_insurance")
    if request.cert_type == codes.RESIDENT_ID and request.cert_no not in (None, "", person.cert_no):
        raise ProtocolError("证件号码与人员编号不是同一个人，请核对后重新发送。", "wrong_person")
    _check_sums(request)
    known = _prescription(call, request)
    claim = Claim(
        day=day,
        patient=as_patient(person, day),
        provider=call.store.provider,
        prescription=as_claimed(known) if known else request.facts.prescription,
        accumulators=person.snapshot.accumulators,
        parameters=person.snapshot.parameters,
        lines=tuple(_line(call, asked, person, known, day) for asked in request.lines),
    )
    return Purchase(request=request, person=person, claim=claim)


def _granted(call: Call, request: SettlementRequest) -> Patient | None:
    """Return who somebody was when the lease was granted that a settlement names; None where it fits nobody.

    Who is insured elsewhere or otherwise by now was insured so when it was sold to them.
    """
    kept = leases.lease(call.db, request.psn_no, request.facts.lease) if request.facts.lease else None
    found = [each.patient for each in reversed(kept.promised)] if kept is not None else []
    return next((each for each in found if codes.INSUTYPE[each.insurance] == request.insutype), None)


def _check_time(call: Call, request: SettlementRequest) -> None:
    if request.at > call.now + CLOCKS_APART:
        raise ProtocolError("begntime 晚于现在，请校准收银机的时钟，到那时再发送同一份报文。", FUTURE)


def _check_sums(request: SettlementRequest) -> None:
    stated, sums = request.facts.sums, request.facts.accumulators
    if stated is not None and not _add_up(stated, request.total):
        raise ProtocolError("收银机自己的金额前后对不上，请核对后重新发送。", "sum_mismatch")
    paid = (
        ()
        if sums is None
        else (
            sums.deductible_paid,
            sums.fund_paid,
            sums.ordinary_fund_paid,
            sums.fund_paid_class_b,
            sums.pool_fund_paid,
        )
    )
    if not all(0 <= each <= LARGEST for each in paid):
        raise ProtocolError("结算所依据的年度累计超出范围，请核对后重新发送。")


def _add_up(stated: Sums, total: int) -> bool:
    parts = (stated.fund, stated.assistance, stated.patient)
    return min(parts) >= 0 and sum(parts) == stated.total == total


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
    call: Call, asked: RequestedLine, person: Person, prescription: Prescription | None, day: date
) -> Line:
    drug = registry.drug(call.db, asked.drug)
    listing = call.law.listing_on(drug, day, person.region, person.insurance) if drug else NOT_LISTED
    told = asked.disease if asked.disease in listing.diseases else None
    return Line(
        id=asked.sn,
        drug=asked.drug,
        quantity=asked.quantity,
        unit_price=asked.unit_price,
        klass=listing.klass,
        in_scope=listing.in_scope,
        first_self_pay_bp=listing.first_self_pay_bp,
        payment_standard=standard_of(listing.payment_standard, asked.size),
        disease=told or disease_treated(listing, person, prescription, day),
        negotiated=listing.negotiated,
    )
