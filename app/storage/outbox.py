"""What is still to be said to the agency: settled row by row, never deleted, one bad one blocks no other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from app.storage import journal, stock_returns, stores
from app.storage.connection import Connection
from app.storage.instants import from_text, to_text
from app.storage.sale_texts import GOODS, SETTLEMENT, messages_beside, text_of_sale
from engine.protocol.journal import journal_input
from engine.protocol.stock import MOST_RECORDS, SALES_BATCH
from engine.sale import Sale, Store

JOURNAL_UPLOAD = "SY03"

State: TypeAlias = Literal["waiting", "unknown", "accepted", "rejected"]
"""``unknown``: it may have arrived at a platform that cannot be asked twice; a 2601 goes before it."""


class Message(Struct, frozen=True, kw_only=True):
    """One message; ``id`` is fixed before the first sending and stays the same for ever.

    ``input`` is the JSON text of the envelope's input object; None where it follows from the journal
    entries ``first_entry`` (None for a settlement) to ``last_entry``, and ``text_of`` writes it. ``admdvs``
    is the insured region (insuplc_admdvs), ``sale`` the number of the sale it belongs to, ``number`` its
    place in the outbox. ``next_attempt_at`` None: at once. ``proof`` is the agency's signature of its answer.
    """

    id: str
    infno: str
    provider: str
    made_at: datetime
    input: str | None = None
    first_entry: int | None = None
    last_entry: int | None = None
    number: int = 0
    admdvs: str | None = None
    sale: str | None = None
    state: State = "waiting"
    attempts: int = 0
    next_attempt_at: datetime | None = None
    trouble: str = ""
    answer: str | None = None
    proof: str | None = None


_COLUMNS = (
    "id, infno, input, provider, made_at, admdvs, sale, state, attempts, next_attempt_at, trouble, answer,"
    " first_entry, last_entry, number, proof"
)
_INSERT = (
    "INSERT INTO outbox (id, infno, provider, admdvs, sale, input, made_at, next_attempt_at,"
    " first_entry, last_entry) VALUES "
)
_MARKS = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_WAITS = "number > (SELECT number FROM outbox_mark) AND state IN ('waiting', 'unknown')"


def put(db: Connection, message: Message) -> None:
    """Queue ``message``, inside the caller's transaction; it is due at ``next_attempt_at`` or at once."""
    due_at = to_text(message.next_attempt_at or message.made_at)
    what = (message.id, message.infno, message.provider, message.admdvs, message.sale, message.input)
    entries = (message.first_entry, message.last_entry)
    db.execute(_INSERT + _MARKS, (*what, to_text(message.made_at), due_at, *entries))


Span: TypeAlias = tuple[int, int]
"""The numbers of the first and the last of some journal entries."""


class SaleMessages(Struct, frozen=True):
    """What a sale tells the agency, ready to be queued by one statement."""

    statement: str
    values: tuple[str | None, ...]


def of_sale(sale: Sale, further_ids: Sequence[str], earlier: Sequence[Span] = ()) -> SaleMessages:
    """Return the messages of ``sale``: its settlements, what else it is told by, its journal entries.

    ``further_ids`` are those of all but the settlements. There is an upload for each of the ``earlier``
    spans, and the last for what follows them.
    """
    provider, person, made_at = sale.store.provider.id, sale.draft.person, to_text(sale.made_at)
    ids = (*sale.message_ids, *further_ids)
    # What is about the sale names its entry only.
    about = (*[SETTLEMENT] * len(sale.message_ids), *messages_beside(sale))
    rows = [f"'{infno}', ?3, ?4, ?5, NULL, ?6, ?6, NULL, ?2" for infno in about]
    upload = f"'{JOURNAL_UPLOAD}', ?3, NULL, ?5, NULL, ?6, ?6"
    rows += [f"{upload}, {first}, {last}" for first, last in earlier]
    rows.append(f"{upload}, ?1, ?2")
    listed = ", ".join(f"(?{place}, {row})" for place, row in enumerate(rows, start=7))
    region = person.region if person else None
    return SaleMessages(_INSERT + listed, (provider, region, sale.number, made_at, *ids))


def put_sale(db: Connection, messages: SaleMessages, span: Span) -> None:
    """Queue a sale's messages; the last upload carries the entries of ``span``, of which the sale's is last.

    None of the texts is written here: they follow from the entries, letter by letter the same at every
    sending.
    """
    db.execute(messages.statement, (*span, *messages.values))


def waiting(db: Connection, after: int, limit: int) -> list[Message]:
    """Return at most ``limit`` messages behind number ``after`` that wait, due or not, oldest first."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE {_WAITS} AND number > ? ORDER BY number LIMIT ?", (after, limit)
    )
    return [_message(row) for row in rows.fetchall()]


def accepted(db: Connection, id: str, answer: str, at: datetime, proof: str | None = None) -> None:
    """Settle a message that the agency took; ``answer`` is its output as JSON text."""
    settle(db, [Verdict(number=_number(db, id), state="accepted", text=answer, proof=proof)], at)


def rejected(db: Connection, id: str, trouble: str, at: datetime) -> None:
    """Settle a message that the agency refused; it stays on record for a person to look at."""
    settle(db, [Verdict(number=_number(db, id), state="rejected", text=trouble)], at)


class Verdict(Struct, frozen=True, kw_only=True):
    """What became of message ``number``: ``text`` is the agency's output, or why it refused.

    ``proof`` is the agency's signature of its answer.
    """

    number: int
    state: Literal["accepted", "rejected"]
    text: str
    proof: str | None = None


def settle(db: Connection, verdicts: Iterable[Verdict], at: datetime) -> None:
    """Settle messages, in the caller's transaction; those that are settled already stay as they are."""
    db.executemany(
        "UPDATE outbox SET state = ?1, attempts = attempts + 1, next_attempt_at = NULL,"
        " trouble = iif(?1 = 'rejected', ?2, ''), answer = iif(?1 = 'accepted', ?2, NULL),"
        f" proof = ?3, settled_at = ?4 WHERE number = ?5 AND {_WAITS}",
        [(each.state, each.text, each.proof, to_text(at), each.number) for each in verdicts],
    )
    move_mark(db)


def still_waiting(db: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """Return those of the messages ``numbers`` that wait, each with its present id."""
    marks = ", ".join("?" * len(numbers))
    rows = db.execute(f"SELECT number, id FROM outbox WHERE number IN ({marks}) AND {_WAITS}", (*numbers,))
    return dict(rows.fetchall())


def _number(db: Connection, id: str) -> int:
    row = db.execute(f"SELECT number FROM outbox WHERE id = ? AND {_WAITS}", (id,)).fetchone()
    return int(row[0]) if row else 0


def move_mark(db: Connection) -> None:
    """Put the mark behind the last message before which nothing waits, in the caller's transaction."""
    db.execute(
        "UPDATE outbox_mark SET number = coalesce("
        f"(SELECT min(number) - 1 FROM outbox WHERE {_WAITS}), (SELECT max(number) FROM outbox), 0)"
    )


class Failure(Struct, frozen=True, kw_only=True):
    """An attempt at message ``number`` without a sound answer; what was ``sent`` is kept to the letter.

    ``state`` unknown: it went to a platform that cannot be sent the same again. ``alone``: others of the same
    person need not wait for it.
    """

    number: int
    trouble: str
    again_at: datetime
    sent: str | None = None
    state: Literal["waiting", "unknown"] = "waiting"
    alone: bool = False


def failed(db: Connection, id: str, trouble: str, next_attempt_at: datetime, sent: str | None = None) -> None:
    """Note one attempt in vain, as ``postpone``."""
    postpone(db, [Failure(number=_number(db, id), trouble=trouble, again_at=next_attempt_at, sent=sent)])


def postpone(db: Connection, failures: Iterable[Failure]) -> None:
    """Note attempts that got no sound answer; each message is due again at its time.

    What was sent is kept from now on: it may have arrived, and a later version of this program must repeat
    it to the letter.
    """
    db.executemany(
        "UPDATE outbox SET attempts = attempts + 1, trouble = ?, next_attempt_at = ?,"
        f" input = coalesce(input, ?), state = ? WHERE number = ? AND {_WAITS}",
        [(each.trouble, to_text(each.again_at), each.sent, each.state, each.number) for each in failures],
    )


def keep_text(db: Connection, number: int, text: str) -> None:
    """Let a waiting message say ``text`` at every sending, in the caller's transaction."""
    db.execute(f"UPDATE outbox SET input = coalesce(input, ?) WHERE number = ? AND {_WAITS}", (text, number))


def again(db: Connection, number: int, new_id: str, entries: Span | None = None) -> None:
    """Let message ``number`` go again as a new one, at its place in the outbox, due at once.

    An upload then carries other ``entries`` than before.
    """
    first, last = entries or (None, None)
    db.execute(
        "UPDATE outbox SET id = ?1, state = 'waiting', next_attempt_at = made_at, trouble = '',"
        " first_entry = coalesce(?2, first_entry), last_entry = coalesce(?3, last_entry),"
        f" input = iif(?2 IS NULL, input, NULL) WHERE number = ?4 AND {_WAITS}",
        (new_id, first, last, number),
    )


def hasten(db: Connection, now: datetime) -> None:
    """Make every waiting message due now: the person at the counter asked for it."""
    db.execute(f"UPDATE outbox SET next_attempt_at = ? WHERE {_WAITS}", (to_text(now),))


def sales_waiting(db: Connection) -> set[str]:
    """Return the numbers of the sales of which a settlement waits for the agency's answer."""
    rows = db.execute(
        f"SELECT DISTINCT sale FROM outbox WHERE {_WAITS} AND infno = ? AND sale IS NOT NULL", (SETTLEMENT,)
    )
    return {row[0] for row in rows.fetchall()}


def unknown(db: Connection) -> int:
    """Return how many messages' fate is not known."""
    return int(db.execute("SELECT count(*) FROM outbox WHERE state = 'unknown'").fetchone()[0])


def settlements_waiting(db: Connection) -> int:
    """Return how many settlements the agency is still to answer."""
    row = db.execute(f"SELECT count(*) FROM outbox WHERE {_WAITS} AND infno = ?", (SETTLEMENT,)).fetchone()
    return int(row[0])


def oldest_waiting(db: Connection) -> datetime | None:
    """Return since when the oldest message waits; None where none does."""
    row = db.execute(f"SELECT made_at FROM outbox WHERE {_WAITS} ORDER BY number LIMIT 1").fetchone()
    return from_text(row[0]) if row else None


def backlog(db: Connection) -> int:
    """Return how many messages lie behind the mark; those settled out of order among them. Costs nothing."""
    return last_number(db) - int(db.execute("SELECT number FROM outbox_mark").fetchone()[0])


def counts(db: Connection) -> tuple[int, int]:
    """Return how many messages wait and how many were rejected."""
    row = db.execute(
        f"SELECT (SELECT count(*) FROM outbox WHERE {_WAITS}),"
        " (SELECT count(*) FROM outbox WHERE state = 'rejected')"
    ).fetchone()
    return row[0], row[1]


def recent(db: Connection, limit: int) -> list[Message]:
    """Return the newest messages first, of any state."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM outbox ORDER BY number DESC LIMIT ?", (limit,))
    return [_message(row) for row in rows.fetchall()]


def numbered(db: Connection, first: int, count: int) -> list[Message]:
    """Return ``count`` messages from number ``first`` on, in the order in which they were put."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE number >= ? AND number < ? ORDER BY number",
        (first, first + count),
    )
    return [_message(row) for row in rows.fetchall()]


def settled_by(db: Connection, first: int, count: int, at: datetime | None) -> set[int]:
    """Return which of ``count`` messages from ``first`` on, counted from 0, were accepted by ``at`` (None:
    none of these) or rejected ever."""
    rows = db.execute(
        "SELECT number - ?1 FROM outbox WHERE number >= ?1 AND number < ?2"
        " AND (state = 'rejected' OR (state = 'accepted' AND settled_at <= ?3))",
        (first, first + count, to_text(at) if at else None),
    )
    return {row[0] for row in rows.fetchall()}


def wait(db: Connection, ids: tuple[str, ...]) -> bool:
    """Tell whether one of these messages still waits for its answer."""
    marks = ", ".join("?" * len(ids))
    sql = f"SELECT EXISTS (SELECT 1 FROM outbox WHERE {_WAITS} AND id IN ({marks}))"
    return bool(db.execute(sql, ids).fetchone()[0])


def last_number(db: Connection) -> int:
    """Return how many messages were ever put, for the serial of the next one's id."""
    return int(db.execute("SELECT coalesce(max(number), 0) FROM outbox").fetchone()[0])


def text_of(db: Connection, message: Message) -> str:
    """Return the input of ``message``; raise LookupError where the journal lacks an entry that it names."""
    first, last = message.first_entry, message.last_entry
    if message.input is not None:
        return message.input
    if last is None:
        raise LookupError(f"message {message.id} has no text and names no entry")
    if first is None and message.infno in GOODS:
        return _text_of_goods(db, message, _SALE(journal.body_of(db, last)))
    if first is None:
        return text_of_sale(_SALE(journal.body_of(db, last)), message.infno, message.id)
    entries = journal.read(db, first - 1, last - first + 1)
    if [each.number for each in entries] != list(range(first, last + 1)):
        raise LookupError(f"the journal lacks entries between {first} and {last}")
    return journal_input(_shop_of(db, message, last), entries)


def _text_of_goods(db: Connection, message: Message, sale: Sale) -> str:
    """Return what a sale took from the shelves, with the settlement numbers that the agency gave by now."""
    setl_ids = stock_returns.setl_ids(db, sale, message.number)
    place = 0
    if message.infno != SALES_BATCH:
        row = db.execute(
            "SELECT count(*) FROM outbox WHERE number < ? AND number > ? AND sale = ? AND infno = ?",
            (message.number, message.number - MOST_RECORDS, message.sale, message.infno),
        ).fetchone()
        place = int(row[0])
    return text_of_sale(sale, message.infno, message.id, place=place, setl_ids=setl_ids)


def _shop_of(db: Connection, message: Message, last: int) -> Store:
    """Return the shop of the sale that an upload came with: its entry is the span's last, or follows it."""
    try:
        return _SOLD(journal.next_of_kind(db, "sale", last).body).store
    except LookupError:
        store = stores.by_provider(db, message.provider)  # At the end of an epoch no sale need follow.
        if store is None:
            raise
        return store


class _Sold(Struct):
    store: Store


_SALE = msgspec.json.Decoder(Sale).decode
_SOLD = msgspec.json.Decoder(_Sold).decode


def _message(row: Any) -> Message:
    return Message(
        id=row[0],
        infno=row[1],
        input=row[2],
        provider=row[3],
        made_at=from_text(row[4]),
        admdvs=row[5],
        sale=row[6],
        state=row[7],
        attempts=row[8],
        next_attempt_at=from_text(row[9]) if row[9] else None,
        trouble=row[10],
        answer=row[11],
        first_entry=row[12],
        last_entry=row[13],
        number=row[14],
        proof=row[15],
    )
