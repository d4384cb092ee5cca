"""One worker of the agency in a process of its own, whose clock stands still: ``FD ADDRESS``.

It serves the socket of its parent until its standard input closes, and says on its standard output which
transactions it answered.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading

import uvicorn

from agency.service import Agency
from agency.storage.opening import open_database
from agency.web import make_web
from engine.protocol.profile import DEMONSTRATION
from tests.fakes.agency_line import PROFILE, StillClock, law


def main() -> None:
    """Serve."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    database = open_database(sys.argv[2])
    agency = Agency(
        database=database, law=law(), clock=StillClock(), profile=PROFILE, credentials=DEMONSTRATION
    )
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        config = uvicorn.Config(
            make_web(agency), lifespan="off", access_log=False, log_config=None, http="h11"
        )
        server = uvicorn.Server(config)
        threading.Thread(target=_until_input_ends, args=(server,), daemon=True).start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server.run(sockets=[listening])
    database.close()


def _until_input_ends(server: uvicorn.Server) -> None:
    while os.read(0, 1024):
        pass
    server.should_exit = True


if __name__ == "__main__":
    main()
