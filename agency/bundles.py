"""Bundles at the agency: what a till sent by hand is carried out as if by wire, and the answers go back.

A bundle may be brought any number of times, in any order, whole or in part: a message that was answered
before gets the same answer again. Of a damaged one all that is there is carried out, but no reversal that may
have overtaken what it reverses; that, and what is lost, the till sends again, because it has no answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Raw, Struct

from agency import batches
from agency.clock import Clock
from agency.service import GOOD, Agency, Answer
from agency.storage import bundles, tills
from agency.storage.bundles import Taken
from agency.storage.connection import Database, transaction
from engine.protocol import bundle
from engine.protocol.batch import MOST_MESSAGES
from engine.protocol.bundle import Header, Item, Reading, Verdict
from engine.protocol.envelope import Request, decode_answer
from engine.protocol.news import PAGE, NewsPage, news_input
from engine.protocol.settlement import read_settlement
from engine.protocol.signing import from_text
from engine.protocol.wire import ProtocolError, encode, seconds

READABLE: tuple[Verdict, ...] = ("intact", "cut", "damaged")
_SETTLED, _UNDOING = "2102", ("2103", "2601")

_TRIP, _NEWS = "SY05", "SY04"
_MOST_PAGES = 2_000  # Of news in one bundle: a province's catalogue.

Standing = Literal["new", "replayed", "older"]


class TakenIn(Struct, frozen=True, kw_only=True):
    """What became of a bundle: ``down`` is the one to carry back, None where nothing could be read.

    ``held`` messages were left alone for want of those before them; ``refused`` ones were answered so.
    """

    reading: Reading
    standing: Standing = "new"
    messages: int = 0
    refused: int = 0
    held: int = 0
    down: bytes | None = None


class _News(Struct):
    news: NewsPage


class Counter:
    """Takes bundles in and gives bundles out; for one thread."""

    def __init__(self, *, agency: Agency, database: Database, clock: Clock) -> None:
        self._agency = agency
        self._database = database
        self._clock = clock

    def take_in(self, data: bytes, fresh: bytes) -> TakenIn:
        """Carry out a bundle and return what came of it; ``fresh`` are 32 random bytes for the one back.

        Raises NotNow where the database stands in the way; the same bundle may be brought again.
        """
        reading = bundle.read(data, private=self._agency.keys.sealing, key_of=self._key_of)
        if reading.header is None or reading.verdict not in READABLE:
            return TakenIn(reading=reading)
        header, now = reading.header, self._clock.now()
        standing = self._standing(header)
        messages, held = _to_carry_out(reading)
        answered: list[tuple[batches.Message, Answer]] = []
        for place in range(0, len(messages), MOST_MESSAGES):
            part = messages[place : place + MOST_MESSAGES]
            answered += zip(part, self._agency.answer_carried(part, now), strict=True)
        down = self._back(reading, answered, fresh)
        with self._database.connection() as db, transaction(db):
            bundles.note(db, _taken(header), now)
        return TakenIn(
            reading=reading,
            standing=standing,
            messages=len(answered),
            refused=sum(answer.verdict not in GOOD for _message, answer in answered),
            held=held,
            down=down,
        )

    def _key_of(self, header: Header) -> bytes | None:
        with self._database.connection() as db:
            till = tills.epoch(db, header.provider, header.till, header.epoch)
        if header.direction != "up" or till is None or till.epoch == tills.UNENROLLED:
            return None
        return from_text(till.public_key)

    def _standing(self, header: Header) -> Standing:
        with self._database.connection() as db:
            if bundles.is_known(db, _taken(header)):
                return "replayed"
            return "older" if bundles.is_older(db, _taken(header)) else "new"

    def _back(
        self, reading: Reading, answered: Sequence[tuple[batches.Message, Answer]], fresh: bytes
    ) -> bytes:
        header = reading.header
        assert header is not None
        items = [item for message, answer in answered if (item := _item(message, answer)) is not None]
        # The till takes what it has sent as part of the sums in the news; where some is lost, that is not so.
        news = [] if reading.missing else list(self._news(header))
        items += [item for item, _page in news]
        with self._database.connection() as db:
            till = tills.epoch(db, header.provider, header.till, header.epoch)
        assert till is not None
        return bundle.write(
            Header(
                direction="down",
                provider=header.provider,
                till=header.till,
                epoch=header.epoch,
                serial=header.serial,
                made_at=self._clock.now(),
                cursor=news[-1][1].cursor if news else header.cursor,
                mailbox=news[-1][1].mailbox if news else header.mailbox,
            ),
            items,
            private=self._agency.keys.signing,
            to=from_text(till.box_key),
            fresh=fresh,
        )

    def _news(self, header: Header) -> Iterator[tuple[Item, NewsPage]]:
        cursor, mailbox = header.cursor, header.mailbox
        for _ in range(_MOST_PAGES):
            output = self._agency.ask(_question(header, news_input(cursor, PAGE, mailbox), self._clock.now()))
            page = msgspec.json.decode(output, type=_News).news
            if (page.cursor, page.mailbox) != (cursor, mailbox):
                yield Item("news", output.encode(), bundle.place_of(cursor, mailbox)), page
            cursor, mailbox = page.cursor, page.mailbox
            if not page.more:
                return


def _to_carry_out(reading: Reading) -> tuple[list[batches.Message], int]:
    """Return the messages that may be carried out now, and how many are left alone."""
    assert reading.header is not None
    messages: list[batches.Message] = []
    held = 0
    for place, item in enumerate(reading.items):
        if item.kind != "message":
            continue
        message = batches.read_part(item.body)
        if isinstance(message, Request):
            if message.fixmedins_code != reading.header.provider:
                message = ProtocolError("数据包里有别的机构的报文，没有办理。", "foreign")
            elif place >= reading.sound and _never_first(message):
                held += 1
                continue
        messages.append(message)
    return messages, held


def _never_first(message: Request) -> bool:
    """Tell whether a message must not overtake what was lost before it.

    That is what undoes another message, and would be refused for good without it; and what was sold beside a
    lease, and would take of it what was sold under it before.
    """
    if message.infno != _SETTLED:
        return message.infno in _UNDOING
    try:
        return read_settlement(message.input).facts.lease is None
    except ProtocolError:
        return False


def _item(message: batches.Message, answer: Answer) -> Item | None:
    """Return an answer as the bundle carries it; a trip pack alone, without its envelope."""
    if not isinstance(message, Request) or answer.file is not None:
        return None
    if message.infno == _TRIP:
        told = decode_answer(answer.text.encode())
        if told.accepted:
            return Item("trip", bytes(told.output), message.msgid)
    return Item("answer", answer.text.encode(), message.msgid)


def _taken(header: Header) -> Taken:
    return Taken(
        provider=header.provider,
        till=header.till,
        epoch=header.epoch,
        serial=header.serial,
        digest=hashlib.sha256(encode(header).encode()).hexdigest(),
    )


def _question(header: Header, input_json: str, now: datetime) -> Request:
    return Request(
        infno=_NEWS,
        msgid=_NEWS,
        mdtrtarea_admvs="0",
        recer_sys_code="-",
        infver="-",
        opter_type="-",
        opter="-",
        opter_name="-",
        inf_time=seconds(now),
        fixmedins_code=header.provider,
        fixmedins_name="-",
        input=Raw(input_json.encode()),
    )
