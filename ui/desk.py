"""How presenters ask the counter: off the window's thread, with one place where trouble lands. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from app.usecases.counter import Counter

T = TypeVar("T")


class Runner(Protocol):
    """Runs a call after those before it, then hands over its value or its trouble."""

    def run(
        self, call: Callable[[], T], done: Callable[[T], None], failed: Callable[[BaseException], None]
    ) -> None: ...


class Desk:
    """The counter behind its door; ``troubled`` receives whatever a call raises.

    The counter is opened by the first call on the runner's thread, so a call asked for before that waits.
    """

    def __init__(self, open_counter: Callable[[], Counter], runner: Runner) -> None:
        self._open = open_counter
        self._runner = runner
        self._counter: Counter | None = None
        self.troubled: Callable[[BaseException], None] = lambda _: None

    def ask(
        self,
        call: Callable[[Counter], T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Let ``call`` work the counter, and ``done`` have what comes of it; ``failed`` its trouble, where
        the asker says it in a place of its own."""
        self._runner.run(lambda: call(self._opened()), done, failed or self._failed)

    def close(self) -> None:
        """Close the counter after all that was asked for, where it has anything to close."""
        self._runner.run(self._close, lambda _: None, self._failed)

    def _close(self) -> None:
        close = getattr(self._counter, "close", None)
        if close is not None:
            close()
        self._counter = None

    def _opened(self) -> Counter:
        if self._counter is None:
            self._counter = self._open()
        return self._counter

    def _failed(self, trouble: BaseException) -> None:
        self.troubled(trouble)
