"""A shop that has sold for years, on disk: a sample shop's books, grown, and a catalogue of any size."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from datetime import datetime
from pathlib import Path

from app.bootstrap import CATALOGUE, DATABASE, KEY
from app.storage import catalogue
from app.storage.connection import open_database, transaction
from app.storage.key import read_key, read_or_make
from bench import sample_shop
from bench.drugs import drugs
from bench.grown import grow


def filled(folder: Path, count: int, now: datetime) -> Path:
    """Return a data folder within ``folder`` whose books hold ``count`` sales up to ``now``, all on disk."""
    sample, data = folder / "sample", folder / str(count)
    if not sample.exists():
        sample_shop.make(sample)
    shutil.copytree(sample, data, ignore=shutil.ignore_patterns("agency", "receipts"))
    with closing(open_database(data / DATABASE, read_or_make(data / KEY, data / DATABASE))) as db:
        grow(db, count, now)
    with (data / DATABASE).open("rb+") as file:
        os.fsync(file.fileno())
    return data


def add_drugs(data: Path, count: int) -> None:
    """Put ``count`` synthetic drugs into the catalogue of ``data``, in the program's own way."""
    with closing(catalogue.open_catalogue(data / CATALOGUE, read_key(data / KEY))) as db, transaction(db):
        catalogue.save(db, drugs(count))
