"""The real counter with its embedded agency, whose process a test may end and start again."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

from app.bootstrap import AGENCY, CATALOGUE, OpenCounter, open_books, open_counter
from app.clock import SystemClock
from app.embedded_agency import EmbeddedAgency
from app.settings import Settings
from app.storage.catalogue import open_catalogue
from app.storage.migrations import migrate
from engine.demonstration import Demonstration
from tests.fakes.fake_counter import stocked
from tests.fakes.signing import LICENCE, PHARMACIST

STOP_S = 5.0
PROVIDER = "P33068100001"


class RealCounter:
    """Opens the counter as the program does, and keeps hold of the agency beside it."""

    def __init__(self, folder: Path, agency_url: str | None = None) -> None:
        self._folder, self._agency_url = folder, agency_url
        self._second = ExitStack()
        self.counter: OpenCounter | None = None

    def open(self) -> OpenCounter:
        """Open it, on the thread that will work it; without an ``agency_url`` as the demonstration."""
        settings = Settings(
            data=self._folder,
            demonstration=self._agency_url is None,
            agency_url=self._agency_url,
            provider=PROVIDER,
            paasid=None,
            secret_file=None,
            operator="药师 李",
            answer_wait_s=1.0,
            pharmacist=PHARMACIST,
            licence=LICENCE,
        )
        self.counter = open_counter(settings, SystemClock())
        return self.counter

    def fill_shelves(self) -> Demonstration:
        """Put the demonstration into the books, as an agency would have done that spoke sense once."""
        guard, db, key = open_books(self._folder)
        with closing(db), closing(open_catalogue(self._folder / CATALOGUE, key)) as drugs:
            migrate(db)
            demonstration = stocked(db, drugs, SystemClock().now())
        guard.release()
        return demonstration

    def stop_agency(self) -> None:
        """End the agency's process."""
        self._embedded().stop()

    def start_agency(self) -> None:
        """Start an agency at the same address, with the same books."""
        port = urlsplit(self._embedded().url).port
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "agency", "serve", "--demonstration", "--until-stdin-closes"),
                *("--port", str(port), "--data", str(self._folder / AGENCY)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._second.callback(_end, process)
        assert process.stdout is not None
        assert process.stdout.readline(), "the agency did not start"

    def close(self) -> None:
        """End the second agency, where there is one; the counter is closed by its window."""
        self._second.close()

    def _embedded(self) -> EmbeddedAgency:
        assert self.counter is not None
        assert self.counter._company.agency is not None
        return self.counter._company.agency


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait(STOP_S)
