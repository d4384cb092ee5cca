"""An import as a child process: the counter goes on selling, and hears how far it is line by line.

The index of drugs is made anew in the same way: it would hold the window up, and its memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO

import msgspec

from app.importing.errors import ImporterDied
from app.importing.telling import Said

_STOP_S = 5.0
_SAID = msgspec.json.Decoder(Said)


class ImportProcess:
    """A ``Job``: a child that says what it does on its standard output."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._lines: SimpleQueue[Said] = SimpleQueue()
        self._reader = Thread(target=_read, args=(process.stdout, self._lines), daemon=True)
        self._reader.start()

    def said(self) -> tuple[Said, ...]:
        """Return what it said since the last call."""
        heard: list[Said] = []
        while True:
            try:
                heard.append(self._lines.get_nowait())
            except Empty:
                return tuple(heard)

    def is_over(self) -> bool:
        """Tell whether it has ended and all that it said can be heard."""
        return self._process.poll() is not None and not self._reader.is_alive()

    def stop(self) -> None:
        """End it: its transaction is undone by the database."""
        self._process.kill()
        self._process.wait(_STOP_S)
        self._reader.join(_STOP_S)


class ImportStarter:
    """An ``Importer`` over the books in ``data``; ``agency`` tells where the agency is, None: nowhere."""

    def __init__(self, data: Path, agency: Callable[[], str] | None, provider: Callable[[], str]) -> None:
        self._data, self._agency, self._provider = data, agency, provider
        self._running: ImportProcess | None = None

    @property
    def may_fetch(self) -> bool:
        return self._agency is not None

    def start(self, *arguments: str) -> ImportProcess:
        """Start ``shanyao catalogue`` with ``arguments``; raise ImporterDied where the system will not."""
        self.stop()  # What looked at the file has said all it had to say.
        environment = dict(os.environ)
        if self._agency is not None and arguments[:1] == ("fetch",):
            environment["SHANYAO_AGENCY"] = self._agency()
            environment["SHANYAO_PROVIDER"] = self._provider()
        command = [sys.executable, "-m", "app", "catalogue", *arguments]
        try:
            process = subprocess.Popen(
                [*command, "--progress", "json-lines", "--data", str(self._data)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        except OSError as error:
            raise ImporterDied() from error
        self._running = ImportProcess(process)
        return self._running

    def stop(self) -> None:
        """End an import that is under way, because the counter closes; may be called again."""
        if self._running is not None:
            self._running.stop()


class IndexMaker:
    """Has the index of drugs made anew over the books in ``data``; one at a time, nobody waits for it."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it unless it is under way; where the system will not, the next call tries again."""
        if self._process is not None and self._process.poll() is None:
            return
        command = [sys.executable, "-m", "app", "catalogue", "index", "--data", str(self._data)]
        quiet = subprocess.DEVNULL
        with suppress(OSError):
            self._process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)

    def wait(self) -> int | None:
        """Return how the last one ended; None where there was none."""
        return self._process.wait() if self._process is not None else None

    def stop(self) -> None:
        """End one that is under way, because the counter closes: its transaction is undone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_STOP_S)


def _read(stream: IO[bytes] | None, lines: SimpleQueue[Said]) -> None:
    if stream is None:
        return
    with stream:
        for line in stream:
            try:
                lines.put(_SAID.decode(line))
            except msgspec.MsgspecError:  # Something else wrote there; it is nothing that we must hear.
                continue
