"""Delivery of the outbox: each message under its own id until the agency spoke, in each person's order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

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
MOST_AT_ONCE = 500
_FOREVER = datetime.max.replace(tzinfo=UTC)


class Delivery(Struct, frozen=True, kw_only=True):
    """What one round came to; ``next_at`` is when the next one has something to do."""

    settled: int = 0
    tried: int = 0
    line_dead: bool = False
    trouble: str = ""
    next_at: datetime | None = None


def deliver_due(
    db: Connection,
    client: AgencyClient,
    clock: Clock,
    *,
    operator: str,
    interrupted: Callable[[], bool] = lambda: False,
) -> Delivery:
    """Send what is due, oldest first, and settle what the agency answers; return what came of it.

    A message waits for an earlier one of the same person. One without a sound answer is due again after a
    wait that doubles; when nobody answers at all, or ``interrupted`` says so, the round ends.
    """
    round_ = _Round(clock.now())
    waiting = outbox.due(db, _FOREVER, MOST_AT_ONCE)
    for message in waiting:
        lane = _lane(message)
        if lane in round_.held:
            continue
        if message.next_attempt_at is not None and message.next_attempt_at > round_.now:
            round_.hold(lane, message.next_attempt_at)
            continue
        if interrupted():
            return round_.outcome(next_at=round_.now)
        round_.tried += 1
        try:
            reply = client.call(_question(message), sender_of(db, message.provider, operator))
        except Unreachable as error:
            round_.hold(lane, _postpone(db, message, error.trouble, clock))
            round_.trouble = error.trouble
            if error.line_dead:
                return round_.outcome(line_dead=True)
            continue
        _settle(db, message, reply, clock)
        round_.settled += 1
    more = len(waiting) == MOST_AT_ONCE and round_.settled
    return round_.outcome(next_at=round_.now if more else None)


class _Round:
    """The tally of a round; ``held`` are the persons whose earlier message still waits."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.held: set[str] = set()
        self.settled = self.tried = 0
        self.trouble = ""
        self._next_at: datetime | None = None

    def hold(self, lane: str, until: datetime) -> None:
        self.held.add(lane)
        self._next_at = min(self._next_at or until, until)

    def outcome(self, *, line_dead: bool = False, next_at: datetime | None = None) -> Delivery:
        return Delivery(
            settled=self.settled,
            tried=self.tried,
            line_dead=line_dead,
            trouble=self.trouble,
            next_at=next_at or self._next_at,
        )


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts: 2 s, doubled each time, 5 minutes at most."""
    return min(FIRST_WAIT * (1 << min(attempts, 16)), LONGEST_WAIT)


def sender_of(db: Connection, provider: str, operator: str) -> Sender:
    """Return who speaks for the shop with the number ``provider``."""
    store = stores.by_provider(db, provider)
    if store is None:
        return provider_sender(provider, operator)
    return Sender(provider=provider, name=store.name, region=store.provider.region, operator=operator)


def _lane(message: Message) -> str:
    """Return what keeps its order: a person's settlements; a journal's uploads."""
    try:
        return person_of(message.input) or message.infno
    except ProtocolError:
        return message.infno


def _question(message: Message) -> Question:
    return Question(id=message.id, infno=message.infno, input=message.input, admdvs=message.admdvs)


def _postpone(db: Connection, message: Message, trouble: str, clock: Clock) -> datetime:
    again_at = clock.now() + wait_after(message.attempts)
    # A journal upload is its entries, which cannot come out otherwise.
    sent = None if message.infno == outbox.JOURNAL_UPLOAD else message.input
    with transaction(db):
        outbox.failed(db, message.id, trouble, again_at, sent)
    return again_at


def _settle(db: Connection, message: Message, reply: Reply, clock: Clock) -> None:
    now = clock.now()
    with transaction(db):
        if isinstance(reply, Accepted):
            outbox.accepted(db, message.id, reply.answer, now)
            acknowledge.record(db, message, reply.answer, now)
        else:
            outbox.rejected(db, message.id, reply.text, now)
