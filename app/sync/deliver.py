"""Delivery of the outbox: each message under its own id until the agency spoke, in each person's order.

What is due goes in batches, each one call and, with all that the agency answers, one step on disk.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from msgspec import Struct

from app.clock import Clock
from app.storage import outbox, stores
from app.storage.connection import Connection, transaction
from app.storage.outbox import Failure, Message
from app.storage.sale_texts import GOODS
from app.sync import unknown
from app.sync.client import AgencyClient, Question, Reply, Unreachable, provider_sender
from app.sync.deliver_goods import deliver_goods
from app.sync.settle import LONGEST_WAIT, Sent, failure_of, take, wait_after
from engine.protocol.envelope import Sender
from engine.protocol.settlement import person_of
from engine.protocol.stock import STOCK
from engine.protocol.wire import ProtocolError

__all__ = ["PAGE", "STUMBLED", "Boundary", "Delivery", "deliver_due", "sender_of", "wait_after"]

PAGE = 500
LARGEST_BATCH = 640 * 1024
"""Characters of messages in one call: with their envelopes they stay under what an agency takes at once."""

MOST_IN_VAIN = 20
"""Messages in a row, each sent alone, without a sound answer to one: then the round ends."""

STUMBLED = "本机处理这条消息时出错，销售不受影响；消息已保留，稍后自动再试。如一直这样，请联系维护人员。"
_log = logging.getLogger("sync")
T = TypeVar("T")


class Delivery(Struct, frozen=True, kw_only=True):
    """What one round came to; ``next_at`` is when the next one has something to do."""

    settled: int = 0
    tried: int = 0
    line_dead: bool = False
    trouble: str = ""
    next_at: datetime | None = None


class Boundary(Protocol):
    """Runs one step; returns its value, or None where a bug ended it. A UserError goes through."""

    def __call__(self, step: Callable[[], T], /) -> T | None: ...


def deliver_due(
    db: Connection,
    client: AgencyClient,
    clock: Clock,
    *,
    operator: str,
    boundary: Boundary,
    interrupted: Callable[[], bool] = lambda: False,
    sending: Callable[[frozenset[str]], None] = lambda _ids: None,
) -> Delivery:
    """Send what is due, oldest first, and settle what the agency answers; return what came of it.

    A message waits for an earlier one of the same person. One without a sound answer, or one that a bug kept
    back inside its ``boundary``, is due again after a wait that doubles; when nobody answers at all, or
    ``interrupted`` says so, the round ends. ``sending`` hears which messages are in a call, and when none is.
    """
    round_ = _Round(db, client, clock, operator=operator, boundary=boundary, sending=sending)
    goods: list[Message] = []
    for message in _waiting(db):
        if message.infno in GOODS:
            goods.append(message)  # What left the shelves is told last: nobody waits for it.
            continue
        lane, text = round_.read(message)
        if lane in round_.held:
            continue
        if not round_.is_due(message):
            round_.hold(lane, message.next_attempt_at or round_.now)
            continue
        if round_.is_full(message, text):
            if interrupted():
                return round_.outcome(next_at=round_.now)
            round_.send()
        if round_.is_over:
            return round_.outcome()
        round_.add(message, lane, text)
    if round_.holds_some and interrupted():
        return round_.outcome(next_at=round_.now)
    round_.send()
    if goods and not round_.is_over:
        if deliver_goods(round_, goods, outbox.sales_waiting(db), interrupted):
            return round_.outcome(next_at=round_.now)
        round_.send()
    return round_.outcome()


def _waiting(db: Connection) -> Iterator[Message]:
    """Yield every message that waits: however many are held, those behind them are come to."""
    page = outbox.waiting(db, 0, PAGE)
    while page:
        yield from page
        page = outbox.waiting(db, page[-1].number, PAGE) if len(page) == PAGE else []


class _Round:
    """One round and its tally; ``held`` are the lanes whose earlier message still waits."""

    def __init__(
        self,
        db: Connection,
        client: AgencyClient,
        clock: Clock,
        *,
        operator: str,
        boundary: Boundary,
        sending: Callable[[frozenset[str]], None],
    ) -> None:
        self._db, self._client, self._clock = db, client, clock
        self._operator, self._boundary, self._sending = operator, boundary, sending
        self.now = clock.now()
        self.held: set[str] = set()
        self.line_dead = False
        self._batch: list[tuple[Sent, str]] = []
        self._size = 0
        self._settled = self._tried = self._vain = 0
        self._trouble = ""
        self._next_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nobody answers, or nothing sound: more of the same would come to the same."""
        return self.line_dead or self._vain >= MOST_IN_VAIN

    @property
    def holds_some(self) -> bool:
        """Whether messages are ready that were not sent yet."""
        return bool(self._batch)

    def is_due(self, message: Message) -> bool:
        """Tell whether ``message`` may be sent now; no wait is so long that its clock was not set back."""
        at = message.next_attempt_at
        return at is None or at <= self.now or at > self.now + LONGEST_WAIT

    def read(self, message: Message) -> tuple[str, str | None]:
        """Return the lane of ``message``, and its text as far as that was needed and could be written."""
        if message.infno == outbox.JOURNAL_UPLOAD:
            return message.infno, message.input
        tried_in_vain = message.input is None and message.attempts and not self.is_due(message)
        text = None if tried_in_vain else self._boundary(lambda: outbox.text_of(self._db, message))
        # Without its text nobody knows whose message it is: it holds up itself alone.
        return (message.id, None) if text is None else (_lane(message.infno, text), text)

    def is_full(self, message: Message, text: str | None) -> bool:
        """Tell whether what is ready must go before ``message`` can join it."""
        if not self._batch:
            return False
        together = self._client.batches and self._client.profile.repeats_safe
        most = self._client.batch_size if together else 1
        other_shop = self._batch[0][0].message.provider != message.provider
        return len(self._batch) >= most or other_shop or self._size + len(text or "") > LARGEST_BATCH

    def add(self, message: Message, lane: str, text: str | None) -> None:
        """Make ``message`` ready to be sent, or postpone it where its text cannot be written."""
        if lane in self.held:  # What was sent just now came back without an answer.
            return
        if text is None:
            text = self._boundary(lambda: outbox.text_of(self._db, message))
        if text is None:
            self._tried += 1
            self._stumble(message, lane)
            return
        self._batch.append((Sent(message, text), lane))
        self._size += len(text)

    def send(self) -> None:
        """Send what is ready and settle it; what gets no sound answer is postponed and holds its lane."""
        batch, self._batch, self._size = self._batch, [], 0
        if not batch:
            return
        self._sending(frozenset(sent.message.id for sent, _lane in batch))
        try:
            if len(batch) == 1 or not self._boundary(lambda: self._send_all(batch)):
                for sent, lane in batch:
                    if lane not in self.held and not self.is_over:
                        self._send_alone(sent, lane)
        finally:
            self._sending(frozenset())

    def text_of(self, message: Message) -> str | None:
        """Return the text of ``message``; None, and it is postponed, where a bug keeps it from being
        written."""
        text = self._boundary(lambda: outbox.text_of(self._db, message))
        if text is None:
            self._tried += 1
            self._stumble(message, message.id)
        return text

    def together(self, sents: Sequence[Sent], question: Callable[[str], Question]) -> Reply | None:
        """Send many messages as the one that ``question`` makes of a fresh id; None where no answer came."""
        first = sents[0].message
        self._sending(frozenset(sent.message.id for sent in sents))
        self._tried += len(sents)
        try:
            return self._client.call(question(self._fresh_id(first)), self._sender(sents[0]))
        except Unreachable as error:
            self._note(error)
            self._vain += 1
            now = self._clock.now()
            failures = [failure_of(sent, error, now) for sent in sents]
            self._postpone(failures, [sent.message.id for sent in sents])
            return None
        finally:
            self._sending(frozenset())

    def settle(self, answered: Sequence[tuple[Sent, Reply]]) -> None:
        """Settle messages that were told together, each by its own verdict; a bug postpones them all."""
        with_lanes = [((sent, sent.message.id), reply) for sent, reply in answered]
        if self._boundary(lambda: self._settle(with_lanes)) is None:
            for sent, _reply in answered:
                self._stumble(sent.message, sent.message.id)

    def hold(self, lane: str, until: datetime) -> None:
        """Let nothing of ``lane`` pass in this round; ``until`` its first message is due again."""
        self.held.add(lane)
        self._next_at = min(self._next_at or until, until)

    def outcome(self, *, next_at: datetime | None = None) -> Delivery:
        """Return what the round came to so far."""
        return Delivery(
            settled=self._settled,
            tried=self._tried,
            line_dead=self.line_dead,
            trouble=self._trouble,
            next_at=next_at or self._next_at,
        )

    def _sender(self, sent: Sent) -> Sender:
        return sender_of(self._db, sent.message.provider, self._operator)

    def _send_all(self, batch: Sequence[tuple[Sent, str]]) -> bool:
        """Send a batch in one call; False where it is to be sent message by message."""
        sender = self._sender(batch[0][0])
        try:
            replies = self._client.call_all([_question(sent) for sent, _lane in batch], sender)
        except Unreachable as error:
            self._note(error)
            if error.line_dead:
                self._lose(batch, error)
            return error.line_dead  # Else one of them may be what nobody can answer: each for itself.
        if not replies:
            return False
        self._tried += len(batch)
        answered = list(zip(batch, replies, strict=True))
        if self._boundary(lambda: self._settle(answered)) is None:
            # One of them met a bug: each for itself, and that one alone is postponed.
            for (sent, lane), reply in answered:
                if self._boundary(lambda one=((sent, lane), reply): self._settle([one])) is None:  # type: ignore[misc]
                    self._stumble(sent.message, lane)
        return True

    def _send_alone(self, sent: Sent, lane: str) -> None:
        self._tried += 1
        settled = self._settled
        if self._boundary(lambda: self._exchange(sent, lane)) is None:
            self._stumble(sent.message, lane)
        self._vain = 0 if self._settled > settled else self._vain + 1

    def _exchange(self, sent: Sent, lane: str) -> bool:
        sender = self._sender(sent)
        if sent.message.state == "unknown" and not unknown.clear(
            self._db, self._client, self._clock, sent, sender=sender, note=self._note
        ):
            self.hold(lane, self._clock.now() + wait_after(sent.message.attempts))
            return True
        if sent.message.state == "unknown":
            self.hold(lane, self.now)  # It goes again at once, as a new message, in the next round.
            return True
        try:
            reply: Reply | Unreachable = self._client.call(_question(sent), sender)
        except Unreachable as error:
            self._note(error)
            reply = error
        return self._settle([((sent, lane), reply)])

    def _settle(self, answered: Sequence[tuple[tuple[Sent, str], Reply | Unreachable]]) -> bool:
        now = self._clock.now()
        with transaction(self._db):
            pairs = [(sent, reply) for (sent, _lane), reply in answered]
            failures = take(self._db, pairs, now, self._fresh_id, self._client.profile.repeats_safe)
        lanes = {sent.message.number: lane for (sent, lane), _reply in answered}
        for failure in failures:
            self._trouble = failure.trouble or self._trouble
            if failure.alone:
                self._next_at = min(self._next_at or failure.again_at, failure.again_at)
            else:
                self.hold(lanes[failure.number], failure.again_at)
        self._settled += len(answered) - len(failures)
        return True

    def _lose(self, batch: Sequence[tuple[Sent, str]], error: Unreachable) -> None:
        """Note a call that nobody answered; what surely never left needs no note but the first's."""
        lost = batch if error.sent else batch[:1]
        self._tried += len(lost)
        failures = [failure_of(sent, error, self._clock.now()) for sent, _lane in lost]
        self._postpone(failures, [lane for _sent, lane in lost])

    def _note(self, error: Unreachable) -> None:
        self._trouble, self.line_dead = error.trouble, error.line_dead

    def _stumble(self, message: Message, lane: str) -> None:
        _log.error("message %s is postponed after a bug", message.id)
        again_at = self._clock.now() + wait_after(message.attempts)
        self._postpone([Failure(number=message.number, trouble=STUMBLED, again_at=again_at)], [lane])

    def _postpone(self, failures: Sequence[Failure], lanes: Sequence[str]) -> None:
        with transaction(self._db):
            outbox.postpone(self._db, failures)
        for failure, lane in zip(failures, lanes, strict=True):
            self.hold(lane, failure.again_at)

    def _fresh_id(self, message: Message) -> str:
        return self._client.fresh_id(sender_of(self._db, message.provider, self._operator))


def _question(sent: Sent) -> Question:
    message = sent.message
    return Question(id=message.id, infno=message.infno, input=sent.text, admdvs=message.admdvs)


def sender_of(db: Connection, provider: str, operator: str) -> Sender:
    """Return who speaks for the shop with the number ``provider``."""
    store = stores.by_provider(db, provider)
    if store is None:
        return provider_sender(provider, operator)
    return Sender(provider=provider, name=store.name, region=store.provider.region, operator=operator)


def _lane(infno: str, text: str) -> str:
    """Return what keeps its order: a person's settlements; a journal's uploads; a shop's stock."""
    if infno in STOCK:
        return "stock"
    try:
        return person_of(text) or infno
    except ProtocolError:
        return infno
