"""The agency's tables, declared once for SQLite and PostgreSQL; amounts are fen, bodies JSON.

``spread_by`` names the column by which a table is divided into partitions, so that all work on one person
stays in one partition of each table. PostgreSQL keeps a partition on this server or another; SQLite has one.
Types are ``TEXT`` and ``INTEGER`` (64 bits in both); flags are 0 and 1; instants ISO 8601 in UTC with
microseconds, so that they sort. Tables that are spread take no ``ON CONFLICT DO UPDATE``, which a partition
on another server could not do; the person's turn is taken first, so an update may try before an insert.
"""

from __future__ import annotations

from msgspec import Struct


class Table(Struct, frozen=True):
    """A table: ``columns`` as both dialects know them, ``key`` the primary key, ``indexes`` by columns.

    A unique index is written ``unique column, ...``; it may only be unique within a partition.
    """

    name: str
    columns: str
    key: str
    spread_by: str | None = None
    indexes: tuple[str, ...] = ()


_SUMS = (
    "deductible_paid INTEGER NOT NULL, fund_paid INTEGER NOT NULL, ordinary_fund_paid INTEGER NOT NULL,"
    " ordinary_exhausted INTEGER NOT NULL, fund_paid_class_b INTEGER NOT NULL,"
    " pool_fund_paid INTEGER NOT NULL"
)

REFERENCE = (
    # Numbers handed out in the order of commits: the row stays locked until its transaction ends.
    Table("counter", "name TEXT NOT NULL, value INTEGER NOT NULL", "name"),
    # Shops and drugs: small, the same everywhere, copied to every server. change: SY04's cursor over them.
    Table(
        "registered",
        "kind TEXT NOT NULL, key TEXT NOT NULL, change INTEGER NOT NULL, body TEXT NOT NULL",
        "kind, key",
        indexes=("unique change",),
    ),
    # The agency's own signing and sealing keys, raw in base64.
    Table("agency_key", "name TEXT NOT NULL, private TEXT NOT NULL", "name"),
)

PERSONS = (
    Table("person", "psn_no TEXT NOT NULL, body TEXT NOT NULL", "psn_no", "psn_no"),
    # The row that all work on one person writes first, and by which it waits for its turn.
    Table("turn", "psn_no TEXT NOT NULL, number INTEGER NOT NULL", "psn_no", "psn_no"),
    # Shops that hear when the person's sums change.
    Table("follower", "psn_no TEXT NOT NULL, provider TEXT NOT NULL", "psn_no, provider", "psn_no"),
    Table(
        "accumulator",
        f"psn_no TEXT NOT NULL, year INTEGER NOT NULL, benefit TEXT NOT NULL, {_SUMS}",
        "psn_no, year, benefit",
        "psn_no",
    ),
    # First answers; lane is the person of a message about one, else the shop.
    Table(
        "message",
        "lane TEXT NOT NULL, msgid TEXT NOT NULL, infno TEXT NOT NULL, digest TEXT NOT NULL,"
        " at TEXT NOT NULL, answer TEXT NOT NULL",
        "lane, msgid",
        "lane",
    ),
    # total to patient are as answered; now_ as adjusted since; the _added columns are what the settlement
    # holds of the person's sums now. claim: what it was computed from, so that it can be computed again;
    # computed: what it came to last, step by step.
    Table(
        "settlement",
        "psn_no TEXT NOT NULL, setl_id TEXT NOT NULL, mdtrt_id TEXT NOT NULL, msgid TEXT NOT NULL,"
        " provider TEXT NOT NULL, till TEXT NOT NULL, epoch INTEGER NOT NULL, year INTEGER NOT NULL,"
        " benefit TEXT NOT NULL, sale TEXT NOT NULL, settled_at TEXT NOT NULL, received_at TEXT NOT NULL,"
        " insutype TEXT NOT NULL, lease TEXT, gap INTEGER NOT NULL,"
        " total INTEGER NOT NULL, fund INTEGER NOT NULL, assistance INTEGER NOT NULL,"
        " patient INTEGER NOT NULL,"
        " now_fund INTEGER NOT NULL, now_assistance INTEGER NOT NULL, now_patient INTEGER NOT NULL,"
        " deductible_added INTEGER NOT NULL, fund_added INTEGER NOT NULL, class_b_added INTEGER NOT NULL,"
        " claim TEXT NOT NULL, computed TEXT NOT NULL, input TEXT NOT NULL, output TEXT NOT NULL,"
        " reversed_by TEXT",
        "psn_no, setl_id",
        "psn_no",
        ("psn_no, year, benefit, settled_at", "unique psn_no, msgid", "provider, received_at"),
    ),
    # state: open, closing (the till is done, settlements are still on their way), closed, expired.
    Table(
        "lease",
        "psn_no TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, year INTEGER NOT NULL,"
        " benefit TEXT NOT NULL, provider TEXT NOT NULL, till TEXT NOT NULL, epoch INTEGER NOT NULL,"
        " state TEXT NOT NULL, granted_at TEXT NOT NULL, use_until TEXT NOT NULL, reclaim_at TEXT NOT NULL,"
        " reserved_fund INTEGER NOT NULL, reserved_class_b INTEGER NOT NULL,"
        " used_fund INTEGER NOT NULL, used_class_b INTEGER NOT NULL, body TEXT NOT NULL",
        "psn_no, id",
        "psn_no",
        ("psn_no, year, benefit, state", "state, reclaim_at", "provider, state"),
    ),
    Table(
        "adjustment",
        "psn_no TEXT NOT NULL, id TEXT NOT NULL, provider TEXT NOT NULL, at TEXT NOT NULL,"
        " year INTEGER NOT NULL, benefit TEXT NOT NULL, give_back INTEGER NOT NULL,"
        " borne INTEGER NOT NULL, body TEXT NOT NULL",
        "psn_no, id",
        "psn_no",
        ("provider, at",),
    ),
    # Whose sums of a year and benefit came out of order, so that they are computed again once nothing is
    # outstanding for them; cause says by what.
    Table(
        "trueup",
        "psn_no TEXT NOT NULL, year INTEGER NOT NULL, benefit TEXT NOT NULL, cause TEXT NOT NULL",
        "psn_no, year, benefit",
        "psn_no",
    ),
    # Which electronic prescriptions were issued to a person; the prescription itself is found by its number.
    Table("prescribed", "psn_no TEXT NOT NULL, number TEXT NOT NULL", "psn_no, number", "psn_no"),
    # What was dispensed to a person, of whoever dispensed it (5205, SY05).
    Table(
        "dispensed",
        "psn_no TEXT NOT NULL, id TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL",
        "psn_no, id",
        "psn_no",
        ("psn_no, at",),
    ),
)

ROUTES = (
    # From what is shown or scanned to whose partition it is.
    Table(
        "credential",
        "type TEXT NOT NULL, number TEXT NOT NULL, psn_no TEXT NOT NULL",
        "type, number",
        "number",
    ),
    Table("prescription", "number TEXT NOT NULL, psn_no TEXT, body TEXT NOT NULL", "number", "number"),
    # Where each box was sold first; a second sale of it is a finding.
    Table(
        "trace",
        "code TEXT NOT NULL, provider TEXT NOT NULL, sale TEXT NOT NULL, at TEXT NOT NULL",
        "code",
        "code",
    ),
)

SHOPS = (
    Table(
        "enrolment_code",
        "provider TEXT NOT NULL, till TEXT NOT NULL, digest TEXT NOT NULL, expires_at TEXT NOT NULL,"
        " used_at TEXT",
        "provider, till, digest",
        "provider",
    ),
    # state: active, closed (a later epoch took over), forked (no leases until a new epoch). seen_: the
    # furthest head that a message of this epoch named; waiting, oldest: its outbox. Epoch 0 never enrolled.
    Table(
        "till",
        "provider TEXT NOT NULL, till TEXT NOT NULL, epoch INTEGER NOT NULL, state TEXT NOT NULL,"
        " public_key TEXT NOT NULL, box_key TEXT NOT NULL, begins_after INTEGER NOT NULL,"
        " begins_hash TEXT NOT NULL,"
        " chain TEXT NOT NULL, seen_number INTEGER NOT NULL, seen_hash TEXT NOT NULL, seen_at TEXT NOT NULL,"
        " waiting INTEGER NOT NULL, oldest TEXT, enrolled_at TEXT NOT NULL",
        "provider, till, epoch",
        "provider",
    ),
    # A chain is an epoch of one journal, named by the hash of its first entry.
    Table(
        "journal",
        "chain TEXT NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL,"
        " body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL",
        "chain, number",
        "chain",
        ("hash",),
    ),
    Table("mailbox_head", "provider TEXT NOT NULL, number INTEGER NOT NULL", "provider", "provider"),
    # What a shop is to hear, once for each kind, person and key, under its latest number: kind is person,
    # prescription, snapshot or adjustment; body only of the last, the others are read when they are told.
    Table(
        "mailbox",
        "provider TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, psn_no TEXT NOT NULL,"
        " key TEXT NOT NULL, body TEXT NOT NULL",
        "provider, kind, psn_no, key",
        "provider",
        ("provider, number",),
    ),
    # Forks, boxes sold twice, what else a person at the agency should see; without personal data.
    Table(
        "finding",
        "provider TEXT NOT NULL, id TEXT NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL, till TEXT NOT NULL,"
        " text TEXT NOT NULL",
        "provider, id",
        "provider",
    ),
    Table(
        "upload",
        "provider TEXT NOT NULL, file_qury_no TEXT NOT NULL, filename TEXT NOT NULL, at TEXT NOT NULL,"
        " content TEXT NOT NULL",
        "provider, file_qury_no",
        "provider",
    ),
    # What shops told of their stock; number is the shop's own (fixmedins_bchno), infno how it was told,
    # sale the shop's number of the sale that a record is of.
    Table(
        "stock_record",
        "provider TEXT NOT NULL, number TEXT NOT NULL, infno TEXT NOT NULL, drug TEXT NOT NULL,"
        " count TEXT NOT NULL, sale TEXT NOT NULL, body TEXT NOT NULL, at TEXT NOT NULL, deleted_at TEXT",
        "provider, number",
        "provider",
    ),
    # Bundles taken in, so that a replayed one is told from a new one.
    Table(
        "bundle",
        "provider TEXT NOT NULL, till TEXT NOT NULL, epoch INTEGER NOT NULL, serial INTEGER NOT NULL,"
        " digest TEXT NOT NULL, at TEXT NOT NULL",
        "provider, till, epoch, serial",
        "provider",
    ),
)

VERSION = 3
NUMBERED = ("settlement", "sign_in", "lease", "adjustment", "file")
"""What numbers are handed out for without waiting: sequences in PostgreSQL, counters in SQLite."""
TABLES = (*REFERENCE, *PERSONS, *ROUTES, *SHOPS)


def sqlite_statements() -> tuple[str, ...]:
    """Return the statements that make the tables in SQLite."""
    made: list[str] = []
    for table in TABLES:
        made.append(
            f"CREATE TABLE {table.name} ({table.columns}, PRIMARY KEY ({table.key})) STRICT, WITHOUT ROWID"
        )
        made.extend(
            f"CREATE {'UNIQUE ' if index.startswith('unique ') else ''}INDEX {table.name}_{place}"
            f" ON {table.name} ({index.removeprefix('unique ')})"
            for place, index in enumerate(table.indexes)
        )
    return tuple(made)
