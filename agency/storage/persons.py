"""Insured people: who they are, whose turn it is to change what belongs to them, and who hears of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from agency.storage import mailbox
from agency.storage.connection import Connection, select_in
from engine.person import Person, Snapshot
from engine.protocol.wire import encode

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_PERSON, _FOLLOWERS = "person", "followers"
_TURN = "UPDATE turn SET number = number + 1 WHERE psn_no = ?"


def save(db: Connection, people: Iterable[Person]) -> None:
    """Register people, inside the caller's transaction; of their snapshot only the parameters are kept."""
    for person in people:
        year = Snapshot(as_of=_LONG_AGO, year=0, parameters=person.snapshot.parameters)
        body = encode(replace(person, snapshot=year))
        db.known.pop((_PERSON, person.psn_no), None)
        row = db.execute("SELECT body FROM person WHERE psn_no = ?", (person.psn_no,)).fetchone()
        if row is None:
            db.execute("INSERT INTO turn (psn_no, number) VALUES (?, 0)", (person.psn_no,))
            db.execute("INSERT INTO person (psn_no, body) VALUES (?, ?)", (person.psn_no, body))
        elif row[0] != body:
            db.execute("UPDATE person SET body = ? WHERE psn_no = ?", (body, person.psn_no))
            for provider in followers(db, person.psn_no):
                mailbox.post(db, provider, mailbox.PERSON, person.psn_no)


def person(db: Connection, psn_no: str) -> Person | None:
    """Return a person without sums: their snapshot holds the parameters alone."""
    if (_PERSON, psn_no) in db.known:
        body = db.known[_PERSON, psn_no]
    else:
        row = db.execute("SELECT body FROM person WHERE psn_no = ?", (psn_no,)).fetchone()
        body = row[0] if row else None
    return msgspec.json.decode(body, type=Person) if body else None


def read_ahead(db: Connection, psn_nos: Iterable[str]) -> None:
    """Read together what the transaction will ask of people one by one; they are locked."""
    wanted = sorted(psn_nos)
    following: dict[str, list[str]] = {psn_no: [] for psn_no in wanted}
    for psn_no in wanted:
        db.known[_PERSON, psn_no] = None
    for psn_no, body in select_in(db, "SELECT psn_no, body FROM person WHERE psn_no IN ({marks})", wanted):
        db.known[_PERSON, psn_no] = body
    sql = "SELECT psn_no, provider FROM follower WHERE psn_no IN ({marks}) ORDER BY psn_no, provider"
    for psn_no, provider in select_in(db, sql, wanted):
        following[psn_no].append(provider)
    for psn_no, providers in following.items():
        db.known[_FOLLOWERS, psn_no] = providers


def lock(db: Connection, psn_no: str) -> None:
    """Wait until no other transaction works on the person, and let none do so until this one has ended.

    Raises Again where the wait was in vain. A stranger is locked by nobody.
    """
    lock_all(db, (psn_no,))


def lock_all(db: Connection, psn_nos: Iterable[str]) -> None:
    """Lock people likewise, in one order everywhere, so that two who lock the same do not wait in a ring."""
    wanted = sorted(set(psn_nos) - db.held)
    if wanted and not db.serial:
        # A row that is written and not only read: a partition on another server sees a snapshot of its own,
        # and only a write tells it that the row was changed since.
        db.executemany(_TURN, [(psn_no,) for psn_no in wanted])
    db.held.update(wanted)


def follow(db: Connection, psn_no: str, provider: str) -> None:
    """Let a shop hear of a person from now on."""
    if provider in followers(db, psn_no):
        return
    db.known.pop((_FOLLOWERS, psn_no), None)
    db.execute(
        "INSERT INTO follower (psn_no, provider) VALUES (?, ?) ON CONFLICT DO NOTHING", (psn_no, provider)
    )


def followers(db: Connection, psn_no: str) -> list[str]:
    """Return the shops that hear of a person."""
    found: list[str]
    if (_FOLLOWERS, psn_no) in db.known:
        found = db.known[_FOLLOWERS, psn_no]
    else:
        rows = db.execute("SELECT provider FROM follower WHERE psn_no = ? ORDER BY provider", (psn_no,))
        found = db.known[_FOLLOWERS, psn_no] = [row[0] for row in rows.fetchall()]
    return found
