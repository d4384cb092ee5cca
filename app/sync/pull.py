"""SY04: what is new at the agency comes to the till; a page and its cursor are one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec.structs import replace

from app.clock import Clock
from app.storage import catalogue, cursor, findings, intake, items, people, search, stores
from app.storage.connection import Connection, transaction
from app.sync.client import AgencyClient, Rejected, Unreachable
from app.usecases import prescription_news, tasks
from engine.person import Person, Snapshot
from engine.protocol.envelope import Sender
from engine.protocol.news import PAGE, NewsPage, news_input, read_sound_news
from engine.protocol.wire import ProtocolError

CURSOR = "agency_news"
MAILBOX = "agency_mailbox "
"""With the shop after it: each has a mailbox of its own."""


def pull_news(
    db: Connection,
    drugs: Connection,
    client: AgencyClient,
    clock: Clock,
    *,
    sender: Sender,
    page_size: int = PAGE,
    interrupted: Callable[[], bool] = lambda: False,
    make_index: Callable[[], None] = lambda: None,
) -> int:
    """Take over everything new and return how many things that were; raise Unreachable without an answer.

    ``drugs`` is the catalogue's database; ``make_index`` has its index made anew, and does not wait for it.

    An interrupted download goes on where it was.
    """
    taken = 0
    while not interrupted():
        since = reached(db, drugs, sender.provider)
        asked_at = clock.now()
        page, left_out = _ask(client, sender, since, page_size)
        told = (page.cursor, page.mailbox)
        if page.more and (told == since or page.cursor < since[0] or page.mailbox < since[1]):
            raise Unreachable("医保中心的更新没有往前走，没有采用，会自动重试。")
        if told != since:
            taken += take_page(db, drugs, page, asked_at, sender.provider, left_out=left_out)
        if search.is_due(drugs):
            make_index()
        if not page.more:
            break
    return taken


def reached(db: Connection, drugs: Connection, provider: str) -> tuple[int, int]:
    """Return how far the news of all and the news for one shop were taken over.

    A catalogue that was lost, or is older than the books, is told its drugs again.
    """
    held = int(catalogue.mark(drugs, CURSOR) or 0)
    return min(held, int(cursor.get(db, CURSOR) or 0)), int(cursor.get(db, MAILBOX + provider) or 0)


def _ask(
    client: AgencyClient, sender: Sender, since: tuple[int, int], page_size: int
) -> tuple[NewsPage, tuple[str, ...]]:
    reply = client.ask("SY04", news_input(since[0], page_size, since[1]), sender)
    if isinstance(reply, Rejected):
        raise Unreachable(f"医保中心没有给出更新：{reply.text}")
    try:
        return read_sound_news(reply.output)
    except ProtocolError as error:
        raise Unreachable(error.text) from error


def take_page(
    db: Connection,
    drugs: Connection,
    page: NewsPage,
    asked_at: datetime,
    provider: str,
    *,
    left_out: Sequence[str] = (),
) -> int:
    """Take over a page with its cursor; return how many things it brought.

    The drugs are in their own database before the books' cursor moves: a cut between has them told again.
    What was ``left_out`` of it becomes findings: one bad thing stops no other.
    """
    with transaction(drugs):
        catalogue.save(drugs, page.drugs)
        _mirror(db, drugs, [drug.code for drug in page.drugs])
        catalogue.put_mark(drugs, CURSOR, str(page.cursor))
    with transaction(db):
        for text in left_out:
            findings.note(db, "news", text, asked_at)
        stores.save(db, page.stores)
        prescription_news.take(db, page.prescriptions, page.standings, provider, asked_at)
        people.save(db, [_seen(person, asked_at) for person in page.people])
        for news in page.snapshots:
            people.save_snapshot(db, news.psn_no, as_asked(news.snapshot, asked_at))
        tasks.receive(db, page.adjustments, asked_at)
        cursor.put(db, CURSOR, str(page.cursor))
        cursor.put(db, MAILBOX + provider, str(page.mailbox))
    return sum(map(len, (page.stores, page.drugs, page.prescriptions, page.people, page.snapshots)))


def _mirror(db: Connection, drugs: Connection, codes: list[str]) -> None:
    """Note again what the shop says of drugs that the agency told anew."""
    said = items.mirrored(db, codes)
    if said:
        with search.following(drugs, [row[0] for row in said]):
            intake.mirror_items(drugs, said)


def as_asked(snapshot: Snapshot, asked_at: datetime) -> Snapshot:
    """Return a snapshot dated by this till's clock, when it was asked for.

    The till tells by that instant which of its own sales a snapshot includes; the agency's clock may differ.
    """
    return replace(snapshot, as_of=asked_at)


def _seen(person: Person, asked_at: datetime) -> Person:
    return replace(person, snapshot=as_asked(person.snapshot, asked_at))
