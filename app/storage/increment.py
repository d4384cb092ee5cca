"""What the books gained since a whole copy: an encrypted database of its own, as small as the news.

It holds the journal's new entries and, row for row, what the counter made of them or cannot make again:
sales, papers, messages with their answers, tasks, closed days, epochs. What the agency knows (people, drugs,
sums) is left as the copy has it, with the marks from which the agency tells it again; leases belong to an
epoch that ends when a backup is put back.
"""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from pathlib import Path

import msgspec
from msgspec import Struct

from app import errors
from app.storage import journal, migrations, outbox, runs, sales
from app.storage.connection import Connection, open_database, open_unchanging, sqlite, transaction
from engine.journal import ChainFault

_PAGE = 500
_SINCE = "CREATE TABLE since (body TEXT NOT NULL) STRICT"


class Stand(Struct, frozen=True, kw_only=True):
    """How far books are: the last number of what is only ever added, ``settled`` of the messages."""

    schema: int
    entries: int
    hash: str
    sale: int
    printing: int
    message: int
    settled: int
    finding: int
    epoch: int


class _Table(Struct, frozen=True):
    """Which rows of a table are news since a stand, and by what a row is known."""

    name: str
    key: str
    news: str


_TABLES = (
    _Table("journal", "number", "number > :entries"),
    _Table("epoch", "number", "number > :epoch"),
    # Settled since, or made since: a message behind the mark may have changed, and its sale with it.
    _Table("sale", "serial", "serial >= :first_sale"),
    _Table("day_run", "first_serial", "first_serial > :sale"),
    # Printed since is perhaps first stored since; of the last sale the receipt may not have been stored yet.
    _Table(
        "receipt",
        "sale",
        "sale >= :sale OR sale IN (SELECT p.sale FROM printing p WHERE p.number > :printing)",
    ),
    _Table("printing", "number", "number > :printing"),
    _Table("outbox", "number", "number > :settled"),
    _Table("write_off", "sale", "message > :message"),
    _Table("refusal", "number", "journal > :entries"),
    _Table("task", "number", "journal > :entries OR done_journal > :entries"),
    _Table("day_closed", "day, serial", "journal > :entries"),
    _Table("finding", "number", "number > :finding"),
    _Table("carried", "way, serial, digest", "TRUE"),
    _Table("pinned", "provider", "TRUE"),
)


def stand_of(db: Connection) -> Stand:
    """Return how far the books in ``db`` are; the caller's transaction makes it one state."""
    entries, hash_ = journal.head(db)
    last = db.execute(
        "SELECT (SELECT coalesce(max(serial), 0) FROM sale), (SELECT coalesce(max(number), 0) FROM printing),"
        " (SELECT coalesce(max(number), 0) FROM outbox), (SELECT number FROM outbox_mark),"
        " (SELECT coalesce(max(number), 0) FROM finding), (SELECT coalesce(max(number), 0) FROM epoch)"
    ).fetchone()
    names = ("sale", "printing", "message", "settled", "finding", "epoch")
    schema = migrations.version(db)
    return Stand(schema=schema, entries=entries, hash=hash_, **dict(zip(names, last, strict=True)))


def stand_in(path: Path, key: bytes) -> Stand | None:
    """Return how far the whole copy at ``path`` is; None where it cannot be read."""
    try:
        with closing(open_unchanging(path, key)) as db:
            return stand_of(db)
    except (errors.StorageTrouble, sqlite.Error):
        return None


def follows(db: Connection, stand: Stand) -> bool:
    """Tell whether the books in ``db`` are those of ``stand``, or went on from it."""
    now = stand_of(db)
    if now.schema != stand.schema or now.epoch < stand.epoch or now.entries < stand.entries:
        return False
    return stand.entries == 0 or journal.entry(db, stand.entries).hash == stand.hash


def write(db: Connection, key: bytes, stand: Stand, part: Path) -> int:
    """Write what ``db`` gained since ``stand`` into the new file ``part``; return how many entries it has.

    Reads one state of ``db``, beside which the counter sells on.
    """
    with closing(open_database(part, key)) as news:
        news.execute("PRAGMA foreign_keys = OFF")  # Rows of the copy, which are not repeated here, are named.
        db.execute("BEGIN")
        try:
            entries = journal.head(db)[0]
            with transaction(news):
                news.execute(_SINCE)
                news.execute("INSERT INTO since VALUES (?)", (msgspec.json.encode(stand).decode(),))
                for table in _TABLES:
                    _copy_news(db, news, table, stand)
        finally:
            db.execute("ROLLBACK")
    return entries


def check(path: Path, key: bytes) -> int:
    """Return how many entries the books have with what is at ``path``; raise BackupUnusable if unsound.

    Every page is read, and every entry's link up from the copy's last one.
    """
    try:
        with closing(open_database(path, key)) as news:
            torn = news.execute("PRAGMA cipher_integrity_check").fetchall()
            faults = _faults(news)
            entries = max(_since(news).entries, journal.head(news)[0])
            news.execute("PRAGMA journal_mode = DELETE")  # One file, with nothing beside it.
    except (errors.StorageTrouble, sqlite.Error) as error:
        raise errors.BackupUnusable(path=path, why="打不开，或不是用这把密钥加密的") from error
    if torn or faults:
        raise errors.BackupUnusable(path=path, why=faults[0].text if faults else "有损坏的页")
    return entries


def add(path: Path, key: bytes, db: Connection) -> None:
    """Add what is at ``path`` to the whole copy in ``db``, all or nothing; raise BackupUnusable.

    Sales are indexed here as they are when they are made.
    """
    try:
        with closing(open_unchanging(path, key)) as news, transaction(db):
            before = stand_of(db)
            if before != _since(news):
                raise errors.BackupUnusable(path=path, why="它所依据的完整备份不是这一份")
            for table in _TABLES:
                _add_news(news, db, table, before)
            outbox.move_mark(db)
    except (errors.StorageTrouble, sqlite.Error) as error:
        if isinstance(error, errors.BackupUnusable):
            raise
        raise errors.BackupUnusable(path=path, why="读不出来，或接不上它所依据的完整备份") from error


def _copy_news(db: Connection, news: Connection, table: _Table, stand: Stand) -> None:
    made = db.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table.name,))
    news.execute(made.fetchone()[0])
    columns = _columns(db, table)
    given = {**msgspec.to_builtins(stand), "first_sale": _first_sale(db, stand)}
    rows = db.execute(
        f"SELECT {', '.join(columns)} FROM {table.name} WHERE {table.news} ORDER BY {table.key}", given
    )
    marks = ", ".join("?" * len(columns))
    while page := list(islice(rows, _PAGE)):
        news.executemany(f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})", page)


def _add_news(news: Connection, db: Connection, table: _Table, before: Stand) -> None:
    columns = _columns(db, table)
    keys = table.key.split(", ")
    values = [f"{each} = excluded.{each}" for each in columns if each not in keys]
    then = f"UPDATE SET {', '.join(values)}" if values else "NOTHING"
    sql = (
        f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        f" ON CONFLICT ({table.key}) DO {then}"
    )
    for row in news.execute(f"SELECT {', '.join(columns)} FROM {table.name} ORDER BY {table.key}"):
        db.execute(sql, row)
        if table.name == "sale" and row[columns.index("serial")] > before.sale:
            runs.close_run(db, row[columns.index("serial")])


def _columns(db: Connection, table: _Table) -> list[str]:
    return [row[1] for row in db.execute(f"PRAGMA table_info({table.name})").fetchall()]


def _first_sale(db: Connection, stand: Stand) -> int:
    """Return the serial of the first sale that may have changed since: messages are in the sales' order."""
    row = db.execute(
        "SELECT sale FROM outbox WHERE number > ? AND sale IS NOT NULL ORDER BY number LIMIT 1",
        (stand.settled,),
    ).fetchone()
    serial = sales.serial_of(row[0]) if row else None
    return min(serial or stand.sale + 1, stand.sale + 1)


def _since(news: Connection) -> Stand:
    return msgspec.json.decode(news.execute("SELECT body FROM since").fetchone()[0], type=Stand)


def _faults(news: Connection) -> list[ChainFault]:
    since = _since(news)
    return journal.verify_after(news, since.entries, since.hash)
