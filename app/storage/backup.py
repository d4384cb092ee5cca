"""Backups: copies of the database, encrypted with its key, checked before they get their name.

A backup is made while the counter sells: SQLite copies one consistent state and nobody waits. What is not
checked to its last page and link bears no backup's name. Books that take long to copy are copied whole once
a day; between, a backup holds what they gained since (``app.storage.increment``) and names its whole copy.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from app import errors
from app.storage import device, increment, journal
from app.storage.connection import Connection, open_database, sqlite
from app.storage.device import Mark
from engine.calendar import CHINA

FOLDER = "backups"
NEWEST, HOURS, DAYS, WEEKS = 3, 8, 7, 4
LARGE = 64 * 1024 * 1024
"""Bytes of books from which on they are copied whole once a day only, and fewer copies stay."""
WHOLE_EVERY = timedelta(days=1)
LARGE_NEWEST, LARGE_WEEKS = 2, 2
SPARE = 100 * 1024 * 1024
"""Bytes that a whole copy leaves free, so that the sales have room."""
_NAME = re.compile(
    r"counter-([0-9]{8}T[0-9]{6})Z-([0-9]+)(?:\.after-([0-9]{8}T[0-9]{6}Z-[0-9]+))?\.db"
).fullmatch
_STAMP = "%Y%m%dT%H%M%S"
_STEP = 2_000
"""Pages that are copied before it is asked whether to go on: some milliseconds."""
_LEFT_BEHIND = timedelta(days=1)


class Backup(Struct, frozen=True, kw_only=True):
    """One backup; ``entries`` is the length of its journal, ``size`` its bytes.

    ``after`` is the whole copy beside it that it needs; None of one that is whole itself.
    """

    path: Path
    at: datetime
    entries: int
    size: int
    after: Path | None = None


def _always() -> bool:
    return True


def save(
    db: Connection,
    key: bytes,
    folder: Path,
    at: datetime,
    *,
    go_on: Callable[[], bool] = _always,
    hurried: bool = False,
) -> Backup:
    """Back ``db`` up into ``folder`` by a whole copy, or by what it gained since one; raise a StorageTrouble.

    Small books are copied whole at any time, large ones once a day. ``hurried``, or without room for another
    whole copy, any that these books follow will do. A copy that ``go_on`` no longer allows is given up.
    """
    base = _base(db, key, folder) if _size(db) >= LARGE else None
    if base is not None:
        fresh = timedelta(0) <= at - base[0].at < WHOLE_EVERY
        if fresh or hurried or not _has_room(db, folder):
            return _make_increment(db, key, base, at)
    try:
        return make(db, key, folder, at, go_on=go_on)
    except errors.BackupGivenUp:
        base = _base(db, key, folder) if hurried else None
        if base is None:
            raise
        return _make_increment(db, key, base, at)


def make(
    db: Connection, key: bytes, folder: Path, at: datetime, *, go_on: Callable[[], bool] = _always
) -> Backup:
    """Copy ``db`` whole into ``folder``, check the copy, and return it; raise a StorageTrouble.

    It is given up, and nothing stays of it, as soon as ``go_on`` says no: BackupGivenUp.
    """
    part = (
        folder / f"counter-{os.getpid()}-{threading.get_ident()}.part"
    )  # A command may back up beside an open counter.
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder, at)
        if not _has_room(db, folder):
            raise errors.BackupWithoutRoom(path=folder, need=_room(db) // 10**6 + 1)
        _remove(part)
        try:
            _copy(db, key, part, go_on)
            entries = check(part, key)
            _allow(go_on, folder)
            made = folder / f"counter-{_stamp(at)}-{entries}.db"
            _finish(part, made)
        finally:
            _remove(part)
    except OSError as error:
        raise errors.BackupFailed(path=folder) from error
    return Backup(path=made, at=at, entries=entries, size=made.stat().st_size)


def _make_increment(db: Connection, key: bytes, base: tuple[Backup, increment.Stand], at: datetime) -> Backup:
    whole, stand = base
    folder = whole.path.parent
    part = folder / f"counter-{os.getpid()}-{threading.get_ident()}.news.part"
    try:
        _remove(part)
        try:
            expected = increment.write(db, key, stand, part)
            entries = increment.check(part, key)
            if entries != expected:
                raise errors.BackupUnusable(path=part, why="条数不对")
            made = folder / f"counter-{_stamp(at)}-{entries}.after-{_tail(whole)}.db"
            _finish(part, made)
        finally:
            _remove(part)
    except OSError as error:
        raise errors.BackupFailed(path=folder) from error
    return Backup(path=made, at=at, entries=entries, size=made.stat().st_size, after=whole.path)


def _base(db: Connection, key: bytes, folder: Path) -> tuple[Backup, increment.Stand] | None:
    """Return the newest whole copy in ``folder`` if the books in ``db`` went on from it, with its stand."""
    whole = next((each for each in listed(folder) if each.after is None), None)
    stand = increment.stand_in(whole.path, key) if whole else None
    return (whole, stand) if whole and stand and increment.follows(db, stand) else None


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
            after = folder / f"counter-{name[3]}.db" if name[3] else None
            size = path.stat().st_size
            found.append(Backup(path=path, at=at, entries=int(name[2]), size=size, after=after))
    return sorted(found, key=lambda each: (each.at, each.entries), reverse=True)


def rotate(folder: Path) -> None:
    """Delete the backups that ``to_keep`` leaves out; raise BackupFailed where that cannot be done."""
    found = listed(folder)
    keep = to_keep(found)
    try:
        for each in found:
            if each.path not in keep:
                each.path.unlink(missing_ok=True)
    except OSError as error:
        raise errors.BackupFailed(path=folder) from error


def to_keep(found: Sequence[Backup]) -> set[Path]:
    """Return which of these backups, newest first, stay.

    Of what was made after a whole copy that stays, the newest; after the newest copy, the ``NEWEST``.
    """
    whole = [each for each in found if each.after is None]
    instants = [each.at for each in whole]
    large = bool(whole) and whole[0].size >= LARGE
    stay = kept(instants, LARGE_NEWEST, 0, 0, LARGE_WEEKS) if large else kept(instants)
    keep = {each.path for each in whole if each.at in stay}
    for each in whole:
        if each.path in keep:
            gained = [one.path for one in found if one.after == each.path]
            keep.update(gained[: NEWEST if each is whole[0] else 1])
    return keep


def kept(
    instants: Sequence[datetime],
    newest: int = NEWEST,
    hours: int = HOURS,
    days: int = DAYS,
    weeks: int = WEEKS,
) -> set[datetime]:
    """Return which whole copies stay: the newest ones, and the last of the hours, days and weeks."""
    newest_first = sorted(instants, reverse=True)
    keep = set(newest_first[:newest])
    for count, of in ((hours, _hour), (days, _day), (weeks, _week)):
        last: dict[object, datetime] = {}
        for each in newest_first:
            last.setdefault(of(each.astimezone(CHINA)), each)
        keep |= set(list(last.values())[:count])
    return keep


def put_together(path: Path, key: bytes, ready: Path) -> int:
    """Make of the backup at ``path`` the whole database ``ready``, checked whole; return its entries.

    Raises BackupUnusable, or an OSError where there is no room.
    """
    name = _NAME(path.name)
    whole = path.with_name(f"counter-{name[3]}.db") if name and name[3] else path
    if not whole.exists():
        raise errors.BackupUnusable(path=path, why=f"缺少它所依据的完整备份 {whole.name}")
    shutil.copyfile(whole, ready)
    if whole != path:
        _add(path, key, ready)
    entries = check(ready, key, whole=True)
    if name and entries != int(name[2]):
        raise errors.BackupUnusable(path=path, why=f"应有 {name[2]} 条流水，只有 {entries} 条")
    return entries


def _add(path: Path, key: bytes, ready: Path) -> None:
    try:
        with closing(open_database(ready, key)) as db:
            increment.add(path, key, db)
    except errors.BackupUnusable:
        raise
    except (errors.StorageTrouble, sqlite.Error) as error:
        raise errors.BackupUnusable(path=path, why="它所依据的完整备份打不开") from error


def restore(path: Path, key: bytes, database: Path, mark_path: Path, aside: Path) -> int:
    """Put the backup at ``path`` in the place of ``database``, which goes ``aside``; return its entries.

    The caller holds the counter's lock. The backup is checked whole first. The till sees at its next opening
    that it was put back, and begins a new epoch. Raises BackupUnusable or BackupFailed, with everything as it
    was.
    """
    ready = database.with_name(database.name + ".restored")
    try:
        entries = put_together(path, key, ready)
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


def _copy(db: Connection, key: bytes, part: Path, go_on: Callable[[], bool]) -> None:
    """Copy one state of ``db`` into a file of its own."""
    db.execute("BEGIN")
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()  # From here on it reads one state.
        with closing(open_database(part, key)) as copy:
            db.backup(copy, pages=_STEP, progress=lambda *_pages: _allow(go_on, part.parent))
    except sqlite.Error as error:
        raise errors.BackupFailed(path=part.parent) from error
    finally:
        db.execute("ROLLBACK")


def _allow(go_on: Callable[[], bool], folder: Path) -> None:
    if not go_on():
        raise errors.BackupGivenUp(path=folder)


def _size(db: Connection) -> int:
    pages, bytes_ = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages) * int(bytes_)


def _room(db: Connection) -> int:
    return _size(db) + SPARE


def _has_room(db: Connection, folder: Path) -> bool:
    return free_space(folder) >= _room(db)


def free_space(folder: Path) -> int:
    """Return how many bytes can be written into ``folder``."""
    return shutil.disk_usage(folder).free


def _sweep(folder: Path, at: datetime) -> None:
    """Remove what a backup that was cut off long ago left behind."""
    for part in folder.glob("counter-*.part*"):
        if part.stat().st_mtime < (at - _LEFT_BEHIND).timestamp():
            part.unlink(missing_ok=True)


def _remove(part: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        part.with_name(part.name + end).unlink(missing_ok=True)


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC).strftime(_STAMP)}Z"


def _tail(whole: Backup) -> str:
    return whole.path.stem.removeprefix("counter-")


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
