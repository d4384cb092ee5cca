"""Deliberate faults, put in at run time: each breaks one promise, and the simulator must notice.

A check that cannot fail is no check. Nothing of this is in the product; each fault replaces one function of
it by the mistake that a careless hand would make there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace

import agency.books
import agency.lease_use
import agency.service
import agency.storage.leases
import agency.tills
import agency.trueup
import app.storage.connection
import app.storage.journal
import app.storage.leases
import app.storage.outbox
import app.storage.runs
import app.storage.stock
import app.sync.client
import app.sync.deliver
import app.sync.pull
import app.usecases.leases
import app.usecases.settle
import app.usecases.stock_book
import engine.protocol.bundle
from app.storage import catalogue, cursor
from app.storage.connection import transaction
from engine.journal import GENESIS
from engine.lease import Spend
from engine.receipt import Receipt
from tests.simulation import disk, office

Fault = Callable[[], AbstractContextManager[None]]


@contextmanager
def put_in(*changes: tuple[Any, str, Any]) -> Iterator[None]:
    """Replace attributes (of a module or class, by name) while the block runs."""
    kept = [(place, name, getattr(place, name)) for place, name, _new in changes]
    for place, name, new in changes:
        setattr(place, name, new)
    try:
        yield
    finally:
        for place, name, old in kept:
            setattr(place, name, old)


def skipped_fsync() -> AbstractContextManager[None]:
    """The disk is told to flush and does not."""
    return put_in((disk.Disk, "honest", False))


def synchronous_normal() -> AbstractContextManager[None]:
    """The database is opened with synchronous = NORMAL, as many a till does."""
    pragmas = tuple(
        "PRAGMA synchronous = NORMAL" if "synchronous" in each else each
        for each in app.storage.connection.PRAGMAS
    )
    return put_in((app.storage.connection, "PRAGMAS", pragmas))


def unsigned_ack_believed() -> AbstractContextManager[None]:
    """An answer counts whoever gave it."""
    return put_in((app.sync.client, "_proven", lambda *_args: True))


def answer_before_commit() -> AbstractContextManager[None]:
    """The agency answers first and commits afterwards."""
    return put_in((office.Books, "commits_late", True))


def outbox_marked_sent_on_timeout() -> AbstractContextManager[None]:
    """What was sent counts as delivered, answer or not."""

    def lose(self: Any, batch: Any, error: Any) -> None:
        self._note(error)
        with transaction(self._db):
            for sent, _lane in batch:
                self._db.execute(
                    "UPDATE outbox SET state = 'accepted' WHERE number = ?", (sent.message.number,)
                )

    return put_in((app.sync.deliver._Round, "_lose", lose))


def msgid_renewed_on_retry() -> AbstractContextManager[None]:
    """A message that got no answer goes again under another id."""
    original = app.sync.deliver._question

    def question(sent: Any) -> Any:
        asked = original(sent)
        if not sent.message.attempts:
            return asked
        return replace(asked, id=f"{asked.id[:-4]}{(int(asked.id[-4:]) + 4000) % 10000:04d}")

    return put_in((app.sync.deliver, "_question", question))


def trace_sold_twice() -> AbstractContextManager[None]:
    """Nobody looks whether a box was sold before."""
    return put_in((app.storage.runs, "sold", lambda _db, _codes: None))


def news_cursor_before_page() -> AbstractContextManager[None]:
    """The cursor moves in a step of its own, and a page that another follows is left for later."""
    original = app.sync.pull.take_page

    def take_page(db: Any, drugs: Any, page: Any, at: Any, provider: str, *, left_out: Any = ()) -> int:
        with transaction(db), transaction(drugs):
            catalogue.put_mark(drugs, app.sync.pull.CURSOR, str(page.cursor))
            cursor.put(db, app.sync.pull.CURSOR, str(page.cursor))
            cursor.put(db, app.sync.pull.MAILBOX + provider, str(page.mailbox))
        return 0 if page.more else original(db, drugs, page, at, provider, left_out=left_out)

    return put_in((app.sync.pull, "take_page", take_page))


def batch_all_or_nothing_lost() -> AbstractContextManager[None]:
    """One refused message of a batch undoes the others, and their answers go out all the same."""
    original = agency.service.Agency._batch

    def all_of(self: Any, db: Any, request: Any, received: Any) -> Any:
        answer = original(self, db, request, received)
        if '"infcode":-1' in answer.text:
            db.execute("ROLLBACK")
            db.execute("BEGIN IMMEDIATE")
        return answer

    return put_in((agency.service.Agency, "_batch", all_of))


def chain_not_linked() -> AbstractContextManager[None]:
    """An entry now and then names no predecessor."""
    original = app.storage.journal.make_ready

    def following(kind: str, body: str, at: Any, after: Any) -> Any:
        return original(kind, body, at, (after[0], GENESIS) if after[0] % 5 == 4 else after)

    return put_in((app.storage.journal, "make_ready", following))


def printed_before_commit() -> AbstractContextManager[None]:
    """The paper comes out before the sale is on disk."""
    original = app.usecases.settle.prepare

    def prepare(desk: Any, store: Any, quoted: Any) -> Any:
        prepared = original(desk, store, quoted)
        desk.printer.print_receipt(Receipt(number=prepared.sale.number, rows=()))
        return prepared

    return put_in((app.usecases.settle, "prepare", prepare))


def lease_counted_twice() -> AbstractContextManager[None]:
    """What is reserved for others may be promised again."""
    return put_in((agency.books.Books, "outstanding", lambda *_any, **_named: Spend()))


def deductible_reserved_never_trued_up() -> AbstractContextManager[None]:
    """Nobody computes again what came out of order."""
    return put_in((agency.trueup, "_compute", lambda *_args: True))


def adjustment_forgotten() -> AbstractContextManager[None]:
    """What is to be given back is found, and no shop hears of it."""
    return put_in((agency.trueup, "_give_back", lambda *_args: None))


def fork_unnoticed() -> AbstractContextManager[None]:
    """Nobody compares the heads and the entries of a till."""
    return put_in((agency.tills, "report_fork", lambda *_args: None))


def lease_used_after_expiry() -> AbstractContextManager[None]:
    """The till takes each lease as good for a month longer than it is, and gives none back."""
    usable, use_of = app.usecases.leases.usable, app.usecases.leases.use_of

    def longer(lease: Any) -> Any:
        return replace(lease, use_until=lease.use_until + timedelta(days=30)) if lease else None

    return put_in(
        (app.usecases.leases, "usable", lambda lease, *rest, **named: usable(longer(lease), *rest, **named)),
        (app.usecases.leases, "use_of", lambda *given: longer(use_of(*given))),
        (app.storage.leases, "ended", lambda *_given: []),
    )


def lease_used_after_restore() -> AbstractContextManager[None]:
    """A till that was put back goes on under the leases that it finds on its disk."""
    original = app.usecases.leases.usable

    def usable(lease: Any, now: Any, **rest: Any) -> bool:
        return original(lease, now, **rest | {"epoch": lease.epoch})

    return put_in((app.usecases.leases, "usable", usable))


def late_settlement_paid_in_full() -> AbstractContextManager[None]:
    """What comes after its lease was reclaimed is paid as printed all the same."""
    original = agency.lease_use._named

    def named(call: Any, request: Any, books: Any) -> Any:
        kept = agency.storage.leases.lease(call.db, books.psn_no, request.facts.lease or "")
        return kept or original(call, request, books)

    return put_in((agency.lease_use, "_named", named))


def bundle_signature_unchecked() -> AbstractContextManager[None]:
    """Whoever writes a bundle may call himself the agency."""

    def refused(candidate: Any, _reader: bytes, key_of: Any) -> Any:
        return None if key_of(candidate.sheet.header) else "foreign"

    return put_in((engine.protocol.bundle, "_refused", refused))


def stock_of_the_last_sales_forgotten() -> AbstractContextManager[None]:
    """A lot has what it had at the last full run, whatever was sold since."""
    return put_in((app.storage.stock, "pending", lambda _db: {}))


def movement_told_afterwards() -> AbstractContextManager[None]:
    """A movement is booked first, and what the agency is told of it is written in a step of its own."""
    waiting: list[Any] = []

    @contextmanager
    def two_steps(db: Any) -> Iterator[None]:
        waiting.clear()
        with transaction(db):
            yield
        with transaction(db):
            for message in waiting:
                put(db, message)

    put = app.storage.outbox.put
    last = app.storage.outbox.last_number
    late = SimpleNamespace(
        put=lambda _db, message: waiting.append(message), last_number=lambda db: last(db) + len(waiting)
    )
    return put_in(
        (app.usecases.stock_book, "transaction", two_steps), (app.usecases.stock_book, "outbox", late)
    )


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        skipped_fsync,
        synchronous_normal,
        printed_before_commit,
        unsigned_ack_believed,
        answer_before_commit,
        outbox_marked_sent_on_timeout,
        msgid_renewed_on_retry,
        trace_sold_twice,
        news_cursor_before_page,
        batch_all_or_nothing_lost,
        chain_not_linked,
        lease_counted_twice,
        deductible_reserved_never_trued_up,
        adjustment_forgotten,
        fork_unnoticed,
        lease_used_after_expiry,
        lease_used_after_restore,
        late_settlement_paid_in_full,
        bundle_signature_unchecked,
        stock_of_the_last_sales_forgotten,
        movement_told_afterwards,
    )
}


@contextmanager
def with_fault(name: str | None) -> Iterator[None]:
    """Run the block with the fault called ``name``; None is none."""
    with ExitStack() as stack:
        if name is not None:
            stack.enter_context(FAULTS[name]())
        yield
