"""The parts around a till that a person calls upon: the line for enrolment, the satchel, the keeper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import AgencyNotReached
from app.sync.counter_line import CounterLine
from app.sync.keeper import Keeper
from app.usecases.ports import Trip
from app.usecases.state import BundleReport

if TYPE_CHECKING:
    from app.sync.bundles import Satchel


class Surroundings:
    """The ``Afar`` of a real counter; without a ``line`` no agency by wire, but sticks still work."""

    def __init__(
        self, *, line: CounterLine | None, open_satchel: Callable[[], Satchel], keeper: Keeper
    ) -> None:
        self._line, self._open_satchel, self._keeper = line, open_satchel, keeper

    def enrol(self, provider: str, code: str) -> None:
        """Make the till known; raise AgencyNotReached or EnrolmentRefused."""
        if self._line is None:
            raise AgencyNotReached(trouble="没有设置医保中心的地址（SHANYAO_AGENCY）。")
        self._line.enrol(provider, code)

    def export_bundle(self, provider: str, folder: Path, trip: Trip | None = None) -> BundleReport:
        """Write what waits into ``folder``, with the question for a ``trip``; raise BundleNotReady."""
        return self._open_satchel().export_bundle(provider, folder, trip)

    def import_bundle(self, path: Path) -> BundleReport:
        """Take in what the agency wrote; raise BundleUnreadable."""
        return self._open_satchel().import_bundle(path)

    def back_up(self) -> Path:
        """Make a backup now; raise a StorageTrouble."""
        return self._keeper.back_up().path
