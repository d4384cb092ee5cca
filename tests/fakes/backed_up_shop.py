"""A shop whose books are backed up, restored and worked on; and the thread that backs them up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from app.storage import backup, device, epochs
from app.storage.catalogue import open_catalogue
from app.storage.connection import Connection, open_database
from app.storage.key import mark_in_use, read_or_make
from app.storage.migrations import migrate
from app.sync.keeper import Keeper
from tests.fakes import fake_counter
from tests.fakes.fake_counter import Bench, FakeClock, stocked

CATALOGUE, DATABASE, KEY = "catalogue.db", "counter.db", "counter.key"


class Shop:
    """A data folder with a till that is opened and closed as a real one is."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.path, self.mark = folder / DATABASE, folder / device.MARK
        (folder / KEY).write_text(fake_counter.KEY.hex() + "\n", encoding="ascii")
        self.key = read_or_make(folder / KEY, self.path)
        self.stock()
        mark_in_use(folder / KEY)

    def stock(self) -> None:
        """Put the demonstration into books and catalogue."""
        with self.opened() as db, closing(open_catalogue(self.folder / CATALOGUE, self.key)) as drugs:
            stocked(db, drugs)

    @contextmanager
    def opened(self) -> Iterator[Connection]:
        db = open_database(self.path, self.key)
        migrate(db)
        epochs.begin(db, self.mark, self.clock.now())
        try:
            yield db
        finally:
            device.write_mark(self.mark, device.mark_of(db))
            db.close()

    def sell(self, count: int = 1) -> list[str]:
        """Sell to the first person of the tour, ``count`` times; return the numbers as printed."""
        with self.opened(), closing(Bench(self.folder, clock=self.clock)) as bench:
            bench.till.start()
            numbers = []
            for _ in range(count):
                group = bench.demonstration.tour[0].group
                for stop in bench.till.tour():
                    if stop.group == group:
                        bench.till.demonstrate(stop)
                settled = bench.settle().settled
                assert settled is not None
                numbers.append(settled.number)
                self.clock.at += timedelta(seconds=2)
            return numbers

    def back_up(self) -> Path:
        with self.opened() as db:
            return backup.make(db, self.key, self.folder / backup.FOLDER, self.clock.now()).path

    def restore(self, path: Path) -> None:
        backup.restore(path, self.key, self.path, self.mark, self.folder / "aside")

    def epoch(self) -> int:
        with self.opened() as db:
            return device.current(db).epoch


def keeper_of(shop: Shop) -> Keeper:
    return Keeper(
        open_db=lambda: open_database(shop.path, shop.key),
        key=shop.key,
        data=shop.folder,
        second=shop.folder / "stick",
        clock=shop.clock,
        boundary=lambda step: step(),
    )
