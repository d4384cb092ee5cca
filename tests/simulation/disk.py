"""A disk in memory, below SQLite, that forgets what was not flushed when the power goes.

Everything here is deterministic: what a power cut leaves behind follows from the ``Random`` that is given.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from tempfile import TemporaryFile
from typing import Any

import apsw

from app.storage import connection
from app.storage.connection import sqlite

SECTOR = 512
_SQLITE_PRAGMAS = (
    "PRAGMA locking_mode = EXCLUSIVE",  # The WAL's index then needs no shared memory: there is none here.
    "PRAGMA cache_size = 400",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 30",  # A checkpoint, with all that may go wrong in it, every few sales.
)


class PowerCut(BaseException):
    """The power went: no code of the till may do anything after it, so it is no Exception."""


class _File:
    """Content as programs see it, and what was written since the last flush."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray(data)
        # (offset, what was there, size before, what was written); None was written by a truncation.
        self.unsynced: list[tuple[int, bytes, int, bytes | None]] = []

    def write(self, data: bytes, offset: int) -> None:
        size = len(self.data)
        self.unsynced.append((offset, bytes(self.data[offset : offset + len(data)]), size, data))
        self._put(data, offset)

    def truncate(self, size: int) -> None:
        self.unsynced.append((size, bytes(self.data[size:]), len(self.data), None))
        del self.data[size:]

    def lose_power(self, chance: Random) -> None:
        """Keep of the unflushed writes none, all, or some: each whole, gone, or torn between two sectors."""
        writes, self.unsynced = self.unsynced, []
        for offset, old, size, _new in reversed(writes):
            self.data[offset : offset + len(old)] = old
            del self.data[size:]
        fate = chance.random()
        for offset, _old, _size, new in writes:
            if fate < 0.3 or (fate < 0.9 and chance.random() < 0.5):
                continue
            if new is None:
                del self.data[offset:]
            elif fate < 0.9 and chance.random() < 0.3:
                self._put(new[: chance.randrange(len(new) // SECTOR + 1) * SECTOR], offset)
            else:
                self._put(new, offset)

    def _put(self, data: bytes, offset: int) -> None:
        if len(self.data) < offset:
            self.data.extend(bytes(offset - len(self.data)))
        self.data[offset : offset + len(data)] = data


class Disk:
    """The disk of one machine; ``fuse`` is how many more writes, flushes and statements the power lasts."""

    honest = True  # A disk that is not says that it flushed and does not (a deliberate fault).

    def __init__(self, name: str) -> None:
        self.name = name
        self.files: dict[str, _File] = {}
        self.fuse: int | None = None
        self.dead = False
        self.writes = 0

    def tick(self) -> None:
        """Count one thing that is done; raise PowerCut when the power is gone or goes now."""
        if self.dead:
            raise PowerCut()
        self.writes += 1
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse <= 0:
                self.dead = True
                raise PowerCut()

    def lose_power(self, chance: Random) -> None:
        """Let the power be gone: what was not flushed is lost or torn."""
        self.dead = True
        for name in sorted(self.files):
            self.files[name].lose_power(chance)

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """Let the simulator look at the disk without burning the fuse."""
        fuse, self.fuse = self.fuse, None
        try:
            yield
        finally:
            self.fuse = fuse

    def power_on(self) -> None:
        """Give the machine its power back."""
        self.dead, self.fuse = False, None

    def image(self) -> dict[str, bytes]:
        """Return what lies on the disk, flushed or not, as a copy made while nothing runs."""
        return {name: bytes(file.data) for name, file in self.files.items()}

    def load(self, image: dict[str, bytes]) -> None:
        """Put ``image`` in the place of all that lies here, flushed."""
        self.files = {name: _File(data) for name, data in image.items()}


class DiskPath:
    """A small file on a ``Disk``, with as much of a path's face as the till's mark needs."""

    def __init__(self, disk: Disk, name: str) -> None:
        self._disk, self.name = disk, name

    def with_name(self, name: str) -> DiskPath:
        return DiskPath(self._disk, name)

    def read_bytes(self) -> bytes:
        if self.name not in self._disk.files:
            raise FileNotFoundError(self.name)
        return bytes(self._disk.files[self.name].data)

    @contextmanager
    def open(self, _mode: str) -> Iterator[_Writing]:
        self._disk.tick()
        file = self._disk.files[self.name] = _File()
        yield _Writing(file)
        self._disk.tick()
        file.unsynced.clear()  # Flushed before it was closed, or the code under test is at fault elsewhere.

    def replace(self, other: DiskPath) -> None:
        self._disk.tick()
        self._disk.files[other.name] = self._disk.files.pop(self.name)


class _Writing:
    def __init__(self, file: _File) -> None:
        self._file = file

    def write(self, data: bytes) -> None:
        self._file.write(data, len(self._file.data))

    def flush(self) -> None:
        """All is written already."""

    def fileno(self) -> int:
        return scratch()


_MEMORY = "/dev/shm"
_SCRATCH = TemporaryFile(dir=_MEMORY if os.path.isdir(_MEMORY) else None)  # noqa: SIM115 - as long as the process
"""What the code flushes when it flushes a ``DiskPath``; no real disk needs to turn for it."""


def scratch() -> int:
    """Return a file that code may flush that thinks it writes a real one."""
    return _SCRATCH.fileno()


class _Session:
    """A program with files open on a disk; once it is ``over``, nothing of it reaches the disk any more."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.over = False

    def lives(self) -> bool:
        """Tell whether what is to be done now is to be done; raise PowerCut as the disk does."""
        if self.over:
            return False
        self.disk.tick()
        return True


class _Handle:
    """An open file as SQLite sees it."""

    def __init__(self, session: _Session, name: str, flags: int) -> None:
        self._session, self._name = session, name
        self._temporary = bool(flags & apsw.SQLITE_OPEN_DELETEONCLOSE)
        self._file = session.disk.files.setdefault(name, _File())

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._file.data[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        if self._session.lives():
            self._file.write(bytes(data), offset)

    def xTruncate(self, size: int) -> None:
        if self._session.lives():
            self._file.truncate(size)

    def xSync(self, flags: int) -> None:
        if self._session.lives() and self._session.disk.honest:
            self._file.unsynced.clear()

    def xFileSize(self) -> int:
        return len(self._file.data)

    def xClose(self) -> None:
        if self._temporary:
            self._session.disk.files.pop(self._name, None)

    def xSectorSize(self) -> int:
        return SECTOR

    def xDeviceCharacteristics(self) -> int:
        # As SQLite takes every disk of a real system: a torn write does not spoil its neighbours.
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xFileControl(self, op: int, pointer: int) -> bool:
        return False

    def xLock(self, level: int) -> None: ...
    def xUnlock(self, level: int) -> None: ...
    def xCheckReservedLock(self) -> bool:
        return False


class _Shelf(apsw.VFS):
    """All disks of the process, for SQLite: a file is called ``session/name``."""

    def __init__(self) -> None:
        super().__init__("shanyao-simulation", "", iVersion=1)
        self._sessions: dict[str, _Session] = {}
        self._numbers = itertools.count(1)

    def begin(self, disk: Disk) -> tuple[str, _Session]:
        """Return a name under which files of ``disk`` are opened, and who opens them."""
        name, session = str(next(self._numbers)), _Session(disk)
        self._sessions[name] = session
        return name, session

    def end(self, name: str) -> None:
        """Forget a session."""
        self._sessions.pop(name).over = True

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        session, rest = self._at(path)
        if session is None:
            raise apsw.CantOpenError("no such disk")
        flags[1] = flags[0]
        return _Handle(session, rest, flags[0])

    def xAccess(self, path: str, flags: int) -> bool:
        session, rest = self._at(path)
        return session is not None and rest in session.disk.files

    def xFullPathname(self, name: str) -> str:
        return name

    def xDelete(self, path: str, sync_dir: bool) -> None:
        session, rest = self._at(path)
        if session is not None and session.lives():
            session.disk.files.pop(rest, None)

    def xRandomness(self, count: int) -> bytes:
        return bytes(count)

    def _at(self, path: str) -> tuple[_Session | None, str]:
        session, _, rest = path.lstrip("/").partition("/")
        return self._sessions.get(session), rest


_SHELF = _Shelf()


class Cursor:
    """An apsw cursor with the face of the app's."""

    def __init__(self, db: DiskConnection, rows: Any) -> None:
        self._db, self._rows = db, rows
        self.rowcount = db.changes()

    def fetchone(self) -> Any:
        with self._db.speaking():
            return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        with self._db.speaking():
            return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())

    def close(self) -> None: ...


class _Speaking:
    """Says apsw's errors as the app's connection would; a dead disk says nothing any more."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def __enter__(self) -> None:
        if self._disk.dead:
            raise PowerCut()

    def __exit__(self, kind: Any, error: BaseException | None, _trace: Any) -> None:
        if self._disk.dead:
            raise PowerCut() from None
        if isinstance(error, apsw.Error):
            said = _as_sqlite(error)
            connection._explain(said)
            raise said from error


def _as_sqlite(error: apsw.Error) -> sqlite.Error:
    kind = sqlite.IntegrityError if isinstance(error, apsw.ConstraintError) else sqlite.OperationalError
    said = kind(str(error))
    said.sqlite_errorcode = getattr(error, "extendedresult", 1)
    return said


class DiskConnection:
    """A connection to a database on a ``Disk``, with the face of the app's connections."""

    def __init__(self, disk: Disk, name: str = "counter.db", pragmas: Sequence[str] = ()) -> None:
        self._disk = disk
        self._speaking = _Speaking(disk)
        self._name, self._session = _SHELF.begin(disk)
        self._db = apsw.Connection(f"{self._name}/{name}", vfs="shanyao-simulation")
        try:
            for pragma in (*_SQLITE_PRAGMAS, *(pragmas or connection.PRAGMAS)):
                self.execute(pragma)
        except BaseException:
            self.close()
            raise

    def speaking(self) -> _Speaking:
        return self._speaking

    def changes(self) -> int:
        return 0 if self._disk.dead else self._db.changes()

    @property
    def in_transaction(self) -> bool:
        return not self._disk.dead and self._db.in_transaction

    def execute(self, sql: str, arguments: Any = ()) -> Cursor:
        with self._speaking:
            self._disk.tick()
            return Cursor(self, self._db.cursor().execute(sql, arguments))

    def executemany(self, sql: str, rows: Iterable[Any]) -> Cursor:
        with self._speaking:
            self._disk.tick()
            return Cursor(self, self._db.cursor().executemany(sql, rows))

    def cursor(self) -> DiskConnection:
        return self

    def close(self) -> None:
        """Close as a program does that ends in order; of a dead machine nothing more reaches the disk."""
        if self._session.over:
            return
        self._session.over = self._disk.dead
        try:
            self._db.close(True)
        finally:
            _SHELF.end(self._name)
