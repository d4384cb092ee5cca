"""An importer that says what the test puts into its mouth, and keeps what it was asked to do."""

from __future__ import annotations

from app.importing.telling import Said


class FakeJob:
    """Runs until the test ends it."""

    def __init__(self) -> None:
        self.heard: list[Said] = []
        self.over = False
        self.stopped = False

    def said(self) -> tuple[Said, ...]:
        told, self.heard = tuple(self.heard), []
        return told

    def is_over(self) -> bool:
        return self.over

    def stop(self) -> None:
        self.stopped = self.over = True


class FakeImporter:
    """Hands out fake jobs; ``asked`` are the arguments of each."""

    def __init__(self) -> None:
        self.may_fetch = True
        self.asked: list[tuple[str, ...]] = []
        self.jobs: list[FakeJob] = []

    def start(self, *arguments: str) -> FakeJob:
        self.asked.append(arguments)
        self.jobs.append(FakeJob())
        return self.jobs[-1]

    def say(self, *said: Said, over: bool = False) -> None:
        """Let the latest job say something."""
        job = self.jobs[-1]
        job.heard.extend(said)
        job.over = over
