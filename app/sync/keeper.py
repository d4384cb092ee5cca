"""The keeper: one thread that makes backups and keeps the mark outside the database; no sale waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from app.clock import Clock
from app.errors import UserError
from app.storage import backup, device, sales
from app.storage.backup import Backup
from app.storage.connection import Connection
from app.sync.deliver import Boundary

EVERY = timedelta(hours=1)
EVERY_SALES = 50
_LOOK_S = 1.0
_AT_MOST = 20
"""A copy that takes a second is made every twenty seconds at most, however many sales there are."""

CLOSING_S = 1.3
"""Seconds that a counter that closes waits for the thread. A copy in progress is given up after half of them;
what is saved then instead should be done within two seconds of the closing."""

_log = logging.getLogger("backup")


class Keeper:
    """Backs up every hour that brought something, every ``EVERY_SALES`` sales, and at the end.

    Of large books that is what they gained since the whole copy of the day (``backup.save``): the end never
    waits for a whole one.
    ``open_db`` is called on the thread that uses the connection; ``second`` is a folder, on another disk
    perhaps, that gets every backup too. ``boundary`` outlives a bug.
    """

    def __init__(
        self,
        *,
        open_db: Callable[[], Connection],
        key: bytes,
        data: Path,
        second: Path | None,
        clock: Clock,
        boundary: Boundary,
    ) -> None:
        self._open_db, self._key, self._clock, self._boundary = open_db, key, clock, boundary
        self._folder, self._second, self._mark_path = data / backup.FOLDER, second, data / device.MARK
        self._mark = device.read_mark(self._mark_path)
        newest = next(iter(backup.listed(self._folder)), None)
        self._last, self._sales = newest, -1  # -1: not counted yet.
        self._not_before: datetime | None = None
        self._stopping = threading.Event()
        self._give_up_at = 0.0  # Of the clock that only runs; it counts from when the counter closes.
        self._left = threading.Event()  # The counter closed without waiting for the thread any longer.
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    @property
    def backed_up_at(self) -> datetime | None:
        """When the newest backup was made; None while there is none."""
        return self._last.at if self._last else None

    def start(self) -> None:
        """Begin to look after the database."""
        self._thread.start()

    def stop(self) -> None:
        """Make a last backup where something was sold since the one before, and end.

        A whole copy in progress is given up (``CLOSING_S``): it gets no name, and what the books gained
        since the one before is saved instead.
        """
        if self._stopping.is_set():
            return
        self._give_up_at = monotonic() + CLOSING_S / 2
        self._stopping.set()
        if self._thread.ident is None:
            return
        self._thread.join(CLOSING_S)
        if self._thread.is_alive():  # It checks a copy: that cannot be cut short, and it will be thrown away.
            self._left.set()
            self._in_boundary(self._end)

    def back_up(self) -> Backup:
        """Make a backup now, on the calling thread; raise a StorageTrouble where that fails.

        A person waits for it: what large books gained will do, and a whole copy in progress goes on beside.
        """
        return self._save(hurried=True)

    def _save(self, *, hurried: bool) -> Backup:
        with closing(self._open_db()) as db:
            began = self._clock.now()
            made = self._save_in(self._folder, db, began, hurried=hurried)
            self._sales, self._last = sales.newest(db).serial, made
            if self._second is not None:
                self._save_in(self._second, db, began, hurried=hurried)
            ended = self._clock.now()
            self._not_before = ended + _AT_MOST * (ended - began)
        return made

    def _save_in(self, folder: Path, db: Connection, at: datetime, *, hurried: bool) -> Backup:
        made = backup.save(db, self._key, folder, at, go_on=self._goes_on, hurried=hurried)
        backup.rotate(folder)
        return made

    def _goes_on(self) -> bool:
        return not self._stopping.is_set() or (monotonic() < self._give_up_at and not self._left.is_set())

    def look(self, db: Connection, *, closing_time: bool = False) -> None:
        """Write the mark where the journal grew, and make a backup where one is due."""
        mark = device.mark_of(db)
        if mark != self._mark:
            device.write_mark(self._mark_path, mark)
            self._mark = mark
        if self._is_due(db, mark.number, closing_time):
            self._save(hurried=closing_time)

    def _run(self) -> None:
        while not self._stopping.wait(_LOOK_S):  # First the window: nothing is lost by then.
            self._in_boundary(self._watch)
        if not self._left.is_set():
            self._in_boundary(self._end)

    def _watch(self) -> None:
        with closing(self._open_db()) as db:
            while not self._stopping.wait(_LOOK_S):
                self.look(db)

    def _end(self) -> None:
        with closing(self._open_db()) as db:
            self.look(db, closing_time=True)

    def _in_boundary(self, step: Callable[[], None]) -> None:
        try:
            self._boundary(step)
        except UserError as error:
            _log.warning("keeper paused: %s", error.what)
            self._not_before = self._clock.now() + EVERY / 12

    def _is_due(self, db: Connection, entries: int, closing_time: bool) -> bool:
        now = self._clock.now()
        if entries == (self._last.entries if self._last else 0):
            return False
        if closing_time:
            return True
        if self._not_before is not None and now < self._not_before <= now + EVERY:
            return False
        sold = sales.newest(db).serial
        if self._sales < 0:
            self._sales = sold
        return self._last is None or now - self._last.at >= EVERY or sold - self._sales >= EVERY_SALES
