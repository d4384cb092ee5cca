"""A PostgreSQL server of the bench's own, with the settings that it comes with: every commit waits for the
disk. Only its place, its socket and the size of its cache are ours.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import psycopg

from tests.fakes import postgres
from tests.fakes.postgres import missing

__all__ = ["missing", "running"]

_SETTINGS = ("fsync=on", "synchronous_commit=on", "max_connections=100", "shared_buffers=256MB")
_INITDB = ("-A", "trust", "-E", "UTF8", "--no-locale")
# The server ends when the pipe from this process closes, however this process ends.
_KEEPER = '"$@" & server=$!; read -r _; kill -INT "$server"; wait "$server"'
_PATIENCE_S = 30


@contextmanager
def running() -> Iterator[str]:
    """Run a server for as long as the block; yield what its databases' addresses are made of by ``%s``."""
    folder = Path(tempfile.mkdtemp(prefix="shanyao-bench-pg"))
    user = postgres._user() if os.getuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user)
    role = user or "bench"
    keeper = _start(folder, user, role)
    try:
        address = f"postgresql://{role}@/%s?host={folder}"
        _wait_for(address % "postgres", keeper)
        yield address
    finally:
        if keeper.stdin is not None:
            keeper.stdin.close()
        keeper.wait(_PATIENCE_S)
        shutil.rmtree(folder, ignore_errors=True)


def database(address: str, name: str) -> str:
    """Make the database ``name`` and return its address."""
    with psycopg.connect(address % "postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    return address % name


def _start(folder: Path, user: str | None, role: str) -> subprocess.Popen[bytes]:
    binaries, data = postgres._binaries(), folder / "data"
    if binaries is None:
        raise AssertionError(missing())
    initdb = [binaries / "initdb", "-D", data, "-U", role, *_INITDB]
    subprocess.run(initdb, check=True, cwd="/", capture_output=True, user=user)
    settings = (*_SETTINGS, "listen_addresses=", f"unix_socket_directories={folder}")
    options = [part for setting in settings for part in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            ["sh", "-c", _KEEPER, "sh", binaries / "postgres", "-D", data, *options],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            user=user,
        )


def _wait_for(address: str, keeper: subprocess.Popen[bytes]) -> None:
    give_up = monotonic() + _PATIENCE_S
    while True:
        try:
            psycopg.connect(address, autocommit=True).close()
        except psycopg.OperationalError:
            if monotonic() > give_up or keeper.poll() is not None:
                raise
            sleep(0.05)
        else:
            return
