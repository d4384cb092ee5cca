"""SY04: what is new for a shop: shops and drugs for all, and of the people whom it follows what changed."""

from __future__ import annotations

import msgspec

from agency.calls import Call, with_sums
from agency.eprescriptions import standing
from agency.storage import mailbox, persons, prescriptions, registry
from agency.storage.mailbox import Mail
from engine.catalogue import Drug
from engine.person import Person
from engine.protocol.adjustment import Adjustment
from engine.protocol.news import NewSnapshot, NewsPage, news_output, read_request
from engine.refusal import RefusalReport
from engine.sale import Store


def news(call: Call) -> str:
    """SY04: tell what changed since the till's two cursors, at most as much as it asks for."""
    asked = read_request(call.request.input)
    changes = registry.changes(call.db, asked.cursor, asked.limit + 1)
    more, changes = len(changes) > asked.limit, changes[: asked.limit]
    room = asked.limit - len(changes)
    mail = mailbox.read(call.db, call.request.fixmedins_code, asked.mailbox, room + 1)
    more, mail = more or len(mail) > room, mail[:room]
    page = NewsPage(
        cursor=changes[-1].number if changes else asked.cursor,
        mailbox=mail[-1].number if mail else asked.mailbox,
        more=more,
        stores=registry.of_kind(changes, registry.STORE, Store),
        drugs=registry.of_kind(changes, registry.DRUG, Drug),
        people=tuple(_person(call, each) for each in mail if each.kind == mailbox.PERSON),
        prescriptions=tuple(
            found
            for each in mail
            if each.kind == mailbox.PRESCRIPTION
            and (found := prescriptions.prescription(call.db, each.key)) is not None
        ),
        snapshots=tuple(
            NewSnapshot(psn_no=each.psn_no, snapshot=_person(call, each).snapshot)
            for each in mail
            if each.kind == mailbox.SNAPSHOT
        ),
        adjustments=tuple(
            msgspec.json.decode(each.body, type=Adjustment)
            for each in mail
            if each.kind == mailbox.ADJUSTMENT
        ),
        standings=tuple(
            standing(call.db, found, call.now)
            for each in mail
            if each.kind == mailbox.PRESCRIPTION
            and (found := prescriptions.prescription(call.db, each.key)) is not None
        ),
        refusals=tuple(
            msgspec.json.decode(each.body, type=RefusalReport)
            for each in mail
            if each.kind == mailbox.REFUSAL
        ),
    )
    return news_output(page)


def _person(call: Call, mail: Mail) -> Person:
    found = persons.person(call.db, mail.psn_no)
    if found is None:
        raise LookupError("mail about a person who was never registered")
    return with_sums(call, found, call.today)
