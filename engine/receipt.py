"""A receipt as fields and lines, for any printer: what was sold, who pays what, by which clause, how sure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from engine.calendar import CHINA, business_day
from engine.catalogue import listing_on
from engine.diseases import disease_name
from engine.money import format_percent, format_yuan, portion
from engine.person import Person, masked_id, masked_name
from engine.policy.answer import Clause, Rule, Settlement, Step
from engine.policy.claim import Line
from engine.sale import BasketLine, Sale
from engine.stock import LotUse

Weight: TypeAlias = Literal["title", "strong", "normal", "small", "code"]


class Row(Struct, frozen=True, kw_only=True):
    """One row of paper: ``left`` and ``right`` set flush; a long ``left`` wraps, ``right`` never does.

    A "title" without ``right`` stands in the middle. A "code" is a QR code of ``left``.
    """

    left: str
    right: str = ""
    weight: Weight = "normal"
    rule_above: bool = False  # A line across the paper before this row.


class Receipt(Struct, frozen=True, kw_only=True):
    """The whole paper, stored as printed; ``number`` is the sale's and is also the Code 128 at the foot."""

    number: str
    rows: tuple[Row, ...]
    sold_on: date | None = None  # Tells a printer of files where to put it.


COPY_MARK = "补打"
CHAIN_LENGTH = 12
"""Digits of an entry's hash on paper: enough that nobody makes another journal that ends in them."""

_INSURANCE = {"resident": "城乡居民", "employee": "职工"}
_STATUS = {"active": "在职", "retired": "退休"}
_CLASS = {"A": "甲类", "B": "乙类", "C": "目录外"}
_SOURCE = {"external": "外配处方", "electronic": "电子处方", "internet_hospital": "互联网医院处方"}
_BENEFIT = {
    "chronic_outpatient": "门诊慢性病",
    "two_disease_drugs": "两病门诊用药",
    "chronic_special_outpatient": "门诊慢特病",
    "ordinary_outpatient": "门诊统筹",
    "self_pay": "自费",
}
_RULE: dict[Rule, str] = {
    "over_standard": "超支付标准自付",
    "first_self_pay": "乙类先行自付",
    "deductible": "起付标准",
    "own_share": "按比例自付",
    "over_limit": "超限额自付",
    "fund_share": "基金支付",
    "assistance": "医疗救助",
    "self_pay": "自费",
}


def build_receipt(
    sale: Sale,
    *,
    printed_at: datetime,
    journal_number: int,
    journal_hash: str = "",
    settlement_ids: tuple[str, ...] = (),
) -> Receipt:
    """Return the paper of ``sale``; ``settlement_ids`` are the agency's, where it has answered already.

    ``journal_hash`` is that of the sale's entry: on paper in a stranger's hand, it holds the whole journal up
    to there. Source: facts/wire, section 5. The resident id is masked, and no diagnosis is printed.
    """
    rows = (
        *_head(sale),
        *_person(sale),
        *(row for line in sale.draft.lines for row in _line(sale, line)),
        *(row for settlement in sale.answer.settlements for row in _settlement(sale, settlement)),
        *_sums(sale),
        *_certainty(sale, settlement_ids),
        *_foot(sale, printed_at, journal_number, journal_hash),
    )
    return Receipt(number=sale.number, rows=rows, sold_on=business_day(sale.made_at))


def copy_of(receipt: Receipt, count: int) -> Receipt:
    """Return ``receipt`` marked at head and foot as copy number ``count``, counted from 1."""
    mark = Row(left=f"{COPY_MARK} 第 {count} 次", weight="title")
    foot = replace(mark, weight="strong", rule_above=True)
    return replace(receipt, rows=(mark, *receipt.rows, foot))


def _head(sale: Sale) -> Iterator[Row]:
    yield Row(left=sale.store.name, weight="title")
    yield Row(left="医保定点零售药店购药单", right=sale.store.provider.id, weight="small")
    yield Row(left="零售单据号", right=sale.number, rule_above=True)
    yield Row(left="时间", right=_moment(sale.made_at))
    yield Row(left="收款员", right=sale.operator)


def _person(sale: Sale) -> Iterator[Row]:
    person = sale.draft.person
    if person is None:
        return
    yield Row(left="参保人", right=f"{masked_name(person.name)} {masked_id(person.cert_no)}")
    yield Row(left="险种", right=_insurance(person))
    yield Row(left="参保地", right=person.region_name)
    if sale.draft.prescription is not None:
        prescription = sale.draft.prescription
        yield Row(left=_SOURCE[prescription.source], right=prescription.number, weight="small")


def _insurance(person: Person) -> str:
    status = _STATUS.get(person.status or "", "")
    return f"{_INSURANCE[person.insurance]} · {status}" if status else _INSURANCE[person.insurance]


def _line(sale: Sale, line: BasketLine) -> Iterator[Row]:
    drug = line.drug
    first = line is sale.draft.lines[0]
    yield Row(left=drug.generic_name, right=format_yuan(line.amount), weight="strong", rule_above=first)
    count = f"{line.quantity} {line.unit} × {format_yuan(line.unit_price)}"
    if line.split:
        count = f"拆零 {count}"
    yield Row(left=f"{drug.spec}　{drug.maker}", right=count, weight="small")
    yield Row(left=_listing(sale, line), weight="small")
    for use in line.lots:
        share = f"　{use.quantity} {line.unit}" if len(line.lots) > 1 else ""
        yield Row(left=f"批号 {use.batch or '—'}{share}", right=_until(use), weight="small")
    if line.trace_codes:
        yield Row(left="追溯码 " + " ".join(line.trace_codes), weight="small")


def _until(use: LotUse) -> str:
    return f"有效期至 {use.expires.isoformat()}" if use.expires else ""


def _listing(sale: Sale, line: BasketLine) -> str:
    """Say the class, and what of the price the patient bears before any ratio: standard, first self-pay."""
    claimed = next((each for each in sale.claim.lines if each.id == line.id), None) if sale.claim else None
    if claimed is None:
        region = sale.store.provider.region
        return _CLASS[listing_on(line.drug, business_day(sale.made_at), region).klass]
    return "　".join((_CLASS[claimed.klass], *_own_parts(claimed)))


def _own_parts(line: Line) -> Iterator[str]:
    payable = line.unit_price
    if line.payment_standard is not None:
        payable = min(line.unit_price, line.payment_standard)
        yield f"支付标准 {format_yuan(line.payment_standard)}"
    if payable < line.unit_price:
        yield f"超标准 {format_yuan((line.unit_price - payable) * line.quantity)}"
    if line.first_self_pay_bp:
        own = portion(line.quantity * payable, line.first_self_pay_bp)
        yield f"先行自付 {format_yuan(own)}（{format_percent(line.first_self_pay_bp)}）"


def _settlement(sale: Sale, settlement: Settlement) -> Iterator[Row]:
    yield Row(
        left=_title(sale, settlement), right=format_yuan(settlement.total), weight="strong", rule_above=True
    )
    if settlement.benefit == "self_pay":
        yield from (
            Row(left=f"{step.text}{_cited(step.clause)}", weight="small") for step in settlement.steps
        )
        return
    before, after = _split(settlement.steps)
    yield from (row for step in before for row in _step(settlement, step))
    yield Row(left="政策范围内费用", right=format_yuan(settlement.in_scope))
    yield from (row for step in after for row in _step(settlement, step))
    yield Row(left="本笔个人负担", right=format_yuan(settlement.patient))


def _title(sale: Sale, settlement: Settlement) -> str:
    name = _BENEFIT.get(settlement.benefit, settlement.benefit)
    if settlement.disease is None:
        return name
    filings = sale.draft.person.filings if sale.draft.person else ()
    return f"{name} · {disease_name(settlement.disease, filings)}"


def _split(steps: tuple[Step, ...]) -> tuple[list[Step], list[Step]]:
    """Divide steps into those that lead to the sum in scope and those that divide it; nothing of zero."""
    # An assistance step has an equal negative twin of the patient, which would only repeat it on paper.
    shown = [step for step in steps if step.amount and (step.rule, step.payer) != ("assistance", "patient")]
    early = ("over_standard", "first_self_pay")
    return [s for s in shown if s.rule in early], [s for s in shown if s.rule not in early]


def _step(settlement: Settlement, step: Step) -> Iterator[Row]:
    name = _RULE[step.rule]
    if step.rule == "fund_share":
        name = f"{name} {format_percent(settlement.ratio_bp)}"
    yield Row(left=name, right=format_yuan(step.amount))
    if step.clause is not None:
        yield Row(left=_cited(step.clause), weight="small")


def _cited(clause: Clause | None) -> str:
    return f"【{clause.document} {clause.section}】" if clause else ""


def _sums(sale: Sale) -> Iterator[Row]:
    answer = sale.answer
    yield Row(left="合计", right=format_yuan(answer.total), weight="strong", rule_above=True)
    yield Row(left="基金支付", right=format_yuan(answer.fund))
    if answer.assistance:
        yield Row(left="医疗救助", right=format_yuan(answer.assistance))
    yield Row(left="个人现金", right=format_yuan(answer.patient), weight="title")
    yield Row(left="实收", right=format_yuan(sale.tendered))
    yield Row(left="找零", right=format_yuan(sale.change))


def _certainty(sale: Sale, settlement_ids: tuple[str, ...]) -> Iterator[Row]:
    # A sale that the fund has no part in has nothing that could be unsure.
    if sale.claim is None or (not sale.bound and not sale.answer.fund and not sale.answer.assistance):
        text = "本次没有医保基金支付，全部由个人负担。"
    elif sale.certainty == "confirmed":
        text = "已确认：医保中心的金额与此一致。"
    elif sale.certainty == "guaranteed":
        text = "已担保：在医保中心预留的额度内结算，按此金额结算。"
    else:
        text = f"暂定：{_balances(sale)}；可能更正，最多 {format_yuan(sale.bound)} 元。"
    yield Row(left=text, rule_above=True)
    if sale.advice:
        yield Row(left=sale.advice, weight="strong")
    if sale.lease is not None:
        yield Row(left="额度凭据", right=sale.lease.id, weight="small")
        until = _moment(sale.lease.use_until)
        left = f"凭据余额 {format_yuan(sale.lease.left)} 元"
        yield Row(left=left, right=f"有效至 {until}", weight="small")
    for number in settlement_ids:
        yield Row(left="医保结算编号", right=number, weight="small")


def _balances(sale: Sale) -> str:
    person = sale.draft.person
    if person is None:
        return "余额未知"
    as_of = business_day(person.snapshot.as_of)
    days = max(0, (business_day(sale.made_at) - as_of).days)
    return f"余额截至 {as_of.month} 月 {as_of.day} 日，{f'已 {days} 天' if days else '是当天的'}"


def _foot(sale: Sale, printed_at: datetime, journal_number: int, journal_hash: str) -> Iterator[Row]:
    if sale.answer.policy is not None:
        fingerprint = f"　{sale.policy_hash[:12]}" if sale.policy_hash else ""
        yield Row(left=f"政策 {sale.answer.policy}{fingerprint}", weight="small")
    chain = f"　{journal_hash[:CHAIN_LENGTH]}" if journal_hash else ""
    yield Row(left=f"账目第 {journal_number} 条{chain}", right=f"打印 {_moment(printed_at)}", weight="small")
    if journal_hash:
        yield Row(left=_code(sale, journal_number, journal_hash), weight="code")


def _code(sale: Sale, journal_number: int, journal_hash: str) -> str:
    """Return what the QR code says: which sale, what it came to in fen, where it stands in the chain."""
    answer = sale.answer
    sums = (answer.total, answer.fund, answer.assistance, answer.patient)
    said = (sale.store.provider.id, sale.number, _moment(sale.made_at), *sums, journal_number)
    return ";".join(("SHANYAO1", *map(str, said), journal_hash[:CHAIN_LENGTH]))


def _moment(instant: datetime) -> str:
    return f"{instant.astimezone(CHINA):%Y-%m-%d %H:%M}"
