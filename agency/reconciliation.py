"""3201, 3202, 9101 and 9102: a shop's days beside the agency's, sums first, then row by row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from agency.calls import Call
from agency.storage import files, settlements
from agency.storage.counters import next_number
from agency.storage.files import File
from agency.storage.settlements import Settlement
from engine.calendar import CHINA
from engine.money import format_yuan
from engine.protocol import codes
from engine.protocol.reconciliation import (
    DIFFERENT,
    MATCHED,
    FileTold,
    Totals,
    TotalsResult,
    file_output,
    read_detail_request,
    read_download,
    read_totals_request,
    read_upload,
    totals_output,
)
from engine.protocol.statement import Detail, compare, compared_file, read_detail_file
from engine.protocol.wire import ProtocolError, seconds

DOWNLOAD = "9102"
_LONGEST = timedelta(days=366)
_KEPT = timedelta(days=30)


def totals(call: Call) -> str:
    """3201: say whether both sides come to the same for some days, and by how much they differ."""
    asked = read_totals_request(call.request.input)
    ours = _sum(
        each
        for each in _rows(call, asked.first, asked.last, asked.setl_optins, asked.clr_type)
        if each.insutype == asked.insutype
    )
    same = ours == asked.totals
    return totals_output(
        TotalsResult(
            setl_optins=asked.setl_optins,
            stmt_rslt=MATCHED if same else DIFFERENT,
            stmt_rslt_dscr="一致" if same else _difference(ours, asked.totals),
        )
    )


def upload(call: Call) -> str:
    """9101: keep a shop's file until it is compared."""
    sent = read_upload(call.request.input)
    files.forget(call.db, call.request.fixmedins_code, call.now - _KEPT)
    return file_output(keep(call, sent.filename, sent.content))


def details(call: Call) -> str:
    """3202: compare a shop's uploaded rows with the agency's; the result waits to be fetched."""
    asked = read_detail_request(call.request.input)
    content = files.content(call.db, call.request.fixmedins_code, asked.file_qury_no)
    if content is None:
        raise ProtocolError("没有这个对账文件，请先用 9101 上传。", "unknown_file")
    theirs = read_detail_file(content)
    ours = [_detail(each) for each in _rows(call, asked.first, asked.last, asked.setl_optins, asked.clr_type)]
    result = compared_file(compare(ours, theirs))
    return file_output(keep(call, f"3202-{asked.first:%Y%m%d}-{asked.last:%Y%m%d}.zip", result))


def download(call: Call) -> bytes:
    """9102: return a file of the shop's own; raise ProtocolError where there is none."""
    number = read_download(call.request.input)
    content = files.content(call.db, call.request.fixmedins_code, number)
    if content is None:
        raise ProtocolError("没有这个文件，或已超过保存期限，请重新对账。", "unknown_file")
    return content


def _rows(call: Call, first: date, last: date, clearing: str, clr_type: str | None) -> list[Settlement]:
    """Return the shop's settlements of some days that one agency clears: its region begins their ids."""
    if last - first > _LONGEST:
        raise ProtocolError("一次对账最多一年，请分段对账。")
    if clr_type not in (None, "", codes.CLEARING_PHARMACY):
        return []
    begin, end = _midnight(first), _midnight(last + timedelta(days=1))
    found = settlements.of_shop(call.db, call.request.fixmedins_code, begin, end)
    return [each for each in found if each.setl_id.startswith(clearing)]


def _sum(rows: Iterable[Settlement]) -> Totals:
    standing = [each for each in rows if each.reversed_by is None]
    return Totals(
        count=len(standing),
        total=sum(each.total for each in standing),
        fund=sum(each.fund + each.assistance for each in standing),
    )


def _difference(ours: Totals, theirs: Totals) -> str:
    return (
        f"不一致：医保中心 {ours.count} 笔、总额 {format_yuan(ours.total)} 元、"
        f"基金 {format_yuan(ours.fund)} 元；药店 {theirs.count} 笔、总额 {format_yuan(theirs.total)} 元、"
        f"基金 {format_yuan(theirs.fund)} 元。请用 3202 对明细。"
    )


def _detail(made: Settlement) -> Detail:
    return Detail(
        setl_id=made.setl_id,
        mdtrt_id=made.mdtrt_id,
        psn_no=made.psn_no,
        total=made.total,
        fund=made.fund + made.assistance,
        is_reversed=made.reversed_by is not None,
        msgid=made.msgid,
    )


def keep(call: Call, filename: str, content: bytes) -> FileTold:
    """Keep a file for the caller to fetch by 9102; return where it is."""
    number = f"F{next_number(call.db, 'file'):012d}"
    provider = call.request.fixmedins_code
    files.save(
        call.db, File(provider=provider, number=number, filename=filename, at=call.now, content=content)
    )
    until: datetime = call.now + _KEPT
    return FileTold(
        file_qury_no=number, filename=filename, dld_endtime=seconds(until), fixmedins_code=provider
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)
