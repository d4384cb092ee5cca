"""What the agency answered is taken over: outbox, journal and sale in one step, however the answer came."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from app.storage import journal, outbox
from app.storage.connection import Connection
from app.storage.outbox import Failure, Message, Verdict
from app.sync.client import Accepted, Rejected, Reply, Unreachable
from app.usecases import acknowledge, write_off
from engine.protocol.journal import MOST_ENTRIES

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=5)
GAP = "journal_gap:"
"""Followed by the number of the entry from which the agency's journal goes on."""

RESENT_KIND = "resent"
FUTURE = "future"
AHEAD = (
    "这笔销售的时间晚于医保中心的时间（当时本机时钟走快了），医保中心暂不受理。"
    "销售已保存，到了那个时间会自动送出。请核对本机时钟。"
)
ONLY_ONCE = ("2102", "2103")
"""What a platform may carry out twice when it is sent twice (facts, section 1.11)."""

_FROM = re.compile(f"{GAP}([0-9]+)").fullmatch


class Sent(Struct, frozen=True):
    """A message as it was sent: ``text`` is its input, to the letter."""

    message: Message
    text: str


class Resent(Struct, frozen=True, kw_only=True):
    """The body of a journal entry ``resent``: the agency has cancelled ``message``, which goes as ``new``."""

    sale: str | None
    message: str
    new: str


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts: 2 s, doubled each time, 5 minutes at most."""
    return min(FIRST_WAIT * (1 << min(attempts, 16)), LONGEST_WAIT)


def take(
    db: Connection,
    answered: Sequence[tuple[Sent, Reply | Unreachable]],
    at: datetime,
    fresh_id: Callable[[Message], str],
    repeats_safe: bool = True,
) -> list[Failure]:
    """Take the answers to messages over, in the caller's transaction; return those that got none.

    An upload that the agency refused for a gap goes again from the entry that the agency names, under an id
    that ``fresh_id`` gives; others of the same answer only wait for it. Where repeats are not safe, a
    settlement without an answer is of unknown fate.
    """
    waiting = outbox.still_waiting(db, [sent.message.number for sent, _reply in answered])
    verdicts: list[Verdict] = []
    failures: list[Failure] = []
    mended: set[str] = set()
    for sent, reply in answered:
        message = sent.message
        if waiting.get(message.number) != message.id:
            continue  # Its answer came by the other way, stick or wire, while this one was on its own.
        if isinstance(reply, Unreachable):
            failures.append(failure_of(sent, reply, at, repeats_safe=repeats_safe))
        elif isinstance(reply, Accepted):
            verdicts.append(
                Verdict(number=message.number, state="accepted", text=reply.answer, proof=reply.proof)
            )
            acknowledge.record(db, message, reply.answer, at, reply.settled)
        elif reply.code == FUTURE and message.infno in ONLY_ONCE:
            # Its time comes. Days may pass: nobody else's sale and no later one of this person waits for it.
            again_at = at + wait_after(message.attempts)
            failures.append(
                Failure(number=message.number, trouble=AHEAD, again_at=again_at, sent=sent.text, alone=True)
            )
        elif message.provider in mended and reply.code.startswith(GAP):
            failures.append(Failure(number=message.number, trouble="", again_at=at))
        elif (entries := _missing(message, reply)) is not None:
            mended.add(message.provider)
            outbox.again(db, message.number, fresh_id(message), entries[0])
            for more in entries[1:]:
                outbox.put(db, _upload(message, fresh_id(message), more, at))
        else:
            verdicts.append(
                Verdict(number=message.number, state="rejected", text=reply.text, proof=reply.proof)
            )
    outbox.settle(db, verdicts, at)
    settled = {verdict.number for verdict in verdicts}
    write_off.after_answers(
        db, [sent.message for sent, _reply in answered if sent.message.number in settled], at, fresh_id
    )
    outbox.postpone(db, failures)
    return failures


def failure_of(sent: Sent, error: Unreachable, at: datetime, *, repeats_safe: bool = True) -> Failure:
    """Return what is noted of an attempt without a sound answer."""
    message = sent.message
    in_doubt = error.sent and not repeats_safe and message.infno in ONLY_ONCE
    # A journal upload is its entries, which cannot come out otherwise.
    kept = error.sent and message.infno != outbox.JOURNAL_UPLOAD
    return Failure(
        number=message.number,
        trouble=error.trouble,
        again_at=at + wait_after(message.attempts),
        sent=sent.text if kept else None,
        state="unknown" if in_doubt or message.state == "unknown" else "waiting",
    )


def resend(db: Connection, message: Message, new_id: str, at: datetime) -> None:
    """Let a message whose first sending was cancelled go again, journalled, in the caller's transaction."""
    body = Resent(sale=message.sale, message=message.id, new=new_id)
    journal.append(db, RESENT_KIND, msgspec.json.encode(body).decode(), at)
    outbox.again(db, message.number, new_id)


def _missing(message: Message, reply: Rejected) -> list[outbox.Span] | None:
    """Return which entries must go so that the agency's journal goes on; None if it is no gap."""
    first, last = message.first_entry, message.last_entry
    named = _FROM(reply.code)
    if named is None or first is None or last is None:
        return None
    begin = int(named.group(1))
    if not 1 <= begin < first:
        return None
    return [(each, min(last, each + MOST_ENTRIES - 1)) for each in range(begin, last + 1, MOST_ENTRIES)]


def _upload(like: Message, id: str, entries: outbox.Span, at: datetime) -> Message:
    return Message(
        id=id,
        infno=like.infno,
        provider=like.provider,
        made_at=at,
        sale=like.sale,
        first_entry=entries[0],
        last_entry=entries[1],
    )
