"""What the agency answers to 2101, 2102 and 2103: the share, each line's cut, and their identities.

A till believes an answer only when its identities hold; one that contradicts itself is never applied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Raw, Struct

from engine.calendar import age_on, insurance_year
from engine.money import Fen, portion
from engine.person import Person, Snapshot
from engine.policy.answer import Answer, Settlement
from engine.policy.claim import Claim, Line
from engine.protocol import codes
from engine.protocol.lease import SignedLease
from engine.protocol.settlement import SettlementRequest, Sums
from engine.protocol.wire import ProtocolError, decode, encode, seconds, signed_fen, yuan

_FUNDS = ("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "hifdm_pay", "maf_pay", "oth_pay")
_ZERO = Decimal("0.00")
_DECIMAL: Any = Decimal | None
_TEXT: Any = str | None
_ALIASES = {"psn_pay": "psn_part_amt", "cash_payamt": "psn_cash_pay", "pdn_cash_pay": "psn_cash_pay"}
"""Names that some platforms give to the same amounts (facts, section 1.9)."""


class SetlInfo(Struct, frozen=True, kw_only=True):
    """Node ``setlinfo``; amounts in yuan, negative ones of a reversal included."""

    psn_no: str
    psn_name: str
    certno: str
    gend: str
    brdy: str
    age: Decimal
    insutype: str
    psn_type: str
    setl_time: str
    mdtrt_cert_type: str
    med_type: str
    medfee_sumamt: Decimal
    fulamt_ownpay_amt: Decimal
    overlmt_selfpay: Decimal
    preselfpay_amt: Decimal
    inscp_scp_amt: Decimal
    act_pay_dedc: Decimal
    hifp_pay: Decimal
    pool_prop_selfpay: Decimal
    maf_pay: Decimal
    fund_pay_sumamt: Decimal
    psn_part_amt: Decimal
    psn_cash_pay: Decimal
    cvlserv_pay: Decimal = _ZERO
    hifes_pay: Decimal = _ZERO
    hifmi_pay: Decimal = _ZERO
    hifob_pay: Decimal = _ZERO
    hifdm_pay: Decimal = _ZERO
    oth_pay: Decimal = _ZERO
    acct_pay: Decimal = _ZERO
    acct_mulaid_pay: Decimal = _ZERO
    hosp_part_amt: Decimal = (
        _ZERO  # What the provider bears: the gap of a lease's settlement that came too late.
    )
    balc: Decimal = _ZERO
    setl_id: str | None = None
    mdtrt_id: str | None = None
    medins_setl_id: str | None = None
    psn_cert_type: str = codes.CERT_TYPE_ID
    naty: str = ""
    cvlserv_flag: str = "0"
    clr_optins: str = ""
    clr_way: str = "1"
    clr_type: str = codes.CLEARING_PHARMACY
    expContent: str = ""


class SetlDetail(Struct, frozen=True, kw_only=True):
    """Node ``setldetail``: what one fund pays; ``setl_proc_info`` tells how it was computed."""

    fund_pay_type: str
    fund_pay_type_name: str
    inscp_scp_amt: Decimal
    fund_payamt: Decimal
    crt_payb_lmt_amt: Decimal | None = None
    setl_proc_info: str = ""


class DetailCut(Struct, frozen=True, kw_only=True):
    """Node ``detlcutinfo``: how one line divides; mind ``overlmt_amt`` beside the total's name."""

    feedetl_sn: str
    det_item_fee_sumamt: Decimal
    cnt: Decimal
    pric: Decimal
    pric_uplmt_amt: Decimal
    selfpay_prop: Decimal
    fulamt_ownpay_amt: Decimal
    overlmt_amt: Decimal
    preselfpay_amt: Decimal
    inscp_scp_amt: Decimal
    chrgitm_lv: str
    hi_nego_drug_flag: str = "0"
    memo: str = ""


class AgencyFacts(Struct, frozen=True, kw_only=True):
    """``expContent`` of ``setlinfo``: ours. ``before`` is the person's year before this claim.

    ``differs`` says that the till's sums were others than the agency's, which are the ones that count.
    """

    policy: str | None
    policy_hash: str | None
    before: Snapshot
    differs: bool = False
    till: Sums | None = None
    refusals: tuple[str, ...] = ()
    reverses: str | None = None
    lease: SignedLease | None = None  # In the answer to a 2101 that asked for one.
    under_lease: str | None = None  # The lease that a 2102 was accepted under, with exactly the till's sums.
    no_lease: str = ""  # In the answer to a 2101 that asked for one: why this till is given none, in Chinese.
    gap: Fen = 0  # Of a lease's settlement that came too late: what the provider bears, in fen.


class Ids(Struct, frozen=True, kw_only=True):
    """The numbers of a settlement; ``medins_setl_id`` is the message's own id."""

    setl_id: str | None = None
    mdtrt_id: str | None = None
    medins_setl_id: str | None = None


class SettledOutput(Struct, frozen=True, kw_only=True):
    """The three output nodes of 2101, 2102 and 2103."""

    setlinfo: SetlInfo
    setldetail: list[SetlDetail] = []
    detlcutinfo: list[DetailCut] = []


class Settled(Struct, frozen=True, kw_only=True):
    """An answer as the till took it, its identities checked; amounts in fen.

    ``facts`` is None from a platform that does not speak ours.
    """

    setl_id: str | None
    mdtrt_id: str | None
    message_id: str | None
    sums: Sums
    facts: AgencyFacts | None


def settled_output(
    *,
    person: Person,
    request: SettlementRequest,
    claim: Claim,
    answer: Answer,
    facts: AgencyFacts,
    at: datetime,
    ids: Ids,
) -> SettledOutput:
    """Return the answer to ``request``; ``ids`` is empty for a 2101."""
    cuts = _cuts(claim, answer, request)
    info = SetlInfo(
        psn_no=person.psn_no,
        psn_name=person.name,
        certno=person.cert_no,
        gend=codes.GENDER.get(person.sex, "9"),
        brdy=person.birth.isoformat(),
        age=Decimal(age_on(claim.day, person.birth)),
        insutype=codes.INSUTYPE[person.insurance],
        psn_type=codes.psn_type(person.insurance, person.status),
        setl_time=seconds(at),
        mdtrt_cert_type=request.cert_type,
        med_type=request.med_type,
        medfee_sumamt=yuan(answer.total),
        fulamt_ownpay_amt=sum((cut.fulamt_ownpay_amt for cut in cuts), _ZERO),
        preselfpay_amt=sum((cut.preselfpay_amt for cut in cuts), _ZERO),
        inscp_scp_amt=sum((cut.inscp_scp_amt for cut in cuts), _ZERO),
        overlmt_selfpay=sum((cut.overlmt_amt for cut in cuts), _ZERO),
        act_pay_dedc=yuan(sum(each.deductible for each in answer.settlements)),
        hifp_pay=yuan(answer.fund),
        pool_prop_selfpay=_ratio(answer.settlements),
        maf_pay=yuan(answer.assistance),
        fund_pay_sumamt=yuan(answer.fund + answer.assistance),
        psn_part_amt=yuan(answer.patient),
        psn_cash_pay=yuan(answer.patient),
        clr_optins=person.region,
        expContent=encode(facts),
        setl_id=ids.setl_id,
        mdtrt_id=ids.mdtrt_id,
        medins_setl_id=ids.medins_setl_id,
    )
    return SettledOutput(setlinfo=info, setldetail=_details(person, answer), detlcutinfo=cuts)


def read_output(raw: Raw | str) -> SettledOutput:
    """Return the nodes of an answer that this agency's own kind gave; raise ProtocolError otherwise."""
    return decode(SettledOutput, raw, "结算应答")


def read_settled(raw: Raw, *, expected_id: str | None) -> Settled:
    """Return an answer as checked; raise ProtocolError where it contradicts itself or names another message.

    ``expected_id`` is the message id of a 2102; None for 2101 and 2103, which need no settlement id.
    """
    told = decode(_Settlinfo, raw, "结算应答").setlinfo
    info = {_ALIASES.get(name, name): value for name, value in told.items()}
    if expected_id is not None:
        if _text(info, "medins_setl_id") != expected_id:
            raise ProtocolError("医保中心的应答对应的是另一份报文，没有采用，会自动重发。", "wrong_echo")
        if not (_text(info, "setl_id") and _text(info, "mdtrt_id")):
            raise ProtocolError("医保中心的应答缺少结算编号，没有采用，会自动重发。")
    amounts = _identities(info)
    exp = _text(info, "expContent")
    return Settled(
        setl_id=_text(info, "setl_id"),
        mdtrt_id=_text(info, "mdtrt_id"),
        message_id=_text(info, "medins_setl_id"),
        sums=amounts,
        facts=_facts(exp),
    )


class _Settlinfo(Struct, frozen=True, kw_only=True):
    setlinfo: dict[str, Raw]


def _identities(info: Mapping[str, Raw]) -> Sums:
    total = _amount(info, "medfee_sumamt", required=True)
    parts = sum(
        _amount(info, name, required=True)
        for name in ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    )
    funds = {name: _amount(info, name) for name in _FUNDS}
    fund_sum = _amount(info, "fund_pay_sumamt", required=True)
    patient = _amount(info, "psn_part_amt", required=True)
    hospital = _amount(info, "hosp_part_amt")
    own = (
        _amount(info, "acct_pay")
        + _amount(info, "acct_mulaid_pay")
        + _amount(info, "psn_cash_pay", required=True)
    )
    sound = total == parts and fund_sum == sum(funds.values()) and patient == total - fund_sum - hospital
    if not sound or patient != own:
        raise ProtocolError("医保中心应答里的金额前后对不上，没有采用，会自动重试。", "identity")
    return Sums(total=total, fund=fund_sum - funds["maf_pay"], assistance=funds["maf_pay"], patient=patient)


def _amount(info: Mapping[str, Raw], name: str, *, required: bool = False) -> Fen:
    value = decode(_DECIMAL, info[name], f"结算应答 {name} ") if name in info else None
    if value is None:
        if required:
            raise ProtocolError(f"医保中心的应答缺少 {name}，没有采用，会自动重试。")
        return 0
    return signed_fen(value, name)


def _text(info: Mapping[str, Raw], name: str) -> str | None:
    return decode(_TEXT, info[name], f"结算应答 {name} ") or None if name in info else None


def _facts(text: str | None) -> AgencyFacts | None:
    # Another platform may put anything there; what is not ours is no trouble.
    try:
        return decode(AgencyFacts, text, "expContent") if text else None
    except ProtocolError:
        return None


def _cuts(claim: Claim, answer: Answer, request: SettlementRequest) -> list[DetailCut]:
    self_paid = {line for each in answer.settlements if each.benefit == "self_pay" for line in each.lines}
    reasons = {line.id: "" for line in claim.lines}
    for refusal in answer.refusals:
        if refusal.line is not None:
            reasons[refusal.line] += refusal.message
    return [
        _cut(line, asked.sn, line.id in self_paid, reasons[line.id])
        for line, asked in zip(claim.lines, request.lines, strict=True)
    ]


def _cut(line: Line, sn: str, self_paid: bool, memo: str) -> DetailCut:
    total = line.quantity * line.unit_price
    standard = line.unit_price if line.payment_standard is None else line.payment_standard
    over = line.quantity * max(0, line.unit_price - standard)
    first = portion(total - over, line.first_self_pay_bp) if line.klass == "B" else 0
    over, first = (0, 0) if self_paid else (over, first)
    limit = codes.NO_PRICE_LIMIT * 100 if line.payment_standard is None else line.payment_standard
    return DetailCut(
        feedetl_sn=sn,
        det_item_fee_sumamt=yuan(total),
        cnt=Decimal(line.quantity),
        pric=yuan(line.unit_price),
        pric_uplmt_amt=yuan(limit),
        selfpay_prop=Decimal(line.first_self_pay_bp).scaleb(-4),
        fulamt_ownpay_amt=yuan(total if self_paid else 0),
        overlmt_amt=yuan(over),
        preselfpay_amt=yuan(first),
        inscp_scp_amt=yuan(0 if self_paid else total - over - first),
        chrgitm_lv=codes.CHRGITM_LV[line.klass],
        hi_nego_drug_flag="1" if line.negotiated else "0",
        memo=memo,
    )


def _details(person: Person, answer: Answer) -> list[SetlDetail]:
    code, name = codes.POOLED_FUND[person.insurance]
    details = []
    for each in answer.settlements:
        if each.benefit == "self_pay":
            continue
        details.append(_detail(each, code, name, each.fund))
        if each.assistance:
            details.append(_detail(each, *codes.ASSISTANCE_FUND, each.assistance))
    return details


def _detail(settlement: Settlement, code: str, name: str, paid: Fen) -> SetlDetail:
    return SetlDetail(
        fund_pay_type=code,
        fund_pay_type_name=name,
        inscp_scp_amt=yuan(settlement.in_scope),
        fund_payamt=yuan(paid),
        # Only where the limit bit do we know it: it was what the fund paid.
        crt_payb_lmt_amt=yuan(settlement.fund) if settlement.over_limit else None,
        setl_proc_info="；".join(step.text.rstrip("。") for step in settlement.steps),
    )


def _ratio(settlements: Sequence[Settlement]) -> Decimal:
    ratios = {each.ratio_bp for each in settlements if each.benefit != "self_pay"}
    # Several ratios have no one figure; setldetail then tells each.
    return Decimal(ratios.pop() if len(ratios) == 1 else 0).scaleb(-4)


def snapshot_before(claim: Claim, at: datetime) -> Snapshot:
    """Return the person's year as the agency had it before ``claim``, true at ``at``."""
    return Snapshot(
        as_of=at,
        year=insurance_year(claim.day),
        accumulators=claim.accumulators,
        parameters=claim.parameters,
    )
