"""What sales took from the shelves (3505, 3505A), told after everything else: nobody's share waits for it.

Where the region takes many sales in one record list, their messages travel as one: joined, answered record by
record, settled each by itself. A record has a number of the shop's own, so to send it again is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from app.storage.outbox import Message
from app.sync.client import Accepted, Question, Rejected, Reply
from app.sync.settle import Sent
from engine.protocol.stock import SALES_BATCH, joined_sales, read_results
from engine.protocol.wire import ProtocolError

MOST_TOGETHER = 500
LARGEST = 400 * 1024
"""Sales, and characters, in one call: an agency takes a mebibyte at once."""

_NOBODY_KNOWS_IT = "unknown_infno"
_REFUSED = "医保中心没有收下这笔的进销存记录，请核对药品编码和批号后与医保中心联系。"


class Round(Protocol):
    """What is needed of the round that this is part of."""

    now: datetime

    @property
    def is_over(self) -> bool: ...
    def is_due(self, message: Message) -> bool: ...
    def hold(self, lane: str, until: datetime) -> None: ...
    def is_full(self, message: Message, text: str | None) -> bool: ...
    def add(self, message: Message, lane: str, text: str | None) -> None: ...
    def send(self) -> None: ...
    def text_of(self, message: Message) -> str | None: ...
    def together(self, sents: Sequence[Sent], question: Callable[[str], Question]) -> Reply | None: ...
    def settle(self, answered: Sequence[tuple[Sent, Reply]]) -> None: ...


def deliver_goods(
    round_: Round, messages: Iterable[Message], unsettled: set[str], interrupted: Callable[[], bool]
) -> bool:
    """Send what is due of ``messages``; tell whether something more urgent came between.

    A sale that is ``unsettled`` is told once the agency has given its settlement a number.
    """
    batch: list[Sent] = []
    size = 0
    for message in messages:
        if not round_.is_due(message):
            round_.hold(message.id, message.next_attempt_at or round_.now)
            continue
        if message.sale in unsettled:
            continue
        text = round_.text_of(message)
        if text is None:
            continue
        if message.infno != SALES_BATCH:
            _send_as_any_other(round_, message, text)
            continue
        full = len(batch) >= MOST_TOGETHER or size + len(text) > LARGEST
        if batch and (full or batch[0].message.provider != message.provider):
            if interrupted():
                return True
            _send(round_, batch)
            batch, size = [], 0
        if round_.is_over:
            return False
        batch.append(Sent(message, text))
        size += len(text)
    if batch and interrupted():
        return True
    _send(round_, batch)
    return False


def _send_as_any_other(round_: Round, message: Message, text: str) -> None:
    if round_.is_full(message, text):
        round_.send()
    if not round_.is_over:
        round_.add(message, message.id, text)


def _send(round_: Round, batch: Sequence[Sent]) -> None:
    if not batch:
        return
    joined = joined_sales([sent.text for sent in batch])
    reply = round_.together(batch, lambda id_: Question(id=id_, infno=SALES_BATCH, input=joined))
    if reply is None:
        return
    if isinstance(reply, Rejected) and len(batch) > 1 and reply.code != _NOBODY_KNOWS_IT:
        for sent in batch:  # One of them may be what cannot be taken.
            if not round_.is_over:
                _send(round_, [sent])
        return
    round_.settle(_verdicts(batch, reply))


def _verdicts(batch: Sequence[Sent], reply: Reply) -> list[tuple[Sent, Reply]]:
    if isinstance(reply, Rejected):
        return [(sent, reply) for sent in batch]
    try:
        results = read_results(reply.output)
    except ProtocolError:
        results = {}
    refused = {
        number[1:].rsplit("-", 2)[0]: each.msgRslt or _REFUSED
        for number, each in results.items()
        if each.retRslt != "1"
    }
    return [
        (sent, Rejected("record", refused[sent.message.sale]))
        if sent.message.sale in refused
        else (sent, Accepted("{}", reply.proof))
        for sent in batch
    ]
