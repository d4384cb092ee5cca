"""What the counter does for the money of days without the network: leases, tasks, trips, closing a day."""

from __future__ import annotations

from datetime import date

from app.usecases import days, leases, tasks, trip
from app.usecases.door import Door
from app.usecases.state import DayRow, LeaseRow, TaskRow, TripReport


class AfieldMoneyDoor(Door):
    """The part of ``app.usecases.counter.Afield`` that is about money; it works at the shared desk."""

    def leases(self) -> tuple[LeaseRow, ...]:
        return leases.list_leases(self._desk)

    def tasks(self) -> tuple[TaskRow, ...]:
        return tasks.list_tasks(self._desk)

    def finish_task(self, id: str) -> tuple[TaskRow, ...]:
        return tasks.finish(self._desk, id)

    def prepare_trip(self, people: tuple[str, ...], until: date) -> TripReport:
        return trip.prepare_trip(self._desk, people, until)

    def prepare_next(self, people: tuple[str, ...], until: date) -> TripReport:
        """Fetch one page of a trip, so that what is scanned meanwhile need not wait for all of them."""
        return trip.prepare_next(self._desk, people, until)

    def days(self) -> tuple[DayRow, ...]:
        return days.list_days(self._desk)

    def close_day(self, day: date) -> tuple[DayRow, ...]:
        return days.close_day(self._desk, day)
