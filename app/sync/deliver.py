"""Delivery of the outbox: each message under its own id until the agency spoke, in each person's order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from msgspec import Struct

from app.clock import Clock
from app.storage import outbox, stores
from app.storage.connection import Connection, transaction
from app.storage.outbox import Message
from app.sync.client import Accepted, AgencyClient, Question, Reply, Unreachable, provider_sender
from app.usecases import acknowledge
from engine.protocol.envelope import Sender
from engine.protocol.settlement import person_of
from engine.protocol.wire import ProtocolError

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=5)
PAGE = 500
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
) -> Delivery:
    """Send what is due, oldest first, and settle what the agency answers; return what came of it.

    A message waits for an earlier one of the same person. One without a sound answer, or one that a bug kept
    back inside its ``boundary``, is due again after a wait that doubles; when nobody answers at all, or
    ``interrupted`` says so, the round ends.
    """
    round_ = _Round(db, client, clock, operator, boundary)
    for message in _waiting(db):
        lane, text = round_.read(message)
        if lane in round_.held:
            continue
        if message.next_attempt_at is not None and message.next_attempt_at > round_.now:
            round_.hold(lane, message.next_attempt_at)
            continue
        if interrupted():
            return round_.outcome(next_at=round_.now)
        round_.attempt(message, lane, text)
        if round_.line_dead:
            break
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
        self, db: Connection, client: AgencyClient, clock: Clock, operator: str, boundary: Boundary
    ) -> None:
        self._db, self._client, self._clock = db, client, clock
        self._operator, self._boundary = operator, boundary
        self.now = clock.now()
        self.held: set[str] = set()
        self.line_dead = False
        self._settled = self._tried = 0
        self._trouble = ""
        self._next_at: datetime | None = None

    def read(self, message: Message) -> tuple[str, str | None]:
        """Return the lane of ``message``, and its text as far as that was needed and could be written."""
        if message.infno == outbox.JOURNAL_UPLOAD:
            return message.infno, message.input
        tried_in_vain = message.input is None and message.attempts and not self._is_due(message)
        text = None if tried_in_vain else self._boundary(lambda: outbox.text_of(self._db, message))
        # Without its text nobody knows whose message it is: it holds up itself alone.
        return (message.id, None) if text is None else (_lane(message.infno, text), text)

    def attempt(self, message: Message, lane: str, text: str | None) -> None:
        """Send ``message`` and settle it, or postpone it and hold its lane."""
        self._tried += 1
        unreadable = text is None and message.infno != outbox.JOURNAL_UPLOAD
        trouble = None if unreadable else self._boundary(lambda: self._send(message, text))
        if trouble == "":
            self._settled += 1
            return
        if trouble is None:
            _log.error("message %s is postponed after a bug", message.id)
        self.hold(lane, self._postpone(message, trouble or STUMBLED, text))

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

    def _is_due(self, message: Message) -> bool:
        return message.next_attempt_at is None or message.next_attempt_at <= self.now

    def _send(self, message: Message, text: str | None) -> str:
        """Return what kept the agency from a sound answer; nothing where the message is settled."""
        question = Question(
            id=message.id,
            infno=message.infno,
            input=outbox.text_of(self._db, message) if text is None else text,
            admdvs=message.admdvs,
        )
        try:
            reply = self._client.call(question, sender_of(self._db, message.provider, self._operator))
        except Unreachable as error:
            self._trouble, self.line_dead = error.trouble, error.line_dead
            return error.trouble
        _settle(self._db, message, reply, self._clock)
        return ""

    def _postpone(self, message: Message, trouble: str, text: str | None) -> datetime:
        again_at = self._clock.now() + wait_after(message.attempts)
        # A journal upload is its entries, which cannot come out otherwise.
        sent = None if message.infno == outbox.JOURNAL_UPLOAD else text
        with transaction(self._db):
            outbox.failed(self._db, message.id, trouble, again_at, sent)
        return again_at


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts: 2 s, doubled each time, 5 minutes at most."""
    return min(FIRST_WAIT * (1 << min(attempts, 16)), LONGEST_WAIT)


def sender_of(db: Connection, provider: str, operator: str) -> Sender:
    """Return who speaks for the shop with the number ``provider``."""
    store = stores.by_provider(db, provider)
    if store is None:
        return provider_sender(provider, operator)
    return Sender(provider=provider, name=store.name, region=store.provider.region, operator=operator)


def _lane(infno: str, text: str) -> str:
    """Return what keeps its order: a person's settlements; a journal's uploads."""
    try:
        return person_of(text) or infno
    except ProtocolError:
        return infno


def _settle(db: Connection, message: Message, reply: Reply, clock: Clock) -> None:
    now = clock.now()
    with transaction(db):
        if isinstance(reply, Accepted):
            outbox.accepted(db, message.id, reply.answer, now)
            acknowledge.record(db, message, reply.answer, now)
        else:
            outbox.rejected(db, message.id, reply.text, now)
