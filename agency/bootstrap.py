"""Joins the agency's parts: database, law, clock, and the demonstration where it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from starlette.applications import Starlette

from agency.clock import Clock
from agency.enrolment import allow_demonstration
from agency.eprescriptions import issue
from agency.law import Law, read_law
from agency.operations import Operations
from agency.resources import read_texts
from agency.service import Agency
from agency.storage import credentials, mailbox, persons, registry, sums
from agency.storage.connection import Connection, Database, transaction
from agency.storage.opening import open_database
from agency.web import make_web
from engine.calendar import business_day
from engine.demonstration import Demonstration, parse_demonstration
from engine.person import Person
from engine.protocol import codes
from engine.protocol.profile import Credentials, Profile
from engine.sale import Store


def build_agency(
    *,
    where: Path | str,
    partitions: int | None,
    clock: Clock,
    profile: Profile,
    credentials: Credentials,
    demonstration: bool,
) -> tuple[Agency, Database]:
    """Return the agency over the database at ``where``, and that database to close; raise AgencyTrouble."""
    law = read_law(read_texts("policies"), read_texts("ranges"))
    database = open_database(where, partitions)
    if demonstration:
        now = clock.now()
        with database.connection() as db:
            seed(db, parse_demonstration(read_texts("demonstration"), now), law, now)
    agency = Agency(database=database, law=law, clock=clock, profile=profile, credentials=credentials)
    return agency, database


def build(
    *,
    where: Path | str,
    partitions: int | None,
    clock: Clock,
    profile: Profile,
    credentials: Credentials,
    demonstration: bool,
    operations_token: str | None = None,
) -> tuple[Starlette, Database]:
    """Return the service over the database at ``where``, and that database to close; raise AgencyTrouble."""
    agency, database = build_agency(
        where=where,
        partitions=partitions,
        clock=clock,
        profile=profile,
        credentials=credentials,
        demonstration=demonstration,
    )
    operations = Operations(database=database, clock=clock, token=operations_token)
    return make_web(agency, operations), database


def seed(db: Connection, shown: Demonstration, law: Law, now: datetime) -> None:
    """Put the demonstration into ``db``, followed by its shops; sums that are there already stay."""
    day = business_day(now)
    with transaction(db):
        registry.save_stores(db, shown.stores)
        for store in shown.stores:
            allow_demonstration(db, store.provider.id, now)
        registry.save_drugs(db, shown.drugs)
        registry.date_changes(db, day)
        for person in shown.people:
            _enter(db, person, law.benefit(person.region, person.insurance, day), shown.stores)
        for code, psn_no in shown.vouchers.items():
            credentials.save(db, codes.VOUCHER, code, psn_no)
        issue(db, shown.prescriptions)


def _enter(db: Connection, person: Person, benefit: str, shops: Iterable[Store]) -> None:
    known = persons.person(db, person.psn_no) is not None
    persons.save(db, [person])
    credentials.save_of(db, person)
    sums.begin(db, person.psn_no, person.snapshot.year, benefit, person.snapshot.accumulators)
    for shop in shops:
        persons.follow(db, person.psn_no, shop.provider.id)
        if not known:
            mailbox.post(db, shop.provider.id, mailbox.PERSON, person.psn_no)
