"""Who speaks: a till that enrolled signs every message, and its journal only ever grows.

A head that goes back, or two entries under one number, is a fork: somewhere there is a cloned disk or a
backup that was put back. Such a till is given no leases until a new epoch of it begins; what it settled is
still taken.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from agency.storage import findings, heads, journals, tills
from agency.storage.connection import Connection
from agency.storage.findings import Finding
from agency.storage.heads import Seen
from agency.storage.tills import Till
from engine.protocol.device import Device, read_device
from engine.protocol.envelope import Request, signed_by
from engine.protocol.signing import from_text
from engine.protocol.wire import ProtocolError, parse_seconds

AT_ONCE = timedelta(minutes=2)
"""Two threads of a till may read clock and journal in either order, and wait for the line between the two."""

_CLOCKS_APART = timedelta(days=1)  # A clock years ahead must not blind the agency to what comes after it.


class Speaker(Struct, frozen=True, kw_only=True):
    """The till that signed a message: its epoch as it was before, and what it says of itself."""

    till: Till
    device: Device


class Fork(ProtocolError):
    """A refusal that is a finding as well: entry ``number`` of a till is known otherwise."""

    def __init__(self, number: int, till: str) -> None:
        super().__init__(
            f"第 {number} 条流水与先前上传的不同，没有收下。"
            "这台收银机的数据可能被恢复过旧备份或复制过，请停止使用并联系软件服务商。",
            "journal_fork",
        )
        self.number = number
        self.till = till


def authenticate(db: Connection, request: Request) -> Speaker | None:
    """Return the till that signed ``request``, None for a shop of which no till enrolled.

    Raises ProtocolError for a till that is not known, or whose signature does not hold.
    """
    provider = request.fixmedins_code
    if request.dev_safe_info is None:
        if any(each.epoch != tills.UNENROLLED for each in tills.of_shop(db, provider)):
            raise ProtocolError(
                "本机构的收银机已登记，报文必须带设备信息和签名。请先登记这台收银机，再重新发送。",
                "device_signature",
            )
        return None
    device = read_device(request.dev_safe_info)
    till = tills.epoch(db, provider, device.till, device.epoch)
    if till is None:
        raise _unknown(db, provider, device)
    if not signed_by(request, from_text(till.public_key)):
        raise ProtocolError(
            "收银机的签名不对，没有办理。请核对这台收银机的登记，或重新登记。", "device_signature"
        )
    return Speaker(till=till, device=device)


def observe(db: Connection, speaker: Speaker, request: Request, now: datetime, *, known: bool) -> None:
    """Note how far the speaker's journal is; a journal that went back or aside is a finding and a fork.

    A copy of a ``known`` message may come at any time, from a stick in a drawer, and its till's clock may
    have been ahead when it was made: only what contradicts an entry is a fork then.
    """
    till, device = speaker.till, speaker.device
    sent_at = min(parse_seconds(request.inf_time, "inf_time"), now + _CLOCKS_APART)
    trouble = _trouble(db, till, device, None if known else sent_at)
    if trouble is not None:
        report_fork(db, till, device.number, trouble, now)
    elif not known and _speaks_after_its_end(db, till, sent_at):
        text = f"第 {till.epoch} 期已经结束，仍有人用它的密钥发报文。请检查这台收银机的硬盘是否被复制过。"
        _find(db, till, "old_epoch", now, text=text)
    seen = Seen(
        provider=till.provider,
        till=till.till,
        epoch=till.epoch,
        chain=device.chain,
        number=device.number,
        hash=device.hash,
        at=sent_at,
        waiting=device.waiting,
        oldest=device.oldest,
    )
    heads.observe(db, seen)


def report_fork(db: Connection, till: Till, number: int, text: str, now: datetime) -> None:
    """Record a fork, and give the till no leases from now on."""
    _find(db, till, "fork", now, text=text, name=f"-{number}")
    if till.epoch != tills.UNENROLLED:
        heads.mark_forked(db, till.provider, till.till, till.epoch)


def report(db: Connection, speaker: Speaker | None, provider: str, fork: Fork, now: datetime) -> None:
    """Record a fork that a refused message told of."""
    till = speaker.till if speaker else tills.latest(db, provider, fork.till)
    if till is not None:
        report_fork(db, till, fork.number, f"第 {fork.number} 条流水有两个不同的内容。", now)


def may_hold_leases(speaker: Speaker | None) -> Till:
    """Return the till's epoch if it may be given leases; raise ProtocolError otherwise."""
    if speaker is None:
        raise ProtocolError("这台收银机还没有登记，不能申请额度。请先到医保中心登记。", "not_enrolled")
    if speaker.till.state == tills.FORKED:
        raise ProtocolError(
            "这台收银机的流水出现分叉，额度已停用。请联系医保中心核对，并用新的登记码重新登记。", "forked"
        )
    if speaker.till.state != tills.ACTIVE:
        raise ProtocolError("这台收银机已用新的一期登记，旧的一期不再发放额度。", "wrong_epoch")
    return speaker.till


def _unknown(db: Connection, provider: str, device: Device) -> ProtocolError:
    latest = tills.latest(db, provider, device.till)
    if latest is None or latest.epoch == tills.UNENROLLED:
        return ProtocolError(
            f"{device.till} 号收银机还没有登记，没有办理。请先到医保中心领取登记码登记。", "not_enrolled"
        )
    return ProtocolError(
        f"{device.till} 号收银机没有登记过第 {device.epoch} 期（现在是第 {latest.epoch} 期），没有办理。"
        "请重新登记这台收银机。",
        "wrong_epoch",
    )


def _trouble(db: Connection, till: Till, device: Device, sent_at: datetime | None) -> str | None:
    if till.chain and device.chain and device.chain != till.chain:
        return "这台收银机另起了一本流水。"
    held = journals.hash_known_at(db, till.chain or device.chain, device.number)
    if device.number == till.seen_number:
        held = held or till.seen_hash
    if held not in (None, device.hash):
        return f"第 {device.number} 条流水有两个不同的内容。"
    if sent_at and device.number < till.seen_number and sent_at > till.seen_at + AT_ONCE:
        return f"流水从第 {till.seen_number} 条退回到了第 {device.number} 条。"
    return None


def _speaks_after_its_end(db: Connection, till: Till, sent_at: datetime) -> bool:
    if till.state != tills.CLOSED:
        return False
    latest = tills.latest(db, till.provider, till.till)
    return latest is not None and sent_at > latest.enrolled_at + AT_ONCE


def _find(db: Connection, till: Till, kind: str, now: datetime, *, text: str, name: str = "") -> None:
    id_ = f"{kind}-{till.till}-{till.epoch}{name}"
    findings.add(db, Finding(provider=till.provider, id=id_, at=now, kind=kind, till=till.till, text=text))
