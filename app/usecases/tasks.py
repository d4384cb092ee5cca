"""What a person must see to: money to give back or to collect, and gaps; journalled as it comes and is done.

What was printed stands on paper and is never changed; what came out otherwise is a task of its own, with both
computations. A task that is done stays done, whatever arrives afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from app.errors import TaskUnknown
from app.storage import cursor, journal, outbox, sales, tasks
from app.storage.connection import Connection, transaction
from app.storage.instants import to_text
from app.storage.outbox import Message
from app.storage.tasks import Kind, Task
from app.usecases.desk import Desk
from app.usecases.state import TaskRow
from engine.money import Fen, format_yuan
from engine.person import masked_name
from engine.policy.answer import Settlement
from engine.protocol.adjustment import AdjustedSettlement, Adjustment, Computed
from engine.protocol.envelope import QUERY_SERIALS, message_id
from engine.protocol.journal import MOST_ENTRIES
from engine.protocol.settled import Settled
from engine.sale import Sale

ADJUSTMENT_KIND = "adjustment"
DONE_KIND = "task_done"
DONE_BEFORE_KIND = "task_done_before"
_DONE_BEFORE = "task_done_before "
MOST_ROWS = 200

Lines = tuple[tuple[str, Fen], ...]

_ENCODE = msgspec.json.Encoder().encode


class Body(Struct, frozen=True, kw_only=True):
    """What a task's row shows: whose it is (masked), why, and both computations as label and sum in fen."""

    who: str
    text: str
    before: Lines
    after: Lines


class Done(Struct, frozen=True, kw_only=True):
    """The body of a journal entry ``task_done``: who handed over (or took) ``amount``, for which task."""

    task: str
    kind: Kind
    sale: str
    amount: Fen
    by: str


def receive(db: Connection, adjustments: Iterable[Adjustment], at: datetime) -> int:
    """Take the agency's adjustments over, in the caller's transaction; return how many were new.

    Each is journalled whole. One that came before, by wire or by stick, changes nothing.
    """
    new = [each for each in adjustments if tasks.get(db, each.id) is None]
    for each in new:
        entry = journal.append(db, ADJUSTMENT_KIND, msgspec.json.encode(each).decode(), at)
        _put(db, _give_back(each, at), entry.number)
    return len(new)


def done_before(db: Connection, ids: Iterable[str], at: datetime) -> None:
    """Note, in the caller's transaction, which tasks were done by what a restored backup does not know.

    The agency tells them at the enrolment; one that is still to come is done as it comes.
    """
    for id_ in ids:
        cursor.put(db, _DONE_BEFORE + id_, to_text(at))
        task = tasks.get(db, id_)
        if task is not None and task.done_at is None:
            _finish_as_known(db, task, at)


def _put(db: Connection, task: Task, entry: int) -> None:
    tasks.put(db, task, entry)
    if cursor.get(db, _DONE_BEFORE + task.id) is not None:
        _finish_as_known(db, task, task.at)


def _finish_as_known(db: Connection, task: Task, at: datetime) -> None:
    # Of a kind of its own: the money was counted by the entry that was lost, on its own day.
    body = Done(task=task.id, kind=task.kind, sale=task.sale, amount=task.amount, by="")
    entry = journal.append(db, DONE_BEFORE_KIND, _ENCODE(body).decode(), at)
    tasks.finish(db, task.id, at, body.by, entry.number)


def _give_back(told: Adjustment, at: datetime) -> Task:
    ours = [row for row in told.rows if row.provider == told.provider] or list(told.rows)
    largest = max(ours, key=lambda row: row.before.patient - row.after.patient, default=None)
    text = f"{told.cause}。应退还参保人 {format_yuan(told.give_back)} 元。"
    body = Body(
        who=masked_name(told.name),
        text=text,
        before=_lines(told.rows, told.provider, after=False),
        after=_lines(told.rows, told.provider, after=True),
    )
    sale = largest.sale if largest else ""
    return Task(
        id=told.id, kind="give_back", at=at, sale=sale, amount=told.give_back, body=_ENCODE(body).decode()
    )


def _lines(rows: tuple[AdjustedSettlement, ...], provider: str, *, after: bool) -> Lines:
    lines: list[tuple[str, Fen]] = []
    for row in rows:
        where = f"第 {row.sale} 号" if row.provider == provider else "别店一笔"
        lines += ((f"{where} {label}", amount) for label, amount in _of(row.after if after else row.before))
    return tuple(lines)


def _of(computed: Computed) -> Lines:
    return (
        ("起付标准", computed.deductible),
        ("基金支付", computed.fund),
        ("医疗救助", computed.assistance),
        ("个人负担", computed.patient),
    )


def from_answer(
    db: Connection, *, sale: Sale, message: str, ours: Settlement, settled: Settled, at: datetime, entry: int
) -> None:
    """Make tasks of what the agency's answer to ``message`` leaves to be done, in the caller's transaction.

    ``entry`` is the journal entry that holds the answer. A gap is the shop's own; what the patient paid too
    much or too little is settled with them.
    """
    theirs, person, found = settled.sums, sale.draft.person, list[tuple[Kind, Fen, str]]()
    who = masked_name(person.name) if person else "自费顾客"
    before = (("基金支付", ours.fund), ("医疗救助", ours.assistance), ("个人负担", ours.patient))
    after = (("基金支付", theirs.fund), ("医疗救助", theirs.assistance), ("个人负担", theirs.patient))
    gap, owed = settled.facts.gap if settled.facts else 0, ours.patient - theirs.patient
    if gap:
        text = f"额度凭据下的结算送到太晚，医保中心少付 {format_yuan(gap)} 元，由本店承担；参保人不用补。"
        found.append(("gap", gap, text))
    if owed > 0 or (owed < 0 and not gap):
        what = "应退还参保人" if owed > 0 else "参保人应补"
        text = f"暂定的金额已由医保中心算定，{what} {format_yuan(abs(owed))} 元。"
        found.append(("correction", owed, text))
    for kind, amount, text in found:
        id_ = f"{kind}:{message}"
        body = _ENCODE(Body(who=who, text=text, before=before, after=after)).decode()
        if tasks.get(db, id_) is None:
            task = Task(id=id_, kind=kind, at=at, sale=sale.number, amount=amount, body=body)
            _put(db, task, entry)


def list_tasks(desk: Desk) -> tuple[TaskRow, ...]:
    """Return what is to be done, oldest first, then what was done, newest first."""
    return tuple(_row(task) for task in tasks.listed(desk.db, MOST_ROWS))


def finish(desk: Desk, id: str) -> tuple[TaskRow, ...]:
    """Note that the money of a task was handed over by whoever is on duty; raise TaskUnknown.

    Finishing one twice is finishing it once.
    """
    task = tasks.get(desk.db, id)
    if task is None:
        raise TaskUnknown()
    if task.done_at is None:
        now, by = desk.now(), desk.settings.operator
        body = Done(task=id, kind=task.kind, sale=task.sale, amount=task.amount, by=by)
        with transaction(desk.db):
            entry = journal.append(desk.db, DONE_KIND, msgspec.json.encode(body).decode(), now)
            tasks.finish(desk.db, id, now, by, entry.number)
            upload_rest(desk, now)
        desk.courier.poke()
    return list_tasks(desk)


def upload_rest(desk: Desk, now: datetime) -> None:
    """Queue an upload of the entries that no sale has taken along yet, in the caller's transaction.

    The next sale's upload carries them again; the agency compares what it holds already.
    """
    provider = desk.store.provider.id if desk.store else None
    first, last = sales.newest(desk.db).journal + 1, journal.head(desk.db)[0]
    if provider is None:
        return
    serial = outbox.last_number(desk.db) + 1
    for place, begin in enumerate(range(first, last + 1, MOST_ENTRIES)):
        outbox.put(
            desk.db,
            Message(
                id=message_id(provider, now, (serial + place) % QUERY_SERIALS),
                infno=outbox.JOURNAL_UPLOAD,
                provider=provider,
                made_at=now,
                first_entry=begin,
                last_entry=min(last, begin + MOST_ENTRIES - 1),
            ),
        )


def _row(task: Task) -> TaskRow:
    body = msgspec.json.decode(task.body, type=Body)
    return TaskRow(
        id=task.id,
        kind=task.kind,
        at=task.at,
        who=body.who,
        sale=task.sale,
        amount=task.amount,
        text=body.text,
        before=body.before,
        after=body.after,
        done_at=task.done_at,
    )
