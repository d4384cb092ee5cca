"""The place for prescriptions: each method one act of a person there."""

from __future__ import annotations

from app.usecases import prescription_list, refusals
from app.usecases.door import Door
from app.usecases.prescriptions_state import RxRow
from app.usecases.state import CounterState


class PrescriptionsDoor(Door):
    """The part of the counter about prescriptions; it works at the shared desk."""

    def prescriptions(self) -> tuple[RxRow, ...]:
        """Return the prescriptions that matter now, those that wait at the platform first."""
        return prescription_list.rows(self._desk)

    def take_prescription(self, key: str) -> CounterState:
        """Put a prescription of the list on the counter; raise PrescriptionUnknown."""
        desk = self._desk
        desk.begin_act()
        prescription_list.take(desk, key)
        return self._done()

    def report_refusal(self, key: str) -> tuple[RxRow, ...]:
        """Refuse a prescription and report it; raise NothingToReport, AlreadyReported."""
        prescription = prescription_list.prescription_of(self._desk, key)
        refusals.report(self._desk, prescription, prescription_list.found_of(self._desk, prescription))
        return self.prescriptions()

    def print_refusal(self, key: str) -> str:
        """Write the slip of a report, and return where it lies; raise PrinterSilent."""
        return str(refusals.print_slip(self._desk, prescription_list.key_in_row(key)))
