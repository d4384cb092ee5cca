"""Several processes that serve one socket: started here, started again when one ends, ended together.

They share nothing but the socket and the database; so it does not matter which of them a call comes to.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

_log = logging.getLogger("agency")
_LOOK_EVERY_S = 0.5
_LONGEST_PAUSE_S = 5.0
_STOP_S = 10.0


def supervise(command: Sequence[str], count: int, descriptor: int, *, until_stdin_closes: bool) -> int:
    """Keep ``count`` workers running ``command`` until told to end; return the exit status."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if until_stdin_closes:
        threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True).start()
    running = [_start(command, descriptor) for _ in range(count)]
    try:
        with contextlib.suppress(KeyboardInterrupt):
            _keep(running, command, descriptor, stop)
    finally:
        for worker in running:
            _let_go(worker)
        for worker in running:
            _end(worker)
    return 0


def wait_for_end_of_input() -> None:
    """Wait until nobody holds the other end of standard input any more."""
    # os.read and not sys.stdin: its lock would be held by this thread when the interpreter ends.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass


def _keep(
    running: list[subprocess.Popen[bytes]], command: Sequence[str], descriptor: int, stop: threading.Event
) -> None:
    pause = _LOOK_EVERY_S
    while not stop.wait(pause):
        pause = _LOOK_EVERY_S
        for place, worker in enumerate(running):
            if worker.poll() is not None:
                _log.warning("worker %d ended with %d, another one begins", place, worker.returncode)
                _end(worker)
                running[place] = _start(command, descriptor)
                pause = _LONGEST_PAUSE_S  # One that cannot live is not started again and again at once.


def _start(command: Sequence[str], descriptor: int) -> subprocess.Popen[bytes]:
    # A worker whose parent is gone, however it went, sees the end of its standard input.
    return subprocess.Popen(
        [sys.executable, "-m", "agency", *command, "--until-stdin-closes"],
        stdin=subprocess.PIPE,
        pass_fds=(descriptor,),
    )


def _let_go(worker: subprocess.Popen[bytes]) -> None:
    if worker.stdin is not None:
        worker.stdin.close()


def _end(worker: subprocess.Popen[bytes]) -> None:
    _let_go(worker)
    try:
        worker.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def _stop_at_end_of_input(stop: threading.Event) -> None:
    wait_for_end_of_input()
    stop.set()
