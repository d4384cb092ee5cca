"""Bundles at the till: what waits goes onto a stick, what comes back is taken as if by wire.

Nothing is settled by writing a bundle: a message waits until the agency's own signed answer is here, by the
way that comes first. Importing is therefore harmless any number of times, in any order.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from msgspec import Raw

from app.clock import Clock
from app.errors import BundleNotReady, BundleUnreadable
from app.storage import carried, device, outbox, stores
from app.storage.connection import Connection, transaction
from app.storage.device import Pinned
from app.storage.outbox import Message
from app.storage.sale_texts import GOODS
from app.sync import bundle_words
from app.sync.client import Question, Reply, Unreachable, Voice, envelope_of, read_reply
from app.sync.deliver import PAGE, sender_of
from app.sync.enrol import voice_of
from app.sync.pull import reached, take_page
from app.sync.settle import Sent, take
from app.usecases import trip
from app.usecases.ports import Trip
from app.usecases.state import BundleReport
from engine.protocol import bundle
from engine.protocol.bundle import Header, Item, Reading
from engine.protocol.envelope import QUERY_SERIALS, SERIALS, message_id
from engine.protocol.lease import MOST_PEOPLE, TripRequest, read_trip, trip_input
from engine.protocol.news import read_sound_news
from engine.protocol.profile import Profile
from engine.protocol.wire import ProtocolError

LARGEST = 256 * 1024 * 1024
"""Bytes of the largest bundle: ten times a year's; what is larger was written by somebody else."""

STEP = 200
"""Answers that are taken over in one transaction."""


class Satchel:
    """A ``Carrier``: writes and takes in the bundles of one till, on the thread of its connection."""

    def __init__(
        self,
        *,
        db: Connection,
        drugs: Connection,
        clock: Clock,
        operator: str,
        profile: Profile | None = None,
    ) -> None:
        self._db, self._drugs, self._clock, self._operator = db, drugs, clock, operator
        self._profile = profile or Profile()
        self._serial = secrets.randbelow(SERIALS - QUERY_SERIALS)

    def export_bundle(self, provider: str, folder: Path, asked: Trip | None = None) -> BundleReport:
        """Write all that waits of ``provider`` into a bundle in ``folder``, with the question for a trip.

        Raises BundleNotReady where the till is not enrolled, or the folder cannot be written.
        """
        pinned, voice = device.pinned(self._db, provider), voice_of(self._db, provider)
        identity = device.of_epoch(self._db, pinned.epoch) if pinned else None
        if pinned is None or voice is None or identity is None:
            raise BundleNotReady(why="这台柜台还没有在医保中心登记。请先联网登记一次。")
        if pinned.epoch < device.current(self._db).epoch:
            raise BundleNotReady(why="恢复备份后的新一期还没有在医保中心登记。请先联网登记一次。")
        now, serial = self._clock.now(), carried.last(self._db, "up") + 1
        known, mailbox = reached(self._db, self._drugs, provider)
        messages = list(self._envelopes(provider, voice, now))
        questions = list(self._questions(provider, asked, voice, now))
        header = Header(
            direction="up",
            provider=provider,
            till=pinned.till,
            epoch=pinned.epoch,
            serial=serial,
            made_at=now,
            cursor=known,
            mailbox=mailbox,
        )
        written = bundle.write(
            header,
            [Item("message", body) for body in (*messages, *questions)],
            private=identity.private,
            to=pinned.agency_box_key,
            fresh=secrets.token_bytes(32),
        )
        path = folder / f"shanyao-{provider}-{pinned.till}-{pinned.epoch}-{serial:06d}-up.syb"
        _write(path, written)
        with transaction(self._db):
            carried.note(self._db, "up", serial, hashlib.sha256(written).hexdigest(), now)
        text = bundle_words.exported(len(messages), len(questions), path)
        return BundleReport(path=str(path), text=text, messages=len(messages))

    def import_bundle(self, path: Path) -> BundleReport:
        """Take in what the agency wrote onto a stick, and say what came of it; raise BundleUnreadable."""
        data = _read(path)
        reading = self._read(data)
        header, missing = reading.header, len(reading.missing)
        if header is None or reading.verdict not in ("intact", "cut", "damaged"):
            text = bundle_words.refused(reading, peeked=bundle.peek(data))
            return BundleReport(path=str(path), text=text, taken=False)
        digest = hashlib.sha256(data).hexdigest()
        replayed = carried.is_known(self._db, "down", digest)
        older = header.serial < carried.last(self._db, "down")
        answers = self._take_answers(header, reading.items)
        news, trips = self._take_rest(header, reading.items)
        with transaction(self._db):
            carried.note(self._db, "down", header.serial, digest, self._clock.now())
        text = bundle_words.imported(
            reading, answers=answers, news=news, trips=trips, replayed=replayed, older=older
        )
        return BundleReport(path=str(path), text=text, answers=answers, missing_chunks=missing)

    def _envelopes(self, provider: str, voice: Voice, at: datetime) -> Iterator[bytes]:
        for message in _all_waiting(self._db):
            if message.provider == provider and message.state == "waiting":
                question = _question(self._db, message)
                if message.infno in GOODS and message.input is None:
                    # Told before its settlement has a number: so it stays, whichever way it goes next.
                    with transaction(self._db):
                        outbox.keep_text(self._db, message.number, question.input)
                yield self._sealed(question, provider, voice, at)

    def _questions(self, provider: str, asked: Trip | None, voice: Voice, at: datetime) -> Iterator[bytes]:
        people = asked.people if asked else ()
        for place in range(0, len(people), MOST_PEOPLE):
            self._serial = (self._serial + 1) % (SERIALS - QUERY_SERIALS)
            request = TripRequest(until=asked.until if asked else at, people=people[place:][:MOST_PEOPLE])
            id_ = message_id(provider, at, QUERY_SERIALS + self._serial)
            yield self._sealed(Question(id=id_, infno="SY05", input=trip_input(request)), provider, voice, at)

    def _sealed(self, question: Question, provider: str, voice: Voice, at: datetime) -> bytes:
        sender = sender_of(self._db, provider, self._operator)
        return envelope_of(self._profile, question, sender, at=at, voice=voice)

    def _read(self, data: bytes) -> Reading:
        peeked = bundle.peek(data)
        identity = device.of_epoch(self._db, peeked.epoch if peeked else None)
        identity = identity or device.current(self._db)
        return bundle.read(data, private=identity.box_private, key_of=self._key_of)

    def _key_of(self, header: Header) -> bytes | None:
        pinned = self._pinned(header)
        return pinned.agency_key if pinned and header.direction == "down" else None

    def _pinned(self, header: Header) -> Pinned | None:
        pinned = device.pinned(self._db, header.provider)
        return pinned if pinned is not None and pinned.till == header.till else None

    def _take_answers(self, header: Header, items: Sequence[Item]) -> int:
        """Take the answers over as the courier would; return how many messages are settled by them."""
        at = carried.written_at(self._db, header.serial) or self._clock.now()
        told = {item.ref: item.body for item in items if item.kind == "answer"}
        waiting = [each for each in _all_waiting(self._db) if each.id in told] if told else []
        voice = voice_of(self._db, header.provider)
        settled = 0
        for place in range(0, len(waiting), STEP):
            answered = [
                pair
                for message in waiting[place : place + STEP]
                if (pair := self._answered(message, told[message.id], voice)) is not None
            ]
            with transaction(self._db):
                failed = take(self._db, answered, at, self._fresh_id, self._profile.repeats_safe)
            settled += len(answered) - len(failed)
        return settled

    def _answered(self, message: Message, body: bytes, voice: Voice | None) -> tuple[Sent, Reply] | None:
        """Return the agency's own verdict on ``message``; None where it is none: then it goes on waiting."""
        question = _question(self._db, message)
        reply = read_reply(question, body, voice)
        return None if isinstance(reply, Unreachable) else (Sent(message, question.input), reply)

    def _take_rest(self, header: Header, items: Sequence[Item]) -> tuple[int, int]:
        """Take over news and trips of a bundle that answers one of ours; return how many of each."""
        # What a snapshot includes is told by when it was asked for. Without that nothing of it can be used.
        asked_at = carried.written_at(self._db, header.serial)
        if asked_at is None:
            return 0, 0
        news = trips = 0
        for item in items:
            try:
                if item.kind == "trip":
                    with transaction(self._db):
                        trip.take(self._db, read_trip(Raw(item.body)), header.provider, asked_at)
                    trips += 1
                elif item.kind in ("news", "catalogue"):
                    news += self._take_news(header, item, asked_at)
            except ProtocolError:
                continue  # One bad item stops no other; the agency sends it again.
        return news, trips

    def _take_news(self, header: Header, item: Item, asked_at: datetime) -> int:
        page, left_out = read_sound_news(Raw(item.body))
        known, mailbox = reached(self._db, self._drugs, header.provider)
        if not bundle.follows(item.ref, known, mailbox) or page.cursor < known or page.mailbox < mailbox:
            return 0
        if (page.cursor, page.mailbox) == (known, mailbox):
            return 0  # All of it is here already.
        return take_page(self._db, self._drugs, page, asked_at, header.provider, left_out=left_out)

    def _fresh_id(self, message: Message) -> str:
        self._serial = (self._serial + 1) % (SERIALS - QUERY_SERIALS)
        return message_id(message.provider, self._clock.now(), QUERY_SERIALS + self._serial)


def show(db: Connection, path: Path) -> str:
    """Say what a bundle is, without taking anything from it; raise BundleUnreadable."""
    data = _read(path)
    header = bundle.peek(data)
    ours = header is not None and device.pinned(db, header.provider) is not None
    return bundle_words.shown(header, len(data), ours=ours, note=_stores_name(db))


def _stores_name(db: Connection) -> Callable[[str], str]:
    def name(provider: str) -> str:
        store = stores.by_provider(db, provider)
        return store.name if store else provider

    return name


def _question(db: Connection, message: Message) -> Question:
    return Question(
        id=message.id, infno=message.infno, input=outbox.text_of(db, message), admdvs=message.admdvs
    )


def _all_waiting(db: Connection) -> Iterator[Message]:
    page = outbox.waiting(db, 0, PAGE)
    while page:
        yield from page
        page = outbox.waiting(db, page[-1].number, PAGE) if len(page) == PAGE else []


def _read(path: Path) -> bytes:
    """Return a file, nothing of one that is too large to be a bundle; raise BundleUnreadable."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise BundleUnreadable(path=path) from error
    return data if len(data) <= LARGEST else b""


def _write(path: Path, data: bytes) -> None:
    """Write a whole file or none: under another name first, on the stick before it has its own."""
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):  # The stick may be gone, and its half file with it.
            part.unlink()
        raise BundleNotReady(why=f"文件夹 {path.parent} 不能写入，或空间不足。") from error
