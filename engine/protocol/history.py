"""5205: what was dispensed to a person lately, by whom; so that nobody is given the same supply twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Raw, Struct

from engine.protocol.lease import Dispensed
from engine.protocol.wire import ProtocolError, decode, encode, parse_seconds, seconds

_LARGEST = 1_000_000


class HistoryRequest(Struct, frozen=True, kw_only=True):
    """Whose history, from ``begin`` on, to before ``end`` where there is one; aware instants."""

    psn_no: str
    begin: datetime
    end: datetime | None = None


class MedicationRow(Struct, frozen=True, kw_only=True):
    """One row of 5205's node ``feedetail``; ``exp_content`` is ours: the days of supply."""

    psn_no: str
    fixmedins_code: str
    fee_ocur_time: str
    cnt: Decimal
    med_list_codg: str
    fixmedins_name: str = ""
    rx_drord_no: str | None = None
    exp_content: str | None = None


class _Whose(Struct, frozen=True, kw_only=True):
    psn_no: Annotated[str, Meta(min_length=1, max_length=30)]
    begntime: str
    endtime: str | None = None


class _Input(Struct, frozen=True):
    data: _Whose


class _Output(Struct, frozen=True):
    feedetail: tuple[MedicationRow, ...] = ()


def history_input(asked: HistoryRequest) -> str:
    """Return the ``input`` of a 5205."""
    end = seconds(asked.end) if asked.end else None
    return encode(_Input(_Whose(psn_no=asked.psn_no, begntime=seconds(asked.begin), endtime=end)))


def read_history_request(raw: Raw) -> HistoryRequest:
    """Return a 5205 as read; raise ProtocolError."""
    asked = decode(_Input, raw, "交易输入 input").data
    return HistoryRequest(
        psn_no=asked.psn_no,
        begin=parse_seconds(asked.begntime, "begntime"),
        end=parse_seconds(asked.endtime, "endtime") if asked.endtime else None,
    )


def history_output(dispensed: Iterable[Dispensed]) -> str:
    """Return the ``output`` of a 5205."""
    return encode(_Output(tuple(_row(each) for each in dispensed)))


def read_history(raw: Raw) -> tuple[Dispensed, ...]:
    """Return the answer to a 5205; raise ProtocolError.

    What was given back, a count below zero, is left out.
    """
    rows = decode(_Output, raw, "用药记录应答").feedetail
    return tuple(_read(row) for row in rows if not (row.cnt.is_finite() and row.cnt <= 0))


def _row(given: Dispensed) -> MedicationRow:
    return MedicationRow(
        psn_no=given.psn_no,
        fixmedins_code=given.provider,
        fee_ocur_time=seconds(given.at),
        cnt=Decimal(given.packs),
        med_list_codg=given.drug,
        rx_drord_no=given.rxno,
        exp_content=None if given.days is None else str(given.days),
    )


def _read(row: MedicationRow) -> Dispensed:
    days = row.exp_content or ""
    if len(days) > 4:
        raise ProtocolError("用药记录的天数超出范围，没有采用。")
    return Dispensed(
        psn_no=row.psn_no,
        at=parse_seconds(row.fee_ocur_time, "fee_ocur_time"),
        provider=row.fixmedins_code,
        drug=row.med_list_codg,
        quantity=_packs(row.cnt),
        days=int(days) if days.isascii() and days.isdigit() else None,
        rxno=row.rx_drord_no or None,
    )


def _packs(count: Decimal) -> int:
    """Return a count of packs, a part of one counting whole: a fee may be for pieces."""
    if not count.is_finite() or count > _LARGEST:
        raise ProtocolError("用药记录的数量不对，没有采用。请联系医保中心核对。")
    return int(count.to_integral_value(rounding="ROUND_CEILING"))
