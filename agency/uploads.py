"""SY03: the tills' journals come in, each epoch of a till as a chain of its own.

A till's journal runs through its epochs: what lies before the point where an epoch begins belongs to the one
before. Every entry is wanted, in order; what is held already is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from agency import boxes
from agency.calls import Call
from agency.storage import heads, journals, tills
from agency.storage.connection import Connection
from agency.storage.tills import UNENROLLED, Till
from agency.tills import Fork
from engine.journal import GENESIS, Entry, find_faults
from engine.protocol.journal import JournalHead, JournalPage, head_output, read_journal
from engine.protocol.wire import ProtocolError


class _Stretch(Struct, frozen=True, kw_only=True):
    """The part of a till's journal that lies in one epoch, or in what was written before any enrolment.

    Entries ``after`` + 1 to ``to`` (None: open) belong to it; ``held`` is the last one that is here.
    """

    chain: str | None
    after: int
    to: int | None
    held: tuple[int, str]
    epoch: int
    bound: bool = False  # Whether the agency has noted already which chain the epoch writes into.

    @property
    def lacks(self) -> bool:
        """Whether the next stretch cannot go on yet."""
        return self.to is not None and self.held[0] < self.to


def journal(call: Call) -> str:
    """SY03: keep a till's journal entries; those held already are compared, the new ones must follow them."""
    page = read_journal(call.request.input)
    _refuse_holes(page)
    stretches = _stretches(call, page)
    _compare(call.db, stretches, page)
    _refuse_gap(stretches, page)
    number, head = stretches[-1].held
    for stretch in stretches:
        new = [each for each in page.entries if _is_in(stretch, each) and each.number > stretch.held[0]]
        if new:
            _append(call, page.till, stretch, new)
            number, head = new[-1].number, new[-1].hash
    return head_output(JournalHead(number=number, hash=head))


def _stretches(call: Call, page: JournalPage) -> list[_Stretch]:
    """Return the stretches of the till's journal, oldest first, up to the epoch that speaks."""
    provider = call.request.fixmedins_code
    if call.speaker is None:
        return [_unenrolled(call.db, provider, page)]
    if page.till != call.speaker.till.till:
        raise ProtocolError(
            f"流水是 {page.till} 号收银机的，报文是 {call.speaker.till.till} 号发的，没有收下。请用本机上传。"
        )
    made: list[_Stretch] = []
    to: int | None = None
    known = [each for each in tills.of_shop(call.db, provider) if each.till == page.till]
    for epoch in reversed(known):
        if UNENROLLED < epoch.epoch <= call.speaker.till.epoch and (to is None or epoch.begins_after < to):
            made.insert(0, _enrolled(call, epoch, page, to))
            to = epoch.begins_after
    return made


def _enrolled(call: Call, epoch: Till, page: JournalPage, to: int | None) -> _Stretch:
    first = next((each for each in page.entries if each.number == epoch.begins_after + 1), None)
    told = call.speaker.device.chain if call.speaker and call.speaker.till.epoch == epoch.epoch else ""
    chain = epoch.chain or told or (first.hash if first else None)
    if first is not None and first.hash != chain:
        raise Fork(first.number, page.till)
    held = journals.head(call.db, chain) if chain else (0, GENESIS)
    start = (epoch.begins_after, epoch.begins_hash)
    return _Stretch(
        chain=chain,
        after=start[0],
        to=to,
        held=held if held[0] else start,
        epoch=epoch.epoch,
        bound=bool(epoch.chain),
    )


def _unenrolled(db: Connection, provider: str, page: JournalPage) -> _Stretch:
    """Return the one chain of a till that never enrolled; it may have begun with another shop."""
    first = page.entries[0]
    known = tills.epoch(db, provider, page.till, UNENROLLED)
    written = known.chain if known else None
    chain = first.hash if first.number == 1 else journals.chain_of(db, first.previous) or written
    if written not in (None, chain):
        raise Fork(first.number, page.till)
    held = journals.head(db, chain) if chain else (0, GENESIS)
    return _Stretch(chain=chain, after=0, to=None, held=held, epoch=UNENROLLED)


def _is_in(stretch: _Stretch, entry: Entry) -> bool:
    return stretch.after < entry.number and (stretch.to is None or entry.number <= stretch.to)


def _compare(db: Connection, stretches: Iterable[_Stretch], page: JournalPage) -> None:
    for stretch in stretches:
        for entry in page.entries:
            if not _is_in(stretch, entry) or entry.number > stretch.held[0] or stretch.chain is None:
                continue
            if journals.hash_at(db, stretch.chain, entry.number) != entry.hash:
                raise Fork(entry.number, page.till)


def _refuse_gap(stretches: Sequence[_Stretch], page: JournalPage) -> None:
    lacking = next((each for each in stretches if each.lacks), stretches[-1])
    held = lacking.held[0]
    first = page.entries[0].number
    if first > held + 1:
        raise ProtocolError(
            f"流水不连续：已收到第 {held} 条，这次从第 {first} 条开始。请从第 {held + 1} 条起上传。",
            f"journal_gap:{held + 1}",
        )


def _refuse_holes(page: JournalPage) -> None:
    for before, entry in pairwise(page.entries):
        if entry.number != before.number + 1:
            raise _broken(f"第 {before.number} 条之后缺账目，接着是第 {entry.number} 条。")


def _broken(fault: str) -> ProtocolError:
    return ProtocolError(f"流水校验不通过，没有收下：{fault}请保留现场并联系软件服务商。", "journal_broken")


def _append(call: Call, till: str, stretch: _Stretch, new: Sequence[Entry]) -> None:
    faults = find_faults(new, *stretch.held)
    if faults:
        raise _broken(faults[0].text)
    provider = call.request.fixmedins_code
    chain = stretch.chain or new[0].hash
    journals.append(call.db, chain, new)
    if stretch.epoch == UNENROLLED:
        tills.bind(call.db, provider, till, chain, call.now)
    elif not stretch.bound:
        heads.bind(call.db, provider, till, stretch.epoch, chain=chain)
    boxes.sold_in(call.db, provider, till, new, call.now)
