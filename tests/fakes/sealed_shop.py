"""A counter whose prescriptions are signed by an agency that it knows: what an enrolled till has."""

from __future__ import annotations

from app.storage import prescriptions
from app.storage.connection import transaction
from app.usecases.prescriptions_state import RxRow
from engine.prescription import Prescription
from engine.prescription_use import Standing
from engine.protocol.eprescription_seal import sealed
from tests.fakes.fake_counter import Bench
from tests.fakes.fake_leases import AGENCY_PRIVATE, enrol

LIAOCHENG = "P37150000001"
_LIAOCHENG_TOUR = 3


def seal_all(bench: Bench) -> None:
    """Make the till known to the agency of the open shop, and have it sign all prescriptions."""
    if bench.desk.store is None:
        bench.till.start()
    enrol(bench)
    keep(bench, *bench.demonstration.prescriptions)


def keep(bench: Bench, *written: Prescription, standing: Standing | None = None) -> None:
    """Bring signed prescriptions to the till, as the agency's news would."""
    with transaction(bench.db):
        prescriptions.save(bench.db, [sealed(AGENCY_PRIVATE, each) for each in written])
        if standing is not None:
            prescriptions.save_standings(bench.db, [standing])


def forge(bench: Bench, number: str) -> None:
    """Change a prescription on the till's disk, one pack more, and leave its seal as it is."""
    with transaction(bench.db):
        bench.db.execute(
            "UPDATE prescription SET body = replace(body, ?, ?) WHERE number = ?",
            ('"quantity":2', '"quantity":3', number),
        )


def prescription_for(bench: Bench, name: str) -> Prescription:
    """Return the demonstration's prescription of a person."""
    person = next(each for each in bench.demonstration.people if each.name == name)
    return next(each for each in bench.demonstration.prescriptions if each.psn_no == person.psn_no)


def row_of(bench: Bench, number: str) -> RxRow:
    """Return a prescription as the place lists it."""
    return next(each for each in bench.till.prescriptions() if each.number == number)


def walk(bench: Bench, place: int, stops: int | None = None) -> None:
    """Scan what the tour scans of one of its people."""
    tour = bench.till.tour()
    groups = list(dict.fromkeys(stop.group for stop in tour))
    chosen = [stop for stop in tour if stop.group == groups[place]]
    for stop in chosen[:stops]:
        bench.till.demonstrate(stop)
