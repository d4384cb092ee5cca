"""SY03: the tills' journals come in."""

from __future__ import annotations

from agency.calls import Call
from agency.storage import journals, tills
from engine.journal import find_faults
from engine.protocol.journal import JournalHead, JournalPage, head_output, read_journal
from engine.protocol.wire import ProtocolError


def journal(call: Call) -> str:
    """SY03: keep a till's journal entries; those held already are compared, the new ones must follow them."""
    page = read_journal(call.request.input)
    provider = call.request.fixmedins_code
    chain = _chain(call, provider, page)
    number, head = journals.head(call.db, chain)
    for entry in page.entries:
        if entry.number <= number and journals.hash_at(call.db, chain, entry.number) != entry.hash:
            raise _fork(entry.number)
    new = [entry for entry in page.entries if entry.number > number]
    faults = find_faults(new, number, head)
    if faults:
        raise ProtocolError(
            f"流水校验不通过，没有收下：{faults[0].text}请保留现场并联系软件服务商。", "journal_broken"
        )
    journals.append(call.db, chain, new)
    tills.bind(call.db, provider, page.till, chain, call.now)
    if new:
        number, head = new[-1].number, new[-1].hash
    return head_output(JournalHead(number=number, hash=head))


def _chain(call: Call, provider: str, page: JournalPage) -> str:
    """Return the chain that a page goes on; its first entry names its predecessor, or begins a new chain."""
    first = page.entries[0]
    known = tills.epoch(call.db, provider, page.till, tills.UNENROLLED)
    written = known.chain if known else None
    chain = first.hash if first.number == 1 else journals.chain_of(call.db, first.previous)
    if chain is None:
        number = journals.head(call.db, written)[0] if written else 0
        if first.number <= number:
            raise _fork(first.number)
        raise ProtocolError(
            f"流水不连续：已收到第 {number} 条，这次从第 {first.number} 条开始。"
            f"请从第 {number + 1} 条起上传。",
            "journal_gap",
        )
    if written not in (None, chain):
        raise _fork(first.number)
    return chain


def _fork(number: int) -> ProtocolError:
    return ProtocolError(
        f"第 {number} 条流水与先前上传的不同，没有收下。"
        "这台收银机的数据可能被恢复过旧备份或复制过，请停止使用并联系软件服务商。",
        "journal_fork",
    )
