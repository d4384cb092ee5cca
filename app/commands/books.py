"""The books that a command works on: to read beside an open counter, or to change with the counter closed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec import Struct

from app.errors import NoBooks
from app.settings import Settings, read_settings
from app.storage import migrations
from app.storage.catalogue import open_catalogue
from app.storage.connection import Connection, open_database
from app.storage.guard import Guard
from app.storage.key import read_or_make

DATABASE = "counter.db"
CATALOGUE = "catalogue.db"
KEY = "counter.key"
LOCK = "counter.lock"


class Books(Struct, frozen=True, kw_only=True):
    """An open database, where it lies, and its key."""

    db: Connection
    settings: Settings
    key: bytes

    @property
    def folder(self) -> Path:
        return self.settings.data

    def open_drugs(self) -> Connection:
        """Open the catalogue beside the books; raise a StorageTrouble."""
        return open_catalogue(self.folder / CATALOGUE, self.key)


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which books are meant."""
    parser.add_argument("--data", type=Path, metavar="DIR", help="数据文件夹")
    parser.add_argument("--demonstration", action="store_true", help="演示用的数据")


def settings_of(args: argparse.Namespace) -> Settings:
    """Return the settings, with the books that the command line names."""
    return read_settings(os.environ, data=args.data, demonstration=args.demonstration)


def key_of(folder: Path) -> bytes:
    """Return the key of the books in ``folder``; raise NoBooks where there are none."""
    path = folder / DATABASE
    if not (folder / KEY).exists() and not path.exists():
        raise NoBooks(path=path)
    return read_or_make(folder / KEY, path)


@contextmanager
def to_read(args: argparse.Namespace) -> Iterator[Books]:
    """Open the books; a counter may be open on them. Raises a UserError where there are none."""
    settings = settings_of(args)
    key = key_of(settings.data)
    if not (settings.data / DATABASE).exists():
        raise NoBooks(path=settings.data / DATABASE)
    with closing(open_database(settings.data / DATABASE, key)) as db:
        yield Books(db=db, settings=settings, key=key)


@contextmanager
def to_change(args: argparse.Namespace) -> Iterator[Books]:
    """Open the books for this command alone; raise CounterAlreadyOpen beside an open counter."""
    settings = settings_of(args)
    key_of(settings.data)
    guard = Guard(settings.data / LOCK)
    try:
        with to_read(args) as books:
            migrations.migrate(books.db)
            yield books
    finally:
        guard.release()
