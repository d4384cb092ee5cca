"""Backups: whole copies of the database, encrypted with its key, checked before they get their name.

A backup is made while the counter sells: SQLite copies one consistent state and nobody waits. What is not
checked to its last page and link bears no backup's name.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from msgspec import Struct

from app import errors
from app.storage import device, journal
from app.storage.connection import Connection, open_database, sqlite
from app.storage.device import Mark
from engine.calendar import CHINA

FOLDER = "backups"
NEWEST, HOURS, DAYS, WEEKS = 3, 8, 7, 4
_NAME = re.compile(r"counter-([0-9]{8}T[0-9]{6})Z-([0-9]+)\.db").fullmatch
_STAMP = "%Y%m%dT%H%M%S"


class Backup(Struct, frozen=True, kw_only=True):
    """One backup; ``entries`` is the length of its journal, ``size`` its bytes."""

    path: Path
    at: datetime
    entries: int
    size: int


def make(db: Connection, key: bytes, folder: Path, at: datetime) -> Backup:
    """Copy ``db`` into ``folder``, check the copy, and return it; raise a StorageTrouble."""
    part = folder / f"counter-{os.getpid()}.part"  # A command may back up beside an open counter.
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        _copy(db, key, part)
        entries = check(part, key)
        made = folder / f"counter-{at.astimezone(UTC).strftime(_STAMP)}Z-{entries}.db"
        _finish(part, made)
    except OSError as error:
        raise errors.BackupFailed(path=folder) from error
    return Backup(path=made, at=at, entries=entries, size=made.stat().st_size)


def check(path: Path, key: bytes, *, whole: bool = False) -> int:
    """Return how many journal entries the backup at ``path`` holds; raise BackupUnusable where it is unsound.

    Every page is read; of the journal what came since the database itself was last checked, or the ``whole``.
    """
    try:
        with closing(open_database(path, key)) as db:
            torn = db.execute("PRAGMA cipher_integrity_check").fetchall()
            faults = journal.verify(db) if whole else journal.verify_news(db)
            entries = journal.head(db)[0]
            db.execute("PRAGMA journal_mode = DELETE")  # One file, with nothing beside it.
    except (errors.StorageTrouble, sqlite.Error) as error:
        raise errors.BackupUnusable(path=path, why="打不开，或不是用这把密钥加密的") from error
    if torn or faults:
        raise errors.BackupUnusable(path=path, why=faults[0].text if faults else "有损坏的页")
    return entries


def listed(folder: Path) -> list[Backup]:
    """Return the backups in ``folder``, newest first; none where there is no such folder."""
    found = []
    for path in folder.glob("counter-*.db"):
        name = _NAME(path.name)
        if name is not None:
            at = datetime.strptime(name[1], _STAMP).replace(tzinfo=UTC)
            found.append(Backup(path=path, at=at, entries=int(name[2]), size=path.stat().st_size))
    return sorted(found, key=lambda each: (each.at, each.entries), reverse=True)


def rotate(folder: Path) -> None:
    """Delete the backups that ``kept`` leaves out; raise BackupFailed where that cannot be done."""
    found = listed(folder)
    keep = kept([each.at for each in found])
    try:
        for each in found:
            if each.at not in keep:
                each.path.unlink(missing_ok=True)
    except OSError as error:
        raise errors.BackupFailed(path=folder) from error


def kept(instants: Sequence[datetime]) -> set[datetime]:
    """Return which of these backups stay: the newest ones, and the last of the hours, days and weeks."""
    newest_first = sorted(instants, reverse=True)
    keep = set(newest_first[:NEWEST])
    for count, of in ((HOURS, _hour), (DAYS, _day), (WEEKS, _week)):
        newest: dict[object, datetime] = {}
        for each in newest_first:
            newest.setdefault(of(each.astimezone(CHINA)), each)
        keep |= set(list(newest.values())[:count])
    return keep


def restore(path: Path, key: bytes, database: Path, mark_path: Path, aside: Path) -> int:
    """Put the backup at ``path`` in the place of ``database``, which goes ``aside``; return its entries.

    The caller holds the counter's lock. The backup is checked whole first. The till sees at its next opening
    that it was put back, and begins a new epoch. Raises BackupUnusable or BackupFailed, with everything as it
    was.
    """
    ready = database.with_name(database.name + ".restored")
    try:
        shutil.copyfile(path, ready)
        entries = check(ready, key, whole=True)
        _sync(ready)
        # First the mark: whatever happens from here on, the next opening begins a new epoch.
        device.write_mark(mark_path, _mark(ready, database, key, mark_path))
        aside.mkdir(parents=True)
        for name in (database.name, database.name + "-wal", database.name + "-shm"):
            here = database.with_name(name)
            if here.exists():
                here.replace(aside / name)
        ready.replace(database)
        _sync_folder(database.parent)
    except OSError as error:
        raise errors.BackupFailed(path=database.parent) from error
    finally:
        ready.unlink(missing_ok=True)
    return entries


def _mark(backup: Path, database: Path, key: bytes, mark_path: Path) -> Mark:
    """Return a mark that no state of this till can satisfy, of the highest epoch that it ever had."""
    marks = [_mark_in(path, key) for path in (backup, database)] + [device.read_mark(mark_path)]
    known = [each for each in marks if each is not None]
    newest = max(known, key=lambda each: (each.epoch, each.number))
    return Mark(epoch=newest.epoch, number=newest.number, hash=newest.hash, restored=True)


def _mark_in(path: Path, key: bytes) -> Mark | None:
    if not path.exists():
        return None
    try:
        with closing(open_database(path, key)) as db:
            return device.mark_of(db)
    except (errors.StorageTrouble, sqlite.Error):
        return None  # The present database may be what a backup is restored for.


def _copy(db: Connection, key: bytes, part: Path) -> None:
    """Copy one state of ``db`` into a file of its own."""
    with closing(open_database(part, key)) as copy:
        try:
            db.backup(copy)
        except sqlite.Error as error:
            raise errors.BackupFailed(path=part.parent) from error


def _finish(part: Path, made: Path) -> None:
    _sync(part)
    part.replace(made)
    _sync_folder(made.parent)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # There a rename is on disk with the file system's own log.
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _day(at: datetime) -> date:
    return at.date()


def _week(at: datetime) -> tuple[int, int]:
    return at.isocalendar()[:2]
