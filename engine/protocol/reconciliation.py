"""3201, 3202, 9101 and 9102: both sides lay their books of some days side by side, sums first, then rows.

The rows travel as files (engine.protocol.statement).
"""

from __future__ import annotations

import base64
from datetime import date
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Raw, Struct

from engine.money import Fen
from engine.protocol.statement import LARGEST_FILE
from engine.protocol.wire import ProtocolError, decode, encode, signed_fen, yuan

MATCHED, DIFFERENT = "0", "1"
"""``stmt_rslt`` of 3201."""

_CODE = Annotated[str, Meta(min_length=1, max_length=20)]
_NUMBER = Annotated[str, Meta(min_length=1, max_length=60)]


class Totals(Struct, frozen=True, kw_only=True):
    """What settlements come to, in fen: the fund's payments with assistance; reversed ones left out."""

    count: int
    total: Fen
    fund: Fen
    account: Fen = 0


class TotalsRequest(Struct, frozen=True, kw_only=True):
    """A 3201 as read: one insurance type, kind of clearing and clearing agency, first to last day."""

    insutype: str
    clr_type: str
    setl_optins: str
    first: date
    last: date
    totals: Totals


class TotalsResult(Struct, frozen=True, kw_only=True):
    """Node ``stmtinfo`` of a 3201's answer; ``stmt_rslt`` is MATCHED or DIFFERENT."""

    setl_optins: str
    stmt_rslt: str
    stmt_rslt_dscr: str


class DetailRequest(Struct, frozen=True, kw_only=True):
    """A 3202 as read: the uploaded file, the agency that clears, and the days."""

    file_qury_no: str
    setl_optins: str
    first: date
    last: date
    clr_type: str | None = None


class FileTold(Struct, frozen=True, kw_only=True):
    """Node ``fileinfo``: where a file can be fetched by 9102, until when."""

    file_qury_no: str
    filename: str
    dld_endtime: str
    fixmedins_code: str | None = None


class Upload(Struct, frozen=True, kw_only=True):
    """A 9101 as read."""

    filename: str
    content: bytes


class _TotalsData(Struct, frozen=True, kw_only=True):
    insutype: _CODE
    clr_type: _CODE
    setl_optins: _CODE
    stmt_begndate: date
    stmt_enddate: date
    medfee_sumamt: Decimal
    fund_pay_sumamt: Decimal
    acct_pay: Decimal
    fixmedins_setl_cnt: Annotated[int, Meta(ge=0)]


class _TotalsIn(Struct, frozen=True):
    data: _TotalsData


class _TotalsOut(Struct, frozen=True):
    stmtinfo: TotalsResult


class _DetailData(Struct, frozen=True, kw_only=True):
    setl_optins: _CODE
    file_qury_no: _NUMBER
    stmt_begndate: date
    stmt_enddate: date
    medfee_sumamt: Decimal
    fund_pay_sumamt: Decimal
    cash_payamt: Decimal
    fixmedins_setl_cnt: Annotated[int, Meta(ge=0)]
    clr_type: str | None = None


class _DetailIn(Struct, frozen=True):
    data: _DetailData


class _FileOut(Struct, frozen=True):
    fileinfo: FileTold


class _UploadData(Struct, frozen=True, kw_only=True):
    content: str | list[Annotated[int, Meta(ge=-128, le=255)]]
    filename: Annotated[str, Meta(min_length=1, max_length=200)]
    fixmedins_code: str


class _UploadIn(Struct, frozen=True, rename={"sent": "fsUploadIn"}):
    sent: dict[str, Raw]


class _DownloadData(Struct, frozen=True, kw_only=True):
    file_qury_no: _NUMBER
    filename: Annotated[str, Meta(min_length=1, max_length=200)]
    fixmedins_code: str


class _DownloadIn(Struct, frozen=True, rename={"wanted": "fsDownloadIn"}):
    wanted: _DownloadData


def totals_input(asked: TotalsRequest) -> str:
    """Return the ``input`` of a 3201."""
    totals = asked.totals
    return encode(
        _TotalsIn(
            _TotalsData(
                insutype=asked.insutype,
                clr_type=asked.clr_type,
                setl_optins=asked.setl_optins,
                stmt_begndate=asked.first,
                stmt_enddate=asked.last,
                medfee_sumamt=yuan(totals.total),
                fund_pay_sumamt=yuan(totals.fund),
                acct_pay=yuan(totals.account),
                fixmedins_setl_cnt=totals.count,
            )
        )
    )


def read_totals_request(raw: Raw) -> TotalsRequest:
    """Return a 3201 as read; raise ProtocolError for days in the wrong order and odd amounts."""
    data = decode(_TotalsIn, raw, "交易输入 input").data
    _check_days(data.stmt_begndate, data.stmt_enddate)
    return TotalsRequest(
        insutype=data.insutype,
        clr_type=data.clr_type,
        setl_optins=data.setl_optins,
        first=data.stmt_begndate,
        last=data.stmt_enddate,
        totals=Totals(
            count=data.fixmedins_setl_cnt,
            total=signed_fen(data.medfee_sumamt, "medfee_sumamt"),
            fund=signed_fen(data.fund_pay_sumamt, "fund_pay_sumamt"),
            account=signed_fen(data.acct_pay, "acct_pay"),
        ),
    )


def totals_output(told: TotalsResult) -> str:
    """Return the ``output`` of a 3201."""
    return encode(_TotalsOut(told))


def read_totals(raw: Raw) -> TotalsResult:
    """Return the answer to a 3201; raise ProtocolError."""
    return decode(_TotalsOut, raw, "对总账应答").stmtinfo


def detail_input(asked: DetailRequest, totals: Totals, cash: Fen) -> str:
    """Return the ``input`` of a 3202 about a file that 9101 uploaded."""
    return encode(
        _DetailIn(
            _DetailData(
                setl_optins=asked.setl_optins,
                file_qury_no=asked.file_qury_no,
                stmt_begndate=asked.first,
                stmt_enddate=asked.last,
                medfee_sumamt=yuan(totals.total),
                fund_pay_sumamt=yuan(totals.fund),
                cash_payamt=yuan(cash),
                fixmedins_setl_cnt=totals.count,
                clr_type=asked.clr_type,
            )
        )
    )


def read_detail_request(raw: Raw) -> DetailRequest:
    """Return a 3202 as read; raise ProtocolError."""
    data = decode(_DetailIn, raw, "交易输入 input").data
    _check_days(data.stmt_begndate, data.stmt_enddate)
    return DetailRequest(
        file_qury_no=data.file_qury_no,
        setl_optins=data.setl_optins,
        first=data.stmt_begndate,
        last=data.stmt_enddate,
        clr_type=data.clr_type,
    )


def file_output(told: FileTold) -> str:
    """Return the ``output`` of a 9101 or a 3202."""
    return encode(_FileOut(told))


def read_file(raw: Raw) -> FileTold:
    """Return where a file is to be fetched; raise ProtocolError."""
    return decode(_FileOut, raw, "文件应答").fileinfo


def upload_input(filename: str, content: bytes, provider: str) -> str:
    """Return the ``input`` of a 9101; the bytes travel in base64."""
    sent = {"in": base64.b64encode(content).decode(), "filename": filename, "fixmedins_code": provider}
    return encode({"fsUploadIn": sent})


def read_upload(raw: Raw) -> Upload:
    """Return a 9101 as read: base64, or an array of signed or unsigned bytes; raise ProtocolError."""
    sent = dict(decode(_UploadIn, raw, "交易输入 input").sent)
    sent["content"] = sent.pop("in", Raw(b"null"))
    data = decode(_UploadData, encode(sent), "fsUploadIn ")
    content = _bytes_of(data.content)
    if not 0 < len(content) <= LARGEST_FILE:
        raise ProtocolError("上传的文件是空的或超过 8 MiB，请分批上传。", "too_large")
    return Upload(filename=data.filename, content=content)


def download_input(told: FileTold, provider: str) -> str:
    """Return the ``input`` of a 9102."""
    wanted = _DownloadData(file_qury_no=told.file_qury_no, filename=told.filename, fixmedins_code=provider)
    return encode(_DownloadIn(wanted))


def read_download(raw: Raw) -> str:
    """Return the number of the file that a 9102 asks for; raise ProtocolError."""
    return decode(_DownloadIn, raw, "交易输入 input").wanted.file_qury_no


def _check_days(first: date, last: date) -> None:
    if last < first:
        raise ProtocolError("对账的结束日期早于开始日期，请核对后重新发送。")


def _bytes_of(sent: str | list[int]) -> bytes:
    if isinstance(sent, list):
        return bytes(each % 256 for each in sent)
    try:
        return base64.b64decode(sent, validate=True)
    except ValueError as error:
        raise ProtocolError("上传的文件内容不是 base64，请核对后重新发送。") from error
