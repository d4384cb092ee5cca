"""What a till asks with 2101 and 2102, and how the agency reads it; 2103 takes a settlement back.

What the national fields do not say (the prescription, each line's disease, the till's own sums) travels in
``druginfo.expContent`` as JSON text; a platform that does not know it ignores it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Raw, Struct
from msgspec.structs import replace

from engine.lease import LeaseUse
from engine.money import Fen
from engine.policy.answer import Answer, Settlement
from engine.policy.claim import Accumulators, Claim, ClaimPrescription
from engine.prescription import as_claimed
from engine.protocol import codes
from engine.protocol.lease import LeaseAsk
from engine.protocol.wire import ProtocolError, decode, encode, fen_of, parse_seconds, seconds, whole, yuan
from engine.quota import after
from engine.sale import BasketLine, Draft, Sale, insured_settlements

LARGEST_QUANTITY = 1_000_000
MOST_LINES = 500

_Id = Annotated[str, Meta(min_length=1, max_length=50)]
_Number = Annotated[str, Meta(max_length=50)]
_Name = Annotated[str, Meta(max_length=100)]


class Sums(Struct, frozen=True, kw_only=True):
    """What a claim comes to, in fen."""

    total: Fen
    fund: Fen
    assistance: Fen
    patient: Fen


class TillFacts(Struct, frozen=True, kw_only=True):
    """``expContent`` of ``druginfo``: ours; ``diseases`` maps feedetl_sn to what the line treats."""

    sale: _Number = ""
    policy: _Name | None = None
    policy_hash: _Name | None = None
    prescription: ClaimPrescription | None = None
    diseases: dict[str, str | None] = {}
    sums: Sums | None = None
    ask: LeaseAsk | None = None  # In a 2101: reserve what this basket needs.
    lease: _Number | None = None  # In a 2102: the lease that it was settled under,
    lease_version: int = 0
    accumulators: Accumulators | None = None  # and the sums that it was computed from.
    pieces: dict[str, int] = {}  # Of lines that are of a split pack: how many pieces one has.


class DrugInfo(Struct, frozen=True, kw_only=True):
    """Node ``druginfo``: whose purchase, when, for how much."""

    psn_no: _Id
    mdtrt_cert_type: str
    begntime: str
    medfee_sumamt: Decimal
    insutype: str
    acct_used_flag: str
    med_type: str
    mdtrt_cert_no: _Number | None = None
    invono: _Number | None = None
    dise_codg: _Number | None = None
    dise_name: str | None = None
    expContent: str | None = None


class DrugDetail(Struct, frozen=True, kw_only=True):
    """Node ``drugdetail``: one line."""

    feedetl_sn: _Id
    fee_ocur_time: str
    med_list_codg: _Id
    det_item_fee_sumamt: Decimal
    cnt: Decimal
    pric: Decimal
    medins_list_codg: str | None = None
    rxno: _Number | None = None
    rx_circ_flag: str | None = None
    prd_days: Decimal | None = None
    bilg_dr_name: str | None = None


class TraceCode(Struct, frozen=True, kw_only=True):
    """Node ``drug_trac_info``: one box's trace code; 2102 may lack the node in some regions."""

    feedetl_sn: str
    drug_trac_codg: str
    trdn_flag: str = "0"


class _Input(Struct, frozen=True, kw_only=True):
    druginfo: DrugInfo
    drugdetail: list[DrugDetail]
    drug_trac_info: list[TraceCode] = []


class RequestedLine(Struct, frozen=True, kw_only=True):
    """A line as the agency read and checked it; ``disease`` None where the till named none."""

    sn: str
    drug: str
    quantity: int
    unit_price: Fen
    rxno: str | None
    disease: str | None
    size: int | None = None  # Pieces in a pack, where the line is of a split one.


class SettlementRequest(Struct, frozen=True, kw_only=True):
    """A 2101 or 2102 as read and checked: amounts are sound and add up to ``total``."""

    psn_no: str
    cert_type: str
    cert_no: str | None
    at: datetime
    insutype: str
    med_type: str
    total: Fen
    lines: tuple[RequestedLine, ...]
    facts: TillFacts


class ReversalRequest(Struct, frozen=True, kw_only=True):
    """Node ``data`` of a 2103."""

    psn_no: _Id
    mdtrt_id: _Id
    setl_id: _Id


def settlement_input(
    *,
    sale_number: str,
    made_at: datetime,
    draft: Draft,
    claim: Claim,
    settlement: Settlement,
    policy: str | None = None,
    policy_hash: str | None = None,
    lease: LeaseUse | None = None,
    accumulators: Accumulators | None = None,
) -> str:
    """Return the ``input`` of the 2102 for one settlement of a sale; raise ValueError without a person.

    Under a ``lease``, ``accumulators`` are the sums that this settlement was computed from.
    """
    return _encode_input(
        sale_number=sale_number,
        made_at=made_at,
        draft=draft,
        claim=claim,
        chosen=settlement.lines,
        benefit=settlement.benefit,
        disease=settlement.disease,
        facts=TillFacts(
            policy=policy,
            policy_hash=policy_hash,
            sums=Sums(
                total=settlement.total,
                fund=settlement.fund,
                assistance=settlement.assistance,
                patient=settlement.patient,
            ),
            lease=lease.id if lease else None,
            lease_version=lease.version if lease else 0,
            accumulators=accumulators if lease else None,
        ),
    )


def sold_input(sale: Sale, place: int) -> str:
    """Return the ``input`` of the 2102 for the insured settlement of ``sale`` at ``place``, counted from 0.

    Raises ValueError without a person, IndexError where there is no such settlement.

    Each settlement of a claim states the sums as the earlier ones of the claim left them.
    """
    claim = sale.claim
    if claim is None:
        raise ValueError("only a person's claim has settlements for the agency")
    insured = insured_settlements(sale.answer)
    return settlement_input(
        sale_number=sale.number,
        made_at=sale.made_at,
        draft=sale.draft,
        claim=claim,
        settlement=insured[place],
        policy=sale.answer.policy,
        policy_hash=sale.policy_hash,
        lease=sale.lease,
        accumulators=after(claim.accumulators, insured[:place], claim.parameters),
    )


def basket_input(
    *, made_at: datetime, draft: Draft, claim: Claim, answer: Answer, ask: LeaseAsk | None = None
) -> str:
    """Return the ``input`` of a 2101 for the whole basket, self-paid lines included.

    ``ask``: have what the basket needs reserved for this till.
    """
    paid = [each for each in answer.settlements if each.benefit != "self_pay"]
    return _encode_input(
        sale_number="",
        made_at=made_at,
        draft=draft,
        claim=claim,
        chosen=[line.id for line in draft.lines],
        benefit=paid[0].benefit if paid else "self_pay",
        disease=paid[0].disease if len(paid) == 1 else None,
        facts=TillFacts(policy=answer.policy, sums=sums_of(answer), ask=ask),
    )


def sums_of(answer: Answer) -> Sums:
    """Return what an answer comes to."""
    return Sums(total=answer.total, fund=answer.fund, assistance=answer.assistance, patient=answer.patient)


def _encode_input(
    *,
    sale_number: str,
    made_at: datetime,
    draft: Draft,
    claim: Claim,
    chosen: Collection[str],
    benefit: str,
    disease: str | None,
    facts: TillFacts,
) -> str:
    person = draft.person
    if person is None:
        raise ValueError("only an insured person's purchase goes to the agency")
    lines = [line for line in draft.lines if line.id in chosen]
    treats = {line.id: line.disease for line in claim.lines}
    info = DrugInfo(
        psn_no=person.psn_no,
        mdtrt_cert_type=codes.RESIDENT_ID,
        mdtrt_cert_no=person.cert_no,
        begntime=seconds(made_at),
        medfee_sumamt=yuan(facts.sums.total if facts.sums else 0),
        invono=sale_number or None,
        insutype=codes.INSUTYPE[person.insurance],
        dise_codg=codes.disease_code(disease) if disease else None,
        acct_used_flag="0",
        med_type=codes.MED_TYPE.get(benefit, codes.PHARMACY_PURCHASE),
        expContent=encode(
            replace(
                facts,
                sale=sale_number,
                prescription=as_claimed(draft.prescription) if draft.prescription else None,
                diseases={_sn(sale_number, line): treats[line.id] for line in lines},
                pieces={
                    _sn(sale_number, line): line.drug.pack_size
                    for line in lines
                    if line.split and line.drug.pack_size
                },
            )
        ),
    )
    details = [_detail(line, draft, sale_number, made_at) for line in lines]
    traces = [
        TraceCode(
            feedetl_sn=_sn(sale_number, line), drug_trac_codg=trace, trdn_flag="1" if line.split else "0"
        )
        for line in lines
        for trace in line.trace_codes
    ]
    return encode(_Input(druginfo=info, drugdetail=details, drug_trac_info=traces))


def _detail(line: BasketLine, draft: Draft, sale_number: str, made_at: datetime) -> DrugDetail:
    prescription = draft.prescription
    return DrugDetail(
        feedetl_sn=_sn(sale_number, line),
        rxno=prescription.number if prescription else None,
        rx_circ_flag="1" if prescription else "0",
        fee_ocur_time=seconds(made_at),
        med_list_codg=line.drug.code,
        medins_list_codg=line.drug.code,
        det_item_fee_sumamt=yuan(line.amount),
        cnt=Decimal(line.quantity),
        pric=yuan(line.unit_price),
        prd_days=Decimal(prescription.supply_days) if prescription else None,
        bilg_dr_name=prescription.doctor if prescription else None,
    )


def _sn(sale_number: str, line: BasketLine) -> str:
    return f"{sale_number}-{line.id}" if sale_number else line.id


def read_settlement(raw: Raw) -> SettlementRequest:
    """Return a 2101 or 2102 as checked; raise ProtocolError for amounts that are wrong or do not add up."""
    asked = decode(_Input, raw, "交易输入 input")
    info, details = asked.druginfo, asked.drugdetail
    if not 1 <= len(details) <= MOST_LINES:
        raise ProtocolError(f"drugdetail 应有 1 到 {MOST_LINES} 行明细，请核对后重新发送。")
    facts = decode(TillFacts, info.expContent, "druginfo.expContent") if info.expContent else TillFacts()
    lines = tuple(_read_line(each, facts, info) for each in details)
    if len({line.sn for line in lines}) != len(lines):
        raise ProtocolError("明细流水号 feedetl_sn 有重复，请重新编号后发送。")
    total = fen_of(info.medfee_sumamt, "medfee_sumamt")
    if total != sum(line.quantity * line.unit_price for line in lines):
        raise ProtocolError("medfee_sumamt 与各行明细金额之和不等，请核对后重新发送。", "sum_mismatch")
    at = parse_seconds(info.begntime, "begntime")
    return SettlementRequest(
        psn_no=info.psn_no,
        cert_type=info.mdtrt_cert_type,
        cert_no=info.mdtrt_cert_no,
        at=at,
        insutype=info.insutype,
        med_type=info.med_type,
        total=total,
        lines=lines,
        facts=facts,
    )


def _read_line(detail: DrugDetail, facts: TillFacts, info: DrugInfo) -> RequestedLine:
    where = f"明细 {detail.feedetl_sn} 的"
    quantity = whole(detail.cnt, f"{where} cnt", LARGEST_QUANTITY)
    price = fen_of(detail.pric, f"{where} pric")
    amount = fen_of(detail.det_item_fee_sumamt, f"{where} det_item_fee_sumamt")
    if amount != quantity * price:
        raise ProtocolError(f"{where}金额不等于单价乘数量，请核对后重新发送。", "sum_mismatch")
    parse_seconds(detail.fee_ocur_time, f"{where} fee_ocur_time")
    told = codes.disease_of(info.dise_codg) if info.dise_codg else None
    return RequestedLine(
        sn=detail.feedetl_sn,
        drug=detail.med_list_codg,
        quantity=quantity,
        unit_price=price,
        rxno=detail.rxno or None,
        disease=facts.diseases.get(detail.feedetl_sn, told),
        size=_size(facts, detail, where),
    )


def _size(facts: TillFacts, detail: DrugDetail, where: str) -> int | None:
    size = facts.pieces.get(detail.feedetl_sn)
    if size is not None and not 1 < size <= LARGEST_QUANTITY:
        raise ProtocolError(f"{where}每盒片数不对，请核对后重新发送。")
    return size


def person_of(input_json: str) -> str | None:
    """Return whose message this is: ``psn_no`` of its input; None where it names nobody."""
    nodes = decode(dict[str, Raw], input_json, "交易输入 input")
    for name in ("druginfo", "data"):
        if name in nodes and bytes(nodes[name]).lstrip().startswith(b"{"):
            named = decode(_Whose, nodes[name], name)
            return named.psn_no or None
    return None


class _Whose(Struct, frozen=True):
    psn_no: str | None = None


def reversal_input(*, psn_no: str, mdtrt_id: str, setl_id: str) -> str:
    """Return the ``input`` of a 2103."""
    return encode({"data": ReversalRequest(psn_no=psn_no, mdtrt_id=mdtrt_id, setl_id=setl_id)})


def read_reversal(raw: Raw) -> ReversalRequest:
    """Return a 2103 as read; raise ProtocolError for what is missing."""
    return decode(_Reversal, raw, "交易输入 input").data


class _Reversal(Struct, frozen=True):
    data: ReversalRequest
