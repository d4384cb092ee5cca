"""The reference agency as a child process of the demonstration; it ends when its standard input closes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import IO

import msgspec

from app.errors import AgencyDidNotStart

_START_S = 20.0
_STOP_S = 5.0


class EmbeddedAgency:
    """An agency that runs, or starts still; it keeps its own data in ``data`` and its log beside them.

    Making one raises AgencyDidNotStart where its folder cannot be used or its process cannot be begun.
    """

    def __init__(self, data: Path) -> None:
        with _log_in(data) as log:
            self._process = _begin(data, log)
        self._lines: list[bytes] = []
        self._reader = Thread(target=_first_line, args=(self._process.stdout, self._lines), daemon=True)
        self._reader.start()

    @property
    def url(self) -> str:
        """Where it answers; waits until it says so, on any thread. Raises AgencyDidNotStart."""
        self._reader.join(_START_S)
        if not self._lines or not self._lines[0]:
            raise AgencyDidNotStart(why="它没有报出地址，原因在数据文件夹 agency/agency.log 里")
        try:
            return str(msgspec.json.decode(self._lines[0], type=dict[str, str])["url"])
        except (msgspec.MsgspecError, KeyError) as error:
            raise AgencyDidNotStart(why="它报出的地址看不懂") from error

    def stop(self) -> None:
        """Ask it to end, and end it where it does not; may be called again."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:  # Only now: a reader still waiting for its line holds it.
            self._process.stdout.close()


def _log_in(data: Path) -> IO[bytes]:
    try:
        data.mkdir(parents=True, exist_ok=True)
        return (data / "agency.log").open("ab")
    except OSError as error:
        raise AgencyDidNotStart(why=f"它的数据文件夹 {data} 不能写入") from error


def _begin(data: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "agency", "serve", "--demonstration", "--port", "0"]
    try:
        return subprocess.Popen(
            [*command, "--until-stdin-closes", "--data", str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    except OSError as error:
        raise AgencyDidNotStart(why="系统没有让它的程序运行") from error


def _first_line(stream: IO[bytes] | None, lines: list[bytes]) -> None:
    if stream is not None:
        lines.append(stream.readline())
