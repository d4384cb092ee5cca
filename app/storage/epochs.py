"""The till as it opens: where its database was put back, a new epoch begins, and it sells on."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

from app.storage import device, journal, outbox, sales, stores
from app.storage.connection import Connection, transaction
from app.storage.device import Random
from app.storage.outbox import Message
from engine.protocol.envelope import QUERY_SERIALS, message_id
from engine.protocol.journal import MOST_ENTRIES


def begin(db: Connection, mark_path: Path, at: datetime, random: Random = secrets.token_bytes) -> bool:
    """Make sure of the till's identity as it opens; return whether a new epoch began.

    One begins where the mark at ``mark_path`` shows that the database was put back. The mark is renewed.
    """
    device.current(db, random)
    mark = device.read_mark(mark_path)
    back = mark is not None and device.was_put_back(db, mark)
    if back and mark is not None:
        with transaction(db):
            follow(db, at, mark.epoch, random)
    now = device.mark_of(db)
    if now != mark:
        device.write_mark(mark_path, now)
    return back


def follow(db: Connection, at: datetime, above: int, random: Random = secrets.token_bytes) -> None:
    """Begin the next epoch, above ``above``, in the caller's transaction; what was is uploaded first."""
    _upload_what_was(db, at)
    device.open_epoch(db, at, above, random)


def _upload_what_was(db: Connection, at: datetime) -> None:
    """Queue the entries of the epoch that ends which no sale's upload carries: they are of its chain."""
    shops, first, last = stores.all(db), sales.newest(db).journal + 1, journal.head(db)[0]
    if not shops:
        return
    provider, serial = shops[0].provider.id, outbox.last_number(db)
    for begin_ in range(first, last + 1, MOST_ENTRIES):
        serial += 1
        outbox.put(
            db,
            Message(
                id=message_id(provider, at, serial % QUERY_SERIALS),
                infno=outbox.JOURNAL_UPLOAD,
                provider=provider,
                made_at=at,
                first_entry=begin_,
                last_entry=min(last, begin_ + MOST_ENTRIES - 1),
            ),
        )
