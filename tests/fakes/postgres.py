"""A PostgreSQL server of the tests' own: started once for a run, in a folder of its own, gone afterwards.

It does not wait for the disk; what the tests ask of it is right answers, not survival of a power cut.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from time import monotonic

import psycopg

PATIENCE_S = 30
_DEBIAN = "/usr/lib/postgresql"
_INITDB = ("-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
_FAST = ("fsync=off", "full_page_writes=off", "autovacuum=off", "max_connections=60", "shared_buffers=32MB")
# The server ends when the pipe from this process closes, however this process ends.
_KEEPER = '"$@" & server=$!; read -r _; kill -QUIT "$server"; wait "$server"'


def missing() -> str:
    """Return why no server can be started here; empty where one can."""
    if os.name == "nt":
        return "PostgreSQL is tested on Linux"
    if _binaries() is None:
        return "no PostgreSQL server is installed (Debian: postgresql)"
    if os.getuid() == 0 and _user() is None:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


class Server:
    """A server that listens on a socket in a folder of its own; databases are copies of one another."""

    def __init__(self) -> None:
        binaries = _binaries()
        assert binaries is not None
        self._folder = Path(tempfile.mkdtemp(prefix="shanyao-pg"))
        if os.getuid() == 0:
            shutil.chown(self._folder, _user())
        try:
            self._start(binaries)
        except BaseException:
            self.stop()
            raise

    def address(self, database: str) -> str:
        """Return the address of one of its databases."""
        return f"postgresql://{self._role}@/{database}?host={self._folder}"

    @property
    def folder(self) -> str:
        """Where its socket is."""
        return str(self._folder)

    def template(self, name: str, fill: Callable[[str], None]) -> str:
        """Return the name of a database that ``fill`` filled when it was first asked for."""
        known = self._admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if known is None:
            self._admin.execute(f"CREATE DATABASE {name}".encode())
            fill(self.address(name))
        return name

    def stop(self) -> None:
        """End the server and remove its folder."""
        if "_admin" in self.__dict__:
            self._admin.close()
        keeper = getattr(self, "_keeper", None)
        if keeper is not None:
            keeper.stdin.close()
            keeper.wait(PATIENCE_S)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _role(self) -> str:
        return _user() if os.getuid() == 0 else "tests"  # type: ignore[return-value]

    @cached_property
    def _admin(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.address("postgres"), autocommit=True)

    def _start(self, binaries: Path) -> None:
        data = str(self._folder / "data")
        as_user = {"user": _user()} if os.getuid() == 0 else {}
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", self._role, *_INITDB],
            check=True,
            cwd="/",
            capture_output=True,
            **as_user,  # type: ignore[call-overload]
        )
        settings = (*_FAST, "listen_addresses=", f"unix_socket_directories={self._folder}")
        options = itertools.chain.from_iterable(("-c", setting) for setting in settings)
        with (self._folder / "log").open("wb") as log:
            self._keeper = subprocess.Popen(
                ["sh", "-c", _KEEPER, "sh", binaries / "postgres", "-D", data, *options],
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                **as_user,  # type: ignore[call-overload]
            )
        self._until_it_answers()

    def _until_it_answers(self) -> None:
        give_up, pause = monotonic() + PATIENCE_S, threading.Event()
        while True:
            try:
                self._admin.execute("SELECT 1")
            except psycopg.OperationalError:
                if monotonic() > give_up or self._keeper.poll() is not None:
                    raise
                pause.wait(0.02)
            else:
                return


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Run a server for as long as the block."""
    server = Server()
    try:
        yield server
    finally:
        server.stop()


def _binaries() -> Path | None:
    found = shutil.which("postgres")
    if found and (Path(found).parent / "initdb").exists():
        return Path(found).parent
    debian = sorted(Path(_DEBIAN).glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    return debian[-1].parent if debian else None


def _user() -> str | None:
    import pwd

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return None
