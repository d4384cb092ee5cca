"""Servers in processes of their own: the reference agency, or a bare one that only makes a row durable.

`python -m bench.served --database X --workers N` is the bare one. It is `python -m agency serve` but for the
application: the same uvicorn settings and protocol class, the same way of a call to a thread, the agency's
own storage with its connections. It writes one short row a call, in one transaction, and answers two bytes.
Both print their address and serve until standard input closes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agency.options import add_books
from agency.patience import PatientProtocol
from agency.storage.connection import Database, transaction
from agency.storage.opening import is_address, open_database
from engine.protocol.profile import Profile

ROW = "INSERT INTO bare (id, text) VALUES (?, '一行')"
_TABLE = "CREATE TABLE IF NOT EXISTS bare (id TEXT PRIMARY KEY, text TEXT NOT NULL)"
_BACKLOG = 1_024
_MODULES = {
    "agency": ("agency", "serve", "--port", "0", "--until-stdin-closes"),
    "bare": ("bench.served",),
}


@contextmanager
def serving(what: str, database: str, workers: int = 1) -> Iterator[str]:
    """Serve the ``what`` for as long as the block; yield its address."""
    where = "--database" if is_address(database) else "--data"
    command = [sys.executable, "-m", *_MODULES[what], where, database, "--workers", str(workers)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            raise AssertionError(f"the {what} server did not start")
        try:
            yield json.loads(line)["url"]
        finally:
            if process.stdin is not None:
                process.stdin.close()


def opened(database: str) -> Database:
    """Open the agency's database at a PostgreSQL address or in a folder."""
    return open_database(database if is_address(database) else Path(database))


def bare_web(database: Database) -> Starlette:
    """Return the application that makes one row durable for each call."""
    with database.connection() as db:
        db.execute(_TABLE)
    numbers = itertools.count()

    def insert(length: int) -> bytes:
        key = f"{os.getpid()}-{next(numbers)}-{length}"
        with database.connection() as db, transaction(db):
            db.execute(ROW, (key,))
        return b"{}"

    async def call(request: Request) -> Response:
        body = await request.body()
        return Response(await run_in_threadpool(insert, len(body)), media_type="application/json")

    return Starlette(routes=[Route(Profile().path, call, methods=["POST"])])


def main() -> int:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(prog="bench.served", description=__doc__)
    add_books(parser)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    open_database(args.where).close()  # Its tables, once, before several come at the same time.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(_BACKLOG)
    sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{listening.getsockname()[1]}"}) + "\n")
    sys.stdout.flush()
    for _ in range(args.workers - 1):
        if not os.fork():
            break
    _serve(args.where, listening)
    return 0


def _serve(where: Path | str, listening: socket.socket) -> None:
    database = open_database(where)
    settings = {"lifespan": "off", "access_log": False, "log_config": None, "loop": "asyncio"}
    server = uvicorn.Server(uvicorn.Config(bare_web(database), http=PatientProtocol, **settings))  # type: ignore[arg-type]
    threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
    server.run(sockets=[listening])
    database.close()


def _stop_at_end_of_input(server: uvicorn.Server) -> None:
    while os.read(0, 4096):
        pass
    server.should_exit = True


if __name__ == "__main__":
    sys.exit(main())
