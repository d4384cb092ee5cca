"""The agency's books of a city: shops whose tills may enrol, and people who are known there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from agency.enrolment import allow_demonstration
from agency.law import read_law
from agency.resources import read_texts
from agency.storage import credentials, mailbox, persons, prescriptions, registry, sums
from agency.storage.connection import Database, transaction
from engine.calendar import business_day
from engine.catalogue import Drug
from engine.person import Person
from engine.prescription import Prescription
from engine.sale import Store


def register(
    database: Database,
    now: datetime,
    *,
    stores: Sequence[Store],
    people: Mapping[str, Sequence[Person]],
    drugs: Sequence[Drug],
    prescribed: Sequence[Prescription] = (),
    followed: bool = True,
) -> None:
    """Write a city into empty books; ``people`` are told by the shop that hears of them, if it is to."""
    law, day = read_law(read_texts("policies"), read_texts("ranges")), business_day(now)
    with database.connection() as db, transaction(db):
        registry.save_stores(db, stores)
        registry.save_drugs(db, drugs)
        for store in stores:
            allow_demonstration(db, store.provider.id, now)
        for provider, known in people.items():
            persons.save(db, known)
            for person in known:
                credentials.save_of(db, person)
                benefit = law.benefit(person.region, person.insurance, day)
                sums.begin(db, person.psn_no, person.snapshot.year, benefit, person.snapshot.accumulators)
                if followed:
                    persons.follow(db, person.psn_no, provider)
                    mailbox.post(db, provider, mailbox.PERSON, person.psn_no)
        prescriptions.save(db, prescribed)
