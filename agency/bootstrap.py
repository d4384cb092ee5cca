"""Joins the agency's parts: database, law, clock, and the demonstration where it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from starlette.applications import Starlette

from agency.clock import Clock
from agency.law import read_law
from agency.resources import read_texts
from agency.service import Agency
from agency.storage import registry
from agency.storage.connection import Connection, open_database, transaction
from agency.web import make_web
from engine.demonstration import parse_demonstration
from engine.protocol.profile import Credentials, Profile

DATABASE = "agency.db"


def build(
    *, data: Path, clock: Clock, profile: Profile, credentials: Credentials, demonstration: bool
) -> tuple[Starlette, Connection]:
    """Return the service over the database in ``data``, and that database to close; raise AgencyTrouble."""
    law = read_law(read_texts("policies"))
    db = open_database(data / DATABASE)
    if demonstration:
        seed(db, read_texts("demonstration"), clock)
    agency = Agency(db=db, law=law, clock=clock, profile=profile, credentials=credentials)
    return make_web(agency), db


def seed(db: Connection, texts: Mapping[str, str], clock: Clock) -> None:
    """Put the demonstration into ``db``; sums that a year already has here stay as they are."""
    shown = parse_demonstration(texts, clock.now())
    with transaction(db):
        registry.save_stores(db, shown.stores)
        registry.save_drugs(db, shown.drugs)
        registry.save_people(db, shown.people)
        registry.save_vouchers(db, shown.vouchers)
        registry.save_prescriptions(db, shown.prescriptions)
