"""SY03 and SY04: the tills' journals come in, what is new goes out."""

from __future__ import annotations

from agency.calls import Call
from agency.storage import ledger, registry
from engine.calendar import insurance_year
from engine.journal import find_faults
from engine.protocol.journal import JournalHead, JournalPage, head_output, read_journal
from engine.protocol.news import news_output, read_request
from engine.protocol.wire import ProtocolError


def journal(call: Call) -> str:
    """SY03: keep a till's journal entries; those held already are compared, the new ones must follow them."""
    page = read_journal(call.request.input)
    provider = call.request.fixmedins_code
    number, head = ledger.journal_head(call.db, provider, page.till)
    _compare(call, provider, page, number)
    new = [entry for entry in page.entries if entry.number > number]
    if new and new[0].number != number + 1:
        raise ProtocolError(
            f"流水不连续：已收到第 {number} 条，请从第 {number + 1} 条起上传。", "journal_gap"
        )
    faults = find_faults(new, number, head)
    if faults:
        raise ProtocolError(
            f"流水校验不通过，没有收下：{faults[0].text}请保留现场并联系软件服务商。", "journal_broken"
        )
    ledger.append(call.db, provider, page.till, new)
    last = new[-1] if new else None
    return head_output(
        JournalHead(number=last.number, hash=last.hash) if last else JournalHead(number=number, hash=head)
    )


def _compare(call: Call, provider: str, page: JournalPage, number: int) -> None:
    for entry in page.entries:
        if entry.number > number:
            continue
        if ledger.journal_hash(call.db, provider, page.till, entry.number) != entry.hash:
            raise ProtocolError(
                f"第 {entry.number} 条流水与先前上传的不同，没有收下。"
                "这台收银机的数据可能被恢复过旧备份或复制过，请停止使用并联系软件服务商。",
                "journal_fork",
            )


def news(call: Call) -> str:
    """SY04: tell what changed since the till's cursor."""
    asked = read_request(call.request.input)
    year = insurance_year(call.today)
    return news_output(registry.news(call.db, asked.cursor, asked.limit, year, call.now))
