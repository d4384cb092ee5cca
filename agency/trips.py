"""SY05 and 5205: what a service point takes along of its people, and what they were given before."""

from __future__ import annotations

from datetime import datetime, timedelta

from agency.calls import Call, ended, known_person, with_sums
from agency.eprescriptions import standing
from agency.leases import grant_what_is_left, use_until
from agency.storage import credentials, dispensed, persons, prescriptions
from agency.tills import may_hold_leases
from engine.person import Person
from engine.prescription import Prescription
from engine.prescription_use import Standing
from engine.protocol import codes
from engine.protocol.history import history_output, read_history_request
from engine.protocol.lease import (
    Dispensed,
    LeaseAsk,
    NotGranted,
    SignedLease,
    TripPack,
    read_trip_request,
    trip_output,
)

LOOKED_BACK = timedelta(days=366)
"""As long a history as the review of a prescription asks for."""


def trip(call: Call) -> str:
    """SY05: tell all that is needed of a page of people without the network, and reserve for each."""
    asked = read_trip_request(call.request.input)
    till = may_hold_leases(call.speaker)
    until = use_until(call, asked.until)
    named = {each: _psn_no(call, each) for each in dict.fromkeys(asked.people)}
    found = list(dict.fromkeys(psn_no for psn_no in named.values() if psn_no is not None))
    persons.lock_all(call.db, found)
    people, refused = _people(call, found)
    refused += [
        NotGranted(psn_no=each, code="unknown_person", text="查无此参保人，请核对名单。")
        for each, psn_no in named.items()
        if psn_no is None
    ]
    outcomes = [grant_what_is_left(call, till, LeaseAsk(psn_no=each.psn_no), until) for each in people]
    prescribed = [pair for person in people for pair in _prescriptions(call, person)]
    return trip_output(
        TripPack(
            people=tuple(people),
            prescriptions=tuple(each for each, _told in prescribed),
            standings=tuple(told for _each, told in prescribed if told.given),
            history=tuple(each for person in people for each in _history(call, person)),
            leases=tuple(each for each in outcomes if isinstance(each, SignedLease)),
            refused=(*refused, *(each for each in outcomes if isinstance(each, NotGranted))),
        )
    )


def medication_history(call: Call) -> str:
    """5205: tell what was dispensed to a person since an instant, here and elsewhere."""
    asked = read_history_request(call.request.input)
    known_person(call, asked.psn_no)
    return history_output(dispensed.of_person(call.db, asked.psn_no, asked.begin, asked.end))


def _psn_no(call: Call, named: str) -> str | None:
    """Return who is meant by a psn_no or a resident id."""
    if persons.person(call.db, named) is not None:
        return named
    return credentials.holder(call.db, codes.RESIDENT_ID, named)


def _people(call: Call, found: list[str]) -> tuple[list[Person], list[NotGranted]]:
    people: list[Person] = []
    refused: list[NotGranted] = []
    for psn_no in found:
        known = persons.person(call.db, psn_no)
        if known is None:
            continue
        barred = ended(known, call.today)
        if barred is not None:
            refused.append(NotGranted(psn_no=psn_no, code=barred.code, text=barred.text))
            continue
        persons.follow(call.db, psn_no, call.request.fixmedins_code)
        people.append(with_sums(call, known, call.today))
    return people, refused


def _prescriptions(call: Call, person: Person) -> list[tuple[Prescription, Standing]]:
    """Return what may still be dispensed of a person's prescriptions, and how far each is."""
    told = [
        (each, standing(call.db, each, call.now)) for each in prescriptions.of_person(call.db, person.psn_no)
    ]
    return [pair for pair in told if pair[1].state == "valid"]


def _history(call: Call, person: Person) -> list[Dispensed]:
    begin: datetime = call.now - LOOKED_BACK
    return dispensed.of_person(call.db, person.psn_no, begin)
