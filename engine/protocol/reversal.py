"""Settlements taken back: what a 2103 answers, and 2601, for a message whose outcome nobody knows.

After a 2601 the message itself can never take effect any more: its content may be sent again under a new id.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Raw, Struct
from msgspec.structs import asdict, replace

from engine.money import Fen
from engine.protocol import codes
from engine.protocol.adjustment import Computed
from engine.protocol.settled import AgencyFacts, Ids, SetlDetail, SettledOutput
from engine.protocol.wire import decode, encode, seconds, yuan

Undone: TypeAlias = Literal["reversed", "refused", "never_arrived", "already"]
"""What had become of the message: it took effect and was taken back now; it had been refused; it never came,
and is refused from now on; it had been taken back before."""

REVERSIBLE = ("2102", "2103")


class UndoRequest(Struct, frozen=True, kw_only=True):
    """Node ``data``: the message ``omsgid`` with transaction ``oinfno``, about the person ``psn_no``."""

    psn_no: Annotated[str, Meta(min_length=1, max_length=30)]
    omsgid: Annotated[str, Meta(min_length=1, max_length=30)]
    oinfno: Annotated[str, Meta(min_length=4, max_length=5)]


class UndoResult(Struct, frozen=True, kw_only=True):
    """Node ``result`` (ours; a platform without it says yes or no): ``text`` says the same to people.

    ``setl_id`` is the settlement that is not in force any more, or, of a 2103, is in force again.
    """

    omsgid: str
    outcome: Undone
    text: str
    setl_id: str | None = None


class _Input(Struct, frozen=True):
    data: UndoRequest


class _Output(Struct, frozen=True):
    result: UndoResult | None = None


def undo_input(asked: UndoRequest) -> str:
    """Return the ``input`` of a 2601."""
    return encode(_Input(asked))


def read_undo(raw: Raw) -> UndoRequest:
    """Return a 2601 as read; raise ProtocolError."""
    return decode(_Input, raw, "交易输入 input").data


def undo_output(told: UndoResult) -> str:
    """Return the ``output`` of a 2601."""
    return encode(_Output(told))


def read_undone(raw: Raw) -> UndoResult | None:
    """Return what became of the message; None from a platform that does not say."""
    return decode(_Output, raw, "冲正应答").result


def with_gap(told: SettledOutput, gap: Fen) -> SettledOutput:
    """Return an answer of which the provider bears ``gap``, and not the patient."""
    if not gap:
        return told
    info, less = told.setlinfo, yuan(gap)
    paid = info.psn_part_amt - less
    return replace(told, setlinfo=replace(info, psn_part_amt=paid, psn_cash_pay=paid, hosp_part_amt=less))


def as_held(told: SettledOutput, now: Computed, gap: Fen) -> SettledOutput:
    """Return an answer with the amounts that its settlement has come to ``now``, for its reversal."""
    info = told.setlinfo
    same = (info.hifp_pay, info.maf_pay, info.psn_part_amt) == (
        yuan(now.fund),
        yuan(now.assistance),
        yuan(now.patient),
    )
    if same:
        return told
    held = replace(
        info,
        act_pay_dedc=yuan(now.deductible),
        hifp_pay=yuan(now.fund),
        maf_pay=yuan(now.assistance),
        fund_pay_sumamt=yuan(now.fund + now.assistance),
        psn_part_amt=yuan(now.patient),
        psn_cash_pay=yuan(now.patient),
        hosp_part_amt=yuan(gap),
    )
    code, name = codes.POOLED_FUND[codes.INSURANCE[info.insutype]]
    paid = [(code, name, now.fund)]
    if now.assistance:
        paid.append((*codes.ASSISTANCE_FUND, now.assistance))
    details = [
        SetlDetail(
            fund_pay_type=each[0],
            fund_pay_type_name=each[1],
            inscp_scp_amt=info.inscp_scp_amt,
            fund_payamt=yuan(each[2]),
        )
        for each in paid
    ]
    return replace(told, setlinfo=held, setldetail=details)


def reversed_output(original: SettledOutput, *, facts: AgencyFacts, at: datetime, ids: Ids) -> SettledOutput:
    """Return the answer that takes ``original`` back: every amount negative, the ids its own."""
    told = asdict(original.setlinfo)
    kept = {"age", "pool_prop_selfpay"}
    amounts = {
        name: _negative(told[name]) for name in told if isinstance(told[name], Decimal) and name not in kept
    }
    info = replace(
        original.setlinfo, setl_time=seconds(at), expContent=encode(facts), **amounts, **asdict(ids)
    )
    details = [
        replace(
            each,
            inscp_scp_amt=_negative(each.inscp_scp_amt),
            fund_payamt=_negative(each.fund_payamt),
            crt_payb_lmt_amt=None,
        )
        for each in original.setldetail
    ]
    return SettledOutput(setlinfo=info, setldetail=details)


def _negative(amount: Decimal) -> Decimal:
    return -amount if amount else amount
