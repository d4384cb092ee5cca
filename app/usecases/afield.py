"""What makes a till good for days without the network, beside the money: enrolment, sticks, backups."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from app.errors import EnrolmentRefused
from app.usecases import trip
from app.usecases.door import Door
from app.usecases.history import world
from app.usecases.ports import Trip
from app.usecases.show import open_store
from app.usecases.state import BundleReport, WorldState


class AfieldDeviceDoor(Door):
    """The part of ``app.usecases.counter.Afield`` about the till itself; it works at the shared desk."""

    def enrol(self, code: str) -> WorldState:
        """Make this till known to the agency of the open shop with the one-time ``code``."""
        desk, said = self._desk, code.strip()
        if not said:
            raise EnrolmentRefused(why="没有输入登记码。")
        desk.afar.enrol(open_store(desk).provider.id, said)
        desk.courier.poke()
        return world(desk)

    def export_bundle(self, folder: str) -> BundleReport:
        """Write all that waits of the open shop onto the stick at ``folder``."""
        return self._desk.afar.export_bundle(open_store(self._desk).provider.id, Path(folder))

    def export_trip(self, folder: str, people: tuple[str, ...], until: date) -> BundleReport:
        """Ask for a trip by stick, together with all that waits; raise TripUnclear as by wire."""
        asked = Trip(people=trip.people_of(people), until=trip.end_of(until, self._desk.now()))
        return self._desk.afar.export_bundle(open_store(self._desk).provider.id, Path(folder), asked)

    def import_bundle(self, path: str) -> BundleReport:
        """Take in the bundle at ``path`` that the agency wrote."""
        report = self._desk.afar.import_bundle(Path(path))
        self._desk.hear(None)  # What was waiting may be settled now.
        return report

    def back_up(self) -> str:
        """Make a backup now, and return where it lies."""
        return str(self._desk.afar.back_up())
